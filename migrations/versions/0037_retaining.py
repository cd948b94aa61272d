"""When the controller's fiscal year begins."""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision: str | None = "0036"

FISCAL = "fiscal_year_is_a_day"


def upgrade() -> None:
    """Until it is said otherwise, the fiscal year is the calendar year."""
    op.add_column("controller_version", sa.Column("fiscal_year", sa.String(5), nullable=False, server_default="01-01"))
    op.alter_column("controller_version", "fiscal_year", server_default=None)
    op.create_check_constraint(FISCAL, "controller_version", "fiscal_year ~ '^[0-9]{2}-[0-9]{2}$'")


def downgrade() -> None:
    """Go back to calendar years."""
    op.drop_column("controller_version", "fiscal_year")
