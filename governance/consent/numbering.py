"""Versions are numbered one after the other, also where two people publish at once."""

from sqlalchemy import text

from governance.kernel.work import Work


def number(work: Work, what: str) -> None:
    """Hold the right to number versions of *what* until the transaction ends."""
    work.session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:what, 0))"), {"what": f"consent:{what}"})
