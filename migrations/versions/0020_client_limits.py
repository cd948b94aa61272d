"""Limits of API clients; keys that open demonstrations only."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.helpers import grant

revision = "0020"
down_revision: str | None = "0018"


def upgrade() -> None:
    """Clients that there are stay without limits, and open real stores."""
    op.add_column("api_client", sa.Column("purposes", postgresql.ARRAY(sa.String(50))))
    op.add_column("api_client", sa.Column("channels", postgresql.ARRAY(sa.String(32))))
    op.add_column("api_client", sa.Column("is_test", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.alter_column("api_client", "is_test", server_default=None)
    op.create_check_constraint("some_purpose", "api_client", "cardinality(purposes) >= 1")
    op.create_check_constraint("some_channel", "api_client", "cardinality(channels) >= 1")
    op.create_table(
        "demonstration",
        sa.Column("id", sa.SmallInteger(), primary_key=True, autoincrement=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("id = 1", name="one_at_most"),
    )
    grant("api_client", "UPDATE (purposes, channels)")
    grant("demonstration", "SELECT, INSERT")


def downgrade() -> None:
    """Drop the columns, and with them the limits: revoke clients that have some before."""
    op.drop_table("demonstration")
    for column in ("is_test", "channels", "purposes"):
        op.drop_column("api_client", column)
