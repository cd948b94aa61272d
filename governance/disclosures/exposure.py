"""Whose data leaked: all whom an account, a system, a key or an export has shown, and what follows for whom.

Counted by the database from the log and from the people of exports; nothing is opened for it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ARRAY, CTE, String, case, cast, func, literal, select, union_all

from governance.accounts.keys import is_key_id
from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import Fact
from governance.audit.sightings import Viewer, disclosed_with, nameless, sightings
from governance.customers.reach import allow
from governance.customers.references import identities
from governance.disclosures.records import ExportId
from governance.disclosures.rows import find_row
from governance.disclosures.tables import DisclosurePersonRow, DisclosureRow
from governance.kernel.errors import InvalidError
from governance.kernel.records import frozen
from governance.kernel.work import ActorKind, Work
from governance.policies.permissions import Permission
from governance.reference.breaches import BreachDuty, breach_laws
from governance.reference.lookup import countries
from governance.reference.operations import find_controller

MOST_PEOPLE: Final = 100_000
"""Named in one answer; all are counted."""
MASKED: Final = ""
UNKNOWN: Final = "unknown"


@frozen
class Exposed:
    """A person whose data were seen.

    Attributes:
        person: id; None where the person was erased since.
        ref: random name in the log.
        country: ISO 3166-1; None where it is not known.
        acts: how often.
        fields: that were opened or exported; empty where all that was seen was masked.
    """

    person: UUID | None
    ref: UUID
    country: str | None
    acts: int
    first_at: datetime
    last_at: datetime
    fields: tuple[str, ...]


@frozen
class DutyDue:
    """A duty that follows, if a lawyer agrees that it does.

    Attributes:
        due: at the latest; None where the law gives no number, and it is owed without delay.
        because: `controller` where the controller is under the law, else `people` who live where it is in force.
    """

    duty: BreachDuty
    due: datetime | None
    because: str


@frozen(kw_only=True)
class Exposure:
    """Whose data leaked.

    Attributes:
        people: how many in all; in_the_clear: of those, people of whom a field was opened or exported.
        countries: people by country.
        fields: people by field.
        acts: entries of the log by action.
        nameless: acts that showed data without saying whose, by action.
        named: the people, at most 100,000; complete: whether that is all of them.
        aware: since when the hours of the duties run.
        duties: in the order in which they are due.
        notes: of laws that have no duty here, by key.
    """

    people: int
    in_the_clear: int
    countries: Mapping[str, int]
    fields: Mapping[str, int]
    acts: Mapping[str, int]
    nameless: Mapping[str, int]
    named: tuple[Exposed, ...]
    complete: bool
    aware: datetime
    duties: tuple[DutyDue, ...]
    notes: Mapping[str, str]


def exposure(
    work: Work,
    *,
    by: Viewer | None = None,
    export: ExportId | None = None,
    aware: datetime | None = None,
    limit: int = MOST_PEOPLE,
) -> Exposure:
    """Tell whose data an account, a system or a key has seen in a time, or an export has held.

    Args:
        work: the transaction.
        by: who looked, and when.
        export: instead of them.
        aware: when the controller became aware of the breach; now by default.
        limit: how many people are named.

    Raises:
        ForbiddenError: without `audit:exposure`.
        NoSuchExportError: where there is no such export.
        InvalidError: where it is not said whose sight is meant, the key is none, or the time ends before it begins.
    """
    allow(work, Permission.AUDIT_EXPOSURE)
    if (by is None) == (export is None) or (by is not None and not (by.staff or by.client or by.key)):
        raise InvalidError("Name a staff member, a system, a key or an export.", errors={"by": ["One of them."]})
    if by is not None and by.key is not None and not is_key_id(by.key):
        raise InvalidError(
            "This is no id of a key.",
            errors={"client_key": ["The 16 letters and digits after gov_, or after gov_test_."]},
        )
    if by is not None and by.since is not None and by.until is not None and by.until <= by.since:
        raise InvalidError("This is no time.", errors={"to": ["Give an instant after `from`."]})
    if export is not None:
        find_row(work, export)
    seen = _seen(by, export)
    people, opened = _counts(work, seen)
    countries_seen = _by(work, seen, func.coalesce(seen.c.country, UNKNOWN))
    found = Exposure(
        people=people,
        in_the_clear=opened,
        countries=countries_seen,
        fields=_by(work, seen, seen.c.field, clear=True),
        acts=_acts(work, seen),
        nameless={} if by is None else dict(iter(work.session.execute(nameless(by)))),
        named=_named(work, seen, limit),
        complete=people <= limit,
        aware=aware or work.now,
        **_following(work, countries_seen, aware or work.now),
    )
    facts: dict[str, Fact] = {"people": people, "staff": None if by is None else by.staff, "export": export}
    if by is not None:
        facts |= {"client": by.client, "key": by.key, "since": by.since, "until": by.until}
    audit.append(work, Action.EXPOSURE_TOLD, facts={name: value for name, value in facts.items() if value is not None})
    return found


def _seen(by: Viewer | None, export: ExportId | None) -> CTE:
    """Each sight of a person: reference, id, country, action, instant, field."""
    person = identities().subquery("person")
    parts = []
    if by is not None:
        told = sightings(by).subquery("told")
        parts.append(
            select(
                told.c.ref,
                person.c.id.label("person"),
                person.c.country,
                cast(told.c.action, String).label("action"),
                told.c.at,
                _group(told.c.field).label("field"),
            ).select_from(told.outerjoin(person, person.c.subject_ref == told.c.ref))
        )
    parts.append(_handed_out(by, export, person))
    return union_all(*parts).cte("seen")


def _handed_out(by: Viewer | None, export: ExportId | None, person: Any) -> Any:  # noqa: ANN401 - parts of statements
    """What left as a disclosure: by an export, or to a system that fetched contacts."""
    by_export = DisclosureRow.export_id.is_not(None)
    query = (
        select(
            func.coalesce(person.c.subject_ref, DisclosurePersonRow.person_id).label("ref"),
            person.c.id.label("person"),
            person.c.country,
            case((by_export, Action.EXPORT_FETCHED.value), else_=Action.DATA_DISCLOSED.value).label("action"),
            func.coalesce(DisclosureRow.at, func.now()).label("at"),
            func.unnest(DisclosureRow.fields).label("field"),
        )
        .select_from(DisclosureRow)
        .join(DisclosurePersonRow, DisclosurePersonRow.disclosure_id == DisclosureRow.id)
        .outerjoin(person, person.c.id == DisclosurePersonRow.person_id)
    )
    if export is not None:
        return query.where(DisclosureRow.export_id == export)
    query = query.where(DisclosureRow.at.is_not(None))
    if by is None:
        return query
    for kind, one in ((ActorKind.STAFF, by.staff), (ActorKind.CLIENT, by.client)):
        if one is not None:
            query = query.where(DisclosureRow.actor_kind == kind.value, DisclosureRow.actor_id == one)
    if by.key is not None:
        query = query.where(DisclosureRow.id.in_(disclosed_with(by)))
    if by.since is not None:
        query = query.where(DisclosureRow.at >= by.since)
    return query if by.until is None else query.where(DisclosureRow.at < by.until)


def _group(field: Any) -> Any:  # noqa: ANN401 - a part of a statement
    """`contacts.ID` and the like without the id: whose it is says the person."""
    return func.regexp_replace(field, r"^(contacts|purchases|interactions|activity)\..*$", r"\1")


def _counts(work: Work, seen: CTE) -> tuple[int, int]:
    refs = func.count(seen.c.ref.distinct())
    query = select(refs, refs.filter(seen.c.field != MASKED))
    people, opened = work.session.execute(query).one()
    return int(people), int(opened)


def _by(work: Work, seen: CTE, what: Any, *, clear: bool = False) -> dict[str, int]:  # noqa: ANN401 - a column
    query = select(what, func.count(seen.c.ref.distinct())).group_by(what).order_by(what)
    if clear:
        query = query.where(seen.c.field != MASKED)
    return {str(name): int(count) for name, count in work.session.execute(query)}


def _acts(work: Work, seen: CTE) -> dict[str, int]:
    sight = func.count(func.distinct(func.row(seen.c.ref, seen.c.at)))
    query = select(seen.c.action, sight).group_by(seen.c.action).order_by(seen.c.action)
    return {str(name): int(count) for name, count in work.session.execute(query)}


def _named(work: Work, seen: CTE, limit: int) -> tuple[Exposed, ...]:
    fields = func.array_agg(seen.c.field.distinct()).filter(seen.c.field != MASKED)
    query = (
        select(
            func.max(cast(seen.c.person, String)),
            seen.c.ref,
            func.max(seen.c.country),
            func.count(func.distinct(func.row(seen.c.action, seen.c.at))),
            func.min(seen.c.at),
            func.max(seen.c.at),
            func.coalesce(fields, cast(literal("{}"), ARRAY(String))),
        )
        .group_by(seen.c.ref)
        .order_by(seen.c.ref)
        .limit(limit)
    )
    return tuple(
        Exposed(None if person is None else UUID(person), ref, country, acts, first, last, tuple(names))
        for person, ref, country, acts, first, last, names in work.session.execute(query)
    )


def _following(work: Work, seen_in: Mapping[str, int], aware: datetime) -> dict[str, Any]:
    """Duties by the controller's laws, and by those of the countries where the people are."""
    controller = find_controller(work)
    mine = () if controller is None else controller.laws
    known = countries()
    theirs = [law for country in seen_in if country in known for law in known[country].laws if law not in mine]
    because = {**dict.fromkeys(theirs, "people"), **dict.fromkeys(mine, "controller")}
    told = breach_laws()
    duties = [
        DutyDue(duty, duty.due(aware), why) for law, why in because.items() if law in told for duty in told[law].duties
    ]
    ordered: Sequence[DutyDue] = sorted(duties, key=lambda one: (one.due is None, one.due or aware, one.duty.citation))
    return {
        "duties": tuple(ordered),
        "notes": {law: told[law].note for law in because if law in told and told[law].note},
    }
