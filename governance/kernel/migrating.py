"""Migrations, run by Alembic; `schema` loads this where there is something to migrate, and no other process does."""

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.pool import NullPool

from governance.kernel.db import sqlalchemy_url
from governance.kernel.errors import ConfigurationError
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
        current = _current(connection)
        backwards = revision == "base" or (current is not None and revision != "head" and revision < current)
        (command.downgrade if backwards else command.upgrade)(config, revision)


def _current(connection: Connection) -> str | None:
    exists = connection.scalar(text("SELECT to_regclass('alembic_version')"))
    current: str | None = connection.scalar(text("SELECT version_num FROM alembic_version")) if exists else None
    connection.rollback()
    return current


def head() -> str:
    """Id of the newest migration."""
    newest = ScriptDirectory.from_config(_config()).get_current_head()
    if newest is None:
        raise ConfigurationError("The folder of migrations is empty.")
    return newest
