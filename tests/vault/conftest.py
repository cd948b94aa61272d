"""A database with the table of specimens in it, shared by the tests of this package and emptied before each."""

from collections.abc import Iterator
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from governance.kernel.db import Database, sqlalchemy_url
from governance.vault.keyring import Keyring
from tests.conftest import NOW, Store, clone, open_database
from tests.vault import models
from tests.vault.making import make_specimen


@pytest.fixture(scope="session")
def specimen_server(server_url: str, template: Store) -> Iterator[Store]:
    """A clone with the table of specimens."""
    with clone(server_url, template) as store:
        admin = create_engine(sqlalchemy_url(store.admin_url), poolclass=NullPool)
        models.create(admin, store.roles.app)
        yield store


@pytest.fixture(scope="session")
def specimen_keyring(tmp_path_factory: pytest.TempPathFactory) -> Keyring:
    return Keyring.create(tmp_path_factory.mktemp("ring") / "keyring.json", now=NOW)


@pytest.fixture
def specimen_store(specimen_server: Store) -> Store:
    """The table of specimens, empty."""
    with psycopg.connect(specimen_server.admin_url) as connection:
        connection.execute("DELETE FROM specimen")
    return specimen_server


@pytest.fixture
def database(specimen_store: Store, specimen_keyring: Keyring) -> Iterator[Database]:
    opened = open_database(specimen_store, specimen_keyring)
    yield opened
    opened.dispose()


@pytest.fixture
def another_process(specimen_store: Store, specimen_keyring: Keyring) -> Iterator[Database]:
    """A second engine with a vault and a cache of its own over the same database and keyring file."""
    opened = open_database(specimen_store, Keyring(specimen_keyring.path))
    yield opened
    opened.dispose()


@pytest.fixture
def ada(database: Database) -> UUID:
    """Id of a stored specimen."""
    with database.sessions.begin() as session:
        row = make_specimen(
            session, name="Ada Lovelace", card="4000 1234", contact="ada@example.org", extra={"likes": ["looms"]}
        )
        return row.id
