"""Extra fields of customers: defined, looked at, edited and retired at run time."""

from collections.abc import Mapping
from typing import Any

import marshmallow as ma
from flask.views import MethodView

from governance.api.answers import location
from governance.api.auth import guarded
from governance.api.blueprints import Blueprint
from governance.api.customers import extra_key
from governance.api.etags import etag, expected_version
from governance.api.paging import Page, page_schema
from governance.api.schemas import Instant, Schema, code, flag
from governance.api.service import current_work
from governance.customers import operations as customers
from governance.customers.codes import ExtraType
from governance.customers.operations import ExtraField
from governance.policies import shipped
from governance.policies.classification import Compartment, Sensitivity, Visibility
from governance.policies.documents import Titles
from governance.policies.masking import Mask
from governance.policies.permissions import Permission

blueprint = Blueprint("customer-fields", __name__, description="Fields that customers have beside those of the house.")


def _known_category(key: str) -> None:
    if key not in shipped.categories():
        raise ma.ValidationError("No category has this key; give one of fideslang's, such as user.behavior.")


class Labels(Schema):
    """What a field is called."""

    en = ma.fields.String(required=True)
    ru = ma.fields.String(load_default="", metadata={"description": "As in English, if not said."})
    uk = ma.fields.String(load_default="", metadata={"description": "As in English, if not said."})

    @ma.post_load
    def titles(self, told: dict[str, str], **_options: object) -> Titles:
        """What the operations take."""
        return Titles(**told)


class CustomerFieldChanges(Schema):
    """What may be changed of an extra field; what is left out stays."""

    labels = ma.fields.Nested(Labels)
    category = ma.fields.String(validate=_known_category, metadata={"description": "Key of a fideslang category."})
    sensitivity = code(Sensitivity)
    mask = code(Mask)
    visibility = code(Visibility, metadata={"description": "The most that ordinary reading shows."})
    retired = flag(metadata={"description": "A retired field keeps its values and takes no new ones."})


class CustomerFieldNew(Schema):
    """An extra field to be defined; key, type, compartment and index stay as they are for ever."""

    key = extra_key(required=True)
    labels = ma.fields.Nested(Labels, required=True)
    type = code(ExtraType, required=True)
    category = ma.fields.String(
        required=True, validate=_known_category, metadata={"description": "Key of a fideslang category."}
    )
    sensitivity = code(Sensitivity, load_default=Sensitivity.PERSONAL)
    compartment = code(Compartment, load_default=Compartment.PROFILE)
    mask = code(Mask, load_default=Mask.FULL)
    visibility = code(Visibility, load_default=Visibility.MASKED)
    indexed = flag(load_default=False, metadata={"description": "Whether customers are found by an exact value."})


class CustomerField(Schema):
    """An extra field; it goes by its key."""

    key = ma.fields.String(required=True)
    labels = ma.fields.Nested(Labels, required=True)
    type = code(ExtraType, required=True)
    category = ma.fields.String(required=True)
    sensitivity = code(Sensitivity, required=True)
    compartment = code(Compartment, required=True)
    mask = code(Mask, required=True)
    visibility = code(Visibility, required=True)
    indexed = ma.fields.Boolean(required=True)
    created_at = Instant(required=True)
    retired_at = Instant(required=True, allow_none=True)


CustomerFieldPage = page_schema(CustomerField, "CustomerFieldPage")


@blueprint.route("/customer-fields")
class CustomerFields(MethodView):
    """Extra fields."""

    @guarded(Permission.EXTRA_FIELDS_READ)
    @blueprint.response(200, CustomerFieldPage)
    def get(self) -> Page[ExtraField]:
        """List all extra fields on one page, by key, retired ones included."""
        return Page(customers.definitions(current_work()), None)

    @guarded(Permission.EXTRA_FIELDS_DEFINE)
    @blueprint.arguments(CustomerFieldNew)
    @blueprint.response(201, CustomerField)
    def post(self, new: Mapping[str, Any]) -> tuple[ExtraField, int, dict[str, str]]:
        """Define an extra field."""
        made = customers.define(current_work(), **new)
        return made, 201, {**location(made.key), **etag(made.version)}


@blueprint.route("/customer-fields/<string:field>")
class OneCustomerField(MethodView):
    """An extra field."""

    @guarded(Permission.EXTRA_FIELDS_READ)
    @blueprint.response(200, CustomerField)
    def get(self, field: str) -> tuple[ExtraField, int, dict[str, str]]:
        """Read the definition of an extra field."""
        seen = customers.definition(current_work(), key=field)
        return seen, 200, etag(seen.version)

    @guarded(Permission.EXTRA_FIELDS_DEFINE, versioned=True)
    @blueprint.arguments(CustomerFieldChanges)
    @blueprint.response(200, CustomerField)
    def patch(self, changes: Mapping[str, Any], field: str) -> tuple[ExtraField, int, dict[str, str]]:
        """Change the definition of an extra field by a merge patch (RFC 7396), or retire it."""
        edited = customers.edit_definition(current_work(), key=field, if_version=expected_version(), **changes)
        return edited, 200, etag(edited.version)
