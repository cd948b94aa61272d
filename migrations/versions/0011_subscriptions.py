"""Subscription forms, and subscriptions that wait to be confirmed."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.helpers import digest, grant, sealed

revision = "0011"
down_revision: str | None = "0010"

INSTANT = sa.DateTime(timezone=True)
KEY = sa.String(50)


def upgrade() -> None:
    """Make the tables; a form that was published can be neither changed nor deleted by the service."""
    op.create_table(
        "consent_form",
        sa.Column("key", KEY, primary_key=True),
        sa.Column("version", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("document", postgresql.JSONB(), nullable=False),
        sa.Column("published_at", INSTANT, nullable=False),
        sa.Column("published_by", sa.Uuid()),
        sa.CheckConstraint("key ~ '^[a-z][a-z0-9_]{0,49}$'", name="key_is_a_name"),
        sa.CheckConstraint("version >= 1", name="version_counts_from_one"),
    )
    for name, when in (("no_change", "UPDATE OR DELETE"), ("no_truncate", "TRUNCATE")):
        op.execute(
            f"CREATE TRIGGER consent_{name} BEFORE {when} ON consent_form FOR EACH STATEMENT "
            "EXECUTE FUNCTION consent_refuse()"
        )
        op.execute(f"ALTER TABLE consent_form ENABLE ALWAYS TRIGGER consent_{name}")
    grant("consent_form", "SELECT, INSERT")
    op.create_table(
        "consent_request",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("owner_id", sa.Uuid(), sa.ForeignKey("key_owner.id"), nullable=False),
        sa.Column("form", KEY, nullable=False),
        sa.Column("form_version", sa.Integer(), nullable=False),
        sa.Column("choices", postgresql.JSONB(), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("token_digest", sa.LargeBinary(), nullable=False, unique=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("confirmed_at", INSTANT),
        *sealed("consent_request", "contact", "said"),
        *digest("consent_request", "contact"),
        sa.CheckConstraint("octet_length(token_digest) = 32", name="token_is_digested"),
    )
    for column in ("owner_id", "contact_index", "expires_at"):
        op.create_index(f"ix_consent_request_{column}", "consent_request", [column])
    grant("consent_request", "SELECT, INSERT, UPDATE, DELETE")


def downgrade() -> None:
    """Drop the tables."""
    op.drop_table("consent_request")
    op.drop_table("consent_form")
