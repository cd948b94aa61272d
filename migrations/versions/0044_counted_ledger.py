"""The suppression ledger is counted anew while it grows: plans made for an empty one would read all of it.

The lookup of a send check is planned once a connection. Where the ledger was empty then, as it is in a store before its
first purge, it is read from end to end until autovacuum counts it, a minute later.
"""

from alembic import op

revision = "0044"
down_revision: str | None = "0043"

# At each doubling, so that it costs next to nothing; a count already under way is enough. It runs as the owner, since
# nobody else may count a table.
COUNT = """
CREATE FUNCTION consent_count_ledger() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF pg_relation_size('suppression') / current_setting('block_size')::bigint
        > (SELECT 2 * relpages FROM pg_class WHERE oid = 'suppression'::regclass)
    THEN
        ANALYZE (SKIP_LOCKED) suppression;
    END IF;
    RETURN NULL;
END $$
"""


def upgrade() -> None:
    """Count the ledger whenever it has doubled."""
    op.execute(COUNT)
    op.execute(
        "CREATE TRIGGER consent_count AFTER INSERT ON suppression FOR EACH STATEMENT "
        "EXECUTE FUNCTION consent_count_ledger()"
    )


def downgrade() -> None:
    """Leave the count to autovacuum."""
    op.execute("DROP TRIGGER consent_count ON suppression")
    op.execute("DROP FUNCTION consent_count_ledger()")
