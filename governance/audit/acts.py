"""What one actor did: read back from the log for whoever has to account for it, without searching page by page."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select

from governance.audit.actions import Action, ActionClass
from governance.audit.entries import Entry, decode
from governance.audit.tables import BodyRow
from governance.kernel.work import Work


def acts_of(work: Work, *, actor: UUID, since: datetime, actions: Sequence[Action], limit: int) -> list[Entry]:
    """Entries about *actions* of an actor from *since* on, newest first. Whoever calls tells of the reading."""
    found = (
        BodyRow.actor_id == actor,
        BodyRow.at >= since,
        BodyRow.action.in_([one.value for one in actions]),
        BodyRow.action_class.in_({one.action_class.value for one in actions}),
    )
    query = select(BodyRow.leaf).where(*found).order_by(BodyRow.at.desc(), BodyRow.eid.desc()).limit(limit)
    return [decode(bytes(leaf)) for leaf in work.session.scalars(query)]


def readings_of(work: Work, *, actor: UUID, since: datetime) -> Mapping[str, int]:
    """How often an actor did each act of reading from *since* on, by code of the act."""
    found = (BodyRow.actor_id == actor, BodyRow.at >= since, BodyRow.action_class == ActionClass.READ.value)
    query = select(BodyRow.action, func.count()).where(*found).group_by(BodyRow.action).order_by(BodyRow.action)
    return {str(action): int(times) for action, times in work.session.execute(query)}
