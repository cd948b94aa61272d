"""Proof of absence: looking for whatever could be left of somebody who was erased.

What erasure leaves behind names nobody, so two things are looked for: what the erasure itself knows (key owners, record
ids), in every table; and values that whoever asks still knows (from the letter, say): as blind indexes in every table,
and as plain text in a logical dump and in every file of the data folder.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final
from uuid import UUID

from sqlalchemy import ARRAY, LargeBinary, Uuid, any_, func, literal, or_, select, text

from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import Fact, ObjectRef
from governance.custody.rows import indexed_fields, sealed_tables
from governance.customers.reach import allow
from governance.erasure.errors import NoSuchErasureError
from governance.erasure.records import ErasureId, Step, StepState
from governance.erasure.rows import MISSING, steps_of, targets_in
from governance.erasure.tables import ErasureRow
from governance.kernel.errors import InvalidError
from governance.kernel.records import frozen
from governance.kernel.work import Work
from governance.metadata import metadata
from governance.policies.permissions import Permission
from governance.vault.blind import BlindIndex
from governance.vault.runtime import vault_of

SHORTEST: Final = 4
"""Characters; what is shorter is found everywhere by accident."""
_CHUNK: Final = 1 << 20
_NAMING: Final = ("person_id", "other_id", "into_id", "first_id", "second_id")
_OWN: Final = frozenset({"erasure_target"})
_KEPT: Final = {
    Step.FINANCE: frozenset({"purchase", "extra_value"}),
    Step.EVIDENCE: frozenset({"consent_event", "consent_state", "consent_subject", "informing", "disclosure_person"}),
}
_OF_CASES: Final = frozenset({"proposal"})
"""Rows under keys of the person that are unreadable since these were shredded, and go by their own period."""


@frozen
class Left:
    """Something that is left.

    Attributes:
        where: a table, or a file.
        what: `rows`, `keys`, `digest` or `value`.
        count: how many; of a value, at least one.
    """

    where: str
    what: str
    count: int


@frozen
class Absence:
    """What a search found.

    Attributes:
        left: what should not be there; empty where all is gone.
        kept: what the certificate says is kept, by table.
        tables: how many tables were looked through.
    """

    left: tuple[Left, ...]
    kept: tuple[Left, ...]
    tables: int


def prove(work: Work, *, erasure: ErasureId, values: Sequence[str] = ()) -> Absence:
    """Look through all tables for what an erasure should have removed; told in the log.

    Args:
        work: the transaction.
        erasure: which.
        values: contacts and the like that were the person's; searched as blind indexes, and told to nobody. The
            suppression ledger, which keeps digests of its own, is no part of it; people who share a contact keep it.

    Raises:
        ForbiddenError: without `erasure:read`.
        NoSuchErasureError: where there is none.
    """
    allow(work, Permission.ERASURE_READ)
    if work.session.get(ErasureRow, erasure) is None:
        raise NoSuchErasureError(MISSING)
    targets = targets_in(work, erasure)
    owners = [owner for one in targets for owner in one.owners]
    records = [record for one in targets for record in one.records]
    waiting = {Step(one.step) for one in steps_of(work, erasure) if one.state != StepState.DONE.value}
    allowed = frozenset().union(*(_KEPT.get(step, frozenset()) for step in waiting))
    found = [*_by_owner(work, owners), *_by_record(work, records)]
    held = Step.RECORD in waiting
    left = [one for one in found if one.where not in allowed and not held]
    left += _live_keys(work, owners, {step.value for step in waiting}, held=held)
    left += _digests(work, values)
    facts: dict[str, Fact] = {"left": len(left), "values": len(values)}
    audit.append(work, Action.ERASURE_PROVED, object=ObjectRef("erasure", erasure), facts=facts)
    return Absence(tuple(left), tuple(one for one in found if one.where in allowed or held), len(metadata.tables))


def _by_owner(work: Work, owners: Sequence[UUID]) -> Iterator[Left]:
    for table in sealed_tables():
        if table.name in _OF_CASES:
            continue
        mine = table.c.owner_id == any_(literal(list(owners), ARRAY(Uuid)))
        count = work.session.scalar(select(func.count()).select_from(table).where(mine)) or 0
        if count:
            yield Left(table.name, "rows", count)


def _by_record(work: Work, records: Sequence[UUID]) -> Iterator[Left]:
    known = literal(list(records), ARRAY(Uuid))
    for table in metadata.sorted_tables:
        columns = [table.c[name] for name in _NAMING if name in table.c]
        if not columns or not records or table.name in _OWN:
            continue
        named = or_(*(column == any_(known) for column in columns))
        count = work.session.scalar(select(func.count()).select_from(table).where(named)) or 0
        if count:
            yield Left(table.name, "rows", count)


def _live_keys(work: Work, owners: Sequence[UUID], waiting: set[str], *, held: bool) -> list[Left]:
    query = text(
        "SELECT count(*) FROM data_key WHERE owner_id = ANY(:owners) AND wrapped IS NOT NULL "
        "AND compartment <> ALL(:waiting)"
    )
    may_stay = [*waiting, *(("evidence", "audit") if held else ())]
    count = work.session.scalar(query, {"owners": list(owners), "waiting": may_stay}) or 0
    return [Left("data_key", "keys", int(count))] if count else []


def _digests(work: Work, values: Sequence[str]) -> Iterator[Left]:
    ask = vault_of(work.session).indexer.ask
    for one in indexed_fields():
        known = [index for index in (one.field.index, *one.field.indexes.values()) if index is not None]
        digests = [digest for index in known for value in values for digest in _asked(ask, index, value)]
        if not digests:
            continue
        asked = any_(literal(digests, ARRAY(LargeBinary)))
        found = or_(one.index == asked, one.beside == asked)
        count = work.session.scalar(select(func.count()).select_from(one.table).where(found)) or 0
        if count:
            yield Left(one.table.name, "digest", count)


def _asked(ask: Callable[[BlindIndex, Iterable[str]], list[bytes]], index: BlindIndex, value: str) -> list[bytes]:
    try:
        return ask(index, [value])
    except InvalidError:  # this kind of field cannot hold it
        return []


def spellings(values: Iterable[str]) -> list[bytes]:
    """What *values* look like in files: as text in common cases, and in hex as dumps spell bytes.

    Raises:
        InvalidError: where one is so short that it is found by accident.
    """
    found: dict[bytes, None] = {}
    for value in values:
        if len(value) < SHORTEST:
            raise InvalidError(
                f"Values of {SHORTEST} characters and more are searched.", errors={"values": ["Too short."]}
            )
        for case in (value, value.lower(), value.upper(), value.casefold(), value.title()):
            plain = case.encode("utf-8")
            found |= dict.fromkeys((plain, plain.hex().encode("ascii"), json.dumps(case)[1:-1].encode("ascii")))
    return list(found)


def search_stream(chunks: Iterable[bytes], needles: Sequence[bytes]) -> int:
    """How many of *needles* occur in a stream, in constant memory."""
    longest = max((len(one) for one in needles), default=1)
    missing, tail = set(needles), b""
    for chunk in chunks:
        window = tail + chunk
        missing -= {one for one in missing if one in window}
        tail = window[-(longest - 1) :] if longest > 1 else b""
    return len(needles) - len(missing)


def search_files(folder: Path, needles: Sequence[bytes], *, without: Iterable[Path] = ()) -> list[Left]:
    """Files below *folder* in which one of *needles* occurs; PostgreSQL's own hold is left out by *without*."""
    left_out = [one.resolve() for one in without]
    found: list[Left] = []
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not path.is_file() or any(path.resolve().is_relative_to(one) for one in left_out):
            continue
        count = search_stream(_read(path), needles)
        if count:
            found.append(Left(str(path.relative_to(folder)), "value", count))
    return found


def _read(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk
