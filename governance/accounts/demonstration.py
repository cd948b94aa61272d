"""Demonstrations: stores whose people are made up. Test keys open these and no others."""

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from governance.accounts.tables import DemonstrationRow
from governance.kernel.work import Work

THE_ONE = 1


def mark_demonstration(work: Work) -> None:
    """Mark the store as a demonstration, for good; all keys that are made in it from now on are test keys."""
    work.session.execute(insert(DemonstrationRow).values(id=THE_ONE, since=work.now).on_conflict_do_nothing())


def is_demonstration(work: Work) -> bool:
    """Whether the store is a demonstration."""
    return work.session.scalar(select(DemonstrationRow.id)) is not None
