"""Which rows a policy reaches at an instant. Looking ahead and carrying out ask the same statements.

What a legal hold covers, what may only be stored (GDPR Art. 18), and what another policy in force must keep by law is
not reached. Where two policies reach the same row, it counts for the first of them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, exists, or_, select

from governance.consent import expiring as consent
from governance.customers import expiring as customers
from governance.customers.expiring import Statement, Stock, kept_by_hold, kept_by_restriction
from governance.disclosures import expiring as disclosures
from governance.erasure.under_way import being_erased
from governance.intake import expiring as intake
from governance.kernel.clock import UTC
from governance.kernel.errors import GovernanceError
from governance.kernel.work import Work
from governance.policies.retention import (
    Clock,
    RetentionAction,
    RetentionPolicy,
    TargetKind,
    YearStart,
    cutoff,
    minimum_cutoff,
)
from governance.policies.shipped import retention_policies
from governance.reference.operations import controller
from governance.reference.retention_rules import active
from governance.retention.tables import WarningRow

STOCKS: Final[dict[tuple[str, Clock], Stock]] = {
    (one.name, one.clock): one for one in (*customers.STOCKS, *consent.STOCKS, *intake.STOCKS, *disclosures.STOCKS)
}
"""What can be thinned out, by table and clock; rooms beside this one hand theirs in by `adopt`."""
_ORDER: Final = {
    RetentionAction.CLEAR_FIELDS: 0,
    RetentionAction.DELETE_ROWS: 1,
    RetentionAction.ERASE_SUBJECT: 2,
}
"""Narrow acts before wide ones, so that each policy takes away exactly what it was said to."""


def adopt(stocks: Iterable[Stock]) -> None:
    """Let policies reach what a room beside this one keeps; called where the service is put together."""
    STOCKS.update({(one.name, one.clock): one for one in stocks})


class NotCarriedOutError(GovernanceError):
    """Nothing in this installation carries out such a policy."""

    slug = "policy-not-carried-out"


@dataclass(frozen=True, slots=True)
class Rules:
    """What all statements of a run go by.

    Attributes:
        at: the instant by which it is decided what is due.
        now: when it is asked; until the days of warning after it nobody goes who was not warned.
        policies: those that hold together; their minimums are heeded.
    """

    at: datetime
    now: datetime
    zone: ZoneInfo
    fiscal: YearStart
    policies: tuple[RetentionPolicy, ...]

    def cutoff(self, policy: RetentionPolicy) -> datetime:
        """What is due has its clock strictly before this."""
        return cutoff(policy, at=self.at, zone=self.zone, fiscal=self.fiscal)


def rules_of(work: Work, *, at: datetime, instead: Iterable[RetentionPolicy] = ()) -> Rules:
    """The policies in force, with others tried *instead* of those of the same key."""
    known = {**active(work), **{one.key: one for one in instead}}
    held = controller(work)
    policies = tuple(known[key] for key in sorted(known))
    return Rules(at, work.now, ZoneInfo(held.zone), held.fiscal_year, policies)


def minimums_of(work: Work) -> Mapping[str, RetentionPolicy]:
    """The policies whose statutory minimums an erasure heeds: those in force, and those shipped where none is."""
    return {**retention_policies(controller(work).country), **active(work)}


def in_order(policies: Iterable[RetentionPolicy]) -> list[RetentionPolicy]:
    """Policies in the order in which they are carried out."""
    return sorted(policies, key=lambda one: (_ORDER.get(one.action, len(_ORDER)), one.key))


def is_carried_out(policy: RetentionPolicy) -> bool:
    """Whether this installation can carry a policy out."""
    return policy.target.kind is TargetKind.LOG or (
        policy.action in _ORDER and (policy.target.name, policy.clock) in STOCKS
    )


def stock_of(policy: RetentionPolicy) -> Stock:
    """What a policy is about.

    Raises:
        NotCarriedOutError: where nothing here can carry it out.
    """
    found = STOCKS.get((policy.target.name, policy.clock))
    if found is None or policy.action not in _ORDER:
        raise NotCarriedOutError(f"The policy {policy.key} cannot be carried out here: leave it in draft.")
    return found


def due(rules: Rules, policy: RetentionPolicy) -> Statement:
    """A statement of `id`, `person_id`, `at`, `code` of all rows that a policy reaches.

    Raises:
        NotCarriedOutError: as `stock_of`.
    """
    stock = stock_of(policy)
    reached = overdue(rules, policy).where(~kept(stock))
    for told in _told(rules, policy, stock):
        reached = reached.where(told)
    for clause in [*_protected(rules, policy, stock), *_taken_before(rules, policy, stock)]:
        reached = reached.where(~clause)
    return reached


def _told(rules: Rules, policy: RetentionPolicy, stock: Stock) -> list[ColumnElement[bool]]:
    """That whoever could be warned was, long enough ago; far ahead, that all will have been."""
    if not policy.warning_days or rules.at >= _midnight(rules.now, rules.zone, policy.warning_days + 1):
        return []
    person, at = columns(stock)["person_id"], columns(stock)["at"]
    before = _midnight(rules.at, rules.zone, -policy.warning_days)
    return [or_(~reachable(person), warned(person, policy.key, since=at, before=before))]


def reachable(person: ColumnElement[UUID]) -> ColumnElement[bool]:
    """Whether a warning could reach a person, by what is readable of them."""
    return customers.can_be_written_to(person)


def warned(
    person: ColumnElement[UUID], key: str, *, since: ColumnElement[Any], before: datetime | None = None
) -> ColumnElement[bool]:
    """Whether a person was warned since a sign of life, and before an instant; whoever cannot be reached counts."""
    query = select(WarningRow.person_id).where(
        WarningRow.person_id == person,
        WarningRow.policy_key == key,
        WarningRow.warned_at >= since,
        WarningRow.kept_at.is_(None),
    )
    if before is not None:
        query = query.where(or_(WarningRow.digest.is_(None), WarningRow.warned_at < before))
    return exists(query)


def _midnight(at: datetime, zone: ZoneInfo, days: int) -> datetime:
    return datetime.combine(at.astimezone(zone).date() + timedelta(days=days), time(), zone).astimezone(UTC)


def overdue(rules: Rules, policy: RetentionPolicy) -> Statement:
    """A statement of all rows whose period is over, whatever keeps them."""
    stock = stock_of(policy)
    reached = stock.rows.where(columns(stock)["at"] < rules.cutoff(policy), *_narrowed(stock, policy))
    if policy.action is RetentionAction.CLEAR_FIELDS:
        reached = reached.where(or_(*(stock.sealed[name].is_not(None) for name in policy.target.fields)))
    return reached


def kept(stock: Stock) -> ColumnElement[bool]:
    """Whether a hold or a restriction keeps a row.

    A hold keeps nobody from being erased but for what it covers; whoever is being erased is not begun with again.
    """
    person = columns(stock)["person_id"]
    if not stock.name:
        return or_(kept_by_restriction(person), being_erased(person))
    return or_(kept_by_hold(person, stock.compartment), kept_by_restriction(person))


def columns(stock: Stock) -> Mapping[str, ColumnElement[Any]]:
    """The columns of a stock's statement, to be asked about."""
    return {name: getattr(column, "element", column) for name, column in stock.rows.selected_columns.items()}


