"""Messages name the contacts that they went to; those that only lie in a file are told from those that were sent."""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision: str | None = "0040"

_KNOWN = "state IN ('waiting', 'sending', 'written', 'sent', 'failed')"
_BEFORE = "state IN ('waiting', 'sending', 'sent', 'failed')"


def upgrade() -> None:
    """A state, and ids of contacts, by which a package of data finds the messages of a person."""
    op.drop_constraint(op.f("ck_message_state_known"), "message")
    op.create_check_constraint(op.f("ck_message_state_known"), "message", _KNOWN)
    none = sa.text("'{}'::uuid[]")
    op.add_column("message", sa.Column("contact_ids", sa.ARRAY(sa.Uuid()), nullable=False, server_default=none))
    some = sa.text("contact_ids <> '{}'")
    op.create_index("ix_message_contact_ids", "message", ["contact_ids"], postgresql_using="gin", postgresql_where=some)
    for table in ("portal_code", "consent_request"):
        op.add_column(table, sa.Column("message_id", sa.Uuid()))


def downgrade() -> None:
    """Messages in files wait again."""
    for table in ("portal_code", "consent_request"):
        op.drop_column(table, "message_id")
    op.drop_index("ix_message_contact_ids", "message")
    op.drop_column("message", "contact_ids")
    op.execute("UPDATE message SET state = 'waiting' WHERE state = 'written'")
    op.drop_constraint(op.f("ck_message_state_known"), "message")
    op.create_check_constraint(op.f("ck_message_state_known"), "message", _BEFORE)
