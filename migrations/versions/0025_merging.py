"""People merged into others, with what moved, so that it can be undone."""

import sqlalchemy as sa
from alembic import op

from migrations.helpers import grant, sealed

revision = "0025"
down_revision: str | None = "0024"

INSTANT = sa.DateTime(timezone=True)
CODE = sa.String(32)
STANDING = sa.text("undone_at IS NULL")
KINDS = ("requested", "given", "confirmed", "refused", "withdrawn", "objected", "expired", "renewed", "invalidated")
UNREVIEWED = sa.text("undone_at IS NULL AND reviewed_at IS NULL")


def upgrade() -> None:
    """A merge goes where one of the two is removed."""
    op.create_table(
        "person_merge",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("owner_id", sa.Uuid(), sa.ForeignKey("key_owner.id"), nullable=False),
        *(
            sa.Column(name, sa.Uuid(), sa.ForeignKey("person.id", ondelete="CASCADE"), nullable=False)
            for name in ("into_id", "other_id")
        ),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("by_kind", CODE, nullable=False),
        sa.Column("by_id", sa.Uuid()),
        sa.Column("score", sa.SmallInteger()),
        sa.Column("sequence", sa.BigInteger()),
        *(
            column
            for act in ("reviewed", "undone")
            for column in (sa.Column(f"{act}_at", INSTANT), sa.Column(f"{act}_by", sa.Uuid()))
        ),
        *sealed("person_merge", "reason", "before"),
        sa.CheckConstraint("into_id <> other_id", name="two_people"),
        sa.CheckConstraint("score BETWEEN 0 AND 100", name="score_is_percent"),
    )
    for column in ("owner_id", "into_id", "other_id"):
        op.create_index(f"ix_person_merge_{column}", "person_merge", [column])
    op.create_index("uq_person_merge_standing", "person_merge", ["other_id"], unique=True, postgresql_where=STANDING)
    op.create_index("ix_person_merge_unreviewed", "person_merge", ["id"], postgresql_where=UNREVIEWED)
    grant("person_merge", "SELECT, INSERT, DELETE, UPDATE (sequence, reviewed_at, reviewed_by, undone_at, undone_by)")
    op.create_table(
        "person_merge_move",
        sa.Column("merge_id", sa.Uuid(), sa.ForeignKey("person_merge.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("kind", CODE, primary_key=True),
        sa.Column("row_id", sa.Uuid(), primary_key=True),
        sa.Column("mark_before", sa.Boolean(), nullable=False),
    )
    grant("person_merge_move", "SELECT, INSERT, DELETE")
    _kinds(*KINDS, "parted")
    op.add_column("consent_subject", sa.Column("parted_at", INSTANT))
    op.add_column("consent_subject", sa.Column("parted_from", sa.Uuid()))


def _kinds(*kinds: str) -> None:
    op.drop_constraint(op.f("ck_consent_event_kind_known"), "consent_event")
    listed = ", ".join(f"'{kind}'" for kind in kinds)
    op.create_check_constraint(op.f("ck_consent_event_kind_known"), "consent_event", f"kind IN ({listed})")


def downgrade() -> None:
    """Drop the tables; refused by the database where a merge was undone, since no event is ever removed."""
    _kinds(*KINDS)
    op.drop_column("consent_subject", "parted_from")
    op.drop_column("consent_subject", "parted_at")
    op.drop_table("person_merge_move")
    op.drop_table("person_merge")
