"""Imports: batches and sealed chunks."""

import sqlalchemy as sa
from alembic import op

from migrations.helpers import digest, grant, sealed

revision = "0007"
down_revision: str | None = "0006"

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables; the service changes states and empties what is no longer needed."""
    op.create_table(
        "import_batch",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("owner_id", sa.Uuid(), sa.ForeignKey("key_owner.id"), nullable=False),
        *(sa.Column(name, sa.String(32), nullable=False) for name in ("state", "kind", "source", "ground")),
        sa.Column("actor_kind", sa.String(32), nullable=False),
        sa.Column("actor_id", sa.Uuid()),
        *(
            sa.Column(name, sa.Integer(), nullable=False)
            for name in ("rows_read", "rows_good", "rows_refused", "rows_skipped", "undone_removed", "undone_restored")
        ),
        sa.Column("created_at", INSTANT, nullable=False),
        *(sa.Column(name, INSTANT) for name in ("finished_at", "undone_at", "refused_until")),
        sa.Column("taken_back_to", sa.Uuid()),
        *sealed("import_batch", "content", "about"),
        *digest("import_batch", "content"),
        sa.CheckConstraint("state IN ('staged', 'running', 'finished', 'undoing', 'undone')", name="state_known"),
    )
    op.create_index("ix_import_batch_owner_id", "import_batch", ["owner_id"])
    op.create_index("ix_import_batch_content_index", "import_batch", ["content_index"])
    open_states = sa.text("state IN ('staged', 'running', 'undoing')")
    op.create_index("ix_import_batch_open", "import_batch", ["id"], postgresql_where=open_states)
    kept = sa.text("refused_until IS NOT NULL")
    op.create_index("ix_import_batch_refused_until", "import_batch", ["refused_until"], postgresql_where=kept)
    op.create_table(
        "import_chunk",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("owner_id", sa.Uuid(), sa.ForeignKey("key_owner.id"), nullable=False),
        sa.Column("batch_id", sa.Uuid(), sa.ForeignKey("import_batch.id"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        *(
            sa.Column(name, sa.Integer(), nullable=False)
            for name in ("rows", "created", "enriched", "unchanged", "refused", "possible_doubles")
        ),
        sa.Column("applied_at", INSTANT),
        *sealed("import_chunk", "payload", "refusals", "late_refusals", "remarks"),
        sa.UniqueConstraint("batch_id", "number"),
        sa.CheckConstraint("state IN ('pending', 'done', 'undone')", name="state_known"),
    )
    op.create_index("ix_import_chunk_owner_id", "import_chunk", ["owner_id"])
    op.create_table(
        "import_kept",
        sa.Column("batch_id", sa.Uuid(), sa.ForeignKey("import_batch.id"), nullable=False),
        sa.Column("person_id", sa.Uuid(), sa.ForeignKey("person.id", ondelete="CASCADE"), nullable=False),
        sa.PrimaryKeyConstraint("batch_id", "person_id"),
    )
    op.create_index("ix_import_kept_person_id", "import_kept", ["person_id"])
    grant("import_kept", "SELECT, INSERT")
    grant("import_batch", "SELECT, INSERT, UPDATE")
    grant("import_chunk", "SELECT, INSERT, UPDATE")


def downgrade() -> None:
    """Drop all batches, and with them what can be undone."""
    for table in ("import_kept", "import_chunk", "import_batch"):
        op.drop_table(table)
