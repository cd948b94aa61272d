"""Segments where consent comes in: rules that ask what may be sent, who is left out, and results checked for a purpose.

Choosing people by what is known of them is profiling: whoever objected to it, withdrew a consent to it or refused it
is left out before a rule is asked, and so is everybody whose data may only be stored. A result leaves towards a purpose
only through the send check of that purpose, person by person, told in the log like any other check.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, String, any_, exists, literal, text

from governance.audit.actions import Action
from governance.consent.checking import MOST_CONTACTS, Asked, check
from governance.consent.limits import require_within
from governance.consent.tables import ConsentStateRow
from governance.consent.terms import terms_of
from governance.customers import operations as customers
from governance.customers.segments import defined, defining, results
from governance.customers.segments.asking import PURPOSE, questions, read_rule
from governance.customers.segments.choosing import PEOPLE_AT_ONCE, Answers, Choice, Facts
from governance.customers.segments.operations import (
    Run,
    RunId,
    RunState,
    Segment,
    SegmentId,
    SpecialCondition,
    expire,
    retire,
    run,
    runs,
    segment,
    segment_of_key,
    segments,
    stop,
    versions,
)
from governance.kernel import jobs
from governance.kernel.clock import Clock
from governance.kernel.db import Database
from governance.kernel.errors import ConflictError, InvalidError
from governance.kernel.ids import SubjectId
from governance.kernel.work import Actor, Work, open_work
from governance.policies.consent_state import Standing
from governance.policies.documents import Titles
from governance.policies.permissions import Permission
from governance.policies.purposes import Channel
from governance.policies.segments import May

__all__ = [
    "RUN",
    "Progress",
    "Run",
    "RunId",
    "RunState",
    "Segment",
    "SegmentId",
    "SpecialCondition",
    "allowed_of",
    "check_for",
    "define",
    "edit",
    "evaluate",
    "expire",
    "resume_runs",
    "retire",
    "run",
    "runs",
    "see_through",
    "segment",
    "segment_of_key",
    "segments",
    "stop",
    "versions",
]

RUN: Final = "segments.run"
"""Name of the job."""
CAMPAIGN: Final = "segment"
"""What decisions say that a segment asked for."""
_AGAINST: Final = [Standing.OBJECTED.value, Standing.WITHDRAWN.value, Standing.REFUSED.value]

OnProgress = Callable[["Progress"], None]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is.

    Attributes:
        done, total: people looked at, and people in all; some may have come or gone meanwhile.
    """

    done: int
    total: int


def define(
    work: Work, *, key: str, titles: Titles, rule: Mapping[str, Any], special: SpecialCondition | None = None
) -> Segment:
    """Define a segment; see `customers.segments.defining.define`, which raises the same.

    Raises:
        InvalidError: also where it asks for a purpose that there is not, or by a channel that the purpose does not use.
    """
    defined.require_all(work, Permission.SEGMENTS_DEFINE)
    _require_purposes(work, rule)
    return defining.define(work, key=key, titles=titles, rule=rule, special=special)


def edit(
    work: Work,
    *,
    segment: SegmentId,
    titles: Titles | None = None,
    rule: Mapping[str, Any] | None = None,
    special: SpecialCondition | None = None,
    if_version: int | None = None,
) -> Segment:
    """Give a segment a new version; see `customers.segments.defining.edit`, which raises the same.

    Raises:
        InvalidError: also as `define` does.
    """
    defined.require_all(work, Permission.SEGMENTS_DEFINE)
    if rule is not None:
        _require_purposes(work, rule)
    return defining.edit(work, segment=segment, titles=titles, rule=rule, special=special, if_version=if_version)


def evaluate(work: Work, *, segment: SegmentId) -> Run:
    """Begin to evaluate a segment; the worker sees to it.

    Raises:
        ForbiddenError, NotFoundError, ConflictError: as `results.begin` does.
    """
    begun = results.begin(work, segment=segment)
    _defer(work, begun.id)
    return begun


def check_for(work: Work, *, segment: SegmentId, purpose: str, channel: Channel) -> Run:
    """Begin to check whom of a segment's newest result a purpose may reach; the worker sees to it.

    Raises:
        ForbiddenError: without `segments:use` for all customers, or where the actor is kept to other purposes.
        NotFoundError, ConflictError: as `results.begin_check` does.
        InvalidError: where there is no such purpose, or it does not use the channel.
    """
    defined.require_all(work, Permission.SEGMENTS_USE)
    require_within(work.actor, purpose=purpose, channel=channel)
    problem = _problem(work, May(purpose, channel))
    if problem is not None:
        raise InvalidError("The segment cannot be checked for this.", errors={problem[0]: [problem[1]]})
    begun = results.begin_check(work, segment=segment, purpose=purpose, channel=channel.value)
    _defer(work, begun.id)
    return begun


def resume_runs(work: Work) -> int:
    """Put runs into the queue that are not at their end and in nobody's hands; answers how many."""
    free = text("SELECT pg_try_advisory_xact_lock(:lock)")
    found = [one for one in results.unfinished(work) if work.session.execute(free, {"lock": _lock(one)}).scalar_one()]
    for one in found:
        _defer(work, one)
    return len(found)


