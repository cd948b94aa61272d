"""The duty to inform (GDPR Arts 13 and 14): who was told of the processing, and who is still to be told."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import marshmallow as ma
from flask.views import MethodView

from governance.api.auth import guarded
from governance.api.blueprints import Blueprint
from governance.api.paging import CursorField, Page, PageQuery, encode_cursor, page_schema
from governance.api.schemas import Instant, Schema, code
from governance.api.service import current_work
from governance.consent import operations as consent
from governance.consent.codes import InformMethod
from governance.consent.operations import Informed, Uninformed, UninformedAfter
from governance.kernel.ids import SubjectId
from governance.policies.permissions import Permission

MOST_CUSTOMERS = 5000

blueprint = Blueprint("informing", __name__, description="Who was told what is done with their data, who not yet.")


class InformingNew(Schema):
    """That customers were told of the processing."""

    customers = ma.fields.List(ma.fields.UUID(), required=True, validate=ma.validate.Length(1, MOST_CUSTOMERS))
    notice = ma.fields.String(
        required=True,
        validate=ma.validate.Length(1, 50),
        metadata={"description": "Key of the privacy notice that they were given."},
    )
    version = ma.fields.Integer(
        strict=True,
        load_default=None,
        allow_none=True,
        validate=ma.validate.Range(1),
        metadata={"description": "Of the notice; the one in force at that instant if left out."},
    )
    language = ma.fields.String(load_default=None, allow_none=True, validate=ma.validate.Length(2, 8))
    method = code(InformMethod, required=True, metadata={"description": "How they were told."})
    at = Instant(load_default=None, allow_none=True, metadata={"description": "When; now if left out."})


class InformingMade(Schema):
    """That one customer was told."""

    id = ma.fields.UUID(required=True)
    customer_id = ma.fields.UUID(required=True, attribute="subject")
    notice = ma.fields.String(required=True)
    version = ma.fields.Integer(required=True)
    language = ma.fields.String(required=True, allow_none=True)
    method = ma.fields.String(required=True)
    at = Instant(required=True)


class InformingAnswer(Schema):
    """Who was told, and who could not be found."""

    items = ma.fields.List(ma.fields.Nested(InformingMade), required=True)
    not_found = ma.fields.List(
        ma.fields.UUID(),
        required=True,
        attribute="unknown",
        metadata={"description": "Nobody within your reach has these ids."},
    )


class UninformedQuery(PageQuery):
    """Query of those who are to be told, the most urgent first."""

    days = ma.fields.Integer(load_default=7, validate=ma.validate.Range(0, 366))
    cursor = CursorField(
        datetime, UUID, load_default=None, metadata={"description": "`next_cursor` of the page before."}
    )


class UninformedCustomer(Schema):
    """A customer whose data came from others, and who is still to be told."""

    customer_id = ma.fields.UUID(required=True, attribute="subject")
    inform_by = Instant(required=True, metadata={"description": "Until when (GDPR Art. 14(3)(a))."})
    acquired_at = Instant(required=True)
    source = ma.fields.String(required=True, allow_none=True)
    language = ma.fields.String(required=True, allow_none=True)


UninformedCustomers = page_schema(UninformedCustomer, "UninformedPage")


@blueprint.route("/consent/informings")
class Informings(MethodView):
    """Tellings."""

    @guarded(Permission.CONSENT_RECORD)
    @blueprint.arguments(InformingNew)
    @blueprint.response(201, InformingAnswer)
    def post(self, told: Mapping[str, Any]) -> Informed:
        """Record that customers were told what is done with their data; the clock of Art. 14 GDPR ends for them.

        The service sends no notice by itself: whoever told them says so here.
        """
        people = [SubjectId(one) for one in told["customers"]]
        return consent.inform(
            current_work(),
            people=people,
            notice=told["notice"],
            method=told["method"],
            version=told["version"],
            language=told["language"],
            at=told["at"],
        )


@blueprint.route("/consent/uninformed")
class UninformedPeople(MethodView):
    """Those who are to be told."""

    @guarded(Permission.CONSENT_READ)
    @blueprint.arguments(UninformedQuery, location="query")
    @blueprint.response(200, UninformedCustomers)
    def get(self, page: Mapping[str, Any]) -> Page[Uninformed]:
        """List customers who must be told of the processing within so many days, those overdue first.

        Until they are, nothing may be sent to them on any purpose, and every send check says so.
        """
        cursor = page["cursor"]
        found = consent.uninformed(
            current_work(),
            days=page["days"],
            after=None if cursor is None else UninformedAfter(cursor[0], SubjectId(cursor[1])),
            limit=page["limit"],
        )
        return Page(found.items, None if found.next_after is None else encode_cursor(*found.next_after))
