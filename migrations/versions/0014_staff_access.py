"""How staff prove who they are, and their sessions."""

import sqlalchemy as sa
from alembic import op

from migrations.helpers import grant, sealed

revision = "0014"
down_revision: str | None = "0013"

INSTANT = sa.DateTime(timezone=True)
SHA256 = "octet_length(digest) = 32"


def upgrade() -> None:
    """Passwords and second factors, recovery codes, invitations, sessions, and attempts to sign in."""
    op.create_table(
        "staff_credential",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("owner_id", sa.Uuid(), sa.ForeignKey("key_owner.id"), nullable=False),
        sa.Column("staff_id", sa.Uuid(), sa.ForeignKey("staff.id"), nullable=False),
        sa.Column("password_set_at", INSTANT, nullable=False),
        sa.Column("factor_set_at", INSTANT, nullable=False),
        sa.Column("factor_confirmed_at", INSTANT),
        sa.Column("last_step", sa.BigInteger()),
        *sealed("staff_credential", "password", "secret"),
        sa.UniqueConstraint("staff_id"),
    )
    op.create_index("ix_staff_credential_owner_id", "staff_credential", ["owner_id"])
    op.create_table(
        "staff_recovery_code",
        sa.Column("digest", sa.LargeBinary(), primary_key=True),
        sa.Column("staff_id", sa.Uuid(), sa.ForeignKey("staff.id"), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("used_at", INSTANT),
        sa.CheckConstraint(SHA256, name="digest_is_sha256"),
    )
    op.create_index("ix_staff_recovery_code_staff_id", "staff_recovery_code", ["staff_id"])
    op.create_table(
        "staff_invitation",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("staff_id", sa.Uuid(), sa.ForeignKey("staff.id"), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT),
        sa.CheckConstraint(SHA256, name="digest_is_sha256"),
    )
    op.create_index("ix_staff_invitation_staff_id", "staff_invitation", ["staff_id"])
    op.create_table(
        "staff_session",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("staff_id", sa.Uuid(), sa.ForeignKey("staff.id"), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("seen_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("confirmed_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT),
        sa.CheckConstraint(SHA256, name="digest_is_sha256"),
    )
    op.create_index("ix_staff_session_staff_id", "staff_session", ["staff_id"])
    op.create_index("ix_staff_session_expires_at", "staff_session", ["expires_at"])
    op.create_table(
        "sign_in_attempt",
        sa.Column("digest", sa.LargeBinary(), primary_key=True),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("tried_at", INSTANT, nullable=False),
        sa.Column("blocked_until", INSTANT),
        sa.Column("succeeded_at", INSTANT),
        sa.CheckConstraint("kind IN ('account', 'address', 'pair')", name="kind_known"),
        sa.CheckConstraint("failures >= 0", name="failures_counted"),
    )
    op.create_index("ix_sign_in_attempt_tried_at", "sign_in_attempt", ["tried_at"])
    for table in TABLES:
        grant(table, "SELECT, INSERT, UPDATE, DELETE")


TABLES = ("sign_in_attempt", "staff_session", "staff_invitation", "staff_recovery_code", "staff_credential")


def downgrade() -> None:
    """Drop the tables."""
    for table in TABLES:
        op.drop_table(table)
