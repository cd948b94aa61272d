"""What a run could not take away: noted with the reason, shown, left where it is, and tried again by the next run."""

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

import psycopg
from sqlalchemy import func, literal, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError

from governance.customers.reach import allow
from governance.kernel.errors import GovernanceError
from governance.kernel.work import Work
from governance.policies.permissions import Permission
from governance.retention.records import Run, RunFailure, RunId
from governance.retention.removing import Part
from governance.retention.runs import find_run
from governance.retention.tables import FailureRow, PartRow

REFUSALS: Final = (GovernanceError, DBAPIError, psycopg.Error)
"""What hinders a batch and does not pass by itself, as an outage or a deadlock does."""
REFUSED: Final = "refused-by-database"
MOST_FAILURES: Final = 200
"""After so many a part is given up: what hinders it is not in single rows."""
SHOWN: Final = 1000


def failures(work: Work, *, run: RunId, limit: int = SHOWN) -> list[RunFailure]:
    """What a run could not take away, the first first.

    Raises:
        ForbiddenError: where the actor may not see runs.
        NoSuchRunError: where there is none.
    """
    allow(work, Permission.RETENTION_READ)
    told = find_run(work, run=run)
    query = select(FailureRow).where(FailureRow.run_id == run)
    rows = work.session.scalars(query.order_by(FailureRow.number, FailureRow.at, FailureRow.object_id).limit(limit))
    return [_told(told, row) for row in rows]


def slug_of(error: Exception) -> str:
    """What hindered a batch, as a code."""
    return error.slug if isinstance(error, GovernanceError) else REFUSED


def note(work: Work, part: Part, ids: Sequence[UUID], slug: str) -> bool:
    """Take down what could not go, without anything of it being done; answers whether the part goes on after that."""
    before = _attempts(work, part, ids)
    for one in ids:
        row = {"run_id": part.run, "number": part.number, "object_id": one, "slug": slug, "at": work.now}
        noted = insert(FailureRow).values({**row, "attempts": before.get(one, 0) + 1})
        again = {"slug": slug, "attempts": FailureRow.attempts + 1, "at": work.now}
        work.session.execute(noted.on_conflict_do_update(index_elements=["run_id", "number", "object_id"], set_=again))
    query = select(func.count()).where(FailureRow.run_id == part.run, FailureRow.number == part.number)
    known = int(work.session.scalar(query) or 0)
    work.session.execute(
        update(PartRow).where(PartRow.run_id == part.run, PartRow.number == part.number).values(failed=known),
        execution_options={"synchronize_session": False},
    )
    return known < MOST_FAILURES


def _attempts(work: Work, part: Part, ids: Sequence[UUID]) -> Mapping[UUID, int]:
    """How often runs of the same policy have tried these already."""
    query = (
        select(FailureRow.object_id, func.max(FailureRow.attempts))
        .join(PartRow, (PartRow.run_id == FailureRow.run_id) & (PartRow.number == FailureRow.number))
        .where(PartRow.policy_id == literal(part.version.id), FailureRow.object_id.in_(ids))
        .group_by(FailureRow.object_id)
    )
    return dict(iter(work.session.execute(query)))


def _told(run: Run, row: FailureRow) -> RunFailure:
    part = run.parts[row.number - 1]
    return RunFailure(
        policy=part.key,
        version=part.version,
        object=row.object_id,
        slug=row.slug,
        attempts=row.attempts,
        at=row.at,
    )
