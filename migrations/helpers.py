"""What migrations share: the names of the roles and the grants."""

from alembic import context, op
from sqlalchemy import text


def owner_role() -> str:
    """The NOLOGIN role that owns every table."""
    return f"{context.config.attributes['role_prefix']}_owner"


def app_role() -> str:
    """The role that the service connects as."""
    return f"{context.config.attributes['role_prefix']}_app"


def grant(table: str, privileges: str) -> None:
    """Grant *privileges* (for example "SELECT, INSERT") on *table* to the service's role."""
    op.execute(text(f'GRANT {privileges} ON {table} TO "{app_role()}"'))


def grant_execute(function: str) -> None:
    """Let the service's role, and nobody else, call *function* (with its argument types)."""
    op.execute(text(f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC"))
    op.execute(text(f'GRANT EXECUTE ON FUNCTION {function} TO "{app_role()}"'))
