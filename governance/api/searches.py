"""Searches: customers found by one exact value, which is neither kept nor told in the log."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import marshmallow as ma
from flask.views import MethodView

from governance.api.auth import guarded
from governance.api.blueprints import Blueprint
from governance.api.customers import Customer, extra_key
from governance.api.schemas import Schema, code
from governance.api.service import current_work
from governance.customers import operations as customers
from governance.customers.codes import ContactKind
from governance.customers.operations import Found
from governance.customers.search import ANY_CONTACT, EXTRA, PURCHASE_NUMBER
from governance.kernel.errors import InvalidError
from governance.policies.permissions import Permission

blueprint = Blueprint("searches", __name__, description="Customers found by one exact value.")


class Criterion(NamedTuple):
    """What to search by.

    Attributes:
        by, value, region: as `search` takes them.
        place: path of the value in what was sent.
    """

    by: str
    value: str
    region: str | None
    place: str


def _value(**options: Any) -> ma.fields.String:  # noqa: ANN401 - marshmallow's options of a field
    return ma.fields.String(validate=ma.validate.Length(1, 500), **options)


class ContactSought(Schema):
    """A contact of one kind, or of any."""

    kind = code(ContactKind, load_default=None, metadata={"description": "Of any kind where it is left out."})
    value = _value(required=True)


class FieldSought(Schema):
    """An indexed extra field."""

    key = extra_key(required=True)
    value = _value(required=True)


class CustomerSearch(Schema):
    """What to search by: exactly one of these, as people write it."""

    email = _value()
    phone = _value(metadata={"description": "In any spelling: +7 933 455-20-61, 8 (933) 455 20 61."})
    contact = ma.fields.Nested(ContactSought)
    field = ma.fields.Nested(FieldSought)
    purchase_number = _value(metadata={"description": "Needs purchases:read, too."})
    region = ma.fields.String(
        load_default=None,
        metadata={"description": "Country of a phone number without a country code; the controller's by default."},
    )

    @ma.post_load
    def criterion(self, told: dict[str, Any], **_options: object) -> Criterion:
        """The one criterion.

        Raises:
            ValidationError: there is none, or more than one.
        """
        region = told.pop("region")
        if len(told) != 1:
            raise ma.ValidationError("Search by exactly one of email, phone, contact, field or purchase_number.")
        ((name, said),) = told.items()
        if name == "contact":
            return Criterion(said["kind"] or ANY_CONTACT, said["value"], region, "contact.value")
        if name == "field":
            return Criterion(EXTRA + said["key"], said["value"], region, "field.value")
        by = PURCHASE_NUMBER if name == "purchase_number" else name
        return Criterion(by, said, region, name)


class CustomersFound(Schema):
    """Who was found."""

    items = ma.fields.List(ma.fields.Nested(Customer), required=True)
    more = ma.fields.Boolean(required=True, metadata={"description": "Whether there are more than could be shown."})


@blueprint.route("/customers/searches")
class Searches(MethodView):
    """Searches."""

    @guarded(Permission.CUSTOMERS_SEARCH, changes=False)
    @blueprint.arguments(CustomerSearch)
    @blueprint.response(200, CustomersFound)
    def post(self, sought: Criterion) -> Found:
        """Find customers by an exact value; all who share it are found, masked."""
        try:
            return customers.search(current_work(), by=sought.by, value=sought.value, region=sought.region)
        except InvalidError as refusal:
            # The caller knows the value by the name under which they sent it.
            said: Mapping[str, list[str]] = {sought.place: refusal.errors.get("value", [])}
            raise InvalidError(refusal.detail, errors=said) from None
