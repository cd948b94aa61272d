"""When duties are due by the laws that apply, with the calendars in force."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from types import MappingProxyType

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import distinct_on

from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import ObjectRef
from governance.kernel.errors import InvalidError, Sentence
from governance.kernel.ids import uuid7
from governance.kernel.records import frozen
from governance.kernel.work import Work
from governance.policies.deadline_reader import parse_deadlines
from governance.policies.deadline_rules import Duty, LawTimes, RequestKind
from governance.policies.deadline_traces import Due
from governance.policies.deadlines import Waited, due
from governance.policies.documents import DocumentError, Titles
from governance.policies.shipped import deadlines
from governance.policies.working_days import Calendar
from governance.reference.calendars import calendar_in_force, shipped_calendar
from governance.reference.tables import LawVersionRow

LAW_LOCK = 0x6C6177
"""Advisory lock under which versions are numbered ("law" in ASCII)."""
LONGEST_DOCUMENT = 100_000
_KEY = re.compile(r"[a-z][a-z0-9_]{0,31}")
_YEARS_AHEAD = 11
"""The longest period is ten years."""


@frozen
class DutyDue:
    """A duty of one law and when it is due."""

    law: str
    kind: RequestKind
    duty: Duty
    due: Due
    note: str


def law_times(work: Work) -> Mapping[str, LawTimes]:
    """The time limits in force, by key of the law: those shipped, and the controller's own versions instead."""
    newest = (
        select(LawVersionRow)
        .ext(distinct_on(LawVersionRow.key))
        .order_by(LawVersionRow.key, LawVersionRow.version.desc())
    )
    own: dict[str, LawTimes] = {}
    for row in work.session.scalars(newest):
        own.update(parse_deadlines(row.document.encode(), name=row.key))
    return MappingProxyType({**deadlines(), **own})


def law_titles(work: Work) -> Mapping[str, Titles]:
    """What people call each law that has time limits, the controller's own included, by key."""
    return {key: one.titles for key, one in law_times(work).items()}


def _unusable(why: Sentence) -> InvalidError:
    return InvalidError("The law cannot be used.", errors={"document": [why]})


def set_law(work: Work, *, document: str) -> LawTimes:
    """Put the time limits of one law into force, in the form of `deadlines.yaml`; requests that stand keep theirs.

    Raises:
        InvalidError: the document is malformed, names more than one law, or its version is not the next one.
    """
    if len(document) > LONGEST_DOCUMENT:
        raise _unusable(Sentence("Write at most %(num)s characters.", {"num": LONGEST_DOCUMENT}))
    try:
        read = parse_deadlines(document.encode(), name="document")
    except DocumentError as error:
        raise _unusable(Sentence(error.pattern, error.values, place=error.path)) from None
    if len(read) != 1:
        raise _unusable(Sentence("Give exactly one law."))
    (times,) = read.values()
    if not _KEY.fullmatch(times.key):
        raise _unusable(Sentence("a key has small letters, figures and _, 32 at most", place=f"laws.{times.key}"))
    work.session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LAW_LOCK})
    standing = law_times(work).get(times.key)
    following = 1 if standing is None else standing.version + 1
    if times.version != following:
        raise _unusable(Sentence("the next one is %(number)s", {"number": following}, place="version"))
    row = LawVersionRow(id=uuid7(), key=times.key, version=times.version, recorded_at=work.now, document=document)
    work.session.add(row)
    work.session.flush()
    audit.append(
        work,
        Action.LAW_SET,
        object=ObjectRef("law", row.id),
        facts={"law": times.key, "version": times.version},
    )
    return times


def calendar_for(work: Work, times: LawTimes, *, country: str, received: Iterable[date]) -> Calendar:
    """The calendar that a law's working days are of: its own, else that of *country* (or a part of one)."""
    transfers = times.counting.transfers
    return calendar_in_force(work, times.calendar or country, years=_years(received), transfers=transfers)


def shipped_calendar_for(times: LawTimes, *, country: str, received: Iterable[date]) -> Calendar:
    """The same, where there is no store to ask."""
    transfers = times.counting.transfers
    return shipped_calendar(times.calendar or country, years=_years(received), transfers=transfers)


def duties_due(
    work: Work,
    *,
    laws: Sequence[str],
    kind: RequestKind,
    received: date,
    country: str,
    extended_on: date | None = None,
    waited: Sequence[Waited] = (),
) -> list[DutyDue]:
    """Every duty that a request brings by the laws named, earliest first; laws that do not know the kind are left out.

    Args:
        work: whose calendars and laws hold.
        laws: keys; unknown ones are left out.
        kind: what is asked for.
        received: the day of receipt in the controller's zone.
        country: whose working days count, as a key of a calendar.
        extended_on: the day on which the person was told of an extension, if so.
        waited: times during which the person was asked for something.
    """
    known, found = law_times(work), list[DutyDue]()
    for key in dict.fromkeys(laws):
        times = known.get(key)
        if times is None or kind not in times.rules:
            continue
        calendar = calendar_for(work, times, country=country, received=[received])
        for duty, rule in times.rules[kind].items():
            told = due(times, rule, received, calendar=calendar, extended_on=extended_on, waited=waited)
            found.append(DutyDue(key, kind, duty, told, rule.note))
    return sorted(found, key=lambda one: (one.due.date, one.law, one.duty))


def _years(received: Iterable[date]) -> set[int]:
    years = {day.year for day in received}
    return {year + ahead for year in years for ahead in range(_YEARS_AHEAD)}
