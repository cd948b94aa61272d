"""When a consent was last relied on."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, any_, literal, or_, select, update

from governance.consent.tables import ConsentStateRow
from governance.kernel.work import Work
from governance.policies.purposes import Channel

USE_NOTED_EVERY: Final = timedelta(days=1)


def note_use(work: Work, *, purpose: str, channel: Channel, people: Sequence[UUID]) -> None:
    """Note that consents were relied on: at most once a day, and never waiting for anybody.

    Some laws count from the last use of a consent.
    """
    mine = (
        select(ConsentStateRow.person_id)
        .where(
            ConsentStateRow.person_id == any_(literal(list(people), ARRAY(Uuid))),
            ConsentStateRow.purpose == purpose,
            ConsentStateRow.channel == channel.value,
            or_(ConsentStateRow.last_used_at.is_(None), ConsentStateRow.last_used_at <= work.now - USE_NOTED_EVERY),
        )
        .with_for_update(skip_locked=True)
    )
    work.session.execute(
        update(ConsentStateRow)
        .where(
            ConsentStateRow.person_id.in_(mine),
            ConsentStateRow.purpose == purpose,
            ConsentStateRow.channel == channel.value,
        )
        .values(last_used_at=work.now),
        execution_options={"synchronize_session": False},
    )
