"""Customers: found by an exact value, shown masked, opened field by field with a reason."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from flask import Response, request
from flask_babel import format_date, format_datetime

from governance.console import words
from governance.console.customer_lines import lines, own_definitions, own_lines, told
from governance.console.frame import page
from governance.console.guard import Visit, act, screen
from governance.console.paging import asked_place, told_place
from governance.customers import operations as customers
from governance.customers.operations import Found, PersonName, PersonView
from governance.customers.search import ANY_CONTACT, EXTRA, PURCHASE_NUMBER
from governance.kernel.errors import InvalidError
from governance.kernel.ids import SubjectId
from governance.kernel.records import frozen
from governance.pages.forms import EMPTY, Typed
from governance.pages.languages import language
from governance.policies.permissions import Permission

PART = "customers"


@screen("/customers", "customers")
def search_page(visit: Visit, typed: Typed = EMPTY, found: Found | None = None) -> Response:
    """The form to search by; what is searched for is never part of an address."""
    fields = own_definitions(visit).values()
    return page(
        visit,
        "customers",
        part=PART,
        typed=typed,
        found=None if found is None else [Summary.of(one) for one in found.items],
        more=found is not None and found.more,
        extras=[(EXTRA + one.key, one.labels.get(language())) for one in fields if one.indexed],
        contact=ANY_CONTACT,
        purchase=PURCHASE_NUMBER if visit.may(Permission.PURCHASES_READ) else None,
    )


@act("/customers", "find_customers", shows=search_page, of="customers")
def find(visit: Visit) -> Response:
    """Search by one exact value; it is neither kept nor told in the log."""
    by, value = request.form.get("by", ANY_CONTACT), request.form.get("value", "")[:500]
    if not value.strip():
        raise InvalidError("Write what to search for.", errors={"value": ["Write the whole contact or number."]})
    found = customers.search(visit.work, by=by, value=value)
    return search_page(visit, typed=Typed({"by": by, "value": value}), found=found)


@frozen
class Summary:
    """A customer in a list."""

    id: SubjectId
    name: str
    contacts: str
    place: str
    marks: Sequence[str]

    @classmethod
    def of(cls, seen: PersonView) -> "Summary":
        """What a list shows of a customer."""
        marks = [mark for mark, stands in (("restricted", seen.restricted), ("held", bool(seen.held))) if stands]
        contacts = ", ".join(one.value for one in seen.contacts[:3] if one.value)
        return cls(seen.id, name_of(seen), contacts, seen.city or "", marks)


def name_of(seen: PersonView | PersonName) -> str:
    """What a page calls a customer: names as they may be seen."""
    names = (seen.family_name, seen.given_name, seen.patronymic)
    return " ".join(one for one in names if one) or seen.organisation or "—"


@screen("/customers/<uuid:customer>", "customer")
def card(visit: Visit, customer: UUID, typed: Typed = EMPTY, opened: Mapping[str, object] | None = None) -> Response:
    """A customer, masked, with what was opened just now."""
    seen = customers.read(visit.work, subject=SubjectId(customer))
    opened = opened or {}
    return page(
        visit,
        "customer",
        part=PART,
        tab="customer",
        seen=seen,
        name=name_of(seen),
        lines=lines(visit, seen, opened),
        own=own_lines(visit, seen, opened),
        contacts=[(one, told(opened.get(f"contacts.{one.id}"))) for one in seen.contacts],
        kinds=words.contact_kinds(),
        codes=words.codes(),
        typed=typed,
        ticked=request.form.getlist("field"),
        reveals=visit.may_open("reveal"),
        opened=bool(opened),
    )


@act("/customers/<uuid:customer>/reveal", "reveal", shows=card, of="customer")
def reveal(visit: Visit, customer: UUID) -> Response:
    """Open named fields, all of them or none; what is shown so stands on this one answer and in no address."""
    asked, reason = request.form.getlist("field"), request.form.get("reason", "")
    shown = customers.reveal(visit.work, subject=SubjectId(customer), fields=asked, reason=reason)
    return card(visit, customer, opened=shown.values)


@screen("/customers/<uuid:customer>/purchases", "customer_purchases")
def purchases(visit: Visit, customer: UUID) -> Response:
    """Purchases, the newest first."""
    seen = customers.read(visit.work, subject=SubjectId(customer))
    found = customers.list_purchases(visit.work, subject=SubjectId(customer), after=asked_place())
    rows = [(one, _moment(one.paid_at)) for one in found.items]
    older = told_place(found.next_after)
    return page(
        visit, "purchases", part=PART, tab="customer_purchases", seen=seen, name=name_of(seen), rows=rows, older=older
    )


@screen("/customers/<uuid:customer>/interactions", "customer_interactions")
def interactions(visit: Visit, customer: UUID) -> Response:
    """Calls, visits and messages, the newest first."""
    seen = customers.read(visit.work, subject=SubjectId(customer))
    found = customers.list_interactions(visit.work, subject=SubjectId(customer), after=asked_place())
    rows = [(one, _moment(one.at), one.next_contact_at and _moment(one.next_contact_at)) for one in found.items]
    older = told_place(found.next_after)
    return page(
        visit,
        "interactions",
        part=PART,
        tab="customer_interactions",
        seen=seen,
        name=name_of(seen),
        rows=rows,
        older=older,
        codes=words.codes(),
    )


@screen("/customers/<uuid:customer>/marks", "customer_marks")
def marks(visit: Visit, customer: UUID, typed: Typed = EMPTY, **_names: object) -> Response:
    """Legal holds and restrictions of processing."""
    seen = customers.read(visit.work, subject=SubjectId(customer))
    found = customers.marks(visit.work, subject=SubjectId(customer))
    return page(
        visit,
        "marks",
        part=PART,
        tab="customer_marks",
        seen=seen,
        name=name_of(seen),
        marks=found,
        codes=words.codes(),
        now=visit.work.now,
        typed=typed,
    )


def _moment(moment: object) -> str:
    """An instant, or a day where no time of day is known."""
    return str(format_datetime(moment, "medium") if isinstance(moment, datetime) else format_date(moment, "medium"))
