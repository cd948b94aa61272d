"""What every package shares: the record of idempotent requests."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import text

from migrations.helpers import app_role, grant

revision = "0001"
down_revision: str | None = None


# pg_dump asks for each partition and sequence by itself. The service's role may read all tables anyway; so it can make
# backups, and no process that runs day and night needs an administrator's password.
READABLE = ("TABLES", "SEQUENCES")
IN_FUTURE = "ALTER DEFAULT PRIVILEGES IN SCHEMA public"


def upgrade() -> None:
    """Requests that a caller may repeat: HMAC of the body, status and id of what was made, for 24 hours."""
    for kind in READABLE:
        op.execute(text(f'{IN_FUTURE} GRANT SELECT ON {kind} TO "{app_role()}"'))
    op.create_table(
        "idempotent_request",
        sa.Column("caller", sa.String(80), nullable=False),
        sa.Column("key_digest", sa.LargeBinary(), nullable=False),
        sa.Column("request_digest", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=True),
        sa.Column("object_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("caller", "key_digest", name="pk_idempotent_request"),
    )
    op.create_index("ix_idempotent_request_created_at", "idempotent_request", ["created_at"])
    grant("idempotent_request", "SELECT, INSERT, UPDATE, DELETE")
    grant("alembic_version", "SELECT")


def downgrade() -> None:
    """Drop the record."""
    op.drop_table("idempotent_request")
    for kind in READABLE:
        op.execute(text(f'{IN_FUTURE} REVOKE SELECT ON {kind} FROM "{app_role()}"'))  # noqa: S608 - names of our own
