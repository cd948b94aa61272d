"""How many requests stand, by law and state: counted by the index of those that do."""

from collections.abc import Mapping

from sqlalchemy import func, select, text

from governance.customers.reach import allow
from governance.kernel.work import Work
from governance.policies.permissions import Permission
from governance.policies.requests import RequestState
from governance.rights.tables import IS_OPEN, RequestRow


def count_standing(work: Work) -> Mapping[str, Mapping[RequestState, int]]:
    """By law, the most requests first, how many are in each state; what several laws give a right to counts in each.

    Raises:
        ForbiddenError: without `requests:read`.
    """
    allow(work, Permission.REQUESTS_READ)
    law = func.unnest(RequestRow.laws).label("law")
    standing = select(law, RequestRow.state).where(text(IS_OPEN)).subquery()
    query = select(standing.c.law, standing.c.state, func.count()).group_by(standing.c.law, standing.c.state)
    found: dict[str, dict[RequestState, int]] = {}
    for key, state, number in work.session.execute(query):
        found.setdefault(key, {})[RequestState(state)] = number
    return dict(sorted(found.items(), key=lambda one: (-sum(one[1].values()), one[0])))
