"""What migrations share: the names of the roles and the grants."""

from typing import Any

import sqlalchemy as sa
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


def sealed(table: str, *fields: str) -> list[sa.Column[Any] | sa.CheckConstraint]:
    """Columns of sealed fields, with the CHECK that refuses whatever does not look sealed (format version 1)."""
    made: list[sa.Column[Any] | sa.CheckConstraint] = []
    for field in fields:
        column = f"{field}_sealed"
        check = f"octet_length({column}) >= 34 AND get_byte({column}, 0) = 1 AND get_byte({column}, 1) = 1"
        made += [sa.Column(column, sa.LargeBinary()), sa.CheckConstraint(check, name=op.f(f"ck_{table}_{column}"))]
    return made


def digest(table: str, *fields: str) -> list[sa.Column[Any] | sa.CheckConstraint]:
    """Columns of blind indexes: the live version and, while one is coming in, the next."""
    made: list[sa.Column[Any] | sa.CheckConstraint] = []
    for field in fields:
        for column in (f"{field}_index", f"{field}_index_next"):
            check = f"octet_length({column}) = 17 AND get_byte({column}, 0) BETWEEN 1 AND 31"
            made += [sa.Column(column, sa.LargeBinary()), sa.CheckConstraint(check, name=op.f(f"ck_{table}_{column}"))]
    return made
