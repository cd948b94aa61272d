"""Until when data of one person are kept, group by group, for officers; no value is opened for it.

The rules are asked in the same way as for a package and for the portal (`packages.keeping`); what an erasure would do
today is asked of the plan that it would be carried out by (`erasure.plan_for`).
"""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Final, LiteralString, NamedTuple

from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.customers.filled import filled_fields
from governance.customers.reach import find_person
from governance.erasure import operations as erasures
from governance.erasure.targets import targets_of
from governance.kernel.db import driver_connection, id_list
from governance.kernel.ids import SubjectId, SubjectRef
from governance.kernel.records import frozen
from governance.kernel.work import Work
from governance.policies.classification import Compartment
from governance.policies.documents import Titles
from governance.policies.erasure import PlanStep
from governance.policies.permissions import Permission
from governance.policies.retention import Clock
from governance.rights.packages.keeping import Keeping, Until, keeping

_GROUPS: Final[LiteralString] = """
WITH mine (id) AS (SELECT unnest(%(records)s::uuid[]))
SELECT 'contact', kind, count(*), created_at, created_at, bounced_at, bounced_at
    FROM contact JOIN mine ON mine.id = person_id GROUP BY kind, created_at, bounced_at
UNION ALL SELECT 'purchase', NULL, count(*), min(paid_at), max(paid_at), NULL, NULL
    FROM purchase JOIN mine ON mine.id = person_id HAVING count(*) > 0
UNION ALL SELECT 'interaction', kind, count(*), min(at), max(at), NULL, NULL
    FROM interaction JOIN mine ON mine.id = person_id GROUP BY kind
UNION ALL SELECT 'note', kind, count(*), min(at), max(at), NULL, NULL
    FROM interaction JOIN mine ON mine.id = person_id WHERE note_sealed IS NOT NULL GROUP BY kind
UNION ALL SELECT 'activity', kind, count(*), min(at), max(at), NULL, NULL
    FROM activity JOIN mine ON mine.id = person_id GROUP BY kind
UNION ALL SELECT 'extra_value', field.compartment || '.' || field.key, count(*), min(value.updated_at),
        max(value.updated_at), NULL, NULL
    FROM extra_value AS value JOIN mine ON mine.id = person_id JOIN extra_field AS field ON field.id = field_id
    GROUP BY field.compartment, field.key
UNION ALL SELECT 'request', kind, count(*), min(closed_at), max(closed_at), NULL, NULL
    FROM request JOIN mine ON mine.id = person_id GROUP BY kind
"""
_SAID: Final[LiteralString] = """
SELECT channel, granted.at, CASE WHEN standing IN ('withdrawn', 'refused', 'objected', 'expired') THEN since END,
    greatest(last_used_at, granted.at), count(*)
FROM consent_state AS state, LATERAL (
    SELECT max(coalesce(valid_at, recorded_at)) AS at FROM consent_event AS event
    WHERE event.person_id = state.person_id AND event.purpose = state.purpose AND event.channel = state.channel
        AND kind IN ('given', 'confirmed', 'renewed')
) AS granted WHERE person_id = ANY(%(records)s) GROUP BY 1, 2, 3, 4
"""
_CLOCKS: Final[Mapping[str, tuple[Compartment, Clock]]] = {
    "contact": (Compartment.CONTACT, Clock.CREATED),
    "purchase": (Compartment.FINANCE, Clock.PURCHASE_PAID),
    "interaction": (Compartment.BEHAVIOUR, Clock.INTERACTION_AT),
    "note": (Compartment.BEHAVIOUR, Clock.INTERACTION_AT),
    "activity": (Compartment.BEHAVIOUR, Clock.ACTIVITY_AT),
    "extra_value": (Compartment.PROFILE, Clock.CREATED),
    "request": (Compartment.EVIDENCE, Clock.REQUEST_CLOSED),
}
_ORDER: Final = ("person", "extra_value", "contact", "purchase", "interaction", "note", "activity", "consent_event",
                 "request")  # fmt: skip


@frozen(kw_only=True)
class KeptGroup:
    """Data of one sort that are kept until the same days by the same rule.

    Attributes:
        table: where they lie; `note` for notes of interactions.
        names: fields of a person, keys of extra fields, else kinds or channels; empty where there are none.
        rows: how many.
        first, last: the last days on which the first and the last of them are kept; None where no rule names one.
        rule: key of the policy; empty where none covers them. title, citation: of it.
        minimum: the law that wants them kept so long, where one does.
        in_force: whether the controller has put that policy into force.
        at_least: whether no rule takes them after those days, which are only those that they have to stay.
        held: whether a legal hold keeps them whatever the rule says.
    """

    table: str
    names: tuple[str, ...]
    rows: int
    first: date | None
    last: date | None
    rule: str
    title: Titles | None
    citation: str
    minimum: str
    in_force: bool
    at_least: bool
    held: bool


