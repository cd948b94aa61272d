"""Whether the database's schema is the one that this release was written for; asked without loading Alembic."""

from pathlib import Path
from typing import Final

from psycopg.errors import InsufficientPrivilege, UndefinedTable
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from governance.kernel.errors import UnavailableError

VERSIONS: Final = Path(__file__).resolve().parents[2] / "migrations" / "versions"


class SchemaOutdatedError(UnavailableError):
    """The schema is older, or newer, than this release."""

    slug = "schema-outdated"


def newest() -> str:
    """Id of the newest migration of this release; the chain is numbered without branches (a test holds it so)."""
    return max(path.name[:4] for path in VERSIONS.glob("[0-9][0-9][0-9][0-9]_*.py"))


def current(session: Session) -> str | None:
    """Id of the migration that the database stands at; None where it has no schema of ours."""
    try:
        found: str | None = session.scalar(text("SELECT version_num FROM alembic_version"))
    except ProgrammingError as error:
        if isinstance(error.orig, UndefinedTable | InsufficientPrivilege):
            session.rollback()
            return None
        raise
    return found


def require_newest(session: Session) -> None:
    """Check that schema and release belong together.

    Raises:
        SchemaOutdatedError: they do not; the detail says what to run.
    """
    stands, needed = current(session), newest()
    if stands is None:
        raise SchemaOutdatedError("The database has no schema yet; run: governance init")
    if stands < needed:
        raise SchemaOutdatedError(f"The schema is at {stands} and this release needs {needed}; run: governance migrate")
    refuse_newer(stands)


def refuse_newer(stands: str) -> None:
    """Check that a schema that stands somewhere is not newer than this release, which could not go back from it.

    Raises:
        SchemaOutdatedError: it is.
    """
    if stands > newest():
        raise SchemaOutdatedError(
            f"The schema is at {stands}, newer than this release ({newest()}); install a newer one."
        )