def see_through(
    database: Database,
    *,
    actor: Actor,
    run: RunId,
    clock: Clock | None = None,
    on_progress: OnProgress | None = None,
    size: int = PEOPLE_AT_ONCE,
) -> None:
    """Do all that is left of a run, a chunk per transaction; whoever is killed loses the chunk at hand and no more.

    Whoever calls has decided that it may be: the run was begun by somebody who might.

    Args:
        database: of the store.
        actor: who is told in the log.
        run: which.
        clock: tells the instants.
        on_progress: told after each chunk; may raise to end it for now.
        size: people in a chunk.

    Raises:
        NotFoundError: where there is no such run.
        ConflictError: where another process has it in hand.
    """
    with _alone(database, run):
        with open_work(database, actor, clock=clock) as work:
            row = results.find_run(work, run)
            choice = None if row.purpose is not None else _choice(work, row)
        while True:
            with open_work(database, actor, clock=clock) as work:
                row = results.find_run(work, run, locked=True)
                if row.state != RunState.RUNNING:
                    return
                if choice is None:
                    _check_next(work, row)
                else:
                    _choose_next(work, row, choice, min(size, MOST_CONTACTS))
                progress = Progress(row.done, max(row.people, row.done))
            if on_progress is not None:
                on_progress(progress)


def _choice(work: Work, row: results.AtWork) -> Choice:
    document = defined.document_of(work, segment=row.segment_id, version=row.version)
    rule, extras = read_rule(work, document)
    return Choice(rule, at=row.started_at, extras=extras, left_out=objecting)


def objecting(person: ColumnElement[UUID]) -> ColumnElement[bool]:
    """Who said no to being profiled, by whatever channel."""
    return exists().where(
        ConsentStateRow.person_id == person,
        ConsentStateRow.purpose == PURPOSE,
        ConsentStateRow.standing == any_(literal(_AGAINST, ARRAY(String))),
    )


def _choose_next(work: Work, row: results.AtWork, choice: Choice, size: int) -> None:
    chunk = choice.next_chunk(work, after=row.reached, size=size)
    if chunk.reached is None:
        results.finish(work, row, action=Action.SEGMENT_EVALUATED)
        return
    found = chunk.chosen
    if chunk.open:
        found = found + choice.settle(chunk.open, _answers(work, choice.questions, chunk.open))
    row.reached = chunk.reached
    row.done += chunk.people
    row.left_out += chunk.left_out
    row.parts += bool(found)
    results.keep(work, row, number=row.parts, people=found)


def _answers(work: Work, asked: Sequence[May], undecided: Sequence[Facts]) -> Answers:
    ids = [one.person for one in undecided]
    people = [SubjectId(UUID(bytes=one)) for one in ids]
    answers: dict[tuple[May, bytes], bool] = {}
    for question in asked:
        said = check(work, question=Asked(question.purpose, question.channel, campaign=CAMPAIGN), people=people)
        answers.update(
            ((question, person), verdict.allowed) for person, verdict in zip(ids, said.verdicts, strict=True)
        )
    return answers


def _check_next(work: Work, row: results.AtWork) -> None:
    source = results.find_run(work, row.source_id or row.id)
    if source.expires_at <= work.now:
        results.end_early(work, row)
        return
    if row.parts >= source.parts:
        results.finish(work, row, action=Action.AUDIENCE_CHECKED)
        return
    row.parts += 1
    people = results.kept_people(work, source, number=row.parts)
    row.done += len(people)
    waiting = customers.unreviewed(work, people)
    row.left_out += len(waiting)
    people = [one for one in people if one not in waiting]
    allowed = allowed_of(work, purpose=row.purpose or "", channel=Channel(row.channel or ""), people=people)
    results.keep(work, row, number=row.parts, people=[one.bytes for one in allowed])


def allowed_of(work: Work, *, purpose: str, channel: Channel, people: Sequence[SubjectId]) -> list[SubjectId]:
    """Those of *people* whom the send check lets through."""
    if not people:
        return []
    said = check(work, question=Asked(purpose, channel, campaign=CAMPAIGN), people=people)
    return [person for person, verdict in zip(people, said.verdicts, strict=True) if verdict.allowed]


def _require_purposes(work: Work, document: Mapping[str, Any]) -> None:
    rule, _ = read_rule(work, document)
    for one in questions(rule):
        problem = _problem(work, one)
        if problem is not None:
            raise InvalidError("This is no rule of a segment.", errors={"rule": [problem[1]]})


def _problem(work: Work, asked: May) -> tuple[str, str] | None:
    purpose = terms_of(work).book(work.now).purposes.get(asked.purpose)
    if purpose is None:
        return "purpose", "There is no purpose of this key; see: governance consent purposes"
    if asked.channel not in purpose.channels:
        return "channel", "The purpose uses " + ", ".join(sorted(purpose.channels)) + "."
    return None


def _defer(work: Work, run: RunId) -> None:
    jobs.defer_once(work, RUN, waiting=f"segment run {run}", run=run)


@contextmanager
def _alone(database: Database, run: UUID) -> Iterator[None]:
    """Hold the lock of *run* on a connection of its own: it falls with the process, however that ends."""
    with database.session_lock(_lock(run)) as taken:
        if not taken:
            raise ConflictError("This run is being worked on by another process; wait until it is done.")
        yield


def _lock(run: UUID) -> int:
    return int.from_bytes(run.bytes[8:], "big", signed=True)
