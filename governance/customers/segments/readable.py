"""Conditions on what is not sealed, as SQL; its logic of three values is Kleene's too.

Figures are made of the rows of a person in one go each, however many conditions ask about them; rows dated later than
the evaluation do not count.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    String,
    and_,
    any_,
    cast,
    false,
    func,
    literal,
    or_,
    select,
    true,
)
from sqlalchemy.sql.selectable import LateralFromClause

from governance.customers.tables import ActivityRow, ContactRow, InteractionRow, PersonRow, PurchaseRow
from governance.kernel.db import UtcDateTime
from governance.policies.periods import Period
from governance.policies.segment_fields import Place, Qualifier
from governance.policies.segment_logic import Both, Certain, Either, Form, ago
from governance.policies.segments import Compare, May

_FIGURES: Final[dict[str, tuple[Any, Any]]] = {
    "purchases": (PurchaseRow, PurchaseRow.paid_at),
    "interactions": (InteractionRow, InteractionRow.at),
    "activity": (ActivityRow, ActivityRow.at),
    "contacts": (ContactRow, None),
}


def is_readable(leaf: Compare | May) -> bool:
    """Whether a condition is asked in SQL."""
    return isinstance(leaf, Compare) and leaf.field.place is Place.READABLE


def wholly_readable(form: Form) -> bool:
    """Whether all of a form is asked in SQL."""
    if isinstance(form, Certain):
        return is_readable(form.leaf)
    return all(wholly_readable(part) for part in form.parts)


class Readable:
    """Turns forms into clauses about a person, and keeps the joins that these need.

    Args:
        at: the instant that periods count back from.
    """

    def __init__(self, at: datetime) -> None:
        self.at = at
        self._figures: dict[tuple[Any, ...], LateralFromClause] = {}

    @property
    def joins(self) -> Iterable[LateralFromClause]:
        """One row each beside every person."""
        return self._figures.values()

    def necessary(self, form: Form) -> ColumnElement[bool]:
        """What holds wherever *form* can; exactly where it does, if all of it is readable."""
        if isinstance(form, Certain):
            if not is_readable(form.leaf) or not isinstance(form.leaf, Compare):
                return true()
            said = self._compared(form.leaf)
            return said.is_(true()) if form.wanted else said.is_(false())
        parts = [self.necessary(part) for part in form.parts]
        return and_(*parts) if isinstance(form, Both) else or_(*parts)

    def _compared(self, leaf: Compare) -> ColumnElement[bool]:
        column = self._column(leaf)
        op, values = leaf.op, leaf.values
        if op == "known":
            return column.is_not(None) == literal(values[0])
        if op in {"is", "in"} and isinstance(values[0], str):
            return column == any_(literal(list(values), ARRAY(String)))
        if op == "within":
            return column.between(literal(self._ago(values[0]), UtcDateTime()), literal(self.at, UtcDateTime()))
        return _compare(column, op, values, self.at)

    def _ago(self, period: object) -> datetime:
        return ago(period, self.at) if isinstance(period, Period) else self.at

    def _column(self, leaf: Compare) -> ColumnElement[Any]:
        rows, _, figure = leaf.field.name.partition(".")
        if not figure:
            column: ColumnElement[Any] = PersonRow.__table__.columns[rows]
            return cast(column, UtcDateTime()) if rows == "customer_since" else column
        found: ColumnElement[Any] = self._figures_of(rows, leaf).c[figure]
        return found

    def _figures_of(self, rows: str, leaf: Compare) -> LateralFromClause:
        name = (rows, leaf.qualifiers)
        if name not in self._figures:
            self._figures[name] = self._made(rows, dict(leaf.qualifiers), f"figures_{len(self._figures)}")
        return self._figures[name]

    def _made(self, rows: str, said: dict[Qualifier, str | Period], name: str) -> LateralFromClause:
        table, moment = _FIGURES[rows]
        columns: list[ColumnElement[Any]] = [func.count().label("count")]
        clauses: list[ColumnElement[bool]] = [table.person_id == PersonRow.id]
        if moment is not None:
            columns += [func.min(moment).label("first_at"), func.max(moment).label("last_at")]
            clauses.append(moment <= literal(self.at, UtcDateTime()))
            if Qualifier.WITHIN in said:
                clauses.append(moment >= literal(self._ago(said[Qualifier.WITHIN]), UtcDateTime()))
        if table is PurchaseRow:
            columns += [
                func.coalesce(func.sum(PurchaseRow.total), 0).label("sum"),
                func.avg(PurchaseRow.total).label("average"),
                func.max(PurchaseRow.total).label("largest"),
            ]
            if Qualifier.CURRENCY in said:
                clauses.append(PurchaseRow.currency == literal(said[Qualifier.CURRENCY]))
        elif Qualifier.KIND in said:
            clauses.append(table.__table__.columns["kind"] == literal(said[Qualifier.KIND]))
        return select(*columns).select_from(table).where(*clauses).correlate(PersonRow).lateral(name)


def _compare(column: ColumnElement[Any], op: str, values: Sequence[object], at: datetime) -> ColumnElement[bool]:
    value = values[0]
    if op == "older_than" and isinstance(value, Period):
        return column < literal(ago(value, at), UtcDateTime())
    if isinstance(value, datetime):
        day = literal(value, UtcDateTime())
        return column >= day if op == "on_or_after" else column < day
    numbers = [one for one in values if isinstance(one, Decimal)]
    if op == "between":
        return column.between(numbers[0], numbers[1])
    compare: ColumnElement[bool] = _NUMBERS[op](column, numbers[0])
    return compare


_NUMBERS: Final[dict[str, Any]] = {
    "is": lambda column, number: column == number,
    "over": lambda column, number: column > number,
    "at_least": lambda column, number: column >= number,
    "under": lambda column, number: column < number,
    "at_most": lambda column, number: column <= number,
}


def readable_parts(form: Form) -> tuple[Form | None, list[Form]]:
    """What is left to be asked of opened values once `Readable.necessary` held, and readable parts that stand in it.

    Returns:
        The rest, None where nothing is left; and the largest readable parts in it, each of which has to be told.
    """
    if isinstance(form, Both):
        left = tuple(part for part in form.parts if not wholly_readable(part))
        form = Both(left)
    elif wholly_readable(form):
        return None, []
    if isinstance(form, Both) and not form.parts:
        return None, []
    return form, list(_within(form))


def _within(form: Form) -> Iterable[Form]:
    if wholly_readable(form):
        yield form
    elif isinstance(form, Both | Either):
        for part in form.parts:
            yield from _within(part)
