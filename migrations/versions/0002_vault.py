"""Key owners, wrapped data keys, epochs, index versions."""

import sqlalchemy as sa
from alembic import op

from migrations.helpers import grant

revision = "0002"
down_revision: str | None = "0001"


def upgrade() -> None:
    """Owners are never deleted and keys never come back: the service may only insert, and mark as shredded."""
    op.create_table(
        "key_owner",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("shredded_at", sa.DateTime(timezone=True)),
    )
    op.create_table(
        "data_key",
        sa.Column("owner_id", sa.Uuid(), sa.ForeignKey("key_owner.id"), nullable=False),
        sa.Column("compartment", sa.String(16), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary()),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("shredded_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("owner_id", "compartment", "generation"),
        sa.CheckConstraint("wrapped IS NULL OR octet_length(wrapped) = 62", name="wrapped_length"),
        sa.CheckConstraint("(wrapped IS NULL) = (shredded_at IS NOT NULL)", name="shredded_or_wrapped"),
    )
    op.create_index("ix_data_key_epoch", "data_key", ["epoch"])
    op.create_table(
        "key_epoch",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("check_value", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True)),
        sa.Column("destroyed_at", sa.DateTime(timezone=True)),
    )
    op.create_table(
        "index_version",
        sa.Column("version", sa.SmallInteger(), primary_key=True, autoincrement=False),
        sa.Column("check_value", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('incoming', 'flipping', 'live', 'dropped')", name="state"),
    )
    op.create_table(
        "keyring_copy",
        sa.Column("id", sa.SmallInteger(), primary_key=True, autoincrement=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("of_ring", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("id = 1", name="only_one"),
    )
    # A shredded owner and a shredded key stay so, whatever the service tries.
    op.execute(
        """
        CREATE FUNCTION vault_keep_shredded() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF OLD.shredded_at IS NOT NULL AND NEW.shredded_at IS DISTINCT FROM OLD.shredded_at THEN
                RAISE EXCEPTION 'a shredded key never comes back';
            END IF;
            RETURN NEW;
        END $$
        """
    )
    for table in ("key_owner", "data_key"):
        op.execute(
            f"CREATE TRIGGER {table}_keep_shredded BEFORE UPDATE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION vault_keep_shredded()"
        )
        op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_keep_shredded")
    grant("key_owner", "SELECT, INSERT, UPDATE (shredded_at)")
    # MAINTAIN lets custody vacuum away the versions of rows that hold keys wrapped for an ended epoch.
    grant("data_key", "SELECT, INSERT, UPDATE (epoch, wrapped, shredded_at), MAINTAIN")
    grant("key_epoch", "SELECT, INSERT, UPDATE (retired_at, destroyed_at)")
    grant("index_version", "SELECT, INSERT, UPDATE (state)")
    grant("keyring_copy", "SELECT, INSERT, UPDATE, MAINTAIN")


def downgrade() -> None:
    """Drop all keys: whatever was sealed is lost with them."""
    for table in ("keyring_copy", "index_version", "key_epoch", "data_key", "key_owner"):
        op.drop_table(table)
    op.execute("DROP FUNCTION vault_keep_shredded()")
