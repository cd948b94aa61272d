"""A store of each test's own, with the specimens of the vault's tests in it and versions that pass quickly."""

from collections.abc import Callable, Iterator
from uuid import UUID, uuid4

import psycopg
import pytest
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from governance.custody.rows import IndexedField, indexed_fields
from governance.kernel.db import Database, sqlalchemy_url
from governance.vault.compartments import OwnerKind
from governance.vault.keyring import Keyring
from governance.vault.runtime import Vault, vault_of
from tests.conftest import Store, Stores, clone, lent_store
from tests.vault import models
from tests.vault.models import Specimen

TTL_SECONDS = 0.05


@pytest.fixture(scope="session")
def specimen_stores(server_url: str, template: Store) -> Iterator[Stores]:
    """Stores with the table of specimens; no two of them hold the same card."""
    with clone(server_url, template) as pattern:
        admin = create_engine(sqlalchemy_url(pattern.admin_url), poolclass=NullPool)
        models.create(admin, pattern.roles.app)
        with psycopg.connect(pattern.admin_url, autocommit=True) as connection:
            connection.execute("CREATE UNIQUE INDEX uq_card ON specimen (card_index)")
            connection.execute("CREATE UNIQUE INDEX uq_card_next ON specimen (card_index_next)")
        found = Stores(server_url, pattern)
        yield found
        found.end()


@pytest.fixture
def specimen_store(specimen_stores: Stores) -> Iterator[Store]:
    """One of them, for this test alone."""
    with lent_store(specimen_stores) as store:
        yield store


@pytest.fixture
def start_process(specimen_store: Store, keyring: Keyring) -> Iterator[Callable[[], Database]]:
    """Starts what stands for a process: an engine, a keyring read from the file, a vault with a cache of its own."""
    opened: list[Database] = []

    def start() -> Database:
        database = Database(specimen_store.app_url, pool_size=2)
        Vault.install(database, Keyring(keyring.path), versions_ttl_seconds=TTL_SECONDS)
        opened.append(database)
        return database

    yield start
    for database in opened:
        database.dispose()


@pytest.fixture
def database(start_process: Callable[[], Database]) -> Database:
    return start_process()


@pytest.fixture
def fields() -> list[IndexedField]:
    return indexed_fields((Specimen,))


@pytest.fixture
def people(database: Database) -> list[UUID]:
    """Ids of forty specimens, card and contact numbered."""
    owners = [uuid4() for _ in range(40)]
    with database.sessions.begin() as session:
        vault_of(session).owners.create(session, OwnerKind.PERSON, owners)
        rows = [
            Specimen(owner_id=owner, kind="email", name=f"Nr {n}", card=f"card {n}", contact=f"n{n}@example.org")
            for n, owner in enumerate(owners)
        ]
        session.add_all(rows)
        return [row.id for row in rows]
