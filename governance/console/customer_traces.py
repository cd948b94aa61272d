"""What is known about one customer's data: who saw them, and until when they are kept."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from flask import Response, request
from flask_babel import gettext

from governance.consent import operations as consent
from governance.console import people, words, words_fields, words_requests
from governance.console.actions import label_of
from governance.console.customers import PART, name_of
from governance.console.frame import page
from governance.console.guard import Visit, screen
from governance.customers import operations as customers
from governance.customers.operations import Sighting
from governance.kernel.ids import EntryId, SubjectId
from governance.kernel.records import frozen
from governance.kernel.work import ActorKind
from governance.pages.languages import language
from governance.policies import shipped
from governance.policies.permissions import Permission
from governance.rights import operations as rights
from governance.rights.operations import KeptGroup


@frozen
class Seen:
    """That somebody saw something, in words.

    Attributes:
        role: which they hold; empty for whoever holds none.
        reason: what is shown of it; None where none was given.
    """

    entry: EntryId
    at: datetime
    what: str
    who: str
    role: str
    fields: str
    purpose: str
    reason: str | None


@screen("/customers/<uuid:customer>/sightings", "customer_sightings")
def sightings(visit: Visit, customer: UUID) -> Response:
    """Who saw this person: from the log, which tells of this look, too."""
    found = customers.sightings(visit.work, subject=SubjectId(customer), cursor=request.args.get("cursor") or None)
    seen = customers.read(visit.work, subject=SubjectId(customer)) if visit.may(Permission.CUSTOMERS_READ) else None
    known = people.names(visit)
    titles = {one.purpose.key: one.purpose.titles.get(language()) for one in consent.purposes(visit.work)}
    return page(
        visit,
        "customer_sightings",
        part=PART if seen else "audit",
        tab="customer_sightings",
        seen=seen,
        name=name_of(seen) if seen else str(found.ref),
        ref=found.ref,
        customer=customer,
        rows=[_seen(one, known, titles) for one in found.items],
        cursor=found.cursor,
    )


def _seen(one: Sighting, known: Mapping[UUID, str], titles: Mapping[str, str]) -> Seen:
    roles = shipped.roles().roles
    hidden = gettext("given, and not shown to you") if one.has_reason else None
    is_person = one.actor_kind == ActorKind.CUSTOMER.value
    return Seen(
        entry=one.entry,
        at=one.at,
        what=label_of(one.action),
        who=gettext("the person themselves") if is_person else people.called(known, one.actor_kind, one.actor_id),
        role=", ".join(roles[each].titles.get(language()) for each in one.roles if each in roles),
        fields=", ".join(_field(each) for each in one.fields),
        purpose=titles.get(one.purpose or "", one.purpose or ""),
        reason=one.reason or hidden,
    )


def _field(name: str) -> str:
    return words.fields().get(name) or groups().get(name) or name.removeprefix("extra.")


def groups() -> Mapping[str, str]:
    """What is kept beside a person's own fields."""
    return {
        "person": gettext("Fields of the record"),
        "contacts": gettext("Contacts"),
        "contact": gettext("Contacts"),
        "purchases": gettext("Purchases"),
        "purchase": gettext("Purchases"),
        "interactions": gettext("Interactions"),
        "interaction": gettext("Interactions"),
        "note": gettext("Notes of interactions"),
        "activity": gettext("Visits and clicks"),
        "extra_value": gettext("Own fields of the company"),
        "consent_event": gettext("What was agreed to"),
        "request": gettext("Requests"),
    }


@frozen
class Kept:
    """A line of what is kept, in words."""

    group: KeptGroup
    what: str
    names: str
    rule: str


@screen("/customers/<uuid:customer>/retention", "customer_retention")
def retention(visit: Visit, customer: UUID) -> Response:
    """Until when this person's data are kept, field by field, and what an erasure would do today."""
    seen = customers.read(visit.work, subject=SubjectId(customer))
    found = rights.kept_dates(visit.work, subject=SubjectId(customer))
    return page(
        visit,
        "customer_retention",
        part=PART,
        tab="customer_retention",
        seen=seen,
        name=name_of(seen),
        rows=_kept(found.groups),
        in_force=found.in_force,
        plan=found.erased_today,
        fates=words_requests.fates(),
        compartments=words_fields.compartments(),
    )


def _kept(groups_found: Sequence[KeptGroup]) -> Sequence[Kept]:
    named, codes, told = groups(), words.codes(), []
    labels_of: Mapping[str, Mapping[str, str]] = {
        "person": {**words.fields(), "customer_since": gettext("Customer since")},
        "extra_value": {},
        "contact": words.contact_kinds(),
        "consent_event": words.channels(),
        "request": words_requests.kinds(),
    }
    for one in groups_found:
        labels = labels_of.get(one.table, codes)
        names = ", ".join(labels.get(each, each) for each in one.names)
        title = "" if one.title is None else one.title.get(language())
        told.append(Kept(one, named[one.table], names, title))
    return told
