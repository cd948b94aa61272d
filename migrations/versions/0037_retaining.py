"""When the controller's fiscal year begins, what stays of people who were made anonymous, and finding closed files."""

import sqlalchemy as sa
from alembic import op

from migrations.helpers import grant

revision = "0037"
down_revision: str | None = "0036"

FISCAL = "fiscal_year_is_a_day"
CODE = sa.String(32)


def upgrade() -> None:
    """Until it is said otherwise, the fiscal year is the calendar year."""
    op.add_column("controller_version", sa.Column("fiscal_year", sa.String(5), nullable=False, server_default="01-01"))
    op.alter_column("controller_version", "fiscal_year", server_default=None)
    op.create_check_constraint(FISCAL, "controller_version", "fiscal_year ~ '^[0-9]{2}-[0-9]{2}$'")
    op.create_table(
        "anonymous_row",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("kind", CODE, nullable=False),
        sa.Column("code", CODE, nullable=False),
        sa.Column("country", sa.String(2)),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("total", sa.Numeric()),
        sa.CheckConstraint("kind IN ('purchase', 'interaction', 'activity')", name="kind_known"),
    )
    op.create_index("ix_anonymous_row_month", "anonymous_row", ["month"])
    grant("anonymous_row", "SELECT, INSERT")
    op.create_table(
        "retention_certificate",
        sa.Column("run_id", sa.Uuid(), sa.ForeignKey("retention_run.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("entry", sa.Uuid(), nullable=False),
    )
    grant("retention_certificate", "SELECT, INSERT")
    closed = sa.text("closed_at IS NOT NULL")
    op.create_index("ix_erasure_closed_at", "erasure", ["closed_at"], postgresql_where=closed)


def downgrade() -> None:
    """Go back to calendar years; what stayed anonymously is lost."""
    op.drop_index("ix_erasure_closed_at", "erasure")
    op.drop_table("retention_certificate")
    op.drop_table("anonymous_row")
    op.drop_column("controller_version", "fiscal_year")
