"""Looking ahead: what each policy would take away at an instant, what keeps rows from it, and a curve for two years.

Counts are made by the statements that a run claims its rows by. The curve tells when the periods of rows are over, by
what is recorded now; what keeps them from going at that time is not foreseen, but for the laws.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import ARRAY, ColumnElement, distinct, func, literal, select, union

from governance.audit import operations as audit
from governance.audit.actions import ActionClass
from governance.consent.expiring import standing_of
from governance.customers.expiring import (
    Statement,
    count_people,
    kept_by_hold,
    kept_by_restriction,
    protected_purchases,
)
from governance.customers.reach import allow
from governance.kernel.clock import UTC, require_aware
from governance.kernel.db import UtcDateTime
from governance.kernel.errors import InvalidError
from governance.kernel.records import frozen
from governance.kernel.work import Work
from governance.policies.permissions import Permission
from governance.policies.retention import RetentionAction, RetentionPolicy, TargetKind, minimum_cutoff
from governance.policies.retention_conflicts import Conflict, conflicts
from governance.retention.due import Rules, columns, due, in_order, overdue, rules_of

MONTHS: Final = 24
FUSE_SHARE: Final = 0.05
YEARS_FORESEEN: Final = 100
FUSE_PEOPLE: Final = 50
WORK_MEM: Final = "64MB"
"""What a million people are joined in without files; until the transaction ends."""


@frozen
class MonthAhead:
    """What comes due in a month (from its first day, in the controller's zone)."""

    month: date
    people: int
    rows: int


@frozen(kw_only=True)
class PolicyForecast:
    """What a policy would do at an instant.

    Attributes:
        cutoff: what has its clock strictly before this is due.
        carried_out: whether this installation can carry it out; where not, the rest is empty.
        people: whose data would go; rows of nobody are not counted here.
        rows: how many would go: people where people are erased, bodies of entries where it is about the log.
        fields: how many values would be emptied.
        consents: that stand, and would lapse with people.
        invoices: purchases of people that stay, since a law wants them.
        held, restricted: rows whose period is over, and that a hold or a restriction keeps.
        curve: what comes due in each of the months to come.
    """

    key: str
    version: int
    action: RetentionAction
    cutoff: datetime
    carried_out: bool = True
    people: int = 0
    rows: int = 0
    fields: int = 0
    consents: int = 0
    invoices: int = 0
    held: int = 0
    restricted: int = 0
    curve: tuple[MonthAhead, ...] = ()


@frozen(kw_only=True)
class Forecast:
    """What all policies would do at an instant.

    Attributes:
        store_people: how many people there are.
        due_people: how many of them any policy would touch.
        fuse_people: from how many on a run stops to be approved.
        conflicts: what makes no sense about the policies, together.
    """

    at: datetime
    store_people: int
    due_people: int
    fuse_people: int
    policies: tuple[PolicyForecast, ...]
    conflicts: tuple[Conflict, ...]


@frozen
class Counted:
    """How much a policy reaches."""

    people: int
    rows: int
    fields: int = 0


def simulate(
    work: Work,
    *,
    at: datetime | None = None,
    policies: Sequence[RetentionPolicy] | None = None,
    curve: bool = True,
) -> Forecast:
    """What policies would take away at an instant, now where none is named.

    Args:
        work: the transaction.
        at: the instant.
        policies: which ones, tried instead of those in force of the same key; all in force where left out.
        curve: whether the months to come are counted, too.

    Raises:
        ForbiddenError: where the actor may not see it.
        NoControllerError: where no controller was set, whose zone and country are needed.
        InvalidError: where the instant is further away than anything can be foreseen.
    """
    allow(work, Permission.RETENTION_READ)
    rules = rules_of(work, at=_foreseeable(work, at), instead=policies or ())
    asked = in_order(policies if policies is not None else rules.policies)
    later = _months_after(rules) if curve else ()
    work.session.execute(select(func.set_config("work_mem", WORK_MEM, True)))
    store = count_store(work)
    forecasts = tuple(_forecast(work, rules, one, later) for one in asked)
    return Forecast(
        at=rules.at,
        store_people=store,
        due_people=forecasts[0].people if len(forecasts) == 1 else count_touched(work, rules, asked),
        fuse_people=fuse_of(store),
        policies=forecasts,
        conflicts=tuple(conflicts(rules.policies)),
    )


def _foreseeable(work: Work, at: datetime | None) -> datetime:
    """Periods have up to three digits of years: what they end at must be a date, too."""
    if at is None:
        return work.now
    if abs(require_aware(at).year - work.now.year) > YEARS_FORESEEN:
        said = f"must be within {YEARS_FORESEEN} years of today"
        raise InvalidError("That is too far away to be foreseen.", errors={"at": [said]})
    return require_aware(at)


def fuse_of(store_people: int) -> int:
    """How many people a run may touch before it has to be approved."""
    return max(FUSE_PEOPLE, int(store_people * FUSE_SHARE))


def count_store(work: Work) -> int:
    """How many people there are."""
    return _number(work, count_people())


def count_touched(work: Work, rules: Rules, policies: Sequence[RetentionPolicy]) -> int:
    """How many people any of some policies would touch."""
    each = [
        due(rules, one).with_only_columns(columns(rules.stock(one))["person_id"].label("person_id"))
        for one in policies
        if one.target.kind is not TargetKind.LOG and rules.can(one)
    ]
    if not each:
        return 0
    people = union(*each).subquery()
    return _number(work, select(func.count(distinct(people.c.person_id))))


def count_due(work: Work, rules: Rules, policy: RetentionPolicy) -> Counted:
    """How much a policy reaches, by the statement that a run claims its rows by."""
    if policy.target.kind is TargetKind.LOG:
        return Counted(0, audit.count_bodies(work, action_class=log_class(policy), before=log_month(rules, policy)))
    stock = rules.stock(policy)
    names = policy.target.fields if policy.action is RetentionAction.CLEAR_FIELDS else ()
    counted = due(rules, policy).with_only_columns(
        func.count(distinct(columns(stock)["person_id"])),
        func.count(),
        *(func.count(stock.sealed[name]) for name in names),
        maintain_column_froms=True,
    )
    people, rows, *fields = work.session.execute(counted).one()
    return Counted(people, rows, sum(fields))


def log_class(policy: RetentionPolicy) -> ActionClass:
    """Whose bodies age by a policy."""
    return ActionClass(policy.target.name)


def log_month(rules: Rules, policy: RetentionPolicy) -> date:
    """Bodies go by whole months: those older than this one."""
    return rules.cutoff(policy).astimezone(UTC).date().replace(day=1)


def _forecast(work: Work, rules: Rules, policy: RetentionPolicy, later: Sequence[Rules]) -> PolicyForecast:
    told = PolicyForecast(
        key=policy.key, version=policy.version, action=policy.action, cutoff=rules.cutoff(policy), carried_out=False
    )
    if not rules.can(policy):
        return told
    counted = count_due(work, rules, policy)
    told = replace(told, carried_out=True, people=counted.people, rows=counted.rows, fields=counted.fields)
    if policy.target.kind is TargetKind.LOG:
        return told
    stock = rules.stock(policy)
    person = columns(stock)["person_id"]
    told = replace(
        told,
        held=_count(work, overdue(rules, policy), kept_by_hold(person, stock.compartment)),
        restricted=_count(work, overdue(rules, policy), kept_by_restriction(person)),
        curve=tuple(_curve(work, rules, policy, later)) if later else (),
    )
    if policy.action not in (RetentionAction.ERASE_SUBJECT, RetentionAction.ANONYMISE):
        return told
    people = due(rules, policy).with_only_columns(columns(stock)["id"].label("id"), maintain_column_froms=True)
    return replace(
        told,
        consents=_number(work, standing_of(people)),
        invoices=_number(work, protected_purchases(people, _minimums(rules))),
    )


def _minimums(rules: Rules) -> list[datetime]:
    return [
        minimum_cutoff(one, at=rules.at, zone=rules.zone, fiscal=rules.fiscal)
        for one in rules.policies
        if one.minimum is not None and one.target.name == "purchase"
    ]


def _count(work: Work, statement: Statement, clause: ColumnElement[bool]) -> int:
    return _number(work, statement.where(clause).with_only_columns(func.count(), maintain_column_froms=True))


def _number(work: Work, statement: Statement) -> int:
    return int(work.session.scalar(statement) or 0)


def _months_after(rules: Rules) -> tuple[Rules, ...]:
    """The rules as they are at the beginning of each month to come; the first are those of now."""
    day = rules.at.astimezone(rules.zone).date().replace(day=1)
    found = [rules]
    for _ in range(MONTHS):
        day = date(day.year + day.month // 12, day.month % 12 + 1, 1)
        found.append(replace(rules, at=_midnight(day, rules.zone)))
    return tuple(found)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _curve(work: Work, rules: Rules, policy: RetentionPolicy, later: Sequence[Rules]) -> list[MonthAhead]:
    """By month, what comes due until its end: each row falls between two cutoffs."""
    stock = rules.stock(policy)
    cutoffs = [one.cutoff(policy) for one in later]
    at = columns(stock)["at"]
    bucket = func.width_bucket(at, literal(cutoffs, ARRAY(UtcDateTime())))
    counted = (
        due(later[-1], policy)
        .where(at >= cutoffs[0])
        .with_only_columns(
            bucket, func.count(distinct(columns(stock)["person_id"])), func.count(), maintain_column_froms=True
        )
        .group_by(bucket)
    )
    found = {place: (people, rows) for place, people, rows in work.session.execute(counted)}
    first = rules.at.astimezone(rules.zone).date().replace(day=1)
    months = [first, *(one.at.astimezone(rules.zone).date() for one in later[1:-1])]
    return [MonthAhead(month, *found.get(place, (0, 0))) for place, month in enumerate(months, start=1)]
