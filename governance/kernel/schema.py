"""Roles, database and schema: made by `init`, brought up to date by `migrate`."""

from pathlib import Path

import psycopg
from psycopg import sql

from governance.kernel.db import psycopg_url, sqlalchemy_url
from governance.kernel.errors import ConfigurationError
from governance.kernel.late import load
from governance.kernel.roles import Roles

__all__ = ["Roles", "create_database", "head", "migrate", "provision"]

ROOT = Path(__file__).resolve().parents[2]
MINIMUM_SERVER = 180000
"""PostgreSQL 18 as `server_version_num`."""


def provision(admin_url: str, *, roles: Roles, app_password: str) -> None:
    """Make the roles and hand the schema of the database in *admin_url* to the owner role. Idempotent.

    Raises:
        ConfigurationError: where the server is older than PostgreSQL 18 or the role of *admin_url* may not do this.
    """
    try:
        with psycopg.connect(psycopg_url(admin_url), autocommit=True) as connection:
            _provision(connection, roles=roles, app_password=app_password)
    except psycopg.errors.InsufficientPrivilege:
        raise ConfigurationError(
            "The database role given may not create roles; name an administrator in GOVERNANCE_DATABASE_ADMIN_URL."
        ) from None


def _provision(connection: psycopg.Connection[tuple[object, ...]], *, roles: Roles, app_password: str) -> None:
    if connection.info.server_version < MINIMUM_SERVER:
        raise ConfigurationError("PostgreSQL 18 or newer is needed.")
    owner, app = sql.Identifier(roles.owner), sql.Identifier(roles.app)
    for role, attributes in ((roles.owner, sql.SQL("NOLOGIN")), (roles.app, sql.SQL("LOGIN NOINHERIT"))):
        known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,)).fetchone()
        verb = sql.SQL("ALTER" if known else "CREATE")
        connection.execute(sql.SQL("{} ROLE {} {}").format(verb, sql.Identifier(role), attributes))
    # Hashed here: a failing statement may reach the server's log, and only superusers can keep it from there.
    verifier = connection.pgconn.encrypt_password(app_password.encode(), roles.app.encode(), b"scram-sha-256").decode()
    connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(app, sql.Literal(verifier)))
    superuser = connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone()
    if superuser != (True,):
        connection.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(owner))
    database = sql.Identifier(connection.info.dbname)
    for statement in (
        sql.SQL("ALTER SCHEMA public OWNER TO {}").format(owner),
        sql.SQL("REVOKE ALL ON SCHEMA public FROM PUBLIC"),
        sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(app),
        sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(database),
        sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {} TO {}").format(database, app),
        sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(database, owner),
    ):
        connection.execute(statement)


def create_database(admin_url: str, name: str) -> str:
    """Make the empty database *name* beside the one in *admin_url* unless it stands; answers its URL."""
    with psycopg.connect(psycopg_url(admin_url), autocommit=True) as connection:
        known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone()
        if not known:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return psycopg_url(sqlalchemy_url(admin_url).set(database=name).render_as_string(hide_password=False))


def migrate(admin_url: str, *, roles: Roles, revision: str = "head") -> None:
    """Bring the schema to *revision*, forward or back, as the owner role.

    Args:
        admin_url: URL of a role that may `SET ROLE` to the owner.
        roles: names to grant to.
        revision: `head`, `base` or a revision id.
    """
    load("governance.kernel.migrating:migrate")(admin_url, roles=roles, revision=revision)


def head() -> str:
    """Id of the newest migration."""
    found: str = load("governance.kernel.migrating:head")()
    return found
