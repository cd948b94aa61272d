"""Handing customers to third parties: who may be, and nobody else."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import marshmallow as ma
from flask.views import MethodView

from governance.api.auth import guarded
from governance.api.blueprints import Blueprint
from governance.api.paging import CursorField, encode_cursor
from governance.api.schemas import Schema, code
from governance.api.service import current_work
from governance.consent import operations as consent
from governance.consent.transfers import MOST_PEOPLE, Transfer
from governance.kernel.ids import SubjectId
from governance.policies.permissions import Permission
from governance.policies.purposes import Channel

blueprint = Blueprint("transfers", __name__, description="Selling or handing over customers: who may be, nobody else.")


class TransferQuestion(Schema):
    """To whom customers are to be handed, and what for."""

    purpose = ma.fields.String(
        required=True, metadata={"description": "A purpose that hands data to others: `third_parties` as shipped."}
    )
    channels = ma.fields.List(
        code(Channel),
        required=True,
        validate=ma.validate.Length(1, len(Channel)),
        metadata={"description": "Contacts to be handed over, by the channel that they are for."},
    )
    recipient = ma.fields.String(
        required=True,
        validate=ma.validate.Length(1, 50),
        metadata={"description": "Your code of the recipient, for the log; not the name of a person."},
    )
    customers = ma.fields.List(
        ma.fields.UUID(),
        load_default=None,
        allow_none=True,
        validate=ma.validate.Length(1, MOST_PEOPLE),
        metadata={"description": "Whom to decide about; the whole base, part by part, where nothing is said."},
    )
    cursor = CursorField(
        UUID, load_default=None, metadata={"description": "`next_cursor` of the part before, for the whole base."}
    )


class TransferableCustomer(Schema):
    """A customer who may be handed over."""

    customer = ma.fields.UUID(required=True)
    channels = ma.fields.List(
        ma.fields.String(), required=True, metadata={"description": "With the contacts of these channels, no others."}
    )


class TransferDecision(Schema):
    """Who may be handed over. Whoever is not among `allowed` may not be."""

    decision_id = ma.fields.UUID(required=True, attribute="decision")
    considered = ma.fields.Integer(required=True)
    allowed = ma.fields.List(ma.fields.Nested(TransferableCustomer), required=True)
    refused = ma.fields.Dict(
        keys=ma.fields.String(),
        values=ma.fields.Integer(),
        required=True,
        metadata={"description": "By reason, how often it stood against a customer by a channel."},
    )
    next_cursor = ma.fields.Function(
        lambda decided: None if decided.next_after is None else encode_cursor(decided.next_after),
        metadata={"type": ["string", "null"], "description": "Where the next part of the base begins."},
    )


@blueprint.route("/consent/transfers")
class Transfers(MethodView):
    """Transfers."""

    @guarded(Permission.CONSENT_TRANSFER, changes=False)
    @blueprint.arguments(TransferQuestion)
    @blueprint.response(200, TransferDecision)
    def post(self, question: Mapping[str, Any]) -> Transfer:
        """Decide which customers may be handed to a third party; each decision is in the audit log."""
        chosen, cursor = question["customers"], question["cursor"]
        return consent.decide_transfer(
            current_work(),
            purpose=question["purpose"],
            channels=question["channels"],
            recipient=question["recipient"],
            people=None if chosen is None else [SubjectId(one) for one in chosen],
            after=SubjectId(cursor[0]) if cursor else None,
        )
