"""Segments where consent comes in: rules that ask what may be sent, who is left out, and results checked for a purpose.

Choosing people by what is known of them is profiling: whoever objected to it, withdrew a consent to it or refused it
is left out before a rule is asked, and so is everybody whose data may only be stored. A result leaves towards a purpose
only through the send check of that purpose, person by person, told in the log like any other check.
"""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import text

from governance.consent.limits import require_within
from governance.consent.segment_runs import Progress, allowed_of, lock_of, see_through
from governance.consent.terms import terms_of
from governance.customers.segments import defined, defining, results
from governance.customers.segments.asking import questions, read_rule
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
from governance.kernel.errors import InvalidError
from governance.kernel.work import Work
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


def define(
    work: Work, *, key: str, titles: Titles, rule: Mapping[str, Any], special: SpecialCondition | None = None
) -> Segment:
    """Define a segment; see `customers.segments.defining.define`, which raises the same.

    Raises:
        InvalidError: also where it asks for a purpose that there is not, or by a channel that the purpose does not use.
    """
    defined.require_all(work, Permission.SEGMENTS_DEFINE)
    require_purposes(work, rule)
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
        require_purposes(work, rule)
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
    found = [one for one in results.unfinished(work) if work.session.execute(free, {"lock": lock_of(one)}).scalar_one()]
    for one in found:
        _defer(work, one)
    return len(found)


def require_purposes(work: Work, document: Mapping[str, Any]) -> None:
    """Make sure that a rule asks of send checks what they know.

    Raises:
        InvalidError: where there is no such purpose, or it does not use the channel.
    """
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
