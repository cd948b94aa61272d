"""Which rows a policy reaches at an instant. Looking ahead and carrying out ask the same statements.

What a legal hold covers, what may only be stored (GDPR Art. 18), and what another policy in force must keep by law is
not reached. Where two policies reach the same row, it counts for the first of them.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, exists, or_, select

from governance.customers import expiring as customers
from governance.customers.expiring import Statement, Stock, kept_by_hold, kept_by_restriction, restricted_by_policy
from governance.erasure.under_way import being_erased
from governance.kernel.clock import UTC
from governance.kernel.records import frozen
from governance.kernel.work import Work
from governance.policies.retention import (
    PROOF,
    RetentionAction,
    RetentionPolicy,
    TargetKind,
    YearStart,
    cutoff,
    minimum_cutoff,
)
from governance.reference.operations import controller
from governance.reference.retention_rules import active
from governance.retention.installed import Stocks
from governance.retention.stocks import is_carried_out, stock_of, stocks_of
from governance.retention.tables import WarningRow

_ORDER: Final = (
    RetentionAction.SHRED_COMPARTMENT,
    RetentionAction.CLEAR_FIELDS,
    RetentionAction.DELETE_ROWS,
    RetentionAction.RESTRICT,
    RetentionAction.ANONYMISE,
    RetentionAction.ERASE_SUBJECT,
)
"""What is about rows before what is about people, so that each policy takes away exactly what it was said to."""
_ENDING: Final = (RetentionAction.ANONYMISE, RetentionAction.ERASE_SUBJECT)
"""After these nobody is there any more."""


@frozen
class Rules:
    """What all statements of a run go by.

    Attributes:
        at: the instant by which it is decided what is due.
        now: when it is asked; until the days of warning after it nobody goes who was not warned.
        policies: those that hold together; their minimums are heeded.
        stocks: what they can be about.
    """

    at: datetime
    now: datetime
    zone: ZoneInfo
    fiscal: YearStart
    policies: tuple[RetentionPolicy, ...]
    stocks: Stocks

    def stock(self, policy: RetentionPolicy) -> Stock:
        """What a policy is about; raises NotCarriedOutError where nothing here can carry it out."""
        return stock_of(self.stocks, policy)

    def can(self, policy: RetentionPolicy) -> bool:
        """Whether a policy can be carried out here."""
        return is_carried_out(self.stocks, policy)

    def cutoff(self, policy: RetentionPolicy) -> datetime:
        """What is due has its clock strictly before this."""
        return cutoff(policy, at=self.at, zone=self.zone, fiscal=self.fiscal)

    def minimum_cutoff(self, policy: RetentionPolicy) -> datetime:
        """What no law keeps any more has its clock strictly before this."""
        return minimum_cutoff(policy, at=self.at, zone=self.zone, fiscal=self.fiscal)


def rules_of(work: Work, *, at: datetime, instead: Iterable[RetentionPolicy] = ()) -> Rules:
    """The policies in force, with others tried *instead* of those of the same key."""
    known = {**active(work), **{one.key: one for one in instead}}
    held = controller(work)
    policies = tuple(known[key] for key in sorted(known))
    return Rules(at, work.now, ZoneInfo(held.zone), held.fiscal_year, policies, stocks_of(work))


def in_order(policies: Iterable[RetentionPolicy]) -> list[RetentionPolicy]:
    """Policies in the order in which they are carried out."""
    return sorted(policies, key=lambda one: (_ORDER.index(one.action), one.key))


def due(rules: Rules, policy: RetentionPolicy) -> Statement:
    """A statement of `id`, `person_id`, `at`, `code` of all rows that a policy reaches.

    Raises:
        NotCarriedOutError: where nothing here can carry it out.
    """
    stock = rules.stock(policy)
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


def overdue(rules: Rules, policy: RetentionPolicy, *, again: bool = False) -> Statement:
    """A statement of all rows whose period is over, whatever keeps them; of people restricted already only *again*."""
    stock = rules.stock(policy)
    reached = stock.rows.where(columns(stock)["at"] < rules.cutoff(policy), *_narrowed(stock, policy))
    if policy.action is RetentionAction.CLEAR_FIELDS:
        reached = reached.where(or_(*(stock.sealed[name].is_not(None) for name in policy.target.fields)))
    if policy.action is RetentionAction.RESTRICT and not again:
        reached = reached.where(~restricted_by_policy(columns(stock)["person_id"]))
    return reached


def kept(stock: Stock) -> ColumnElement[bool]:
    """Whether a hold or a restriction keeps a row.

    A hold keeps nobody from being erased but for what it covers; whoever is being erased is not begun with again.
    """
    person = columns(stock)["person_id"]
    if stock.kind is TargetKind.SUBJECT:
        return or_(kept_by_restriction(person), being_erased(person))
    held = or_(kept_by_hold(person, stock.compartment), kept_by_restriction(person))
    return or_(held, being_erased(person)) if stock.kind is TargetKind.COMPARTMENT else held


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
    """Rows that laws want kept, by other policies about the same table; people with such rows in a compartment.

    Of proof, what any other policy keeps.
    """
    found = []
    for other in rules.policies:
        keeps = other.minimum is not None or other.target.name in PROOF
        if other.key == policy.key or not keeps or stock.kind is TargetKind.SUBJECT or not rules.can(other):
            continue
        theirs = rules.stock(other)
        if theirs.kind is not TargetKind.TABLE or not _reaches(stock, theirs):
            continue
        until = rules.cutoff(other) if other.target.name in PROOF else rules.minimum_cutoff(other)
        rows = theirs.rows.where(and_(columns(theirs)["at"] >= until, *_narrowed(theirs, other)))
        found.append(_is_among(stock, rows, whose=stock.kind is TargetKind.COMPARTMENT))
    return found


def _reaches(stock: Stock, table: Stock) -> bool:
    if stock.kind is TargetKind.COMPARTMENT:
        return stock.compartment is table.compartment
    return stock.name == table.name


def _taken_before(rules: Rules, policy: RetentionPolicy, stock: Stock) -> list[ColumnElement[bool]]:
    """Rows that a policy which comes first takes away in the same manner, or with a whole compartment or person."""
    found = []
    for other in in_order(rules.policies):
        if other.key == policy.key:
            break
        if not rules.can(other) or other.target.kind is TargetKind.LOG:
            continue
        same = (other.target, other.action) == (policy.target, policy.action)
        ended = other.action in _ENDING and policy.action in _ENDING
        shredded = other.target.kind is TargetKind.COMPARTMENT and rules.stock(other).compartment is stock.compartment
        if same or ended:
            found.append(_is_among(stock, due(rules, other)))
        elif shredded and stock.kind is TargetKind.TABLE:
            person = columns(stock)["person_id"]  # rows of nobody stay in question: of them IN says neither
            found.append(and_(person.is_not(None), person.in_(select(due(rules, other).subquery().c.id))))
    return found


def _is_among(stock: Stock, statement: Statement, *, whose: bool = False) -> ColumnElement[bool]:
    """Whether a row of *stock*, or the person *whose* rows they are, is one of a statement made under another name."""
    inner = statement.subquery()
    if whose:
        return columns(stock)["id"].in_(select(inner.c.person_id).where(inner.c.person_id.is_not(None)))
    return columns(stock)["id"].in_(select(inner.c.id))
