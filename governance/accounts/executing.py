"""Carrying approved proposals out, and what time does to proposals: deputies are asked, open ones expire, words go."""

from datetime import timedelta
from typing import Final

from sqlalchemy import ColumnElement, select

from governance.accounts.alerts import AlertKind, raise_alert
from governance.accounts.asking import ask
from governance.accounts.deciders import deciders
from governance.accounts.deciding import EXECUTE
from governance.accounts.errors import AlteredError
from governance.accounts.proposal_rows import as_approved, digest_of, facts_of, locked_proposal, proposer_of, ref_of
from governance.accounts.proposed import ProposalId, ProposalKind, ProposalState, executor_of, executors_of
from governance.accounts.tables import ProposalRow
from governance.audit import operations as audit
from governance.audit.actions import Action, Outcome
from governance.audit.entries import Fact
from governance.custody.shredding import Reason, shred
from governance.kernel import jobs
from governance.kernel.errors import GovernanceError, UnavailableError
from governance.kernel.ids import OwnerId, StaffId
from governance.kernel.logs import get_logger
from governance.kernel.work import ActorKind, Work

LOST_AFTER: Final = timedelta(minutes=10)
"""An approved proposal that waits longer is put into the queue again, should its job have been lost."""
WORDS_KEPT: Final = timedelta(days=365)
"""How long reason and answer are kept once nothing more is to be done."""
AT_ONCE: Final = 200

log = get_logger(__name__)


def execute(work: Work, *, proposal: ProposalId) -> bool:
    """Carry an approved proposal out, exactly as proposed; answers whether this call did it.

    The act and the mark that it was done stand or fall together, and the row is locked: however often and by however
    many this is called, it is done once. What it refuses to do is marked as failed, and officers
    are told.

    Raises:
        NoSuchProposalError: where there is no such proposal.
    """
    row = locked_proposal(work, proposal)
    if row.state != ProposalState.APPROVED.value:
        return False
    failure, words = None, None
    try:
        if digest_of(row) != row.approved_digest:
            raise AlteredError("The proposal was altered after it was approved.")
        with work.session.begin_nested():
            executor_of(work, ProposalKind(row.kind)).run(work, as_approved(row))
    except UnavailableError:
        raise  # nothing is wrong with the proposal; the queue tries again
    except GovernanceError as error:
        failure, words = error.slug, error.in_words()
        log.warning("proposals.failed", proposal=str(row.id), kind=row.kind, slug=error.slug)
    row.state = (ProposalState.EXECUTED if failure is None else ProposalState.FAILED).value
    row.ended_at, row.failure, row.failure_words = work.now, failure, words
    work.session.flush()
    audit.append(
        work,
        Action.PROPOSAL_EXECUTED,
        object=ref_of(row),
        facts={**facts_of(row), **({} if failure is None else {"failure": failure})},
        outcome=Outcome.DONE if failure is None else Outcome.FAILED,
    )
    if failure is not None:
        told: dict[str, Fact] = {"proposal": row.id, "act": row.kind, "failure": failure}
        raise_alert(work, kind=AlertKind.PROPOSAL_FAILED, staff=proposer_of(row), facts=told)
    return failure is None


def tend(work: Work) -> int:
    """See to proposals whose time has come; answers how many. May be called as often as one likes.

    Open ones expire, deputies are asked when half of the time is over, approved ones whose job was lost are put into
    the queue again.
    """
    return _expire(work) + _ask_deputies(work) + _requeue(work)


def end_proposals_of(work: Work, staff: StaffId) -> int:
    """Let what a staff member who leaves proposed, and nobody decided, expire at once; answers how many."""
    return _end(
        work,
        ProposalRow.state == ProposalState.OPEN.value,
        ProposalRow.proposed_by_kind == ActorKind.STAFF.value,
        ProposalRow.proposed_by == staff,
    )


def forget_words(work: Work) -> int:
    """Erase reasons and answers of proposals that ended a year ago; answers how many."""
    ended = (ProposalRow.ended_at < work.now - WORDS_KEPT, ProposalRow.forgotten.is_(False))
    rows = work.session.scalars(
        select(ProposalRow).where(*ended).limit(AT_ONCE).with_for_update(skip_locked=True)
    ).all()
    for row in rows:
        row.reason = row.salt = row.answer = None
        row.forgotten = True
    work.session.flush()
    owners = [OwnerId(row.owner_id) for row in rows if row.own_keys]
    if owners:
        shred(work, owners=owners, reason=Reason.OBJECT_EXPIRED)
    return len(rows)


def _expire(work: Work) -> int:
    return _end(
        work, ProposalRow.state == ProposalState.OPEN.value, ProposalRow.until <= work.now, limit=AT_ONCE, skip=True
    )


def _end(work: Work, *which: ColumnElement[bool], limit: int | None = None, skip: bool = False) -> int:
    query = select(ProposalRow).where(*which).limit(limit).with_for_update(skip_locked=skip)
    rows = work.session.scalars(query.execution_options(populate_existing=True)).all()
    for row in rows:
        row.state, row.ended_at, row.deputy_due_at = ProposalState.EXPIRED.value, work.now, None
        audit.append(work, Action.PROPOSAL_EXPIRED, object=ref_of(row), facts=facts_of(row))
    work.session.flush()
    return len(rows)


def _ask_deputies(work: Work) -> int:
    """Ask all others who may decide; where there are none, the same person once more."""
    due = (ProposalRow.state == ProposalState.OPEN.value, ProposalRow.deputy_due_at <= work.now)
    rows = work.session.scalars(select(ProposalRow).where(*due).limit(AT_ONCE).with_for_update(skip_locked=True)).all()
    for row in rows:
        executor = executors_of(work).get(ProposalKind(row.kind))
        eligible = [] if executor is None else deciders(work, executor.permission, row.payload)
        others = [one for one in eligible if one != row.proposed_by]
        asked = others[1:] or others
        ask(work, row, asked)
        row.deputy_due_at = None
        audit.append(work, Action.DEPUTY_ASKED, object=ref_of(row), facts={**facts_of(row), "asked": list(asked)})
    work.session.flush()
    return len(rows)


def _requeue(work: Work) -> int:
    lost = (ProposalRow.state == ProposalState.APPROVED.value, ProposalRow.decided_at <= work.now - LOST_AFTER)
    found = work.session.scalars(select(ProposalRow.id).where(*lost).limit(AT_ONCE)).all()
    return sum(jobs.defer_once(work, EXECUTE, waiting=f"proposal {one}", proposal=one) for one in found)
