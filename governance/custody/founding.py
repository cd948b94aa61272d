"""Making a store: roles, database, schema, keyring, signing key. Every step may be repeated after a crash."""

from collections.abc import Callable
from typing import Final

import psycopg

from governance.audit.errors import SigningKeyError
from governance.audit.outside import create_signing_key
from governance.custody.opening import KEYRING
from governance.custody.signing import has_signing_key, outside_of
from governance.kernel import schema
from governance.kernel.clock import Clock
from governance.kernel.db import psycopg_url, sqlalchemy_url
from governance.kernel.errors import ConfigurationError
from governance.kernel.folders import prepare_data_dir
from governance.kernel.outage import outage_named
from governance.kernel.passwords import keep_passwords, new_password, read_passwords
from governance.kernel.revision import newest, refuse_newer
from governance.kernel.server import Server, remember_place
from governance.vault.errors import KeyringError
from governance.vault.keyring import Keyring

Say = Callable[[str], None]

_CURRENT: Final = "SELECT version_num FROM alembic_version"
_SIGNED: Final = "SELECT EXISTS (SELECT FROM audit_vkey)"


def found(server: Server, *, clock: Clock, say: Say) -> None:
    """Bring a store to the point where it can be opened; what stands already is left as it is.

    Args:
        server: where it lives.
        clock: dates the first keys.
        say: tells the operator of each step that was needed.

    Raises:
        ConfigurationError: folder, roles or settings do not admit it.
        KeyringError: the database was sealed with a keyring that is not here.
        UnavailableError: the database does not answer.
    """
    settings = server.settings
    data_dir = prepare_data_dir(settings.data_dir)
    with outage_named():
        password = app_password(server)
        if not _is_current(server):
            admin = server.admin_url()
            if server.embedded is not None:
                admin = schema.create_database(server.maintenance_url(), server.database_name)
            schema.provision(admin, roles=server.roles, app_password=password)
            say(f"Database roles {server.roles.owner} and {server.roles.app} are set.")
            migrate(server, say=say)
        _make_keyring(server, clock=clock, say=say)
    remember_place(server)
    if not has_signing_key(settings.secrets_dir):
        if outside_of(data_dir).last() is not None:
            raise SigningKeyError(
                f"Checkpoints were signed, but the key is gone from {settings.secrets_dir}. Put it back from a copy; "
                "if there is none, a new key needs a new tree: governance audit open-tree --new-key"
            )
        if _is_signed(server.app_url()):
            say(
                "Checkpoints of the audit log were signed with a key that is not here; this host signs nothing. Put "
                "the key back, or if it is lost: governance audit open-tree --new-key"
            )
            return
        create_signing_key(settings.secrets_dir)
        say("The key that signs checkpoints of the audit log is made.")


def migrate(server: Server, *, say: Say) -> None:
    """Bring the schema up to this release; nothing, and no administrator needed, where it is.

    Raises:
        ConfigurationError: something is to be done, and settings name no administrator.
        SchemaOutdatedError: the schema is of a newer release.
        ConflictError: somebody holds tables of the store.
        UnavailableError: the database does not answer.
    """
    with outage_named():
        if _is_current(server):
            return
        admin = server.admin_url()
        before = stands_at(admin)
        if before == newest():
            return
        if before is not None:
            refuse_newer(before)
        schema.migrate(admin, roles=server.roles)
    say(f"The schema is at {newest()} now (before: {before or 'nothing'}).")


def app_password(server: Server) -> str:
    """The password of the service's role, on disk before the role gets it."""
    given = server.settings.database_url
    if given is not None:
        url = sqlalchemy_url(given)
        if url.username == server.roles.app and url.password:
            return url.password
    data_dir = server.settings.data_dir
    kept = read_passwords(data_dir).get(server.roles.app)
    if kept is None:
        kept = keep_passwords(data_dir, {server.roles.app: new_password()})[server.roles.app]
    return kept


def stands_at(url: str) -> str | None:
    """Id of the migration that a database stands at; None where it has no schema of ours."""
    with psycopg.connect(psycopg_url(url)) as connection:
        try:
            found = connection.execute(_CURRENT).fetchone()
        except psycopg.errors.UndefinedTable:
            return None
    return None if found is None else str(found[0])


def _is_signed(url: str) -> bool:
    with psycopg.connect(psycopg_url(url)) as connection:
        return connection.execute(_SIGNED).fetchone() == (True,)


def _is_current(server: Server) -> bool:
    """Whether the service's role logs in and finds the schema of this release, so that nothing is to be done."""
    try:
        return stands_at(server.app_url()) == newest()
    except (ConfigurationError, psycopg.errors.InsufficientPrivilege):
        return False
    except psycopg.OperationalError:
        if not server.has_administrator:
            raise
        return False


def _make_keyring(server: Server, *, clock: Clock, say: Say) -> None:
    path = server.settings.secrets_dir / KEYRING
    if path.exists():
        return
    with psycopg.connect(psycopg_url(server.app_url())) as connection:
        sealed = connection.execute("SELECT EXISTS (SELECT FROM key_epoch)").fetchone()
    if sealed == (True,):
        raise KeyringError(
            f"This database was sealed with a keyring that is missing at {path}. Put it back, or restore it from the "
            "recovery sheet (governance keys recovery); without it nothing can be read."
        )
    Keyring.create(path, now=clock.now())
    say(f"The keyring is made: {path}. Without it nothing can be read; make a recovery sheet soon.")
