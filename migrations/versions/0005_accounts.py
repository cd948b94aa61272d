"""Staff and their roles; API clients and their keys."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from governance.vault.columns import digest_check, sealed_check
from migrations.helpers import grant

revision = "0005"
down_revision: str | None = "0004"


def upgrade() -> None:
    """Accounts are never deleted, so that the log names somebody; what is no longer true is marked so."""
    _staff()
    _clients()


def _staff() -> None:
    op.create_table(
        "staff",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("owner_id", sa.Uuid(), sa.ForeignKey("key_owner.id"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True)),
        sa.Column("name_sealed", sa.LargeBinary()),
        sa.Column("email_sealed", sa.LargeBinary()),
        sa.Column("email_index", sa.LargeBinary()),
        sa.Column("email_index_next", sa.LargeBinary()),
        sa.CheckConstraint(sealed_check("name_sealed"), name="name_sealed"),
        sa.CheckConstraint(sealed_check("email_sealed"), name="email_sealed"),
        sa.CheckConstraint(digest_check("email_index"), name="email_index"),
        sa.CheckConstraint(digest_check("email_index_next"), name="email_index_next"),
    )
    op.create_index("ix_staff_owner_id", "staff", ["owner_id"])
    op.create_index("ix_staff_email_index", "staff", ["email_index"])
    op.create_index("uq_staff_email_index", "staff", ["email_index"], unique=True)
    op.create_index("uq_staff_email_index_next", "staff", ["email_index_next"], unique=True)
    op.create_table(
        "staff_role",
        sa.Column("staff_id", sa.Uuid(), sa.ForeignKey("staff.id"), primary_key=True),
        sa.Column("role", sa.String(32), primary_key=True),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
    )
    grant(
        "staff",
        "SELECT, INSERT, UPDATE (name_sealed, email_sealed, email_index, email_index_next, disabled_at)",
    )
    grant("staff_role", "SELECT, INSERT, DELETE")


def _clients() -> None:
    op.create_table(
        "api_client",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("scopes", postgresql.ARRAY(sa.String(64)), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("cardinality(scopes) >= 1", name="some_scope"),
    )
    op.create_index(
        "uq_api_client_name_in_use",
        "api_client",
        ["name"],
        unique=True,
        postgresql_where=sa.text("revoked_at IS NULL"),
    )
    op.create_table(
        "api_client_key",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("client_id", sa.Uuid(), sa.ForeignKey("api_client.id"), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
        sa.Column("last_used_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("octet_length(digest) = 32", name="digest_is_sha256"),
    )
    op.create_index("ix_api_client_key_client_id", "api_client_key", ["client_id"])
    grant("api_client", "SELECT, INSERT, UPDATE (revoked_at)")
    grant("api_client_key", "SELECT, INSERT, UPDATE (expires_at, revoked_at, last_used_at)")


def downgrade() -> None:
    """Drop all accounts."""
    for table in ("api_client_key", "api_client", "staff_role", "staff"):
        op.drop_table(table)
