"""Consents given and taken back: recorded one by one or in batches; states and events of one customer."""

from collections.abc import Mapping, Sequence
from datetime import datetime, time
from typing import Any, Final
from uuid import UUID

import marshmallow as ma
from flask.views import MethodView

from governance.api.auth import guarded
from governance.api.blueprints import Blueprint
from governance.api.consent_saying import ExpressEvents, record_together
from governance.api.paging import CursorField, Page, PageQuery, encode_cursor, page_schema
from governance.api.schemas import Instant, Moment, Schema, code, flag
from governance.api.service import current_work
from governance.consent import operations as consent
from governance.consent.operations import (
    ContactSaid,
    EventView,
    Lapsing,
    LapsingAfter,
    NewEvent,
    Recorded,
    Refused,
    States,
)
from governance.customers.codes import ContactKind
from governance.kernel.clock import UTC
from governance.kernel.ids import SubjectId
from governance.policies.consent_state import EventKind, Method
from governance.policies.permissions import Permission
from governance.policies.purposes import Channel

MOST_EVENTS: Final = 5000
BATCH_LIMIT_BYTES: Final = 16 * 1_048_576

blueprint = Blueprint("consents", __name__, description="Consents: given, refused, withdrawn; and where they stand.")


class ConsentContact(Schema):
    """The contact that was used."""

    kind = code(ContactKind, required=True)
    value = ma.fields.String(required=True, validate=ma.validate.Length(1, 500))
    region = ma.fields.String(
        load_default=None,
        allow_none=True,
        metadata={"description": "Country of a phone number without a country code; else the controller's."},
    )

    @ma.post_load
    def said(self, told: dict[str, Any], **_options: object) -> ContactSaid:
        """What the operations take."""
        return ContactSaid(**told)


class ConsentEventNew(Schema):
    """Something said about one purpose by one channel. Name the customer by id, by contact, or by both."""

    kind = code(EventKind, required=True)
    purpose = ma.fields.String(required=True, validate=ma.validate.Length(1, 50))
    channel = code(Channel, required=True)
    method = code(Method, load_default=Method.API, metadata={"description": "How it was said to you."})
    customer_id = ma.fields.UUID(load_default=None, allow_none=True, attribute="subject")
    contact = ma.fields.Nested(
        ConsentContact,
        load_default=None,
        allow_none=True,
        metadata={"description": "The contact used; it is sealed with the event as evidence."},
    )
    valid_at = Moment(
        load_default=None,
        allow_none=True,
        metadata={
            "description": "When it was said: an instant, or a day. Of a day a consent counts from its start, a stop "
            "from its end. Left out: now."
        },
    )
    claimed = flag(load_default=False, metadata={"description": "Nobody knows when: a consent is kept as a claim."})
    notice = ma.fields.Integer(
        strict=True,
        load_default=None,
        allow_none=True,
        metadata={"description": "Version of the notice that was shown; without it a consent is kept as a claim."},
    )
    language = ma.fields.String(load_default=None, allow_none=True, validate=ma.validate.Length(2, 8))
    seen = ma.fields.Integer(
        strict=True,
        load_default=None,
        allow_none=True,
        validate=ma.validate.Range(0),
        metadata={
            "description": "The customer's `sequence` that you had read before; a consent undoes no stop recorded "
            "after it. Left out: you had all of it."
        },
    )
    voids = ma.fields.Integer(
        strict=True,
        load_default=None,
        allow_none=True,
        validate=ma.validate.Range(1),
        metadata={"description": "For `invalidated`: `sequence` of the consent that it takes away; all if left out."},
    )
    evidence = ma.fields.Dict(
        keys=ma.fields.String(),
        load_default={},
        metadata={"description": "What proves it: form, address, agent, reference of a scan. Sealed."},
    )

    @ma.post_load
    def new(self, told: dict[str, Any], **_options: object) -> NewEvent:
        """What the operations take."""
        said = told["valid_at"]
        if said is not None and not isinstance(said, datetime):
            told |= {"valid_at": datetime.combine(said, time(), UTC), "whole_day": True}
        return NewEvent(**told)


class ConsentEventMade(Schema):
    """A recorded event, and where the consent stands after it."""

    id = ma.fields.UUID(required=True)
    customer_id = ma.fields.UUID(
        required=True,
        allow_none=True,
        attribute="subject",
        metadata={"description": "Null where nobody is known by the contact: the suppression ledger keeps the stop."},
    )
    sequence = ma.fields.Integer(required=True)
    standing = ma.fields.String(required=True, attribute="state.standing")
    confirmed = ma.fields.Function(
        lambda made: made.state.confirmed is not None,
        required=True,
        metadata={"type": "boolean", "description": "Whether it counts as the word of the contact's holder."},
    )