@frozen
class KeptDates:
    """All of it.

    Attributes:
        in_force: whether the controller has put the rules into force; where not, they are those that are planned.
        erased_today: what would become of each group of fields if the person were erased now.
    """

    groups: tuple[KeptGroup, ...]
    in_force: bool
    erased_today: tuple[PlanStep, ...]


class _Found(NamedTuple):
    table: str
    compartment: Compartment
    name: str | None
    rows: int
    first: Until
    last: Until
    at_least: bool = False


def kept_dates(work: Work, *, subject: SubjectId) -> KeptDates:
    """Until when what is kept of a person is kept, and by which rule; told in the log as a reading of the record.

    Raises:
        ForbiddenError, NotFoundError: as `reach.find_person` does.
        NoControllerError: where nobody has said yet whose store this is.
    """
    person = find_person(work, subject, Permission.CUSTOMERS_READ)
    found = SubjectId(person.id)
    rules = keeping(work, person=found)
    [target] = targets_of(work, [found])
    records = id_list(target.records)
    plan = erasures.plan_for(work, person=found)
    held = frozenset(one.compartment for one in plan.steps if one.holds)
    audit.append(work, Action.PERSON_READ, subject=SubjectRef(person.subject_ref), facts={"part": "retention"})
    parts = [
        *_person(rules, filled_fields(work, people=target.records)),
        *_rows(work, rules, records),
        *_said(work, rules, records),
    ]
    return KeptDates(tuple(_together(rules, parts, held)), rules.in_force, plan.steps)


def _person(rules: Keeping, fields: Mapping[str, int]) -> Iterator[_Found]:
    for name, rows in fields.items():
        until = rules.until("person", Compartment.PROFILE, {}, field=name)
        yield _Found("person", Compartment.PROFILE, name, rows, until, until)


def _rows(work: Work, rules: Keeping, records: str) -> Iterator[_Found]:
    rows = driver_connection(work.session).execute(_GROUPS, {"records": records}).fetchall()
    for table, code, count, first, last, bounced, _ in rows:
        compartment, clock = _CLOCKS[table]
        name, asked = code, code
        if table == "extra_value":
            compartment, name, asked = Compartment(code.partition(".")[0]), code.partition(".")[2], None
        field = "note" if table == "note" else None
        place = "interaction" if table == "note" else table
        clocks = [_clocks(clock, at, bounced) for at in (first, last)]
        days = [rules.until(place, compartment, one, field=field, code=asked) for one in clocks]
        least = [rules.least(place, compartment, one, code=asked) for one in clocks]
        yield _found(_Found(table, compartment, name, count, days[0], days[1]), least[0], least[1])


def _found(found: _Found, first: Until, last: Until) -> _Found:
    """What no rule takes away, until when it has to stay."""
    if found.last.day is not None or last.day is None:
        return found
    return found._replace(first=first, last=last, at_least=True)


def _clocks(clock: Clock, at: datetime | None, bounced: datetime | None) -> dict[Clock, datetime | None]:
    return {clock: at} if bounced is None else {clock: at, Clock.CONTACT_BOUNCED: bounced}


def _said(work: Work, rules: Keeping, records: str) -> Iterator[_Found]:
    rows = driver_connection(work.session).execute(_SAID, {"records": records}).fetchall()
    for channel, given, ended, used, count in rows:
        clocks = {Clock.CONSENT_GIVEN: given, Clock.CONSENT_WITHDRAWN: ended, Clock.CONSENT_LAST_USED: used}
        until = rules.until("consent_event", Compartment.EVIDENCE, clocks, code=channel)
        least = rules.least("consent_event", Compartment.EVIDENCE, clocks, code=channel)
        yield _found(_Found("consent_event", Compartment.EVIDENCE, channel, count, until, until), least, least)


def _together(rules: Keeping, parts: list[_Found], held: frozenset[Compartment]) -> Iterator[KeptGroup]:
    """Parts that are kept alike as one line, in the order in which a card shows them."""
    alike: dict[tuple[str, Compartment, Until, Until, bool], list[_Found]] = {}
    for one in parts:
        alike.setdefault((one.table, one.compartment, one.first, one.last, one.at_least), []).append(one)
    for (table, compartment, first, last, at_least), group in sorted(alike.items(), key=lambda one: _place(*one[0])):
        rule = (rules.rules if last.approved else rules.binding).get(last.rule)
        yield KeptGroup(
            table=table,
            names=tuple(dict.fromkeys(one.name for one in group if one.name)),
            rows=sum(one.rows for one in group),
            first=first.day,
            last=last.day,
            rule=last.rule,
            title=None if rule is None else rule.titles,
            citation="" if rule is None else rule.citation,
            minimum="" if rule is None or rule.minimum is None else rule.minimum.citation,
            in_force=rules.in_force and last.approved,
            at_least=at_least,
            held=compartment in held,
        )


def _place(table: str, compartment: Compartment, first: Until, last: Until, *_more: bool) -> tuple[int, date, str]:
    return _ORDER.index(table), last.day or date.max, compartment.value + last.rule + str(first.day)
