"""Who is meant by a contact or an id: for packages that act on people without reading what is kept of them.

Whoever calls has decided that it may be. What an index answers is compared with the opened value, so that whoever
writes digests into the database has nobody taken for somebody else.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ARRAY, ClauseElement, LargeBinary, Select, Uuid, any_, bindparam, func, literal, select
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.orm import aliased

from governance.customers.codes import ContactKind
from governance.customers.reach import within
from governance.customers.records import NewContact
from governance.customers.tables import ContactRow, PersonRow
from governance.kernel.arrays import byteas, uuids
from governance.kernel.db import driver_connection
from governance.kernel.ids import ContactId, OwnerId, SubjectId, SubjectRef
from governance.kernel.work import Work
from governance.messages import operations as messages
from governance.policies.classification import Compartment
from governance.policies.masking import UNREADABLE
from governance.policies.permissions import Permission
from governance.vault.ciphers import CipherName, OpenedKey, cipher_name
from governance.vault.errors import SealError, ShreddedError
from governance.vault.formats import bound_to, generation_of, open_sealed
from governance.vault.joined import KEY_COLUMNS, keys_of
from governance.vault.runtime import Vault, vault_of

_VALUE = ContactRow.sealed_fields["value"]


class Known(NamedTuple):
    """A person, or the one whom they were merged into.

    Attributes:
        id: the person.
        owner: key owner under whom new rows of the person are sealed.
        ref: name in the audit log.
        responsible: staff member who looks after the person.
        created_at: since when the person is kept.
    """

    id: SubjectId
    owner: OwnerId
    ref: SubjectRef
    responsible: UUID | None
    created_at: datetime


class HeldContact(NamedTuple):
    """A contact of a person in the clear; a personal value."""

    id: ContactId
    kind: ContactKind
    value: str


def find_holders(work: Work, contacts: Sequence[NewContact]) -> list[tuple[Known, ...]]:
    """For each of *contacts*, in normal form, those who hold it, the one known longest first.

    One statement, however many contacts: keys come with what they open.
    """
    if not contacts:
        return []
    vault_of(work.session).keep_fresh(work.session)
    work.session.flush()
    return ask_holders(work, contacts)()


def ask_holders(work: Work, contacts: Sequence[NewContact]) -> Callable[[], list[tuple[Known, ...]]]:
    """As `find_holders` of at least one contact, within a `one_trip`; what is given back tells of them behind that.

    Before it all must have been flushed, and the vault's versions kept fresh.
    """
    vault = vault_of(work.session)
    asked: dict[bytes, set[tuple[ContactKind, str]]] = defaultdict(set)
    for one in contacts:
        for digest in vault.indexer.ask(_VALUE.indexes[one.kind], [one.value]):
            asked[digest].add((one.kind, one.value))
    mark = vault.cache.mark
    cursor = driver_connection(work.session).cursor(binary=True)
    cursor.execute(_text_of(_HOLDERS), {"digests": byteas(asked)})
    return lambda: _held(work, contacts, asked, cursor.fetchall(), mark)


def _held(
    work: Work,
    contacts: Sequence[NewContact],
    asked: Mapping[bytes, set[tuple[ContactKind, str]]],
    told: Sequence[tuple[Any, ...]],
    mark: int,
) -> list[tuple[Known, ...]]:
    vault = vault_of(work.session)
    rows = [_Holding(row[0], row[1], row[2], row[3], row[4], Known(*row[5:10])) for row in told]
    keys = {(row[10], row[11]): row[10:] for row in told if row[10] is not None}
    vault.owners.take_over(work.session, keys.values(), Compartment.CONTACT.value, mark=mark)
    found: dict[tuple[ContactKind, str], dict[UUID, Known]] = defaultdict(dict)
    for row, value in zip(rows, opened_values(work, vault, rows), strict=True):
        for kind, wanted in asked[row.value_index]:
            if value is not None and row.kind == kind and (value is UNREADABLE or _same(kind, value, wanted)):
                found[kind, wanted][row.person.id] = row.person
    return [
        tuple(sorted(found[one.kind, one.value].values(), key=lambda person: person.created_at)) for one in contacts
    ]


def tie_message(work: Work, *, message: UUID | None, kind: ContactKind, value: str) -> None:
    """Note whose contacts a message went to, once somebody has shown that they read it.

    Not when it is sent: then nothing is looked up, so that nobody learns from it whether a contact is known.
    """
    if message is None:
        return
    digests = vault_of(work.session).indexer.ask(_VALUE.indexes[kind], [value])
    asked = literal(digests, ARRAY(LargeBinary))
    held = select(ContactRow.id).where(ContactRow.__table__.c.value_index == any_(asked))
    messages.note_contacts(work, message=message, contacts=work.session.scalars(held).all())


def find_known(work: Work, people: Iterable[SubjectId]) -> dict[SubjectId, Known]:
    """Each of *people* who exists, by the id that was asked for."""
    return {row[0]: Known(*row[1:]) for row in _run(work, _KNOWN_BY_ID, {"people": uuids(people)})}


def people_within(work: Work, permission: Permission) -> Select[UUID]:
    """Ids of the people whom the act reaches, for a statement of another package; of the merged, the survivors.

    Raises:
        ForbiddenError: where the actor may not do it at all.
    """
    return everybody().where(within(work, permission))


def everybody() -> Select[UUID]:
    """Ids of all people, for a statement of another package; of the merged, the survivors."""
    return select(PersonRow.id).where(PersonRow.merged_into.is_(None))


def contact_used(
    work: Work, wanted: Mapping[SubjectId, frozenset[ContactKind]]
) -> dict[tuple[SubjectId, ContactKind], HeldContact]:
    """By person and kind, the contact that a message would go to: the primary one, else the oldest."""
    asked = [person for person, kinds in wanted.items() if kinds]
    rows = work.session.execute(_CONTACTS, {"people": asked}).all() if asked else []
    chosen: dict[tuple[UUID, str], Any] = {}
    for row in rows:  # primary ones first
        if row.kind in wanted[row.person_id]:
            chosen.setdefault((row.person_id, row.kind), row)
    taken = list(chosen.values())
    return {
        (SubjectId(row.person_id), ContactKind(row.kind)): HeldContact(
            ContactId(row.contact_id), ContactKind(row.kind), value
        )
        for row, value in zip(taken, opened_values(work, vault_of(work.session), taken), strict=True)
        if value is not None and value is not UNREADABLE
    }


def _same(kind: ContactKind, value: str, wanted: str) -> bool:
    normalise = _VALUE.indexes[kind].normalise
    return value == wanted or normalise(value) == normalise(wanted)


class _Holding(NamedTuple):
    """A contact, sealed, and who holds it."""

    contact_id: UUID
    contact_owner: UUID
    kind: str
    value_sealed: bytes
    value_index: bytes
    person: Known


def _run(work: Work, query: ClauseElement, given: Mapping[str, object]) -> list[tuple[Any, ...]]:
    """Rows by the driver: a single event must not wait for the statement to be made anew each time."""
    work.session.flush()
    cursor = driver_connection(work.session).cursor(binary=True)
    cursor.execute(_text_of(query), given)
    return cursor.fetchall()


@cache
def _text_of(query: ClauseElement) -> bytes:
    return str(query.compile(dialect=PGDialect_psycopg())).encode()  # type: ignore[no-untyped-call]  # SQLAlchemy's


def opened_values(work: Work, vault: Vault, rows: Sequence[Any]) -> list[str | None]:
    """Values of rows of contacts in order; None where the key was shredded, UNREADABLE itself where one does not open.

    A holder must not be left out because the contact was damaged: their "no" would be lost with it.
    """
    names = [cipher_name(row.contact_owner, Compartment.CONTACT.value, generation_of(row.value_sealed)) for row in rows]
    missing = {name: row.contact_owner for row, name in zip(rows, names, strict=True) if vault.cache.get(name) is None}
    fetched: Mapping[CipherName, OpenedKey] = {}
    if len(missing) > 1:  # a single one is fetched by the first opening, which also knows keys made just now
        fetched = vault.owners.load(work.session, list(missing.values()), Compartment.CONTACT.value)
    where = vault.place(_VALUE.place)
    values: list[str | None] = []
    for row, name in zip(rows, names, strict=True):
        try:
            key = fetched.get(name) or vault.key_for(work.session, name)
            plaintext = open_sealed(key.cipher, where, bound_to(row.contact_id, row.contact_owner), row.value_sealed)
        except ShreddedError:
            values.append(None)
        except SealError:
            vault.unreadable_at(_VALUE.place, row.contact_id)
            values.append(UNREADABLE)
        else:
            values.append(_VALUE.kind.decode(plaintext))
    return values


_asked = aliased(PersonRow)
_PERSON = (PersonRow.id, PersonRow.owner_id, PersonRow.subject_ref, PersonRow.responsible_id, PersonRow.created_at)
_CONTACT = ContactRow.__table__.columns
_CONTACT_COLUMNS = (
    _CONTACT["id"].label("contact_id"),
    _CONTACT["owner_id"].label("contact_owner"),
    _CONTACT["kind"],
    _CONTACT["value_sealed"],
)
_key = keys_of(Compartment.CONTACT)
_HOLDERS = (
    select(*_CONTACT_COLUMNS, _CONTACT["value_index"], *_PERSON, *(_key.c[name] for name in KEY_COLUMNS))
    .select_from(ContactRow)
    .join(_asked, _asked.id == _CONTACT["person_id"])
    .join(PersonRow, PersonRow.id == func.coalesce(_asked.merged_into, _asked.id))
    .outerjoin(_key, _key.c.owner_id == _CONTACT["owner_id"])
    .where(_CONTACT["value_index"] == any_(bindparam("digests", type_=ARRAY(LargeBinary))))
)
_KNOWN_BY_ID = (
    select(_asked.id.label("asked"), *_PERSON)
    .select_from(_asked)
    .join(PersonRow, PersonRow.id == func.coalesce(_asked.merged_into, _asked.id))
    .where(_asked.id == any_(bindparam("people", type_=ARRAY(Uuid))))
)
_CONTACTS = (
    select(_CONTACT["person_id"], *_CONTACT_COLUMNS)
    .where(_CONTACT["person_id"] == any_(bindparam("people", type_=ARRAY(Uuid))))
    .order_by(ContactRow.is_primary.desc(), ContactRow.id)
)
