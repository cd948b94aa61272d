"""What a law wants kept goes by its own date.

A step knows on which day the first of its rows may go, and what went before the rest has receipts of its own.
"""

import sqlalchemy as sa
from alembic import op

from migrations.helpers import app_role, grant

revision = "0036"
down_revision: str | None = "0035"


INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Know the first day on which something kept may go."""
    op.add_column("erasure_step", sa.Column("first_until", sa.Date()))
    op.add_column("erasure_step", sa.Column("in_force", sa.Boolean(), nullable=False, server_default=sa.text("true")))
    # Long ago for purchases, so that each erasure is looked at once; which day is the first is found out then.
    op.execute("UPDATE erasure_step SET first_until = until WHERE state = 'kept'")
    op.execute("UPDATE erasure_step SET first_until = '1970-01-01' WHERE state = 'kept' AND step = 'finance'")
    op.drop_index("ix_erasure_step_until", "erasure_step")
    kept = sa.text("state = 'kept'")
    op.create_index("ix_erasure_step_first_until", "erasure_step", ["first_until"], postgresql_where=kept)
    op.create_check_constraint(
        op.f("ck_erasure_step_kept_from_a_day"),
        "erasure_step",
        "state <> 'kept' OR first_until IS NOT NULL AND first_until <= until",
    )
    grant("erasure_step", "UPDATE (first_until, in_force)")
    grant("erasure_target", "UPDATE (owners)")
    nobody = sa.text("person_id IS NULL")
    op.create_index("ix_purchase_kept", "purchase", ["paid_at", "id"], postgresql_where=nobody)
    op.create_table(
        "erasure_part",
        sa.Column("erasure_id", sa.Uuid(), sa.ForeignKey("erasure.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("entry", sa.Uuid(), primary_key=True),
        sa.Column("step", sa.String(32), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.CheckConstraint("rows >= 1", name="something"),
    )
    grant("erasure_part", "SELECT, INSERT, DELETE")


def downgrade() -> None:
    """Know the last day alone."""
    op.execute(f'REVOKE UPDATE (owners) ON erasure_target FROM "{app_role()}"')
    op.drop_table("erasure_part")
    op.drop_index("ix_purchase_kept", "purchase")
    op.drop_constraint(op.f("ck_erasure_step_kept_from_a_day"), "erasure_step")
    op.drop_index("ix_erasure_step_first_until", "erasure_step")
    op.drop_column("erasure_step", "in_force")
    op.drop_column("erasure_step", "first_until")
    kept = sa.text("state = 'kept'")
    op.create_index("ix_erasure_step_until", "erasure_step", ["until"], postgresql_where=kept)
