"""Digests of one indexed field, row by row through a whole table: batches of a transaction each, in the order of ids.

Rows that somebody else holds are passed over and looked for again, so that nobody waits for a lock here, and none of
this can be part of a deadlock.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, func, null, or_, select, update

from governance.custody.errors import BusyError
from governance.custody.rows import IndexedField
from governance.kernel.work import Work
from governance.vault.items import OpenItem
from governance.vault.orm import SealedRow
from governance.vault.runtime import vault_of

BATCH: Final = 1000
STUCK_SECONDS: Final = 600.0
START: Final = UUID(int=0)

OpenWork = Callable[[], AbstractContextManager[Work]]
Progress = Callable[[str, int], None]
Step = Callable[[Work, UUID], tuple[int, UUID]]
"""Does one batch of rows behind an id; answers how many there were, and the last one's id."""


def fill_beside(open_work: OpenWork, field: IndexedField, version: int, *, progress: Progress | None = None) -> None:
    """Write digests of *version* beside all that are asked."""
    left = field.index.is_not(None) & _is_not_of(field.beside, version)

    def step(work: Work, after: UUID) -> tuple[int, UUID]:
        rows = _next_rows(work, field, left, after)
        made = digests_of(work, field, rows, version)
        _set(work, field, {field.beside.name: made})
        return len(rows), rows[-1].id if rows else after

    _through(open_work, field, left, step, progress)


def rewrite(open_work: OpenWork, field: IndexedField, version: int, *, progress: Progress | None = None) -> None:
    """Write digests of *version* alone, in place of all others."""
    left = field.index.is_not(None) & (_is_not_of(field.index, version) | field.beside.is_not(None))

    def step(work: Work, after: UUID) -> tuple[int, UUID]:
        rows = _next_rows(work, field, left, after)
        made = digests_of(work, field, rows, version)
        _set(work, field, {field.index.name: made, field.beside.name: dict.fromkeys(made)})
        return len(rows), rows[-1].id if rows else after

    _through(open_work, field, left, step, progress)


def copy_over(open_work: OpenWork, field: IndexedField, version: int, *, progress: Progress | None = None) -> None:
    """Let the digest beside be the one that is asked; it stays beside as well, for the unique constraint over it."""
    left = field.index.is_not(None) & _is_not_of(field.index, version)
    fill_beside(open_work, field, version)
    _through(open_work, field, left, _plain_step(field, left, {field.index.name: field.beside}), progress)


def clear_beside(open_work: OpenWork, field: IndexedField, *, progress: Progress | None = None) -> None:
    """Empty the column beside."""
    left = field.beside.is_not(None)
    _through(open_work, field, left, _plain_step(field, left, {field.beside.name: null()}), progress)


def digests_of(work: Work, field: IndexedField, rows: Sequence[SealedRow], version: int) -> dict[UUID, bytes | None]:
    """Digests of *version* of the values in *rows*, opened in bulk; None where there is nothing to open any more.

    Raises:
        UnreadableError: names the row whose value does not open.
    """
    vault = vault_of(work.session)
    held = [(row, getattr(row, field.field.sealed_name)) for row in rows]
    items = [OpenItem(field.field.place, row.id, row.owner_id, sealed) for row, sealed in held if sealed is not None]
    opened = vault.open_many(work.session, items)
    made: dict[UUID, bytes | None] = dict.fromkeys(row.id for row in rows)
    for (row, _), plaintext in zip(((row, one) for row, one in held if one is not None), opened, strict=True):
        index = field.field.index_of(row)
        if plaintext is not None and index is not None:
            made[row.id] = vault.indexer.digest(index, field.field.index_text(plaintext), version=version)
    return made


def _next_rows(work: Work, field: IndexedField, left: ColumnElement[bool], after: UUID) -> Sequence[SealedRow]:
    statement = (
        select(field.row)
        .where(left, field.table.c.id > after)
        .order_by(field.table.c.id)
        .limit(BATCH)
        .with_for_update(key_share=True, skip_locked=True)
    )
    return work.session.scalars(statement).all()


def _set(work: Work, field: IndexedField, values: Mapping[str, Mapping[UUID, bytes | None]]) -> None:
    """Write digests by row; a row whose value is shredded loses all it has, since nobody may find it any more."""
    table = field.table
    ids = list(next(iter(values.values())))
    both = {field.index.name, field.beside.name}
    gone = [row for row in ids if all(made[row] is None for made in values.values())]
    kept = [row for row in ids if row not in set(gone)]
    connection = work.session.connection()
    if kept:
        wanted = {name: bindparam(f"new_{name}", type_=table.c[name].type) for name in values}
        statement = update(table).where(table.c.id == bindparam("row")).values(wanted)
        connection.execute(
            statement, [{"row": row, **{f"new_{name}": made[row] for name, made in values.items()}} for row in kept]
        )
    if gone:
        connection.execute(update(table).where(table.c.id.in_(gone)).values(dict.fromkeys(both)))


def _plain_step(field: IndexedField, left: ColumnElement[bool], values: Mapping[str, Any]) -> Step:
    def step(work: Work, after: UUID) -> tuple[int, UUID]:
        table = field.table
        batch = (
            select(table.c.id)
            .where(left, table.c.id > after)
            .order_by(table.c.id)
            .limit(BATCH)
            .with_for_update(key_share=True, skip_locked=True)
        )
        ids = work.session.execute(batch).scalars().all()
        if ids:
            work.session.connection().execute(update(table).where(table.c.id.in_(ids)).values(dict(values)))
        return len(ids), ids[-1] if ids else after

    return step


def _through(
    open_work: OpenWork, field: IndexedField, left: ColumnElement[bool], step: Step, progress: Progress | None
) -> None:
    """Go through the table again and again until no row is left."""
    done, moved_at = 0, time.monotonic()
    while True:
        after = START
        while True:
            with open_work() as work:
                count, after = step(work, after)
            if count:
                done, moved_at = done + count, time.monotonic()
                if progress is not None:
                    progress(field.table.name, done)
            if count < BATCH:
                break
        with open_work() as work:
            if work.session.execute(select(field.table.c.id).where(left).limit(1)).first() is None:
                return
        if time.monotonic() - moved_at > STUCK_SECONDS:
            raise BusyError(f"Rows of {field.table.name} have been locked for minutes; run this again.")
        time.sleep(0.1)


def _is_not_of(column: ColumnElement[Any], version: int) -> ColumnElement[bool]:
    return or_(column.is_(None), func.get_byte(column, 0) != version)
