"""What evaluations of segments do, a chunk per transaction: customers asked in turn, results checked likewise."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, String, any_, exists, literal

from governance.audit.actions import Action
from governance.consent.checking import MOST_CONTACTS, Asked, check
from governance.consent.tables import ConsentStateRow
from governance.customers import operations as customers
from governance.customers.segments import defined, results
from governance.customers.segments.asking import PURPOSE, read_rule
from governance.customers.segments.choosing import PEOPLE_AT_ONCE, Answers, Choice, Facts
from governance.customers.segments.operations import RunId, RunState
from governance.kernel.clock import Clock
from governance.kernel.db import Database
from governance.kernel.errors import ConflictError
from governance.kernel.ids import SubjectId
from governance.kernel.records import frozen
from governance.kernel.work import Actor, Work, open_work
from governance.policies.consent_state import Standing
from governance.policies.purposes import Channel
from governance.policies.segments import May

CAMPAIGN: Final = "segment"
"""What decisions say that a segment asked for."""
_AGAINST: Final = [Standing.OBJECTED.value, Standing.WITHDRAWN.value, Standing.REFUSED.value]

OnProgress = Callable[["Progress"], None]


@frozen
class Progress:
    """How far a run is.

    Attributes:
        done, total: people looked at, and people in all; some may have come or gone meanwhile.
    """

    done: int
    total: int


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
        found = found + choice.settle(chunk.open, answers_of(work, choice.questions, chunk.open))
    row.reached = chunk.reached
    row.done += chunk.people
    row.left_out += chunk.left_out
    row.parts += bool(found)
    results.keep(work, row, number=row.parts, people=found)


def answers_of(work: Work, asked: Sequence[May], undecided: Sequence[Facts]) -> Answers:
    """What the send check says of everybody whom a rule leaves open."""
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


@contextmanager
def _alone(database: Database, run: UUID) -> Iterator[None]:
    """Hold the lock of *run* on a connection of its own: it falls with the process, however that ends."""
    with database.session_lock(lock_of(run)) as taken:
        if not taken:
            raise ConflictError("This run is being worked on by another process; wait until it is done.")
        yield


def lock_of(run: UUID) -> int:
    """The number by which a run is locked while it is in somebody's hands."""
    return int.from_bytes(run.bytes[8:], "big", signed=True)
