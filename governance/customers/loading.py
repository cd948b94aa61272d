"""Reading many sealed rows with few statements: rows by one, the keys of a compartment by one more."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select

from governance.customers.codes import ContactKind
from governance.customers.records import Json
from governance.customers.tables import ContactRow, PersonRow
from governance.kernel.work import Work
from governance.policies.classification import Compartment
from governance.vault.ciphers import cipher_name
from governance.vault.errors import ShreddedError
from governance.vault.new_keys import FIRST_GENERATION
from governance.vault.orm import SealedRow
from governance.vault.runtime import vault_of


def warm(work: Work, rows: Iterable[SealedRow], compartment: Compartment) -> None:
    """Fetch the keys that opening *rows* will need, in one statement, unless they are at hand."""
    vault = vault_of(work.session)
    owners = {row.owner_id for row in rows}
    missing = [
        owner for owner in owners if vault.cache.get(cipher_name(owner, compartment.value, FIRST_GENERATION)) is None
    ]
    if len(missing) > 1:  # a single one is fetched by the first reading, which also knows keys made just now
        vault.owners.load(work.session, missing, compartment.value)


def opened(row: SealedRow, name: str) -> Any:  # noqa: ANN401 (text or JSON, as the field's kind says)
    """A sealed value in the clear; None where its key was shredded, as if it had never been."""
    try:
        return getattr(row, name)
    except ShreddedError:
        return None


def people_of(work: Work, ids: Iterable[UUID]) -> list[PersonRow]:
    """People by id who were not merged into others, their profiles ready to be opened."""
    wanted = list(ids)
    if not wanted:
        return []
    query = select(PersonRow).where(PersonRow.id.in_(wanted), PersonRow.merged_into.is_(None)).order_by(PersonRow.id)
    rows = list(work.session.scalars(query))
    warm(work, rows, Compartment.PROFILE)
    return rows


def contacts_of(work: Work, people: Iterable[UUID]) -> dict[UUID, list[ContactRow]]:
    """Contacts by person, primary ones first, then the oldest, ready to be opened."""
    wanted = list(people)
    query = select(ContactRow).where(ContactRow.person_id.in_(wanted))
    rows = list(work.session.scalars(query.order_by(ContactRow.is_primary.desc(), ContactRow.id))) if wanted else []
    warm(work, rows, Compartment.CONTACT)
    found: dict[UUID, list[ContactRow]] = defaultdict(list)
    for row in rows:
        found[row.person_id].append(row)
    return found


_SNAPSHOT = ("family_name", "given_name", "patronymic", "organisation", "region", "city", "street", "postcode")


def snapshots(work: Work, people: Sequence[PersonRow]) -> dict[UUID, dict[str, Json]]:
    """By person, who the buyer is at this moment: name, address, e-mail and phones, as a purchase keeps them."""
    warm(work, people, Compartment.PROFILE)
    contacts = contacts_of(work, [person.id for person in people])
    return {person.id: _snapshot(person, contacts.get(person.id, [])) for person in people}


def _snapshot(person: PersonRow, contacts: Sequence[ContactRow]) -> dict[str, Json]:
    told: dict[str, Json] = {name: value for name in _SNAPSHOT if (value := opened(person, name))}
    if person.country:
        told["country"] = person.country
    for kind in (ContactKind.EMAIL, ContactKind.PHONE):
        values: list[Json] = [value for row in contacts if row.kind == kind and (value := opened(row, "value"))]
        if values:
            told[kind.value] = values
    return told
