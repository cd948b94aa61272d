"""People opened in bulk to be compared with one another: in memory only, never to be shown or kept.

Whoever calls has decided that it may be. People whose processing is restricted are only stored (GDPR Art. 18(2)), so
they are left out; whoever was merged answers by the survivor.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, any_, exists, func, literal, select

from governance.customers.tables import ContactRow, PersonRow, RestrictionRow
from governance.kernel.ids import SubjectId
from governance.kernel.work import Work
from governance.vault.items import OpenItem
from governance.vault.kinds import TEXT
from governance.vault.runtime import vault_of

FIELDS = ("family_name", "given_name", "patronymic", "organisation", "birth_date", "sex", "city", "street")
_TABLE = PersonRow.__table__.columns


class Opened(NamedTuple):
    """A person in the clear; a personal value.

    Attributes:
        fields: texts in the order of `FIELDS`.
        contacts: kind and value in normal form.
    """

    id: SubjectId
    fields: tuple[str | None, ...]
    contacts: tuple[tuple[str, str], ...]


def count_people(work: Work) -> int:
    """How many people `open_people` would come to."""
    return int(work.session.scalar(select(func.count()).select_from(PersonRow).where(*_COMPARED)) or 0)


def open_people(work: Work, *, after: SubjectId | None, limit: int) -> list[Opened]:
    """The next people in the order of ids, opened; what was shredded is as if it had never been.

    Four statements, however many people.
    """
    query = select(_TABLE["id"], _TABLE["owner_id"], *(_TABLE[f"{name}_sealed"] for name in FIELDS)).where(*_COMPARED)
    if after is not None:
        query = query.where(PersonRow.id > after)
    rows = work.session.execute(query.order_by(PersonRow.id).limit(limit)).all()
    contacts = _contacts(work, [row[0] for row in rows])
    values = iter(_opened(work, PersonRow, FIELDS, [(row[0], row[1], row[2:]) for row in rows]))
    return [
        Opened(SubjectId(row[0]), tuple(islice(values, len(FIELDS))), tuple(contacts.get(row[0], ()))) for row in rows
    ]


_COMPARED = (
    PersonRow.merged_into.is_(None),
    ~exists().where(RestrictionRow.person_id == PersonRow.id, RestrictionRow.lifted_at.is_(None)),
)


def _contacts(work: Work, people: Sequence[UUID]) -> dict[UUID, list[tuple[str, str]]]:
    told = ContactRow.__table__.columns
    query = select(told["id"], told["owner_id"], told["value_sealed"], told["person_id"], told["kind"])
    rows = work.session.execute(query.where(told["person_id"] == any_(literal(people, ARRAY(Uuid))))).all()
    values = _opened(work, ContactRow, ("value",), [(row[0], row[1], (row[2],)) for row in rows])
    found: dict[UUID, list[tuple[str, str]]] = defaultdict(list)
    for row, value in zip(rows, values, strict=True):
        if value is not None:
            found[row[3]].append((row[4], value))
    return found


def _opened(
    work: Work,
    table: type[PersonRow | ContactRow],
    names: Sequence[str],
    rows: Iterable[tuple[UUID, UUID, Sequence[Any]]],
) -> list[str | None]:
    """Texts of the fields *names* of rows (id, owner, sealed values), one after another."""
    places = [table.sealed_fields[name].place for name in names]
    sealed = [
        (place, row_id, owner, value)
        for row_id, owner, values in rows
        for place, value in zip(places, values, strict=True)
    ]
    items = [OpenItem(place, row_id, owner, value) for place, row_id, owner, value in sealed if value is not None]
    texts = iter(vault_of(work.session).open_many(work.session, items, pass_over=True))
    found = (None if value is None else next(texts) for *_, value in sealed)
    return [None if text is None else TEXT.decode(text) for text in found]
