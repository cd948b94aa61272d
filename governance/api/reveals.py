"""Reveals: named fields of a customer in the clear, with a reason, and each time on record."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import marshmallow as ma
from flask.views import MethodView

from governance.api.auth import guarded
from governance.api.blueprints import Blueprint
from governance.api.schemas import Schema
from governance.api.service import current_work
from governance.customers import operations as customers
from governance.customers.operations import Revealed
from governance.kernel.ids import SubjectId
from governance.policies.permissions import Permission

blueprint = Blueprint("reveals", __name__, description="Named fields in the clear, with a reason, on record.")


class RevealOrder(Schema):
    """Which fields, and why."""

    fields_ = ma.fields.List(
        ma.fields.String(validate=ma.validate.Length(1, 100)),
        required=True,
        data_key="fields",
        attribute="fields",
        metadata={
            "description": "`family_name` and other fields of a customer; `contacts` for all; `extra.KEY`; "
            "`contacts.ID`, `purchases.ID`, `interactions.ID`, `activity.ID` for all that is sealed of one."
        },
    )
    reason = ma.fields.String(required=True, metadata={"description": "Kept sealed beside the entry in the log."})
    purpose = ma.fields.String(load_default=None, metadata={"description": "Key of the purpose they are needed for."})


class Reveal(Schema):
    """Fields in the clear."""

    values = ma.fields.Dict(
        keys=ma.fields.String(),
        values=ma.fields.Raw(allow_none=True),
        required=True,
        metadata={"description": "By the name that was asked for; null where a field is empty."},
    )


@blueprint.route("/customers/<uuid:customer>/reveals")
class Reveals(MethodView):
    """Reveals."""

    @guarded(Permission.CUSTOMERS_REVEAL, changes=False)
    @blueprint.arguments(RevealOrder)
    @blueprint.response(200, Reveal)
    def post(self, order: Mapping[str, Any], customer: UUID) -> Revealed:
        """Open named fields of a customer: all of them or none."""
        return customers.reveal(current_work(), subject=SubjectId(customer), **order)
