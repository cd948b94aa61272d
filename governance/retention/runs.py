"""Reading runs: how far each is, and what became of its parts."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import select

from governance.customers.reach import allow
from governance.kernel.work import ActorKind, Work
from governance.policies.permissions import Permission
from governance.reference.retention_rules import PolicyId, PolicyVersion, policy_versions
from governance.retention.errors import NoSuchRunError
from governance.retention.records import Run, RunId, RunOrigin, RunPart, RunState
from governance.retention.tables import PartRow, RunRow


def find_run(work: Work, *, run: RunId) -> Run:
    """A run and what became of its parts.

    Raises:
        ForbiddenError: where the actor may not see it.
        NoSuchRunError: where there is none.
    """
    allow(work, Permission.RETENTION_READ)
    row = work.session.get(RunRow, run, populate_existing=True)
    if row is None:
        raise NoSuchRunError("There is no such run.")
    return _told(work, [row])[0]


def list_runs(work: Work, *, before: RunId | None = None, limit: int = 50) -> list[Run]:
    """Runs, the newest first; *before* continues after the last one of a page.

    Raises:
        ForbiddenError: where the actor may not see them.
    """
    allow(work, Permission.RETENTION_READ)
    query = select(RunRow).order_by(RunRow.id.desc()).limit(limit)
    if before is not None:
        query = query.where(RunRow.id < before)
    return _told(work, work.session.scalars(query).all())


def failing_parts(work: Work) -> tuple[Run, tuple[RunPart, ...]] | None:
    """The newest run with those of its parts in which something could not go; None where all of it went.

    Raises:
        ForbiddenError: where the actor may not see it.
    """
    newest = next(iter(list_runs(work, limit=1)), None)
    failed = () if newest is None else tuple(one for one in newest.parts if one.failed)
    return None if newest is None or not failed else (newest, failed)


def open_runs(work: Work, *, fused: bool = False) -> list[RunId]:
    """Runs that are under way, and those that wait to be approved where *fused* says so."""
    waiting = (RunState.RUNNING.value,) if not fused else (RunState.RUNNING.value, RunState.FUSED.value)
    query = select(RunRow.id).where(RunRow.state.in_(waiting)).order_by(RunRow.id)
    return [RunId(one) for one in work.session.scalars(query)]


def locked(work: Work, run: RunId) -> RunRow:
    """The row of a run, locked once no batch of it is under way; raises NoSuchRunError where there is none."""
    row = work.session.get(RunRow, run, with_for_update=True, populate_existing=True)
    if row is None:
        raise NoSuchRunError("There is no such run.")
    return row


def parts_of(work: Work, runs: Sequence[UUID]) -> list[PartRow]:
    """The parts of some runs, in order."""
    query = select(PartRow).where(PartRow.run_id.in_(runs)).order_by(PartRow.run_id, PartRow.number)
    return list(work.session.scalars(query, execution_options={"populate_existing": True}))


def _told(work: Work, rows: Sequence[RunRow]) -> list[Run]:
    versions = {one.id: one for one in policy_versions(work)}
    parts = parts_of(work, [row.id for row in rows])
    return [
        Run(
            id=RunId(row.id),
            origin=RunOrigin(row.origin),
            state=RunState(row.state),
            at=row.at,
            started_at=row.started_at,
            started_by_kind=ActorKind(row.started_by_kind),
            started_by=row.started_by,
            store_people=row.store_people,
            due_people=row.due_people,
            finished_at=row.finished_at,
            parts=tuple(_told_part(part, versions) for part in parts if part.run_id == row.id),
        )
        for row in rows
    ]


def _told_part(part: PartRow, versions: Mapping[PolicyId, PolicyVersion]) -> RunPart:
    policy = versions[PolicyId(part.policy_id)].policy
    return RunPart(
        policy=PolicyId(part.policy_id),
        key=policy.key,
        version=policy.version,
        is_done=part.state == "done",
        due_people=part.due_people,
        due_rows=part.due_rows,
        at_most=part.at_most,
        people=part.people,
        rows=part.rows,
        batches=part.batches,
        failed=part.failed,
        left_over=part.left_over,
    )
