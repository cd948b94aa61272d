"""People who have reached an age that a law asks about: told anew day by day, from dates of birth that are sealed."""

from uuid import UUID

from sqlalchemy import select

from governance.customers.loading import opened, warm
from governance.customers.merged import merged_into, speaking
from governance.customers.tables import PersonRow
from governance.kernel.work import Work, tell_instant
from governance.policies.ages import AGES, age_at_least
from governance.policies.classification import Compartment
from governance.vault.errors import UnreadableError

PART = 500


def raise_ages(work: Work, *, after: UUID | None = None) -> UUID | None:
    """Take down, for some of those who are not of the highest age yet, what age they have reached by now.

    Nothing is told in the log: it follows from what is known already.

    Args:
        work: the transaction.
        after: the person behind whom the part begins; None for the first part.

    Returns:
        The last person of the part; None where nobody is left.
    """
    tell_instant(work)
    query = select(PersonRow).where(PersonRow.age_at_least < AGES[-1]).order_by(PersonRow.id).limit(PART)
    if after is not None:
        query = query.where(PersonRow.id > after)
    rows = work.session.scalars(query.with_for_update(skip_locked=True)).all()
    warm(work, rows, Compartment.PROFILE)
    others = merged_into(work, [row.id for row in rows])
    for row in rows:
        try:
            born: str | None = opened(speaking(row, others.get(row.id, ()), "birth_date"), "birth_date")
        except UnreadableError:  # the age reached when it last could be read holds
            continue
        reached = None if born is None else age_at_least(born, at=work.now)
        if reached != row.age_at_least:
            row.age_at_least = reached
    work.session.flush()
    return rows[-1].id if rows else None
