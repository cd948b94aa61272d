"""Why an approved act or export could not be carried out, in words that tell what to do."""

import sqlalchemy as sa
from alembic import op

from migrations.helpers import grant

revision = "0034"
down_revision: str | None = "0032"


def upgrade() -> None:
    """A sentence beside each slug."""
    for table in ("proposal", "export"):
        op.add_column(table, sa.Column("failure_words", sa.Text()))
        grant(table, "UPDATE (failure_words)")


def downgrade() -> None:
    """Keep the slugs alone."""
    for table in ("export", "proposal"):
        op.drop_column(table, "failure_words")
