"""Runs the migrations: one at a time across all hosts, with limits on locks and statements, as the owner role."""

import time

from alembic import context
from sqlalchemy import Connection, text

from governance.kernel.errors import ConflictError
from governance.metadata import metadata

ADVISORY_KEY = 0x676F7665726E  # "govern"
LOCK_WAIT_SECONDS = 60


def run(connection: Connection) -> None:
    """Take the migration lock by trying (a waiting lock would block index builds), then migrate."""
    deadline = time.monotonic() + LOCK_WAIT_SECONDS
    while not connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": ADVISORY_KEY}):
        if time.monotonic() > deadline:
            raise ConflictError("Another migration has been running for over a minute; try again when it has ended.")
        time.sleep(0.2)
    try:
        connection.execute(text("SET lock_timeout = '10s'"))
        connection.execute(text("SET statement_timeout = '15min'"))
        owner: str = context.config.attributes["role_prefix"] + "_owner"
        connection.execute(text(f'SET ROLE "{owner}"'))  # the prefix is checked by Settings
        connection.commit()
        context.configure(connection=connection, target_metadata=metadata, transaction_per_migration=True)
        with context.begin_transaction():
            context.run_migrations()
    finally:
        connection.rollback()
        connection.execute(text("RESET ROLE"))
        connection.execute(text("RESET statement_timeout"))
        connection.execute(text("RESET lock_timeout"))
        connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": ADVISORY_KEY})
        connection.commit()


run(context.config.attributes["connection"])
