"""Contacts of a customer: added, marked primary, verified or bounced, and removed."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import marshmallow as ma
from flask.views import MethodView

from governance.api.auth import guarded
from governance.api.blueprints import Blueprint
from governance.api.etags import etag, expected_version
from governance.api.schemas import Instant, Schema, code, flag
from governance.api.service import current_work
from governance.customers import operations as customers
from governance.customers.codes import ContactKind, ContactLabel
from governance.customers.operations import ContactSaid, ContactView
from governance.kernel.ids import ContactId, SubjectId
from governance.policies.permissions import Permission

blueprint = Blueprint("contacts", __name__, description="Ways to reach a customer; several people may share one.")

OFFERED = (
    "When it was collected with a sale, and the customer was offered a way to refuse advertising; without it there is "
    "no soft opt-in."
)


class ContactNew(Schema):
    """A contact to be kept."""

    kind = code(ContactKind, required=True)
    value = ma.fields.String(
        required=True,
        validate=ma.validate.Length(1, 500),
        metadata={"description": "As people write it: address, number with or without country code, account, card."},
    )
    extension = ma.fields.String(load_default=None, allow_none=True, metadata={"description": "Of a phone: digits."})
    region = ma.fields.String(
        load_default=None,
        allow_none=True,
        metadata={
            "description": "Country of a phone number without a country code; else the customer's country, "
            "else the controller's."
        },
    )
    label = code(ContactLabel, load_default=None, allow_none=True)
    is_primary = flag(load_default=False)
    opt_out_offered_at = Instant(load_default=None, allow_none=True, metadata={"description": OFFERED})

    @ma.post_load
    def said(self, told: dict[str, Any], **_options: object) -> ContactSaid:
        """What the operations take."""
        return ContactSaid(**told)


class ContactMarks(Schema):
    """Marks of a contact (RFC 7396): what is left out stays, null takes a mark back."""

    label = code(ContactLabel, allow_none=True)
    is_primary = flag()
    is_login = flag(metadata={"description": "Whether its holder may sign in with it, once it is verified."})
    verified_at = Instant(allow_none=True, metadata={"description": "When its holder proved to hold it."})
    bounced_at = Instant(allow_none=True, metadata={"description": "When a message last came back."})
    opt_out_offered_at = Instant(allow_none=True, metadata={"description": OFFERED})


class Contact(Schema):
    """A contact as it may be seen."""

    id = ma.fields.UUID(required=True)
    kind = ma.fields.String(required=True)
    value = ma.fields.String(required=True, allow_none=True, metadata={"description": "Masked: `+7 ••• ••61`."})
    extension = ma.fields.String(required=True, allow_none=True)
    region = ma.fields.String(required=True, allow_none=True)
    label = ma.fields.String(required=True, allow_none=True)
    is_primary = ma.fields.Boolean(required=True)
    is_login = ma.fields.Boolean(required=True)
    verified_at = Instant(required=True, allow_none=True)
    bounced_at = Instant(required=True, allow_none=True)
    opt_out_offered_at = Instant(required=True, allow_none=True)
    created_at = Instant(required=True)


@blueprint.route("/customers/<uuid:customer>/contacts")
class Contacts(MethodView):
    """Contacts."""

    @guarded(Permission.CONTACTS_ADD)
    @blueprint.arguments(ContactNew)
    @blueprint.response(201, Contact)
    def post(self, contact: ContactSaid, customer: UUID) -> tuple[ContactView, int, dict[str, str]]:
        """Add a contact; the first of its kind becomes the primary one. The ETag is the customer's."""
        made = customers.add_contact(current_work(), subject=SubjectId(customer), contact=contact)
        return made, 201, etag(made.person_version)


@blueprint.route("/customers/<uuid:customer>/contacts/<uuid:contact>")
class OneContact(MethodView):
    """A contact."""

    @guarded(Permission.CONTACTS_EDIT, versioned=True)
    @blueprint.arguments(ContactMarks)
    @blueprint.response(200, Contact)
    def patch(self, marks: Mapping[str, Any], customer: UUID, contact: UUID) -> tuple[ContactView, int, dict[str, str]]:
        """Mark a contact; its value never changes: remove it and add another. The ETag is the customer's."""
        marked = customers.edit_contact(
            current_work(),
            subject=SubjectId(customer),
            contact=ContactId(contact),
            patch=marks,
            if_version=expected_version(),
        )
        return marked, 200, etag(marked.person_version)

    @guarded(Permission.CONTACTS_REMOVE, versioned=True)
    @blueprint.response(204)
    def delete(self, customer: UUID, contact: UUID) -> tuple[None, int, dict[str, str]]:
        """Remove a contact. The ETag is the customer's."""
        version = customers.remove_contact(
            current_work(), subject=SubjectId(customer), contact=ContactId(contact), if_version=expected_version()
        )
        return None, 204, etag(version)
