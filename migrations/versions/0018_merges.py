"""Pairs that may be the same person."""

import sqlalchemy as sa
from alembic import op

from migrations.helpers import grant

revision = "0018"
down_revision: str | None = "0016"

INSTANT = sa.DateTime(timezone=True)
CODE = sa.String(32)


def upgrade() -> None:
    """Pairs go where one of the two is removed, and where nothing speaks for them any more."""
    op.create_table(
        "duplicate_pair",
        sa.Column("id", sa.Uuid(), primary_key=True),
        *(
            sa.Column(name, sa.Uuid(), sa.ForeignKey("person.id", ondelete="CASCADE"), nullable=False)
            for name in ("first_id", "second_id")
        ),
        sa.Column("score", sa.SmallInteger(), nullable=False),
        sa.Column("reasons", sa.ARRAY(CODE), nullable=False),
        sa.Column("state", CODE, nullable=False),
        sa.Column("found_at", INSTANT, nullable=False),
        sa.Column("seen_at", INSTANT, nullable=False),
        sa.Column("decided_at", INSTANT),
        sa.Column("decided_by_kind", CODE),
        sa.Column("decided_by", sa.Uuid()),
        sa.UniqueConstraint("first_id", "second_id"),
        sa.CheckConstraint("first_id < second_id", name="in_order"),
        sa.CheckConstraint("score BETWEEN 0 AND 100", name="score_is_percent"),
        sa.CheckConstraint("cardinality(reasons) >= 1", name="some_reason"),
        sa.CheckConstraint("state IN ('open', 'apart')", name="state_known"),
        sa.CheckConstraint("(state = 'open') = (decided_at IS NULL)", name="decided_where_it_says_so"),
    )
    op.create_index("ix_duplicate_pair_second_id", "duplicate_pair", ["second_id"])
    is_open = sa.text("state = 'open'")
    op.create_index("ix_duplicate_pair_open", "duplicate_pair", [sa.text("score DESC"), "id"], postgresql_where=is_open)
    grant(
        "duplicate_pair",
        "SELECT, INSERT, DELETE, UPDATE (score, reasons, state, seen_at, decided_at, decided_by_kind, decided_by)",
    )


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("duplicate_pair")
