"""Figures of freshness and quality, day by day."""

import sqlalchemy as sa
from alembic import op

from migrations.helpers import grant

revision = "0026"
down_revision: str | None = "0025"

CODE = sa.String(50)


def _count(name: str, *, needed: bool = True) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=not needed)


def _of_day() -> sa.Column[object]:
    return sa.Column("day", sa.Date(), sa.ForeignKey("base_snapshot.day", ondelete="CASCADE"), primary_key=True)


def upgrade() -> None:
    """A snapshot of a day taken again replaces the one before."""
    op.create_table(
        "base_snapshot",
        sa.Column("day", sa.Date(), primary_key=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        _count("people"),
        _count("unverified"),
        _count("unreviewed"),
        sa.CheckConstraint("people >= 0 AND unverified BETWEEN 0 AND people AND unreviewed >= 0", name="counts"),
    )
    op.create_table(
        "base_freshness",
        _of_day(),
        *(sa.Column(name, CODE, primary_key=True) for name in ("purpose", "channel", "outcome", "reason")),
        _count("people"),
        sa.CheckConstraint("people >= 1", name="somebody"),
        sa.CheckConstraint("outcome IN ('mailable', 'may_be_asked', 'ask_elsewhere', 'silent')", name="outcome_known"),
    )
    op.create_table(
        "base_quality",
        _of_day(),
        sa.Column("field", CODE, primary_key=True),
        _count("filled"),
        _count("valid"),
        _count("verified", needed=False),
        sa.CheckConstraint("valid BETWEEN 0 AND filled AND verified BETWEEN 0 AND filled", name="counts"),
    )
    for table in ("base_snapshot", "base_freshness", "base_quality"):
        grant(table, "SELECT, INSERT, DELETE")


def downgrade() -> None:
    """Drop the tables."""
    for table in ("base_quality", "base_freshness", "base_snapshot"):
        op.drop_table(table)
