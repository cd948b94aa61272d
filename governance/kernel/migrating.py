"""Migrations, run by Alembic; `schema` loads this where there is something to migrate, and no other process does."""

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from psycopg.errors import LockNotAvailable
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from governance.kernel.db import sqlalchemy_url
from governance.kernel.errors import ConfigurationError, ConflictError
from governance.kernel.roles import Roles
from governance.kernel.schema import ROOT


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations").replace("%", "%%"))
    config.set_main_option("prepend_sys_path", str(ROOT).replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    return config


def migrate(admin_url: str, *, roles: Roles, revision: str = "head") -> None:
    """Bring the schema to *revision*, as `schema.migrate` says."""
    engine = create_engine(sqlalchemy_url(admin_url), poolclass=NullPool, hide_parameters=True)
    with engine.connect() as connection:
        config = _config()
        config.attributes["connection"] = connection
        config.attributes["role_prefix"] = roles.prefix
        current = _current(connection, ScriptDirectory.from_config(config))
        backwards = revision == "base" or (current is not None and revision != "head" and revision < current)
        try:
            (command.downgrade if backwards else command.upgrade)(config, revision)
        except OperationalError as error:
            if not isinstance(error.orig, LockNotAvailable):
                raise
            raise ConflictError(
                "Somebody holds tables of the store; stop the service, on all hosts, then run: governance migrate"
            ) from None


def _current(connection: Connection, chain: ScriptDirectory) -> str | None:
    """Id of the migration that the database stands at.

    Migrations that change nothing are left out of the chain; who stands at one of those stands at the one before it.
    """
    exists = connection.scalar(text("SELECT to_regclass('alembic_version')"))
    current: str | None = connection.scalar(text("SELECT version_num FROM alembic_version")) if exists else None
    if current is not None:
        known = max(one.revision for one in chain.walk_revisions() if one.revision <= current)
        told = text("UPDATE alembic_version SET version_num = :known WHERE version_num <> :known")
        connection.execute(told, {"known": known})
        connection.commit()
        return known
    connection.rollback()
    return None


def head() -> str:
    """Id of the newest migration."""
    newest = ScriptDirectory.from_config(_config()).get_current_head()
    if newest is None:
        raise ConfigurationError("The folder of migrations is empty.")
    return newest