class ConsentEventAnswer(ConsentEventMade):
    """A recorded event, with the same stop for others who hold the contact."""

    also = ma.fields.List(ma.fields.Nested(ConsentEventMade), required=True)


class ConsentBatchNew(Schema):
    """Events to be recorded, in order."""

    events = ma.fields.List(
        ma.fields.Nested(ConsentEventNew), required=True, validate=ma.validate.Length(1, MOST_EVENTS)
    )


class ConsentRefusal(Schema):
    """Why an event of a batch was not recorded."""

    type = ma.fields.String(required=True, attribute="slug")
    detail = ma.fields.String(required=True)
    errors = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.List(ma.fields.String()), required=True)


class ConsentBatchItem(Schema):
    """What became of an event of a batch: recorded or refused."""

    recorded = ma.fields.Nested(ConsentEventAnswer, required=True, allow_none=True)
    refused = ma.fields.Nested(ConsentRefusal, required=True, allow_none=True)


class ConsentBatchAnswer(Schema):
    """What became of each event, in order."""

    items = ma.fields.List(ma.fields.Nested(ConsentBatchItem), required=True)
    recorded = ma.fields.Integer(required=True)
    refused = ma.fields.Integer(required=True)


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


class ConsentEvent(Schema):
    """An event, without its evidence."""

    id = ma.fields.UUID(required=True)
    kind = ma.fields.String(required=True)
    purpose = ma.fields.String(required=True)
    channel = ma.fields.String(required=True)
    method = ma.fields.String(required=True)
    sequence = ma.fields.Integer(required=True)
    recorded_at = Instant(required=True)
    valid_at = Instant(required=True, allow_none=True)
    whole_day = ma.fields.Boolean(required=True)
    notice = ma.fields.Integer(required=True, allow_none=True)
    language = ma.fields.String(required=True, allow_none=True)
    seen = ma.fields.Integer(required=True, allow_none=True)
    voids = ma.fields.Integer(required=True, allow_none=True)
    import_id = ma.fields.UUID(required=True, allow_none=True, attribute="batch")
    actor_kind = ma.fields.String(required=True)
    actor_id = ma.fields.UUID(required=True, allow_none=True)


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


def express() -> ExpressEvents:
    """Records single events in the lane."""
    return ExpressEvents(ConsentEventNew(), ConsentEventAnswer())


ConsentEventPage = page_schema(ConsentEvent, "ConsentEventPage")
ConsentLapsingPage = page_schema(ConsentLapsing, "ConsentLapsingPage")
_CHANNELS: Final = tuple(Channel)


@blueprint.route("/consent/events")
class ConsentEvents(MethodView):
    """Events."""

    @guarded(Permission.CONSENT_RECORD, together=record_together(ConsentEventNew(), ConsentEventAnswer()))
    @blueprint.arguments(ConsentEventNew)
    @blueprint.response(201, ConsentEventAnswer)
    def post(self, event: NewEvent) -> Recorded:
        """Record what somebody said; the next check goes by it.

        A consent is one customer's: where several hold the contact, give the customer id as well. A stop (`refused`,
        `withdrawn`, `objected`) counts for everybody who holds the contact, and where nobody does, for whoever will.
        """
        return consent.record(current_work(), event=event)


@blueprint.route("/consent/events/batches")
class ConsentEventBatches(MethodView):
    """Events in batches."""

    @guarded(Permission.CONSENT_RECORD, body_limit_bytes=BATCH_LIMIT_BYTES)
    @blueprint.arguments(ConsentBatchNew)
    @blueprint.response(200, ConsentBatchAnswer)
    def post(self, batch: Mapping[str, Sequence[NewEvent]]) -> dict[str, object]:
        """Record up to 5,000 events in order; what is wrong with one does not keep the others from being recorded.

        Repeated with the same `Idempotency-Key` it records nothing again, and is answered without the items.
        """
        answers = consent.record_many(current_work(), events=batch["events"])
        items = [
            {"recorded": one, "refused": None} if isinstance(one, Recorded) else {"recorded": None, "refused": one}
            for one in answers
        ]
        refused = sum(isinstance(one, Refused) for one in answers)
        return {"items": items, "recorded": len(items) - refused, "refused": refused}


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
