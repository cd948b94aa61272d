"""Consent records and receipts as JSON-LD, for the officer and for the customer."""

from uuid import UUID

import marshmallow as ma
from flask import Response
from flask.views import MethodView

from governance.api.answers import json_answer
from governance.api.auth import guarded
from governance.api.blueprints import Blueprint
from governance.api.service import current_work
from governance.consent import operations as consent
from governance.kernel.ids import EntryId
from governance.policies.permissions import Permission

MEDIA_TYPE = "application/ld+json"

blueprint = Blueprint(
    "consent_records", __name__, description="Records and receipts of consents (DPV, after ISO/IEC TS 27560)."
)


class LinkedDocument(ma.Schema):
    """A JSON-LD document in the terms of the Data Privacy Vocabulary."""

    context = ma.fields.Dict(data_key="@context", required=True)
    type = ma.fields.String(data_key="@type", required=True)
    id = ma.fields.String(data_key="@id", required=True)


@blueprint.route("/consent/events/<uuid:event>/record")
class ConsentRecordOf(MethodView):
    """The record of an event."""

    @guarded(Permission.CONSENT_READ)
    @blueprint.response(200, LinkedDocument, content_type=MEDIA_TYPE)
    def get(self, event: UUID) -> Response:
        """Read the consent record of an event, with all that was said to this purpose by this channel before it."""
        document = consent.consent_record(current_work(), event=EntryId(event))
        return json_answer(document, status=200, media_type=MEDIA_TYPE)


@blueprint.route("/consent/events/<uuid:event>/receipt")
class ConsentReceiptOf(MethodView):
    """The receipt of an event."""

    @guarded(Permission.CONSENT_READ)
    @blueprint.response(200, LinkedDocument, content_type=MEDIA_TYPE)
    def get(self, event: UUID) -> Response:
        """Issue a receipt for the customer: the record with the exact words that were agreed to."""
        document = consent.consent_receipt(current_work(), event=EntryId(event))
        return json_answer(document, status=200, media_type=MEDIA_TYPE)
