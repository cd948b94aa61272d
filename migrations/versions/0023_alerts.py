"""Alerts to officers, and how many people each member of staff has revealed in a day."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.helpers import grant

revision = "0023"
down_revision: str | None = "0022"

INSTANT = sa.DateTime(timezone=True)
CODE = sa.String(32)


def upgrade() -> None:
    """An alert is written once: the service may note who saw it, and change nothing else of it."""
    op.create_table(
        "alert",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("kind", CODE, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("staff_id", sa.Uuid(), sa.ForeignKey("staff.id")),
        sa.Column("facts", postgresql.JSONB(), nullable=False),
        sa.Column("seen_by_kind", CODE),
        sa.Column("seen_by", sa.Uuid()),
        sa.Column("seen_at", INSTANT),
        sa.CheckConstraint("jsonb_typeof(facts) = 'object'", name="facts_is_object"),
        sa.CheckConstraint("(seen_at IS NULL) = (seen_by_kind IS NULL)", name="seen_by_somebody"),
    )
    op.create_index("ix_alert_unseen", "alert", ["id"], postgresql_where=sa.text("seen_at IS NULL"))
    grant("alert", "SELECT, INSERT, UPDATE (seen_by_kind, seen_by, seen_at)")
    op.create_table(
        "reading_rules",
        sa.Column("id", sa.SmallInteger(), primary_key=True, autoincrement=False),
        sa.Column("people_per_day", sa.Integer(), nullable=False),
        sa.Column("watch_unusual", sa.Boolean(), nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.CheckConstraint("id = 1", name="one_at_most"),
        sa.CheckConstraint("people_per_day >= 1", name="somebody_a_day"),
    )
    op.create_table(
        "reading_day",
        sa.Column("staff_id", sa.Uuid(), primary_key=True),
        sa.Column("day", sa.Date(), primary_key=True),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("granted", sa.Integer()),
        sa.Column("refused_told", sa.Boolean(), nullable=False),
        sa.Column("unusual_told", sa.Boolean(), nullable=False),
        sa.CheckConstraint("people >= 0", name="people_counted"),
        sa.CheckConstraint("granted >= 1", name="granted_something"),
    )
    op.create_index("ix_reading_day_day", "reading_day", ["day"])
    op.create_table(
        "reading",
        sa.Column("staff_id", sa.Uuid(), primary_key=True),
        sa.Column("day", sa.Date(), primary_key=True),
        sa.Column("subject_ref", sa.Uuid(), primary_key=True),
    )
    op.create_index("ix_reading_day", "reading", ["day"])
    for table in ("reading_rules", "reading_day", "reading"):
        grant(table, "SELECT, INSERT, UPDATE, DELETE")


def downgrade() -> None:
    """Drop the tables."""
    for table in ("reading", "reading_day", "reading_rules", "alert"):
        op.drop_table(table)
