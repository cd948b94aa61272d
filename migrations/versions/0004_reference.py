"""Versions of the controller's record."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from governance.vault.columns import sealed_check
from migrations.helpers import grant

revision = "0004"
down_revision: str | None = "0003"

SEALED = ("officer_name_sealed", "officer_email_sealed", "officer_phone_sealed")


def upgrade() -> None:
    """The service may add a version and never change one: history stays."""
    op.create_table(
        "controller_version",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("owner_id", sa.Uuid(), sa.ForeignKey("key_owner.id"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("legal_name", sa.String(300), nullable=False),
        sa.Column("registration", sa.String(100)),
        sa.Column("address", sa.String(500), nullable=False),
        sa.Column("country", sa.String(2), nullable=False),
        sa.Column("zone", sa.String(64), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("calendar", sa.String(16), nullable=False),
        sa.Column("laws", postgresql.ARRAY(sa.String(32)), nullable=False),
        sa.Column("authority", sa.String(200)),
        *(sa.Column(name, sa.LargeBinary()) for name in SEALED),
        sa.UniqueConstraint("version"),
        sa.CheckConstraint("version >= 1", name="version_counts_from_one"),
        sa.CheckConstraint("country ~ '^[A-Z]{2}$'", name="country_is_iso"),
        sa.CheckConstraint("cardinality(laws) >= 1", name="some_law"),
        *(sa.CheckConstraint(sealed_check(name), name=name) for name in SEALED),
    )
    op.create_index("ix_controller_version_owner_id", "controller_version", ["owner_id"])
    grant("controller_version", "SELECT, INSERT")


def downgrade() -> None:
    """Drop the record with its history."""
    op.drop_table("controller_version")
