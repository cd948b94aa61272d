"""Where consents stand, what a customer has said, and what lapses."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import marshmallow as ma
from flask.views import MethodView

from governance.api.auth import guarded
from governance.api.blueprints import Blueprint
from governance.api.consent_schemas import ConsentEvent
from governance.api.paging import CursorField, Page, PageQuery, encode_cursor, page_schema
from governance.api.schemas import Instant, Schema
from governance.api.service import current_work
from governance.consent import operations as consent
from governance.consent.operations import EventView, Lapsing, LapsingAfter, States
from governance.kernel.ids import SubjectId
from governance.policies.permissions import Permission
from governance.policies.purposes import Channel

blueprint = Blueprint("consent-states", __name__, description="Where consents stand, and what lapses.")


class ConsentStateShown(Schema):
    """Where a consent stands."""

    purpose = ma.fields.String(required=True)
    channel = ma.fields.String(required=True)
    standing = ma.fields.String(required=True, attribute="state.standing")
    since = Instant(required=True, allow_none=True, attribute="state.since")
    event_id = ma.fields.UUID(required=True, allow_none=True, attribute="state.event")
    notice = ma.fields.Integer(required=True, allow_none=True, attribute="state.given.notice", dump_default=None)
    confirmed = ma.fields.Boolean(required=True)
    valid_until = Instant(required=True, allow_none=True)
    sequence = ma.fields.Integer(required=True)
    last_used_at = Instant(required=True, allow_none=True)


class ConsentStates(Schema):
    """All that a customer has said."""

    customer_id = ma.fields.UUID(required=True, attribute="subject")
    sequence = ma.fields.Integer(
        required=True, metadata={"description": "What an event that answers to this gives as `seen`."}
    )
    items = ma.fields.List(ma.fields.Nested(ConsentStateShown), required=True)


class ConsentEventQuery(PageQuery):
    """Query of a customer's events, the newest first."""

    cursor = CursorField(int, load_default=None, metadata={"description": "`next_cursor` of the page before."})


class LapsingQuery(PageQuery):
    """Query of what lapses, by purpose, the oldest consents first."""

    days = ma.fields.Integer(load_default=30, validate=ma.validate.Range(0, 3660))
    purpose = ma.fields.String(required=True, validate=ma.validate.Length(1, 50))
    cursor = CursorField(
        datetime, UUID, int, load_default=None, metadata={"description": "`next_cursor` of the page before."}
    )


class ConsentLapsing(Schema):
    """A consent that lapses."""

    customer_id = ma.fields.UUID(required=True, attribute="subject")
    purpose = ma.fields.String(required=True)
    channel = ma.fields.String(required=True)
    given_at = Instant(required=True)
    lapses_at = Instant(required=True)
    last_used_at = Instant(required=True, allow_none=True)


ConsentEventPage = page_schema(ConsentEvent, "ConsentEventPage")
ConsentLapsingPage = page_schema(ConsentLapsing, "ConsentLapsingPage")
_CHANNELS: Final = tuple(Channel)


@blueprint.route("/customers/<uuid:customer>/consents")
class CustomerConsents(MethodView):
    """Where a customer's consents stand."""

    @guarded(Permission.CONSENT_READ)
    @blueprint.response(200, ConsentStates)
    def get(self, customer: UUID) -> States:
        """Show where all consents of a customer stand."""
        return consent.states_of(current_work(), subject=SubjectId(customer))


@blueprint.route("/customers/<uuid:customer>/consent-events")
class CustomerConsentEvents(MethodView):
    """What a customer has said."""

    @guarded(Permission.CONSENT_READ)
    @blueprint.arguments(ConsentEventQuery, location="query")
    @blueprint.response(200, ConsentEventPage)
    def get(self, page: Mapping[str, Any], customer: UUID) -> Page[EventView]:
        """List what a customer has said, newest first, without the evidence."""
        before = None if page["cursor"] is None else page["cursor"][0]
        found = consent.events_of(current_work(), subject=SubjectId(customer), before=before, limit=page["limit"])
        return Page(found.items, None if found.next_before is None else encode_cursor(found.next_before))


@blueprint.route("/consent/lapsing")
class ConsentsLapsing(MethodView):
    """What lapses."""

    @guarded(Permission.CONSENT_READ)
    @blueprint.arguments(LapsingQuery, location="query")
    @blueprint.response(200, ConsentLapsingPage)
    def get(self, page: Mapping[str, Any]) -> Page[Lapsing]:
        """List consents to a purpose that lapse within so many days, so that they can be asked for anew in time."""
        found = consent.lapsing(
            current_work(),
            days=page["days"],
            purpose=page["purpose"],
            after=_after(page),
            limit=page["limit"],
        )
        last = found.next_after
        if last is None:
            return Page(found.items, None)
        place = _CHANNELS.index(Channel(last.channel))
        return Page(found.items, encode_cursor(last.given_at, last.subject, place))


def _after(page: Mapping[str, Any]) -> LapsingAfter | None:
    if page["cursor"] is None:
        return None
    given_at, subject, place = page["cursor"]
    channel = _CHANNELS[place % len(_CHANNELS)]
    return LapsingAfter(page["purpose"], given_at, SubjectId(subject), channel.value)
