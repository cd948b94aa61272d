"""A store opened for use: its server reached, its schema, keys and log found to be what they should be."""

import contextlib
from collections.abc import Iterator
from typing import Final

from governance.audit.operations import verify_enforcement
from governance.custody.places import Places
from governance.custody.tombstones import INFO, Tombstones
from governance.custody.tongues import take_up_languages
from governance.kernel.db import Database
from governance.kernel.errors import ConfigurationError
from governance.kernel.folders import require_private
from governance.kernel.outage import outage_named
from governance.kernel.records import frozen
from governance.kernel.revision import require_newest
from governance.kernel.server import Server, reach
from governance.kernel.settings import PUBLIC_BASE, Settings
from governance.vault.keyring import Keyring
from governance.vault.listener import KeyListener
from governance.vault.runtime import Vault
from governance.vault.unreadable import Unreadables

KEYRING: Final = "keyring.json"


class UnprotectedLogError(ConfigurationError):
    """Triggers, grants or functions that keep the audit log from being changed are missing or were altered."""

    slug = "audit-unprotected"


@frozen
class Store:
    """An open store.

    Attributes:
        server: where it lives, with the URLs of its roles.
        database: sessions of the service's role, which seal and open.
    """

    settings: Settings
    server: Server
    database: Database
    keyring: Keyring
    vault: Vault


@contextlib.contextmanager
def open_store(settings: Settings, *, listen: bool = False) -> Iterator[Store]:
    """Open the store that *settings* name.

    Args:
        settings: which store.
        listen: hear of shredded keys at once, for processes that live long.

    Raises:
        ConfigurationError: the store was not set up yet, or its folder, roles or settings do not admit it.
        KeyringError: the keyring is missing, or not the one that this database was sealed with.
        SchemaOutdatedError: schema and release do not belong together.
        UnavailableError: the database does not answer.
    """
    if settings.secrets_dir.is_dir():
        require_private(settings.secrets_dir)
    take_up_languages(settings.data_dir)
    keyring = Keyring(settings.secrets_dir / KEYRING)  # first, so that a wrong folder does not get a server
    with reach(settings) as server:
        database = Database(
            server.app_url(), pool_size=settings.pool_size, prepare_threshold=settings.prepare_threshold
        )
        try:
            vault = _install(database, keyring)
            vault.unreadable = Unreadables(Places(settings.data_dir).unreadable)
            database.remember(**{INFO: Tombstones(Places(settings.data_dir).tombstones)})
            database.remember(**{PUBLIC_BASE: settings.public_base})
            with _listening(database, vault) if listen else contextlib.nullcontext():
                yield Store(settings, server, database, keyring, vault)
        finally:
            database.dispose()


def require_protected_log(database: Database) -> None:
    """Check that the database itself still refuses changes to the log; asked before the service takes requests.

    Raises:
        UnprotectedLogError: it does not; the detail says what is missing.
        UnavailableError: the database does not answer.
    """
    with outage_named(), database.sessions() as session:
        missing = verify_enforcement(session.connection())
    if missing:
        raise UnprotectedLogError(
            f"The database no longer protects the audit log: {'; '.join(missing)}. Find out who changed it; "
            "`governance doctor` tells more."
        )


def _install(database: Database, keyring: Keyring) -> Vault:
    with outage_named():
        with database.sessions() as session:
            require_newest(session)
        return Vault.install(database, keyring)


@contextlib.contextmanager
def _listening(database: Database, vault: Vault) -> Iterator[None]:
    listener = KeyListener(database, vault)
    listener.start()
    try:
        yield
    finally:
        listener.stop()
