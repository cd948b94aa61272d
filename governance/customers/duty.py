"""The duty to inform people whose data did not come from them (GDPR Art. 14)."""

from calendar import monthrange
from datetime import datetime

from governance.customers.codes import NOT_FROM_THE_PERSON, Ground, NotMailable, Source


def inform_by(source: Source | None, *, acquired_at: datetime) -> datetime | None:
    """When the person must have been told at the latest (GDPR Art. 14(3)(a)); None where no duty is."""
    return month_after(acquired_at) if source in NOT_FROM_THE_PERSON else None


def month_after(acquired_at: datetime) -> datetime:
    """The end of the month in which a person must be told: the same-numbered day, else the last day of the next month.

    Regulation 1182/71 Art. 3(2)(c).
    """
    year, month = divmod(acquired_at.year * 12 + acquired_at.month, 12)
    last = monthrange(year, month + 1)[1]
    return acquired_at.replace(year=year, month=month + 1, day=min(acquired_at.day, last))


def obstacle(
    source: Source | None,
    ground: Ground | None,
    *,
    informed: bool = False,
    deceased: bool = False,
    decided: bool = False,
) -> NotMailable | None:
    """Why nothing may be sent to a person; None where nothing stands against it by itself.

    Args:
        source: where the data came from.
        ground: lawful ground on which the person is kept.
        informed: whether somebody whose data came from others was told (GDPR Art. 14).
        deceased: whether the person is known to be dead.
        decided: whether a staff member decided so.
    """
    if decided:
        return NotMailable.DECIDED
    if deceased:
        return NotMailable.DECEASED
    if source in NOT_FROM_THE_PERSON and not informed:
        return NotMailable.NOT_FROM_THE_PERSON
    return NotMailable.NO_GROUND if ground is None else None
