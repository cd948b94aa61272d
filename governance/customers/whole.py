"""All that is kept of one person, in the clear: for callers that have decided to hand it to them (GDPR Art. 15, 20).

Rows come in blocks by key, so that a person with very many takes the memory of one block.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final, NamedTuple, TypeAlias
from uuid import UUID

from sqlalchemy import Uuid, func, literal, or_, select, tuple_

from governance.customers.extra_types import ExtraField, read
from governance.customers.extras import known
from governance.customers.loading import opened, warm
from governance.customers.records import SEALED_FIELDS, Json
from governance.customers.tables import (
    ActivityRow,
    ContactRow,
    ExtraValueRow,
    HoldRow,
    InteractionRow,
    MergeRow,
    PersonLinkRow,
    PersonRow,
    PurchaseRow,
    RestrictionRow,
)
from governance.kernel.db import UtcDateTime
from governance.kernel.ids import SubjectId, SubjectRef
from governance.kernel.records import frozen
from governance.kernel.work import Work
from governance.policies.classification import Compartment
from governance.vault.orm import SealedRow

Cell: TypeAlias = "Json | datetime | date | Decimal"
Row: TypeAlias = "dict[str, Cell]"

BLOCK: Final = 1_000
PLAIN: Final = (
    *("kind", "language", "country", "source", "ground", "acquired_at", "customer_since", "inform_by", "informed_at"),
    *("not_mailable", "deceased_at", "age_at_least", "created_at", "updated_at"),
)
"""Readable columns of a person that say something about them."""


class Kept(NamedTuple):
    """A table of what is kept of people, and what of a row is told."""

    row: type[Any]
    clock: str
    columns: tuple[str, ...]


TABLES: Final[Mapping[str, Kept]] = MappingProxyType(
    {
        "contact": Kept(
            ContactRow,
            "created_at",
            (
                *("kind", "value", "extension", "region", "label", "is_primary", "is_login"),
                *("verified_at", "bounced_at", "opt_out_offered_at", "created_at"),
            ),
        ),
        "purchase": Kept(
            PurchaseRow,
            "paid_at",
            ("paid_at", "whole_day", "number", "total", "currency", "items", "buyer", "note", "created_at"),
        ),
        "interaction": Kept(
            InteractionRow,
            "at",
            ("at", "whole_day", "kind", "seconds", "result", "note", "next_contact_at", "created_at"),
        ),
        "activity": Kept(ActivityRow, "at", ("at", "kind", "detail", "created_at")),
    }
)


@frozen
class Record:
    """One record of a person: their own, or that of somebody who was merged into them.

    Attributes:
        values: of sealed fields and of `PLAIN`, by name; those that are empty are left out.
    """

    id: SubjectId
    ref: SubjectRef
    values: Mapping[str, Cell]


@frozen
class ExtraKept:
    """The value of an extra field."""

    field: ExtraField
    value: Json
    updated_at: datetime


def records(work: Work, *, person: SubjectId) -> list[Record]:
    """The records of a person, their own first; none where there is no such person."""
    query = select(PersonRow).where(or_(PersonRow.id == person, PersonRow.merged_into == person))
    rows = work.session.scalars(query.order_by(PersonRow.merged_into.is_not(None), PersonRow.id)).all()
    warm(work, rows, Compartment.PROFILE)
    return [Record(SubjectId(row.id), SubjectRef(row.subject_ref), _values(row)) for row in rows]


def rows_of(
    work: Work, *, person: SubjectId, table: str, columns: Sequence[str] | None = None
) -> Iterator[list[tuple[UUID, Row]]]:
    """Ids and values of the rows of a table, the oldest first, block by block.

    Args:
        work: the transaction.
        person: whose.
        table: one of `TABLES`.
        columns: sealed ones, for rows that have one of them; all columns of all rows by default.
    """
    kept = TABLES[table]
    names = kept.columns if columns is None else columns
    after: tuple[datetime, UUID] | None = None
    clock = getattr(kept.row, kept.clock)
    sealed = {field.compartment for field in kept.row.sealed_fields.values()}
    while True:
        query = select(kept.row).where(kept.row.person_id == person)
        if columns is not None:
            query = query.where(or_(*(getattr(kept.row, f"{name}_sealed").is_not(None) for name in columns)))
        if after is not None:
            place = tuple_(literal(after[0], UtcDateTime()), literal(after[1], Uuid()))
            query = query.where(tuple_(clock, kept.row.id) > place)
        found = work.session.scalars(query.order_by(clock, kept.row.id).limit(BLOCK)).all()
        for compartment in sealed:
            warm(work, found, compartment)
        if found:
            yield [(row.id, {name: _cell(row, name) for name in names}) for row in found]
        if len(found) < BLOCK:
            return
        after = (getattr(found[-1], kept.clock), found[-1].id)


def extras_of(work: Work, *, person: SubjectId) -> list[ExtraKept]:
    """Values of extra fields, those of merged records included, by key."""
    mine = select(PersonRow.id).where(or_(PersonRow.id == person, PersonRow.merged_into == person))
    rows = work.session.scalars(select(ExtraValueRow).where(ExtraValueRow.person_id.in_(mine))).all()
    fields = {one.id: one for one in known(work).values()} if rows else {}
    found: list[ExtraKept] = []
    for row in rows:
        field = fields[row.field_id]
        text = opened(row, field.compartment.value)
        if text is not None:
            found.append(ExtraKept(field, read(field.type, text), row.updated_at))
    return sorted(found, key=lambda one: one.field.key)


def marks_of(work: Work, *, person: SubjectId) -> dict[str, list[Row]]:
    """Restrictions, holds (not why: that may be about a case), who acts for whom, merges."""
    session = work.session
    restrictions = session.scalars(
        select(RestrictionRow).where(RestrictionRow.person_id == person).order_by(RestrictionRow.placed_at)
    )
    holds = session.scalars(select(HoldRow).where(HoldRow.person_id == person).order_by(HoldRow.placed_at))
    links = session.scalars(
        select(PersonLinkRow)
        .where(or_(PersonLinkRow.person_id == person, PersonLinkRow.other_id == person))
        .order_by(PersonLinkRow.since)
    )
    merges = session.scalars(select(MergeRow).where(MergeRow.into_id == person).order_by(MergeRow.at))
    return {
        "restrictions": [
            {"reason": one.reason, "placed_at": one.placed_at, "lifted_at": one.lifted_at} for one in restrictions
        ],
        "holds": [
            {"compartments": list(one.compartments), "placed_at": one.placed_at, "released_at": one.released_at}
            for one in holds
        ],
        "links": [
            {
                "kind": one.kind,
                "side": "acted_for" if one.person_id == person else "acts",
                "since": one.since,
                "until": one.until,
            }
            for one in links
        ],
        "merges": [{"at": one.at, "automatic": one.score is not None, "undone_at": one.undone_at} for one in merges],
    }


def last_sign_of_life(work: Work, *, person: SubjectId) -> datetime | None:
    """When the person last bought, talked, visited or proved a contact; else since when they are kept."""
    parts = [
        select(func.max(column)).where(owner == person).scalar_subquery()
        for column, owner in (
            (PurchaseRow.paid_at, PurchaseRow.person_id),
            (InteractionRow.at, InteractionRow.person_id),
            (ActivityRow.at, ActivityRow.person_id),
            (ContactRow.verified_at, ContactRow.person_id),
            (PersonRow.created_at, PersonRow.id),
        )
    ]
    found: datetime | None = work.session.scalar(select(func.greatest(*parts)))
    return found


def latest_purchase(work: Work, *, person: SubjectId) -> datetime | None:
    """When the person last bought something; None where they never did."""
    found: datetime | None = work.session.scalar(
        select(func.max(PurchaseRow.paid_at)).where(PurchaseRow.person_id == person)
    )
    return found


def note_of(work: Work, *, table: str, row: UUID, field: str) -> str | None:
    """One sealed text in the clear; None where it is gone."""
    kind = PersonRow if table == "person" else TABLES[table].row
    found = work.session.get(kind, row)
    text = None if found is None else opened(found, field)
    return text if isinstance(text, str) else None


def _values(row: PersonRow) -> dict[str, Cell]:
    told: dict[str, Cell] = {name: opened(row, name) for name in SEALED_FIELDS}
    told |= {name: getattr(row, name) for name in PLAIN}
    return {name: value for name, value in told.items() if value not in (None, [], "")}


def _cell(row: SealedRow, name: str) -> Cell:
    value: Cell = opened(row, name) if name in row.sealed_fields else getattr(row, name)
    return value
