"""Which PostgreSQL a store lives in, and as whom to log in: the one that settings name, or the embedded one.

The service logs in as `<prefix>_app` and nothing more, its backups included. An administrator is needed by set-up,
migration and restore. Where settings give one URL only and it is an administrator's, the service's own is made of it
with the password that `init` kept in `secrets/database.json`.
"""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import field
from typing import Final

from psycopg.conninfo import conninfo_to_dict

from governance.kernel.cluster import FOLDER, SUPERUSER
from governance.kernel.db import psycopg_url, sqlalchemy_url
from governance.kernel.embedded import EmbeddedPostgres, lease
from governance.kernel.errors import ConfigurationError
from governance.kernel.passwords import read_passwords
from governance.kernel.records import frozen
from governance.kernel.roles import Roles
from governance.kernel.settings import Settings

ELSEWHERE: Final = "external-database"
"""File of secrets that tells where the database of a store is, if it is not in the data folder; no password."""


@frozen
class Server:
    """The server of a store, reachable while this is held.

    Attributes:
        roles: names of the database roles.
        embedded: the lease, where the server is ours.
    """

    settings: Settings
    roles: Roles
    embedded: EmbeddedPostgres | None = field(default=None, repr=False)

    def app_url(self) -> str:
        """URL of the service's own role.

        Raises:
            ConfigurationError: the store was not set up yet, or the role's password is lost.
        """
        given = self.settings.database_url
        if given is not None and _user(given) == self.roles.app:
            return psycopg_url(given)
        try:
            password = read_passwords(self.settings.data_dir)[self.roles.app]
        except KeyError:
            raise ConfigurationError(
                f"{self.settings.secrets_dir / 'database.json'} has no password of the role {self.roles.app}; "
                "run: governance init"
            ) from None
        if self.embedded is not None:
            return self.embedded.url(self.roles.app, password, self.database_name)
        url = sqlalchemy_url(self.admin_url()).set(username=self.roles.app, password=password)
        return psycopg_url(url.render_as_string(hide_password=False))

    def admin_url(self) -> str:
        """URL of an administrator, in the store's database (which may not stand yet where the server is embedded).

        Raises:
            ConfigurationError: settings name no administrator.
        """
        if self.embedded is not None:
            return self.embedded.superuser_url(self.database_name)
        given = self.settings.database_admin_url or self.settings.database_url
        if given is None or _user(given) == self.roles.app:
            raise ConfigurationError("This needs an administrator of the database: set GOVERNANCE_DATABASE_ADMIN_URL.")
        return psycopg_url(given)

    @property
    def has_administrator(self) -> bool:
        """Whether settings name an administrator."""
        given = self.settings.database_admin_url or self.settings.database_url
        return self.embedded is not None or (given is not None and _user(given) != self.roles.app)

    def backup_url(self) -> str:
        """URL of who makes backups: the service's own role, unless GOVERNANCE_DATABASE_ADMIN_URL names another.

        Raises:
            ConfigurationError: settings name no connection that pg_dump could use.
        """
        named = self.settings.database_admin_url
        if self.embedded is None and named is not None:
            return psycopg_url(named)
        if self.embedded is None and self.settings.prepare_threshold < 0:
            # pg_dump sets up its session before it begins a transaction; a pooler would hand that on to the service.
            raise ConfigurationError(
                "Backups do not go through a pooler: set GOVERNANCE_DATABASE_ADMIN_URL to the address of the server "
                "itself (the role of GOVERNANCE_DATABASE_URL will do)."
            )
        return self.app_url()

    def maintenance_url(self) -> str:
        """URL of an administrator from which the store's own database can be made."""
        return self.embedded.superuser_url() if self.embedded is not None else self.admin_url()

    def client_environment(self, url: str | None = None) -> dict[str, str]:
        """Variables that let PostgreSQL's programs log in by *url*, else as administrator; arguments show in `ps`."""
        told = conninfo_to_dict(url or self.admin_url())
        names = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD", "dbname": "PGDATABASE"}
        names |= {"sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT"}
        return {variable: str(told[name]) for name, variable in names.items() if told.get(name) is not None}

    @property
    def database_name(self) -> str:
        """Name of the store's database on the embedded server."""
        return self.settings.role_prefix


@contextlib.contextmanager
def reach(settings: Settings) -> Iterator[Server]:
    """Reach the server of a store; the embedded one runs at least as long as it is held.

    Raises:
        ConfigurationError: folder or settings do not admit it.
        UnavailableError: the embedded server does not start.
    """
    roles = Roles(settings.role_prefix)
    if settings.database_url is not None or settings.database_admin_url is not None:
        yield Server(settings, roles)
        return
    _require_embedded(settings)
    with lease(settings.data_dir) as embedded:
        yield Server(settings, roles, embedded)


def remember_place(server: Server) -> None:
    """Write down beside the secrets that the store lives in a database elsewhere; nothing where it is embedded."""
    if server.embedded is not None:
        return
    url = sqlalchemy_url(server.admin_url() if server.has_administrator else server.app_url())
    place = f"{url.query.get('host') or url.host or 'localhost'}:{url.port or 5432}/{url.database}\n"
    path = server.settings.secrets_dir / ELSEWHERE
    if not path.exists() or path.read_text("utf-8") != place:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(place)


def _require_embedded(settings: Settings) -> None:
    """Refuse to start an empty server for a store whose data is elsewhere: somebody forgot a variable.

    Raises:
        ConfigurationError: the store was made in a database elsewhere.
    """
    mark = settings.secrets_dir / ELSEWHERE
    passwords = read_passwords(settings.data_dir)
    if mark.exists():
        where = f"in {mark.read_text('utf-8').strip()}"
    elif passwords and SUPERUSER not in passwords and not (settings.data_dir / FOLDER).exists():
        where = "elsewhere"  # the embedded server's first act is to keep the password of its superuser
    else:
        return
    raise ConfigurationError(
        f"The database of the store in {settings.data_dir} is {where}, not in the data folder; set "
        f"GOVERNANCE_DATABASE_URL. (To move it into the data folder: remove {mark}, then governance restore.)"
    )


def _user(url: str) -> str | None:
    return sqlalchemy_url(url).username
