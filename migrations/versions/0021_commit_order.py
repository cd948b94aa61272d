"""When what was written became visible to others, so that a past check can be asked again."""

import sqlalchemy as sa
from alembic import op

from migrations.helpers import grant

revision = "0021"
down_revision: str | None = "0020"

# By table, the column that dates a row in the facts of a check: on INSERT, and on UPDATE where that dates it anew.
INSERTED = {
    "consent_event": "recorded_at",
    "suppression": "at",
    "contact": "created_at",
    "purchase": "created_at",
    "person_restriction": "placed_at",
    "controller_version": "recorded_at",
    "person_history": "until",
    "contact_history": "until",
}
UPDATED = {"suppression": "lifted_at", "person_restriction": "lifted_at"}

# One row for all that a transaction dates alike; histories come row by row, so it is remembered what was kept.
KEEP = """
CREATE FUNCTION keep_order_of_{table}_{event}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public AS $$
DECLARE
    dated timestamptz;
BEGIN
    FOR dated IN {instants} LOOP
        IF current_setting('governance.ordered', true) IS DISTINCT FROM dated::text THEN
            INSERT INTO commit_order (at, transaction) VALUES (dated, pg_current_xact_id()::text::bigint)
            ON CONFLICT DO NOTHING;
            PERFORM set_config('governance.ordered', dated::text, true);
        END IF;
    END LOOP;
    RETURN NULL;
END $$
"""
OF_INSERT = "SELECT DISTINCT {column} FROM changed"
OF_UPDATE = """
SELECT DISTINCT changed.{column} FROM changed JOIN former ON former.id = changed.id
WHERE changed.{column} IS NOT NULL AND changed.{column} IS DISTINCT FROM former.{column}
"""


def upgrade() -> None:
    """Keep which transaction wrote what is dated by an instant: a check tells which ones it could not see yet."""
    op.create_table(
        "commit_order",
        sa.Column("at", sa.DateTime(timezone=True), primary_key=True),
        sa.Column("transaction", sa.BigInteger(), primary_key=True, autoincrement=False),
    )
    grant("commit_order", "SELECT")
    for table, column in INSERTED.items():
        _keep(table, "insert", OF_INSERT.format(column=column), "NEW TABLE AS changed")
    for table, column in UPDATED.items():
        _keep(table, "update", OF_UPDATE.format(column=column), "OLD TABLE AS former NEW TABLE AS changed")


def _keep(table: str, event: str, instants: str, tables: str) -> None:
    op.execute(KEEP.format(table=table, event=event, instants=instants))
    op.execute(
        f"CREATE TRIGGER keep_order_of_{event} AFTER {event.upper()} ON {table} REFERENCING {tables} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION keep_order_of_{table}_{event}()"
    )


def downgrade() -> None:
    """Drop them."""
    for event, tables in (("insert", INSERTED), ("update", UPDATED)):
        for table in tables:
            op.execute(f"DROP TRIGGER keep_order_of_{event} ON {table}")
            op.execute(f"DROP FUNCTION keep_order_of_{table}_{event}()")
    op.drop_table("commit_order")