def only(statement: Statement, stock: Stock, ids: Sequence[UUID]) -> Statement:
    """The same statement, of some rows alone."""
    return statement.where(columns(stock)["id"] == customers.of_rows(ids))


def _narrowed(stock: Stock, policy: RetentionPolicy) -> list[ColumnElement[bool]]:
    if policy.narrowing is None:
        return []
    return [columns(stock)["code"].in_(sorted(policy.narrowing.values))]


def _protected(rules: Rules, policy: RetentionPolicy, stock: Stock) -> list[ColumnElement[bool]]:
    """Rows that laws want kept, by other policies about the same table."""
    found = []
    for other in rules.policies:
        if other.key == policy.key or other.minimum is None or other.target.kind is not TargetKind.TABLE:
            continue
        theirs = STOCKS.get((other.target.name, other.clock))
        if theirs is None or other.target.name != policy.target.name or not stock.name:
            continue
        until = minimum_cutoff(other, at=rules.at, zone=rules.zone, fiscal=rules.fiscal)
        clauses = [columns(theirs)["at"] >= until, *_narrowed(theirs, other)]
        found.append(_is_among(stock, theirs.rows.where(and_(*clauses))))
    return found


def _taken_before(rules: Rules, policy: RetentionPolicy, stock: Stock) -> list[ColumnElement[bool]]:
    """Rows that a policy which comes first takes away in the same manner."""
    found = []
    for other in in_order(rules.policies):
        if other.key == policy.key:
            break
        same = (other.target.kind, other.target.name, other.action, other.target.fields)
        if same == (policy.target.kind, policy.target.name, policy.action, policy.target.fields) and is_carried_out(
            other
        ):
            found.append(_is_among(stock, due(rules, other)))
    return found


def _is_among(stock: Stock, statement: Statement) -> ColumnElement[bool]:
    """Whether a row of *stock* is one of a statement over the same table, made under another name."""
    inner = statement.subquery()
    return columns(stock)["id"].in_(select(inner.c.id))
