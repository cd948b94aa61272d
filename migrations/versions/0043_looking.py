"""What the pages of officers show in charts, counted by night: consents by month, and what comes due."""

import sqlalchemy as sa
from alembic import op

from migrations.helpers import grant

revision = "0043"
down_revision: str | None = "0042"

INSTANT = sa.DateTime(timezone=True)
TABLES = ("consent_month", "retention_month")


def upgrade() -> None:
    """Counts alone, by month; months that are over keep what was counted in them."""
    op.create_table(
        "consent_month",
        sa.Column("month", sa.Date(), primary_key=True),
        sa.Column("purpose", sa.String(50), primary_key=True),
        sa.Column("given", sa.BigInteger(), nullable=False),
        sa.Column("stopped", sa.BigInteger(), nullable=False),
        sa.Column("counted_at", INSTANT, nullable=False),
        sa.CheckConstraint("given >= 0 AND stopped >= 0", name="counts"),
    )
    op.create_table(
        "retention_month",
        sa.Column("policy_key", sa.String(50), primary_key=True),
        sa.Column("month", sa.Date(), primary_key=True),
        sa.Column("overdue", sa.Boolean(), primary_key=True),
        sa.Column("people", sa.BigInteger(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("counted_at", INSTANT, nullable=False),
        sa.CheckConstraint("people >= 0 AND rows >= 0", name="counts"),
    )
    for table in TABLES:
        grant(table, "SELECT, INSERT, UPDATE, DELETE")


def downgrade() -> None:
    """Drop the counts."""
    for table in TABLES:
        op.drop_table(table)
