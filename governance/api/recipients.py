"""Recipients: who gets personal data from the controller, for what, and what makes it lawful."""

from collections.abc import Mapping
from typing import Any

import marshmallow as ma
from flask.views import MethodView

from governance.api.auth import guarded
from governance.api.blueprints import Blueprint
from governance.api.schemas import Instant, Schema, code
from governance.api.service import current_work
from governance.disclosures import operations as disclosures
from governance.policies.permissions import Permission
from governance.reference import recipients
from governance.reference.recipients import Recipient, RecipientKind

blueprint = Blueprint("recipients", __name__, description="Who gets personal data, for what, and by which safeguard.")


class RecipientSaid(Schema):
    """A recipient as it is recorded; saying it again with other words makes a further version."""

    key = ma.fields.String(required=True, metadata={"description": "Code by which it is named from now on."})
    name = ma.fields.String(required=True, metadata={"description": "Of the company, never of a person."})
    kind = code(RecipientKind, required=True)
    country = ma.fields.String(required=True, metadata={"description": "ISO 3166-1 alpha-2."})
    purposes = ma.fields.List(ma.fields.String(), required=True, metadata={"description": "Keys of purposes."})
    fields_ = ma.fields.List(
        ma.fields.String(),
        required=True,
        data_key="fields",
        attribute="fields",
        metadata={"description": "What it may get at most: `person.family_name`, `contact.email`, `extra.KEY`."},
    )
    safeguard = ma.fields.String(
        required=True,
        metadata={
            "description": "`domestic`, `adequacy`, `standard_clauses`, `binding_rules`, `code_of_conduct`, "
            "`certification` or `derogation`."
        },
    )
    contact = ma.fields.String(load_default=None, metadata={"description": "Whom to ask there; kept sealed."})


class RecipientShown(RecipientSaid):
    """A version of a recipient."""

    id = ma.fields.UUID(required=True, metadata={"description": "Of this version; disclosures name it."})
    version = ma.fields.Integer(required=True)
    recorded_at = Instant(required=True)
    contact = ma.fields.String(required=True, allow_none=True)
    retired = ma.fields.Boolean(required=True)


class RecipientList(Schema):
    """Recipients."""

    items = ma.fields.List(ma.fields.Nested(RecipientShown), required=True)


class RecipientQuery(Schema):
    """Which."""

    retired = ma.fields.Boolean(
        load_default=False, metadata={"description": "Show those too that nothing goes to any more."}
    )


@blueprint.route("/recipients")
class Recipients(MethodView):
    """Recipients."""

    @guarded(Permission.REFERENCE_READ)
    @blueprint.arguments(RecipientQuery, location="query")
    @blueprint.response(200, RecipientList)
    def get(self, query: Mapping[str, bool]) -> Mapping[str, list[Recipient]]:
        """List the recipients in the versions in force."""
        return {"items": recipients.recipients(current_work(), retired=query["retired"])}

    @guarded(Permission.REFERENCE_EDIT)
    @blueprint.arguments(RecipientSaid)
    @blueprint.response(201, RecipientShown)
    def post(self, said: Mapping[str, Any]) -> Recipient:
        """Record a recipient, or a further version of it."""
        return disclosures.define_recipient(current_work(), **said)


@blueprint.route("/recipients/<recipient>/versions")
class RecipientVersions(MethodView):
    """Versions of a recipient."""

    @guarded(Permission.REFERENCE_READ)
    @blueprint.response(200, RecipientList)
    def get(self, recipient: str) -> Mapping[str, list[Recipient]]:
        """Show all versions of a recipient, newest first."""
        return {"items": recipients.recipient_history(current_work(), key=recipient)}


@blueprint.route("/recipients/<recipient>/retirement")
class RecipientRetirement(MethodView):
    """The end of a recipient."""

    @guarded(Permission.REFERENCE_EDIT)
    @blueprint.response(201, RecipientShown)
    def post(self, recipient: str) -> Recipient:
        """Hand nothing to a recipient any more; what was handed to it stays on record."""
        return recipients.retire_recipient(current_work(), key=recipient)
