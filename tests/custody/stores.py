"""Whole stores for tests of backups, set up as an operator does, with sealed details in them."""

import contextlib
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import psycopg
from sqlalchemy import select

from governance.audit import operations as audit
from governance.audit import sequencer
from governance.audit.actions import Action
from governance.audit.tables import DetailRow
from governance.custody.founding import found
from governance.custody.opening import Store, open_store
from governance.custody.signing import signer_of
from governance.custody.swapping import neighbours
from governance.kernel.clock import FixedClock
from governance.kernel.embedded import lease
from governance.kernel.ids import OwnerId, uuid7
from governance.kernel.server import Server, reach
from governance.kernel.settings import Secret, Settings
from governance.kernel.work import OPERATOR, open_work
from governance.vault.compartments import OwnerKind
from governance.vault.errors import ShreddedError
from governance.vault.runtime import vault_of
from tests.conftest import NOW
from tests.servers import CARELESS
from tests.stores import Store as Lent
from tests.stores import clone

CANARY = "canary-Воробьева-7f3a"


def at(minutes: float) -> FixedClock:
    return FixedClock(NOW + timedelta(minutes=minutes))


@contextlib.contextmanager
def served(data_dir: Path, *, role_prefix: str = "governance") -> Iterator[Server]:
    """A server in *data_dir* that does not wait for disks."""
    settings = Settings(data_dir=data_dir, backup_keep=2, role_prefix=role_prefix)
    with lease(data_dir, settings=CARELESS), reach(settings) as server:
        yield server


@contextlib.contextmanager
def elsewhere(data_dir: Path, server_url: str, template: Lent) -> Iterator[Server]:
    """The server of all tests, for a data folder and a copy of the template, which must not be in use just then."""
    with clone(server_url, template) as lent:
        settings = Settings(
            data_dir=data_dir,
            backup_keep=2,
            database_url=Secret(lent.app_url),
            database_admin_url=Secret(lent.admin_url),
            role_prefix=lent.roles.prefix,
        )
        with reach(settings) as server:
            yield server
            beside = neighbours(server)
    with psycopg.connect(server_url, autocommit=True) as connection:
        for left in (beside.replaced, beside.fresh):
            connection.execute(f'DROP DATABASE IF EXISTS "{left}" WITH (FORCE)')


def environment(settings: Settings) -> dict[str, str]:
    """Variables by which a program finds a store elsewhere."""
    url, admin_url = settings.database_url, settings.database_admin_url
    assert url is not None
    assert admin_url is not None
    return {
        "GOVERNANCE_DATA_DIR": str(settings.data_dir),
        "GOVERNANCE_DATABASE_URL": url,
        "GOVERNANCE_DATABASE_ADMIN_URL": admin_url,
        "GOVERNANCE_ROLE_PREFIX": settings.role_prefix,
    }


@contextlib.contextmanager
def founded(data_dir: Path, server_url: str, template: Lent) -> Iterator[Store]:
    """A store that was set up just now."""
    with elsewhere(data_dir, server_url, template) as server:
        found(server, clock=at(0), say=lambda _: None)
        with open_store(server.settings) as store:
            yield store


def remember(store: Store, *values: str, at_: datetime = NOW) -> list[UUID]:
    """Seal each value for a person of its own; answers the owners."""
    owners = [uuid7() for _ in values]
    with open_work(store.database, OPERATOR, clock=FixedClock(at_)) as work:
        vault_of(work.session).owners.create(work.session, OwnerKind.PERSON, owners)
        for owner, value in zip(owners, values, strict=True):
            audit.append(work, Action.PERSON_EDITED, personal={"reason": value}, owner=OwnerId(owner))
    return owners


def recall(store: Store, owners: Sequence[UUID]) -> list[str | None]:
    """What is remembered of each owner; None of one who was shredded."""
    found: list[str | None] = []
    with store.database.sessions() as session:
        for owner in owners:
            row = session.scalars(select(DetailRow).where(DetailRow.owner_id == owner)).one()
            try:
                content = row.content
            except ShreddedError:
                found.append(None)
            else:
                assert content is not None
                found.append(content[32:].decode())
    return found


def sign(store: Store, minutes: float) -> None:
    """Give all entries their place, and sign."""
    sequencer.drain(store.database)
    signer_of(store).sign(clock=at(minutes))
