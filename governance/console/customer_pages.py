"""More of a customer's card: corrected by hand, and what the person asked for."""

from typing import Final
from uuid import UUID

from flask import Response, request

from governance.console import sayings, words
from governance.console.customer_inputs import EMPTIED, own_errors, own_inputs, own_patch
from governance.console.customers import PART, name_of
from governance.console.days import today
from governance.console.frame import go, page
from governance.console.guard import Visit, act, screen
from governance.console.requests import Row
from governance.customers import operations as customers
from governance.customers.contact_values import ContactSaid
from governance.kernel.ids import SubjectId
from governance.pages.forms import EMPTY, Typed, whole_number
from governance.policies.permissions import Permission
from governance.policies.requests import RequestState
from governance.rights import operations as rights

EDITED: Final = ("family_name", "given_name", "patronymic", "birth_date", "organisation", "profession", "country",
                 "region", "city", "street", "postcode", "language", "note")  # fmt: skip


@screen("/customers/<uuid:customer>/edit", "edit_customer")
def edit_page(visit: Visit, customer: UUID, typed: Typed = EMPTY) -> Response:
    """The form to correct a record by: what the visitor may not see in full is written anew, or left."""
    seen = customers.read(visit.work, subject=SubjectId(customer))
    labels = words.fields()
    covered = {*seen.masked, *seen.hidden}
    rows = [(name, labels[name], "" if name in covered else getattr(seen, name) or "", name in covered)
            for name in EDITED]  # fmt: skip
    return page(
        visit,
        "customer_edit",
        part=PART,
        tab="edit_customer",
        seen=seen,
        name=name_of(seen),
        rows=rows,
        own=own_inputs(visit, seen),
        kinds=[(code, said) for code, said in words.contact_kinds().items() if code != "postal"],
        adds=visit.may(Permission.CONTACTS_ADD),
        typed=typed,
        errors={**sayings.by_field(typed.errors), **own_errors(visit, typed.errors)},
    )


@act("/customers/<uuid:customer>/edit", "change_customer", shows=edit_page, of="edit_customer",
     then=lambda customer: go("customer", customer=customer))  # fmt: skip
def change(visit: Visit, customer: UUID) -> Response:
    """Change what was written; a field that was shown is emptied by emptying it, one that was not by a sign."""
    said = {name: request.form.get(name, "").strip() for name in EDITED}
    shown = {name: request.form.get(f"was.{name}", "") for name in EDITED}
    patch: dict[str, object] = {
        name: None if value in ("", EMPTIED) else value
        for name, value in said.items()
        if name in request.form and value != shown[name]
    }
    if own := own_patch(visit):
        patch["extra"] = own
    customers.edit(
        visit.work,
        subject=SubjectId(customer),
        patch=patch,
        if_version=whole_number(request.form.get("version", "")),
    )
    return go("customer", customer=customer)


@act("/customers/<uuid:customer>/contacts", "add_contact", shows=edit_page, of="edit_customer",
     then=lambda customer: go("customer", customer=customer))  # fmt: skip
def add_contact(visit: Visit, customer: UUID) -> Response:
    """Add a contact."""
    said = ContactSaid(kind=request.form.get("kind", ""), value=request.form.get("value", "")[:500])
    customers.add_contact(visit.work, subject=SubjectId(customer), contact=said)
    return go("customer", customer=customer)


@screen("/customers/<uuid:customer>/requests", "customer_requests")
def requests_page(visit: Visit, customer: UUID) -> Response:
    """What the person asked for, ended requests too."""
    seen = customers.read(visit.work, subject=SubjectId(customer))
    found = rights.queue(visit.work, states=list(RequestState), customer=SubjectId(customer))
    on = today(visit)
    return page(
        visit,
        "customer_requests",
        part=PART,
        tab="customer_requests",
        seen=seen,
        name=name_of(seen),
        rows=[Row.of(one, on) for one in reversed(found)],
    )
