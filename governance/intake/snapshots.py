"""How the customer base stands: who may be written to and why not, and what is known of people; counted day by day.

Counting goes through all people part by part, each in a transaction of its own, and keeps nothing but counts: so it
needs no more memory for a million than for a thousand. The worker does it every night and after each import.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from itertools import groupby
from typing import Final

from sqlalchemy import delete, insert, select

from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.consent import freshness
from governance.consent.freshness import Figure, Outcome
from governance.consent.limits import require_within
from governance.customers import quality
from governance.customers.merge_list import count_unreviewed
from governance.customers.quality import FieldCount, Quality
from governance.customers.reach import allow
from governance.customers.references import next_people
from governance.customers.straying import gather_strays
from governance.intake.small_counts import FEWEST, hidden, of_whole, sees_single_people
from governance.intake.tables import FreshnessRow, QualityRow, SnapshotRow
from governance.kernel.clock import Clock
from governance.kernel.db import Database
from governance.kernel.errors import NotFoundError
from governance.kernel.ids import SubjectId
from governance.kernel.records import frozen
from governance.kernel.work import Actor, Work, open_work
from governance.policies.permissions import Permission
from governance.policies.purposes import Channel

PEOPLE_AT_ONCE: Final = 2000
MOST_LISTED: Final = 200
MOST_DAYS: Final = 400
TAKE_SNAPSHOT: Final = "base.count"
"""Name of the job."""
_NONE: Final = (
    "Nothing was counted yet; the worker does it every night and after each import, or: governance report take"
)

OnProgress = Callable[[int], None]


@frozen
class Count:
    """How many people, with what may be done and why.

    Attributes:
        people: a number; `<5` or `5+` to those who may not read what single people said.
    """

    purpose: str
    channel: Channel
    outcome: Outcome
    reason: str
    people: int | str


@frozen
class Freshness:
    """Who may be written to.

    Attributes:
        day: when it was counted (UTC). at: the instant.
        people: how many there are.
        unverified: of how many no contact was verified for a year; as in `Count`, or `>N` where few are not meant.
        unreviewed: how many merges nobody has looked at.
        counts: by purpose, channel, outcome and reason; of each purpose and channel they add up to `people`.
    """

    day: date
    at: datetime
    people: int
    unverified: int | str
    unreviewed: int
    counts: tuple[Count, ...]


@frozen
class FieldQuality:
    """Of how many people a field is known; `<5`, or `>N` where it is not of few, to those who see no single people.

    Attributes:
        filled: of how many it holds something.
        valid: of how many what could be recorded today.
        verified: of how many what its holder proved; None where nobody could.
    """

    field: str
    filled: int | str
    valid: int | str
    verified: int | str | None


@frozen
class QualityOfDay:
    """What was known of people on a day."""

    day: date
    people: int
    fields: tuple[FieldQuality, ...]


def take_snapshot(
    database: Database, *, actor: Actor, clock: Clock | None = None, on_progress: OnProgress | None = None
) -> Freshness:
    """Count the whole base as it stands now; a snapshot taken again on the same day replaces the one before.

    Whoever calls has decided that it may be.

    Args:
        database: of the store.
        actor: who is told in the log.
        clock: tells the instants.
        on_progress: told how many people were counted; may raise to end it, and nothing is changed.
    """
    with open_work(database, actor, clock=clock) as work:
        gather_strays(work)
    counts: Counter[Figure] = Counter()
    fields = Quality()
    people = 0
    after: SubjectId | None = None
    while True:
        with open_work(database, actor, clock=clock) as work:
            part = next_people(work, permission=Permission.CUSTOMERS_LIST, after=after, limit=PEOPLE_AT_ONCE)
            if part:
                counts.update(freshness.outcomes(work, people=part))
                fields.add(work, people=part)
        if not part:
            break
        people, after = people + len(part), part[-1]
        if on_progress is not None:
            on_progress(people)
    with open_work(database, actor, clock=clock) as work:
        return _keep(work, people, counts, fields)


def freshness_report(work: Work, *, day: date | None = None) -> Freshness:
    """Who may be written to, as counted on a day, or most recently; small counts are hidden as `small_counts` says.

    Raises:
        ForbiddenError: where the actor may not see reports.
        NotFoundError: where nothing was counted then.
    """
    allow(work, Permission.REPORTS_READ)
    query = select(SnapshotRow).order_by(SnapshotRow.day.desc()).limit(1)
    if day is not None:
        query = query.where(SnapshotRow.day == day)
    taken = work.session.scalars(query).one_or_none()
    if taken is None:
        raise NotFoundError(_NONE)
    rows = work.session.scalars(select(FreshnessRow).where(FreshnessRow.day == taken.day)).all()
    counts = [Count(row.purpose, Channel(row.channel), Outcome(row.outcome), row.reason, row.people) for row in rows]
    told, unverified = _sorted(counts), taken.unverified
    if sees_single_people(work):
        return Freshness(taken.day, taken.at, taken.people, unverified, taken.unreviewed, told)
    few = of_whole(unverified, taken.people)
    return Freshness(taken.day, taken.at, taken.people, few, taken.unreviewed, _hidden(told))


def _hidden(counts: Sequence[Count]) -> tuple[Count, ...]:
    found: list[Count] = []
    for _, group in groupby(counts, key=lambda one: (one.purpose, one.channel)):
        several = list(group)
        shown = hidden(int(one.people) for one in several)
        found += [replace(one, people=people) for one, people in zip(several, shown, strict=True)]
    return tuple(found)


def quality_report(work: Work, *, days: int = 30) -> tuple[QualityOfDay, ...]:
    """What was known of people on the last *days* that were counted, the newest first.

    Raises:
        ForbiddenError: where the actor may not see reports.
        NotFoundError: where nothing was counted yet.
    """
    allow(work, Permission.REPORTS_READ)
    last = select(SnapshotRow).order_by(SnapshotRow.day.desc()).limit(max(1, min(days, MOST_DAYS)))
    taken = {row.day: row.people for row in work.session.scalars(last)}
    if not taken:
        raise NotFoundError(_NONE)
    found: dict[date, list[FieldQuality]] = {day: [] for day in taken}
    closely = sees_single_people(work)
    rows = select(QualityRow).where(QualityRow.day.in_(taken)).order_by(QualityRow.field)
    for row in work.session.scalars(rows):
        one = FieldQuality(row.field, row.filled, row.valid, row.verified)
        found[row.day].append(one if closely else _few_hidden(one, row.filled, taken[row.day]))
    return tuple(QualityOfDay(day, taken[day], tuple(fields)) for day, fields in found.items())


def _few_hidden(one: FieldQuality, filled: int, people: int) -> FieldQuality:
    shown = of_whole(filled, people)
    whole = filled if shown == filled else people  # a bound by what is hidden would tell it
    valid, verified = (None if count is None else of_whole(int(count), whole) for count in (one.valid, one.verified))
    return FieldQuality(one.field, shown, shown if valid is None else valid, verified)


@frozen
class People:
    """Ids of people, and the one behind whom to go on; None where nobody is left."""

    items: tuple[SubjectId, ...]
    next_after: SubjectId | None


def askable_people(
    work: Work, *, purpose: str, channel: Channel, after: SubjectId | None = None, limit: int = MOST_LISTED
) -> People:
    """People within reach who may be asked by *channel* whether they agree to *purpose*, as it stands now.

    A page looks at some thousands of people and may be empty; go on as long as there is a next one. Those who may not
    read what single people said are told of nobody whose reason fewer than five share in the newest count.

    Raises:
        ForbiddenError: where the actor may not list people, or is kept to other purposes or channels.
    """
    require_within(work.actor, purpose=purpose, channel=channel)
    limit = max(1, min(limit, MOST_LISTED))
    reasons = None if sees_single_people(work) else _common_reasons(work, purpose, channel)
    part = next_people(work, permission=Permission.CUSTOMERS_LIST, after=after, limit=PEOPLE_AT_ONCE)
    found = freshness.askable(work, purpose=purpose, channel=channel, people=part, reasons=reasons) if part else []
    items, rest = tuple(found[:limit]), found[limit:]
    audit.append(work, Action.PEOPLE_LISTED, facts={"count": len(items), "list": "may_be_asked"})
    if rest:
        return People(items, items[-1])
    return People(items, part[-1] if len(part) == PEOPLE_AT_ONCE else None)


def _common_reasons(work: Work, purpose: str, channel: Channel) -> frozenset[str]:
    newest = select(SnapshotRow.day).order_by(SnapshotRow.day.desc()).limit(1).scalar_subquery()
    query = select(FreshnessRow.reason).where(
        FreshnessRow.day == newest,
        FreshnessRow.purpose == purpose,
        FreshnessRow.channel == channel.value,
        FreshnessRow.outcome == Outcome.MAY_BE_ASKED.value,
        FreshnessRow.people >= FEWEST,
    )
    return frozenset(work.session.scalars(query))


def unverified_people(work: Work, *, after: SubjectId | None = None, limit: int = MOST_LISTED) -> People:
    """People within reach who have been here for a year, and of whom no contact was verified as long.

    Those who may not read what single people said are told of nobody where the newest count found fewer than five.

    Raises:
        ForbiddenError: where the actor may not list people.
    """
    limit = max(1, min(limit, MOST_LISTED))
    allow(work, Permission.CUSTOMERS_LIST)
    if not sees_single_people(work) and _newest_unverified(work) < FEWEST:
        return People((), None)
    found = quality.unverified(work, permission=Permission.CUSTOMERS_LIST, after=after, limit=limit + 1)
    items = tuple(found[:limit])
    audit.append(work, Action.PEOPLE_LISTED, facts={"count": len(items), "list": "unverified"})
    return People(items, items[-1] if len(found) > limit else None)


def _newest_unverified(work: Work) -> int:
    query = select(SnapshotRow.unverified).order_by(SnapshotRow.day.desc()).limit(1)
    return work.session.scalar(query) or 0


def _keep(work: Work, people: int, counts: Mapping[Figure, int], fields: Mapping[str, FieldCount]) -> Freshness:
    day = work.now.date()
    taken = {
        "day": day,
        "at": work.now,
        "people": people,
        "unverified": min(people, quality.count_unverified(work)),
        "unreviewed": count_unreviewed(work),
    }
    work.session.execute(delete(SnapshotRow).where(SnapshotRow.day == day))
    work.session.execute(insert(SnapshotRow), [taken])
    told = _sorted([Count(*figure, people=count) for figure, count in counts.items()])
    _insert(work, FreshnessRow, ({"day": day, **_row(one)} for one in told))
    _insert(
        work,
        QualityRow,
        (
            {"day": day, "field": name, "filled": one.filled, "valid": one.valid, "verified": one.verified}
            for name, one in fields.items()
        ),
    )
    audit.append(work, Action.BASE_COUNTED, facts={"people": people})
    return Freshness(day, work.now, people, taken["unverified"], taken["unreviewed"], told)  # type: ignore[arg-type]  # counts


def _insert(work: Work, table: type[FreshnessRow | QualityRow], rows: Iterator[dict[str, object]]) -> None:
    given = list(rows)
    if given:
        work.session.execute(insert(table), given)


def _row(one: Count) -> dict[str, object]:
    return {
        "purpose": one.purpose,
        "channel": one.channel.value,
        "outcome": one.outcome.value,
        "reason": one.reason,
        "people": one.people,
    }


def _sorted(counts: Sequence[Count]) -> tuple[Count, ...]:
    order = list(Outcome)
    return tuple(
        sorted(
            counts, key=lambda one: (one.purpose, one.channel, order.index(one.outcome), -int(one.people), one.reason)
        )
    )
