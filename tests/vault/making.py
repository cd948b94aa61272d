"""Owners and specimens for the tests of the vault."""

from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from governance.vault.compartments import OwnerKind
from governance.vault.runtime import vault_of
from tests.vault.models import Specimen


def make_owner(session: Session, kind: OwnerKind = OwnerKind.PERSON) -> UUID:
    owner = uuid4()
    vault_of(session).owners.create(session, kind, [owner])
    return owner


def make_specimen(session: Session, *, owner: UUID | None = None, **values: object) -> Specimen:
    values.setdefault("kind", "email")
    row = Specimen(owner_id=owner or make_owner(session), **values)
    session.add(row)
    session.flush()
    return row
