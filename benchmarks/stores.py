"""A store for one benchmark: embedded PostgreSQL with production settings, migrated, keyed, removed at the end."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from governance.kernel import schema
from governance.kernel.db import Database
from governance.kernel.embedded import lease
from governance.vault.keyring import Keyring
from governance.vault.runtime import Vault

PASSWORD = "benchmark-only"
ROLES = schema.Roles("governance")


@dataclass(frozen=True, slots=True)
class BenchStore:
    """A store while its benchmark runs.

    Attributes:
        data_dir: its data folder.
        admin_url, app_url: superuser and service.
        database: the service's engine and sessions, with the vault.
        keyring: its keys.
    """

    data_dir: Path
    admin_url: str
    app_url: str
    database: Database
    keyring: Keyring


@contextmanager
def bench_store(*, pool_size: int = 8) -> Iterator[BenchStore]:
    """Make a store, give it, and remove it."""
    with tempfile.TemporaryDirectory(prefix="governance-bench-") as folder:
        data_dir = Path(folder) / "store"
        with lease(data_dir) as server:
            admin = schema.create_database(server.superuser_url("postgres"), "governance")
            schema.provision(admin, roles=ROLES, app_password=PASSWORD)
            schema.migrate(admin, roles=ROLES)
            keyring = Keyring.create(data_dir / "secrets" / "keyring.json", now=datetime.now(UTC))
            app_url = server.url(ROLES.app, PASSWORD, "governance")
            database = Database(app_url, pool_size=pool_size)
            Vault.install(database, keyring)
            try:
                yield BenchStore(data_dir, admin, app_url, database, keyring)
            finally:
                database.dispose()
