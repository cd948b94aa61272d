"""The queue of jobs: Procrastinate 3.10's own tables, copied so that an upgrade of the library changes nothing unseen.

The copied SQL is Procrastinate's (MIT licence, github.com/procrastinate-org/procrastinate).
"""

from pathlib import Path

from alembic import op
from sqlalchemy import text

from migrations.helpers import app_role, grant

revision = "0008"
down_revision: str | None = "0007"

SQL = Path(__file__).with_name("0008_procrastinate_3_10.sql")
TABLES = ("procrastinate_events", "procrastinate_periodic_defers", "procrastinate_jobs", "procrastinate_workers")
TYPES = ("procrastinate_job_to_defer_v1", "procrastinate_job_status", "procrastinate_job_event_type")


def upgrade() -> None:
    """Make the queue; the service works on it, so it needs all of its rows."""
    # Past SQLAlchemy, since the script is many statements and full of colons and per cent signs.
    connection = op.get_bind().connection.driver_connection
    if connection is None:
        raise RuntimeError("This migration needs a live connection.")
    connection.execute(SQL.read_text(encoding="utf-8"))
    for table in TABLES:
        grant(table, "SELECT, INSERT, UPDATE, DELETE")
        op.execute(text(f'GRANT USAGE ON SEQUENCE {table}_id_seq TO "{app_role()}"'))


def downgrade() -> None:
    """Drop the queue with the jobs in it."""
    for table in TABLES:
        op.execute(f"DROP TABLE {table} CASCADE")
    op.execute(
        """
        DO $$
        DECLARE one text;
        BEGIN
            FOR one IN SELECT oid::regprocedure FROM pg_proc
                WHERE pronamespace = 'public'::regnamespace AND proname LIKE 'procrastinate\\_%'
            LOOP EXECUTE 'DROP FUNCTION ' || one; END LOOP;
        END $$
        """
    )
    for name in TYPES:
        op.execute(f"DROP TYPE {name}")
