"""Codes by which customers prove a contact, and the sessions that these open."""

import sqlalchemy as sa
from alembic import op

from migrations.helpers import grant, sealed

revision = "0022"
down_revision: str | None = "0021"

INSTANT = sa.DateTime(timezone=True)
CODE = sa.String(32)
TABLES = ("portal_count", "portal_code", "portal_session")


def upgrade() -> None:
    """Make the tables; messages go out by SMS as well."""
    op.add_column("message", sa.Column("channel", CODE, nullable=False, server_default="email"))
    op.alter_column("message", "channel", server_default=None)
    op.create_check_constraint("channel_known", "message", "channel IN ('email', 'sms')")
    op.create_table(
        "portal_session",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("owner_id", sa.Uuid(), sa.ForeignKey("key_owner.id"), nullable=False),
        sa.Column("token_id", sa.String(16), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("kind", CODE, nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("begun_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT),
        sa.Column("person_id", sa.Uuid()),
        sa.Column("stepped_up_at", INSTANT),
        *sealed("portal_session", "contact"),
        sa.CheckConstraint("octet_length(digest) = 32", name="digest_is_sha256"),
        sa.UniqueConstraint("token_id"),
    )
    op.create_index("ix_portal_session_owner_id", "portal_session", ["owner_id"])
    op.create_index("ix_portal_session_expires_at", "portal_session", ["expires_at"])
    op.create_table(
        "portal_code",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("owner_id", sa.Uuid(), sa.ForeignKey("key_owner.id"), nullable=False),
        sa.Column("session_id", sa.Uuid(), sa.ForeignKey("portal_session.id")),
        sa.Column("kind", CODE, nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("tries", sa.SmallInteger(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("used_at", INSTANT),
        *sealed("portal_code", "contact"),
        sa.CheckConstraint("octet_length(digest) = 17", name="digest_is_keyed"),
        sa.CheckConstraint("tries BETWEEN 0 AND 5", name="tries_few"),
    )
    op.create_index("ix_portal_code_owner_id", "portal_code", ["owner_id"])
    op.create_index("ix_portal_code_session_id", "portal_code", ["session_id"])
    op.create_index("ix_portal_code_expires_at", "portal_code", ["expires_at"])
    op.create_table(
        "portal_count",
        sa.Column("digest", sa.LargeBinary(), primary_key=True),
        sa.Column("kind", CODE, nullable=False),
        sa.Column("began_at", INSTANT, nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
    )
    op.create_index("ix_portal_count_began_at", "portal_count", ["began_at"])
    for table in TABLES:
        grant(table, "SELECT, INSERT, UPDATE, DELETE")


def downgrade() -> None:
    """Drop the tables; SMS that wait are lost."""
    for table in TABLES:
        op.drop_table(table)
    op.execute(sa.text("DELETE FROM message WHERE channel <> 'email'"))
    op.drop_column("message", "channel")
