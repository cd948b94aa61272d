"""Call-backs: what was promised to customers for a day, and is due."""

from datetime import datetime
from typing import Any

from sqlalchemy import Select, exists, func, select, tuple_
from sqlalchemy.orm import aliased

from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.customers.pages import After, behind
from governance.customers.reach import within
from governance.customers.tables import InteractionRow, PersonRow
from governance.kernel.ids import SubjectId
from governance.kernel.records import frozen
from governance.kernel.work import Work
from governance.policies.permissions import Permission

_later = aliased(InteractionRow)


@frozen
class CallBack:
    """Somebody to be called back.

    Attributes:
        at: since when it is due.
    """

    person: SubjectId
    at: datetime


@frozen
class CallBacks:
    """A page of those to be called back.

    Attributes:
        next_after: where the next page begins; None on the last one.
    """

    items: tuple[CallBack, ...]
    next_after: After | None


def call_backs(work: Work, *, after: After | None = None, limit: int = 50) -> CallBacks:
    """A page of those who are to be called back by now, who waited longest first; told in the log.

    A later talk settles it, whatever came of that.

    Args:
        work: the transaction.
        after: the place behind the page before, by the instant since when somebody waits, and by their id.
        limit: people on the page.

    Raises:
        ForbiddenError: where the actor may not read interactions.
    """
    at = func.min(InteractionRow.next_contact_at)
    query = _due(work, InteractionRow.person_id, at).group_by(InteractionRow.person_id)
    if after is not None:
        query = query.having(tuple_(at, InteractionRow.person_id) > behind(after))
    rows = work.session.execute(query.order_by(at, InteractionRow.person_id).limit(limit + 1)).all()
    found = tuple(CallBack(SubjectId(one), since) for one, since in rows[:limit])
    audit.append(work, Action.INTERACTIONS_READ, facts={"count": len(found)})
    return CallBacks(found, After(found[-1].at, found[-1].person) if len(rows) > limit else None)


def count_call_backs(work: Work, *, most: int) -> int:
    """How many are to be called back by now, as far as *most*.

    Raises:
        ForbiddenError: where the actor may not read interactions.
    """
    people = _due(work, InteractionRow.person_id).distinct().limit(most).subquery()
    return work.session.scalar(select(func.count()).select_from(people)) or 0


def _due(work: Work, *columns: Any) -> Select[Any]:  # noqa: ANN401 (columns of any kind)
    settled = exists().where(_later.person_id == InteractionRow.person_id, _later.at > InteractionRow.at)
    return (
        select(*columns)
        .join(PersonRow, PersonRow.id == InteractionRow.person_id)
        .where(InteractionRow.next_contact_at <= work.now, ~settled, within(work, Permission.INTERACTIONS_READ))
    )
