"""Customers: recorded, read, listed and edited. What is shown is masked; the clear is in `reveals`."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import marshmallow as ma
from flask.views import MethodView

from governance.api.answers import location
from governance.api.auth import guarded
from governance.api.blueprints import Blueprint
from governance.api.contacts import Contact, ContactNew
from governance.api.etags import etag, expected_version
from governance.api.paging import Page, PageQuery, encode_cursor, page_schema
from governance.api.schemas import Instant, Schema, code, flag, unreadable_fields
from governance.api.service import current_work
from governance.customers import operations as customers
from governance.customers.codes import Ground, MaritalStatus, NotMailable, PersonKind, Sex, Source
from governance.customers.operations import PersonView
from governance.kernel.ids import StaffId, SubjectId
from governance.policies.permissions import Permission

CONTACTS_AT_ONCE = 100

blueprint = Blueprint("customers", __name__, description="People whose data is kept, masked wherever they are shown.")

_PARTIAL_DATE = {"description": "YYYY-MM-DD, or YYYY-MM, or YYYY where no more is known."}


def _text(**options: Any) -> ma.fields.String:  # noqa: ANN401 - marshmallow's options of a field
    return ma.fields.String(allow_none=True, **options)


def _texts() -> ma.fields.List[Any]:
    return ma.fields.List(ma.fields.String(), allow_none=True)


def extra_key(**options: Any) -> ma.fields.String:  # noqa: ANN401 - as above
    """Key of an extra field."""
    pattern = ma.validate.Regexp(r"^[a-z][a-z0-9_]{0,49}\Z", error="Not the key of an extra field.")
    return ma.fields.String(validate=pattern, **options)


class CustomerFields(Schema):
    """What may be written of a customer: what is left out stays as it is, null empties a field."""

    kind = code(PersonKind)
    family_name = _text()
    given_name = _text()
    patronymic = _text()
    birth_date = _text(metadata=_PARTIAL_DATE)
    sex = code(Sex, allow_none=True)
    marital_status = code(MaritalStatus, allow_none=True)
    profession = _text()
    organisation = _text()
    country = _text(metadata={"description": "ISO 3166-1, two letters."})
    region = _text()
    city = _text()
    street = _text()
    postcode = _text()
    language = _text(metadata={"description": "ISO 639."})
    tags = _texts()
    interests = _texts()
    preferred_payment = _text()
    note = _text()
    deceased = flag()
    deceased_on = _text(metadata=_PARTIAL_DATE)
    source = code(Source, allow_none=True, metadata={"description": "Where the data came from (GDPR Art. 14(2)(f))."})
    source_note = _text()
    ground = code(Ground, allow_none=True, metadata={"description": "Lawful ground (GDPR Art. 6(1))."})
    informed_at = Instant(allow_none=True, metadata={"description": "When the person was told (GDPR Art. 14)."})
    customer_since = _text(metadata={"description": "YYYY-MM-DD."})
    not_mailable = code(NotMailable, allow_none=True, metadata={"description": "Only `decided` can be set."})
    responsible = ma.fields.UUID(allow_none=True, metadata={"description": "Staff member who looks after them."})
    extra = ma.fields.Dict(
        keys=extra_key(),
        values=ma.fields.Raw(allow_none=True),
        metadata={"description": "Extra fields by key, merged key by key."},
    )


class CustomerNew(CustomerFields):
    """A customer to be recorded, with contacts."""

    contacts = ma.fields.List(
        ma.fields.Nested(ContactNew), load_default=[], validate=ma.validate.Length(max=CONTACTS_AT_ONCE)
    )
    acquired_at = Instant(load_default=None, metadata={"description": "When the data were obtained; now by default."})

    @ma.validates_schema
    def something(self, told: Mapping[str, Any], **_options: object) -> None:
        """Refuse a customer of whom nothing is said: a request without its body."""
        if not any(told.values()):
            raise ma.ValidationError("Say something of the customer: a name or a contact at least.")


class MergedShown(Schema):
    """Somebody who was merged into a customer."""

    id = ma.fields.UUID(required=True)
    said = ma.fields.Dict(
        keys=ma.fields.String(),
        values=ma.fields.Raw(),
        required=True,
        metadata={"description": "What their record says otherwise than what is shown, by field."},
    )
    differs = ma.fields.List(
        ma.fields.String(),
        required=True,
        metadata={"description": "Fields in which the two differ, those included whose masks look alike."},
    )


class Customer(Schema):
    """A customer as they may be seen."""

    id = ma.fields.UUID(required=True)
    ref = ma.fields.UUID(required=True, metadata={"description": "Random name of the person in the audit log."})
    kind = ma.fields.String(required=True)
    family_name = _text(required=True)
    given_name = _text(required=True)
    patronymic = _text(required=True)
    birth_date = _text(required=True)
    sex = _text(required=True)
    marital_status = _text(required=True)
    profession = _text(required=True)
    organisation = _text(required=True)
    country = _text(required=True)
    region = _text(required=True)
    city = _text(required=True)
    street = _text(required=True)
    postcode = _text(required=True)
    language = _text(required=True)
    tags = ma.fields.List(ma.fields.String(), required=True)
    interests = ma.fields.List(ma.fields.String(), required=True)
    preferred_payment = _text(required=True)
    note = _text(required=True)
    deceased = ma.fields.Boolean(required=True)
    deceased_on = _text(required=True)
    source = _text(required=True)
    source_note = _text(required=True)
    ground = _text(required=True)
    acquired_at = Instant(required=True)
    inform_by = Instant(required=True, allow_none=True, metadata={"description": "GDPR Art. 14(3)."})
    informed_at = Instant(required=True, allow_none=True)
    customer_since = ma.fields.Date(required=True, allow_none=True)
    not_mailable = _text(required=True)
    responsible = ma.fields.UUID(required=True, allow_none=True)
    restricted = ma.fields.Boolean(required=True)
    held = ma.fields.List(ma.fields.String(), required=True)
    contacts = ma.fields.List(ma.fields.Nested(Contact), required=True)
    extra = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.Raw(allow_none=True), required=True)
    masked = ma.fields.List(ma.fields.String(), required=True, metadata={"description": "Fields shown in part."})
    hidden = ma.fields.List(
        ma.fields.String(), required=True, metadata={"description": "Fields that are there and not shown."}
    )
    unreadable = unreadable_fields()
    merged = ma.fields.List(
        ma.fields.Nested(MergedShown),
        required=True,
        metadata={"description": "Who was merged into them; where the customer says nothing, these are asked."},
    )
    merged_into = ma.fields.UUID(
        required=True,
        allow_none=True,
        metadata={"description": "The customer who answers, where the id of one merged into them was asked for."},
    )
    created_at = Instant(required=True)
    updated_at = Instant(required=True)


CustomerPage = page_schema(Customer, "CustomerPage")


class CustomerQuery(PageQuery):
    """Which customers to list."""

    responsible = ma.fields.UUID(load_default=None, metadata={"description": "Of this staff member only."})


@blueprint.route("/customers")
class Customers(MethodView):
    """Customers."""

    @guarded(Permission.CUSTOMERS_LIST)
    @blueprint.arguments(CustomerQuery, location="query")
    @blueprint.response(200, CustomerPage)
    def get(self, page: Mapping[str, Any]) -> Page[PersonView]:
        """List customers in the order in which they were recorded."""
        cursor, responsible = page["cursor"], page["responsible"]
        found = customers.list_people(
            current_work(),
            after=None if cursor is None else SubjectId(cursor[0]),
            limit=page["limit"],
            responsible=None if responsible is None else StaffId(responsible),
        )
        return Page(found.items, None if found.next_after is None else encode_cursor(found.next_after))

    @guarded(Permission.CUSTOMERS_CREATE)
    @blueprint.arguments(CustomerNew)
    @blueprint.response(201, Customer)
    def post(self, new: dict[str, Any]) -> tuple[PersonView, int, dict[str, str]]:
        """Record a customer, with contacts and extra fields."""
        contacts, extra, acquired_at = new.pop("contacts"), new.pop("extra", None), new.pop("acquired_at")
        made = customers.create(current_work(), fields=new, contacts=contacts, extra=extra, acquired_at=acquired_at)
        return made, 201, {**location(made.id), **etag(made.version)}


@blueprint.route("/customers/<uuid:customer>")
class OneCustomer(MethodView):
    """A customer."""

    @guarded(Permission.CUSTOMERS_READ)
    @blueprint.response(200, Customer)
    def get(self, customer: UUID) -> tuple[PersonView, int, dict[str, str]]:
        """Read a customer, masked."""
        seen = customers.read(current_work(), subject=SubjectId(customer))
        return seen, 200, etag(seen.version)

    @guarded(Permission.CUSTOMERS_EDIT, versioned=True)
    @blueprint.arguments(CustomerFields)
    @blueprint.response(200, Customer)
    def patch(self, changes: Mapping[str, Any], customer: UUID) -> tuple[PersonView, int, dict[str, str]]:
        """Correct a customer by a merge patch (RFC 7396), as application/merge-patch+json or application/json."""
        edited = customers.edit(
            current_work(), subject=SubjectId(customer), patch=changes, if_version=expected_version()
        )
        return edited, 200, etag(edited.version)
