"""What people are reached by, for whoever erases them: what else waits for these contacts, and who else holds them."""

from collections.abc import Iterable, Sequence
from typing import Any, Final, LiteralString, NamedTuple
from uuid import UUID

from governance.customers.codes import ContactKind
from governance.customers.holders import opened_values
from governance.customers.records import NewContact
from governance.kernel.arrays import uuids
from governance.kernel.db import driver_connection
from governance.kernel.ids import SubjectId
from governance.kernel.work import Work
from governance.policies.masking import UNREADABLE
from governance.vault.runtime import vault_of

_HELD: Final[LiteralString] = """
SELECT contact.id, contact.owner_id, contact.kind, contact.value_sealed, EXISTS (
    SELECT FROM contact AS other
    WHERE other.value_index = contact.value_index AND other.person_id <> ALL(%(people)b)
)
FROM contact WHERE person_id = ANY(%(people)b) ORDER BY contact.id
"""
_KINDS: Final = {kind.value: kind for kind in ContactKind}


class Reach(NamedTuple):
    """A contact in the clear, and whether somebody else holds it as well."""

    kind: ContactKind
    value: str
    is_shared: bool


class _Row(NamedTuple):
    contact_id: UUID
    contact_owner: UUID
    kind: str
    value_sealed: bytes
    is_shared: bool


def reach_of(work: Work, people: Iterable[SubjectId]) -> list[Reach]:
    """Contacts of *people* that can be read; the caller has decided that they may be."""
    vault = vault_of(work.session)
    vault.keep_fresh(work.session)
    work.session.flush()
    rows = [_Row(*row) for row in _ask(work, people)]
    values = opened_values(work, vault, rows)
    return [
        Reach(_KINDS[row.kind], value, row.is_shared)
        for row, value in zip(rows, values, strict=True)
        if value and value is not UNREADABLE
    ]


def values_of_contacts(work: Work, people: Iterable[SubjectId]) -> list[NewContact]:
    """Contacts of *people* in the clear, each once; the caller has decided that they may be read."""
    return list(dict.fromkeys(NewContact(one.kind, one.value) for one in reach_of(work, people)))


def _ask(work: Work, people: Iterable[SubjectId]) -> Sequence[tuple[Any, ...]]:
    cursor = driver_connection(work.session).cursor(binary=True)
    return cursor.execute(_HELD, {"people": uuids(people)}).fetchall()
