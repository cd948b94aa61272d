"""What a check asked about in the past needs, beside the events: people and contacts as they were, and salts."""

import sqlalchemy as sa
from alembic import op

from migrations.helpers import grant, sealed

revision = "0013"
down_revision: str | None = "0012"

INSTANT = sa.DateTime(timezone=True)
CODE = sa.String(32)
PERSON = ("country", "ground", "not_mailable", "deceased_at", "age_at_least", "merged_into")
CONTACT = ("person_id", "is_primary", "opt_out_offered_at")

# Changes are dated by the instant that the transaction goes by (`kernel.work.tell_instant`), where it tells one.
KEEP_PERSON = """
CREATE FUNCTION customers_keep_person() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        DELETE FROM person_history WHERE person_id = OLD.id;
        DELETE FROM contact_history WHERE person_id = OLD.id;
    ELSE
        INSERT INTO person_history
            (person_id, until, country, ground, not_mailable, deceased_at, age_at_least, merged_into)
        VALUES (OLD.id, coalesce(nullif(current_setting('governance.now', true), '')::timestamptz, now()),
            OLD.country, OLD.ground, OLD.not_mailable, OLD.deceased_at, OLD.age_at_least, OLD.merged_into);
    END IF;
    RETURN NULL;
END $$
"""
KEEP_CONTACT = """
CREATE FUNCTION customers_keep_contact() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public AS $$
BEGIN
    INSERT INTO contact_history
        (contact_id, person_id, kind, digest, is_primary, opt_out_offered_at, created_at, until)
    VALUES (OLD.id, OLD.person_id, OLD.kind, OLD.value_index, OLD.is_primary, OLD.opt_out_offered_at, OLD.created_at,
        coalesce(nullif(current_setting('governance.now', true), '')::timestamptz, now()));
    RETURN NULL;
END $$
"""


def upgrade() -> None:
    """Keep what the rows said before each change that a check goes by; it goes with the person."""
    op.create_table(
        "person_history",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), primary_key=True),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("until", INSTANT, nullable=False),
        sa.Column("country", sa.String(2)),
        sa.Column("ground", CODE),
        sa.Column("not_mailable", CODE),
        sa.Column("deceased_at", INSTANT),
        sa.Column("age_at_least", sa.SmallInteger()),
        sa.Column("merged_into", sa.Uuid()),
    )
    op.create_index("ix_person_history_person_id", "person_history", ["person_id", "until", "id"])
    op.create_table(
        "contact_history",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), primary_key=True),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("kind", CODE, nullable=False),
        sa.Column("digest", sa.LargeBinary()),
        sa.Column("is_primary", sa.Boolean(), nullable=False),
        sa.Column("opt_out_offered_at", INSTANT),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("until", INSTANT, nullable=False),
    )
    op.create_index("ix_contact_history_contact_id", "contact_history", ["contact_id", "until", "id"])
    op.create_index("ix_contact_history_digest", "contact_history", ["digest"])
    op.create_index("ix_contact_history_person_id", "contact_history", ["person_id"])
    op.create_table(
        "decision_salt",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("owner_id", sa.Uuid(), sa.ForeignKey("key_owner.id"), nullable=False),
        sa.Column("month", sa.String(7), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        *sealed("decision_salt", "salt"),
        sa.UniqueConstraint("month"),
        sa.CheckConstraint("month ~ '^\\d{4}-\\d{2}$'", name="month_is_one"),
    )
    op.create_index("ix_decision_salt_owner_id", "decision_salt", ["owner_id"])
    grant("decision_salt", "SELECT, INSERT")
    op.execute(KEEP_PERSON)
    op.execute(KEEP_CONTACT)
    _trigger("person", "person", PERSON)
    _trigger("contact", "contact", CONTACT)
    op.execute(
        "CREATE TRIGGER customers_forget AFTER DELETE ON person FOR EACH ROW EXECUTE FUNCTION customers_keep_person()"
    )
    op.execute(
        "CREATE TRIGGER customers_keep_removed AFTER DELETE ON contact FOR EACH ROW "
        "EXECUTE FUNCTION customers_keep_contact()"
    )
    for table in ("person_history", "contact_history"):
        grant(table, "SELECT, DELETE")


def _trigger(table: str, name: str, columns: tuple[str, ...]) -> None:
    old, new = (", ".join(f"{row}.{column}" for column in columns) for row in ("OLD", "NEW"))
    op.execute(
        f"CREATE TRIGGER customers_keep AFTER UPDATE OF {', '.join(columns)} ON {table} FOR EACH ROW "
        f"WHEN (({old}) IS DISTINCT FROM ({new})) EXECUTE FUNCTION customers_keep_{name}()"
    )


def downgrade() -> None:
    """Drop triggers and tables."""
    for table, names in (("person", ("keep", "forget")), ("contact", ("keep", "keep_removed"))):
        for name in names:
            op.execute(f"DROP TRIGGER customers_{name} ON {table}")
    op.execute("DROP FUNCTION customers_keep_person()")
    op.execute("DROP FUNCTION customers_keep_contact()")
    op.drop_table("decision_salt")
    op.drop_table("contact_history")
    op.drop_table("person_history")
