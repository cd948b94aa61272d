"""What evaluations found: begun, kept part by part, counted, stopped, and shredded when their time is over.

Ids are sealed under a key owner of the run alone. A count is told once a run is done, and one below five as `<5`, so
that nobody finds a person by a rule that few answer to.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NewType, TypeAlias
from uuid import UUID

from sqlalchemy import delete, func, select

from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import Fact, ObjectRef
from governance.customers.reach import allow
from governance.customers.segments.defined import (
    SegmentId,
    find,
    readable_versions,
    require_all,
    require_in_use,
    require_readable,
)
from governance.customers.segments.tables import SegmentPartRow, SegmentRow, SegmentRunRow
from governance.customers.tables import PersonRow
from governance.kernel.errors import ConflictError, NotFoundError
from governance.kernel.ids import OwnerId, SubjectId, uuid7
from governance.kernel.records import frozen
from governance.kernel.work import ActorKind, Work
from governance.policies.permissions import Permission
from governance.vault.compartments import OwnerKind
from governance.vault.runtime import vault_of

KEPT: Final = timedelta(days=7)
"""How long a result may be used; then its keys are shredded."""
FEWEST: Final = 5
"""Fewer people than this are never told apart."""
OBJECT: Final = "segment-run"
_ID_BYTES: Final = 16

RunId = NewType("RunId", UUID)
AtWork: TypeAlias = SegmentRunRow
"""A run in the hands of whoever sees it through."""


class RunState(StrEnum):
    """How far a run is."""

    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"
    EXPIRED = "expired"
    """Its result was shredded."""


@frozen(kw_only=True)
class Run:
    """An evaluation of a segment, or the check of one for a purpose.

    Attributes:
        version: of the rule.
        source: the evaluation that was checked; None where this is one itself.
        purpose, channel: what it was checked for.
        started_at: when it began; periods in rules count back from it.
        people, done: how many there are to look at, and how many were; None of a check, whose total is a count itself.
        left_out: how many were left out unasked, `<5` where fewer; None until it is done.
        matched: how many were found, or may be reached; likewise.
        expires_at: until when the result may be used.
    """

    id: RunId
    segment: SegmentId
    version: int
    source: RunId | None
    purpose: str | None
    channel: str | None
    state: RunState
    started_at: datetime
    started_by_kind: ActorKind
    started_by: UUID | None
    people: int | None
    done: int | None
    left_out: str | None
    matched: str | None
    finished_at: datetime | None
    expires_at: datetime


def told_count(count: int) -> str:
    """A count as it may be told."""
    return f"<{FEWEST}" if count < FEWEST else str(count)


def begin(work: Work, *, segment: SegmentId) -> Run:
    """Begin to evaluate the newest rule of a segment.

    Raises:
        ForbiddenError: without `segments:evaluate` for all customers.
        NotFoundError: where there is no such segment, or its rule is not for the actor.
        ConflictError: where it is retired.
    """
    require_all(work, Permission.SEGMENTS_EVALUATE)
    row = find(work, segment)
    require_readable(work, row, Permission.SEGMENTS_EVALUATE)
    require_in_use(row)
    people = select(func.count()).select_from(PersonRow).where(PersonRow.merged_into.is_(None))
    return _begin(work, row, version=row.version, people=int(work.session.scalar(people) or 0))


def begin_check(work: Work, *, segment: SegmentId, purpose: str, channel: str) -> Run:
    """Begin to check what the newest evaluation of a segment found; the caller knows purpose and channel.

    Raises:
        ForbiddenError: without `segments:use` for all customers.
        NotFoundError: where there is no such segment, or its rule is not for the actor.
        ConflictError: where it is retired, or was not evaluated within the last days.
    """
    require_all(work, Permission.SEGMENTS_USE)
    row = find(work, segment)
    require_readable(work, row, Permission.SEGMENTS_USE)
    require_in_use(row)
    newest = (
        select(SegmentRunRow)
        .where(SegmentRunRow.segment_id == segment, SegmentRunRow.purpose.is_(None))
        .where(SegmentRunRow.state == RunState.DONE, SegmentRunRow.expires_at > work.now)
        .order_by(SegmentRunRow.id.desc())
        .limit(1)
    )
    source = work.session.scalars(newest).one_or_none()
    if source is None:
        raise ConflictError("This segment has no result that may still be used; evaluate it first.")
    require_readable(work, row, Permission.SEGMENTS_USE, version=source.version)
    return _begin(work, row, version=source.version, people=source.matched, checks=(source, purpose, channel))


def run(work: Work, *, run: RunId) -> Run:
    """One run.

    Raises:
        ForbiddenError: without `segments:read`.
        NotFoundError: where there is no such run, or its rule is not for the actor.
    """
    allow(work, Permission.SEGMENTS_READ)
    row = find_run(work, run)
    require_readable(work, find(work, row.segment_id), Permission.SEGMENTS_READ, version=row.version)
    return told(row)


def runs(work: Work, *, segment: SegmentId, limit: int = 50) -> list[Run]:
    """The newest runs of a segment, checks for purposes included.

    Raises:
        ForbiddenError: without `segments:read`.
        NotFoundError: where there is no such segment, or its rule is not for the actor.
    """
    allow(work, Permission.SEGMENTS_READ)
    require_readable(work, find(work, segment), Permission.SEGMENTS_READ)
    query = select(SegmentRunRow).where(SegmentRunRow.segment_id == segment)
    versions = readable_versions(work, segment, Permission.SEGMENTS_READ)
    query = query.where(SegmentRunRow.version.in_(versions))
    return [told(row) for row in work.session.scalars(query.order_by(SegmentRunRow.id.desc()).limit(limit))]


def stop(work: Work, *, run: RunId) -> Run:
    """End a run before it is done; what it found so far is shredded. Of a run that has ended nothing changes.

    Raises:
        ForbiddenError: without `segments:evaluate` for all customers.
        NotFoundError: where there is no such run, or its rule is not for the actor.
    """
    require_all(work, Permission.SEGMENTS_EVALUATE)
    row = find_run(work, run, locked=True)
    require_readable(work, find(work, row.segment_id), Permission.SEGMENTS_EVALUATE, version=row.version)
    if row.state == RunState.RUNNING:
        end_early(work, row)
    return told(row)


def end_early(work: Work, row: SegmentRunRow) -> None:
    """Shred what a run found so far, and let it be."""
    _shred(work, [row])
    row.state, row.finished_at = RunState.STOPPED, work.now
    work.session.flush()
    audit.append(work, Action.SEGMENT_STOPPED, object=ObjectRef(OBJECT, row.id), facts=_facts(row))


def unfinished(work: Work) -> list[RunId]:
    """Runs that are not at their end, for the worker to take up."""
    query = select(SegmentRunRow.id).where(SegmentRunRow.state == RunState.RUNNING).order_by(SegmentRunRow.id)
    return [RunId(one) for one in work.session.scalars(query)]


def expire(work: Work) -> int:
    """Shred results whose time is over; answers how many."""
    query = select(SegmentRunRow).where(SegmentRunRow.state != RunState.EXPIRED, SegmentRunRow.expires_at <= work.now)
    rows = work.session.scalars(query.with_for_update(skip_locked=True)).all()
    _shred(work, rows)
    for row in rows:
        row.state, row.finished_at = RunState.EXPIRED, row.finished_at or work.now
        audit.append(work, Action.SEGMENT_RESULT_SHREDDED, object=ObjectRef(OBJECT, row.id), facts=_facts(row))
    work.session.flush()
    return len(rows)


def find_run(work: Work, run: UUID, *, locked: bool = False) -> SegmentRunRow:
    """The row of a run.

    Raises:
        NotFoundError: where there is none.
    """
    query = select(SegmentRunRow).where(SegmentRunRow.id == run).execution_options(populate_existing=True)
    found = work.session.scalars(query.with_for_update() if locked else query).one_or_none()
    if found is None:
        raise NotFoundError("There is no such run of a segment.")
    return found


def keep(work: Work, row: SegmentRunRow, *, number: int, people: Sequence[bytes]) -> None:
    """Keep some of what a run found: ids of sixteen bytes."""
    row.matched += len(people)
    if people:
        part = SegmentPartRow(owner_id=row.owner_id, run_id=row.id, number=number, count=len(people))
        part.people = b"".join(people)
        work.session.add(part)
    work.session.flush()


def kept_people(work: Work, row: SegmentRunRow, *, number: int) -> list[SubjectId]:
    """People of one part of a result; nobody where it holds none, or its time is over."""
    if row.expires_at <= work.now:
        return []
    query = select(SegmentPartRow).where(SegmentPartRow.run_id == row.id, SegmentPartRow.number == number)
    part = work.session.scalars(query).one_or_none()
    told_ids = b"" if part is None else part.people or b""
    return [SubjectId(UUID(bytes=told_ids[at : at + _ID_BYTES])) for at in range(0, len(told_ids), _ID_BYTES)]


def finish(work: Work, row: SegmentRunRow, *, action: Action) -> None:
    """Mark a run as done; from now on its count is told, and its time runs."""
    row.state, row.finished_at, row.expires_at = RunState.DONE, work.now, work.now + KEPT
    work.session.flush()
    facts = {**_facts(row), "matched": told_count(row.matched), "left_out": told_count(row.left_out)}
    audit.append(work, action, object=ObjectRef(OBJECT, row.id), facts=facts)


def told(row: SegmentRunRow) -> Run:
    """A run as it may be seen."""
    ended = row.state in {RunState.DONE, RunState.EXPIRED}
    return Run(
        id=RunId(row.id),
        segment=SegmentId(row.segment_id),
        version=row.version,
        source=None if row.source_id is None else RunId(row.source_id),
        purpose=row.purpose,
        channel=row.channel,
        state=RunState(row.state),
        started_at=row.started_at,
        started_by_kind=ActorKind(row.started_by_kind),
        started_by=row.started_by,
        people=row.people if row.purpose is None else None,
        done=row.done if row.purpose is None else None,
        left_out=told_count(row.left_out) if ended else None,
        matched=told_count(row.matched) if ended else None,
        finished_at=row.finished_at,
        expires_at=row.expires_at,
    )


def _begin(
    work: Work,
    segment: SegmentRow,
    *,
    version: int,
    people: int,
    checks: tuple[SegmentRunRow, str, str] | None = None,
) -> Run:
    owner, actor = OwnerId(uuid7()), work.actor
    source, purpose, channel = checks or (None, None, None)
    vault_of(work.session).owners.create(work.session, OwnerKind.SEGMENT, [owner])
    row = SegmentRunRow(
        id=uuid7(),
        owner_id=owner,
        segment_id=segment.id,
        version=version,
        source_id=None if source is None else source.id,
        purpose=purpose,
        channel=channel,
        state=RunState.RUNNING.value,
        started_at=work.now,
        started_by_kind=actor.kind.value,
        started_by=actor.id,
        parts=0,
        people=people,
        done=0,
        left_out=0,
        matched=0,
        expires_at=work.now + KEPT,
    )
    work.session.add(row)
    work.session.flush()
    audit.append(work, Action.SEGMENT_STARTED, object=ObjectRef(OBJECT, row.id), facts=_facts(row))
    return told(row)


def _facts(row: SegmentRunRow) -> dict[str, Fact]:
    facts: dict[str, Fact] = {"segment": row.segment_id, "version": row.version}
    if row.purpose is not None:
        facts |= {"purpose": row.purpose, "channel": row.channel, "source": row.source_id}
    return facts


def _shred(work: Work, rows: Sequence[SegmentRunRow]) -> None:
    if rows:
        work.session.execute(delete(SegmentPartRow).where(SegmentPartRow.run_id.in_([row.id for row in rows])))
        vault_of(work.session).owners.shred(work.session, [row.owner_id for row in rows])
