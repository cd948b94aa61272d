"""Four eyes: an act is proposed, another person approves or refuses it, a job carries it out once, as proposed.

What is approved is a digest of all that is proposed, the sealed reason and a sealed salt included. It is made anew from
the row before the approval and before the execution: what was altered in between is refused. `deciding` approves and
refuses, `executing` carries out, `proposed` says what can be proposed.
"""

import re
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import func, select

from governance.accounts.alerts import AlertKind, raise_alert
from governance.accounts.asking import ask
from governance.accounts.deciders import deciders, needs_second
from governance.accounts.errors import NoSuchProposalError
from governance.accounts.proposal_rows import as_approved, digest_of, free_text, ref_of, shown
from governance.accounts.proposed import Payload, Proposal, ProposalId, ProposalKind, ProposalState, executor_of
from governance.accounts.tables import ProposalRow
from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.kernel.clock import require_aware
from governance.kernel.errors import ConflictError, ForbiddenError, InvalidError
from governance.kernel.ids import OwnerId, StaffId, SubjectRef, uuid7
from governance.kernel.work import Actor, ActorKind, Work
from governance.policies import access
from governance.policies.permissions import Permission
from governance.vault.compartments import OwnerKind
from governance.vault.runtime import vault_of

LASTS: Final = timedelta(days=7)
"""How long a proposal may be decided where nothing else is said."""
LASTS_AT_MOST: Final = timedelta(days=30)
_CODE: Final = re.compile(r"[A-Za-z0-9_.:-]{1,100}")
_SALT_BYTES: Final = 32


def propose(
    work: Work,
    *,
    kind: ProposalKind,
    payload: Payload,
    reason: str,
    until: datetime | None = None,
    owner: OwnerId | None = None,
    subject: SubjectRef | None = None,
) -> Proposal:
    """Propose an act. Where nobody but the proposer could decide, it is done at once and told so.

    The caller has decided that the actor may do the act.

    Args:
        work: the unit of work.
        kind: which act.
        payload: what is to be done, in codes and random ids.
        reason: why; sealed.
        until: decided strictly before this instant, or not at all; a week where nothing is said, 30 days at most.
        owner: key owner of the person concerned, with whose data the reason is erased; one of its own by default.
        subject: that person, for the log.

    Raises:
        NotProposableError: where this installation cannot carry it out.
        InvalidError: where payload, reason or time cannot be used; `errors` says by field why.
        ConflictError: where the same is proposed already.
        GovernanceError: where the act is done at once, as the act says.
    """
    executor = executor_of(work, kind)
    told, ends = _checked(work, payload, reason, until)
    _refuse_twice(work, kind, payload)
    eligible = deciders(work, executor.permission, payload)
    alone = not needs_second(work, executor.permission, payload)
    key_owner = OwnerId(uuid7()) if owner is None else owner
    if owner is None:
        vault_of(work.session).owners.create(work.session, OwnerKind.PROPOSAL, [key_owner])
    row = ProposalRow(
        id=uuid7(),
        owner_id=key_owner,
        own_keys=owner is None,
        kind=kind.value,
        payload=dict(payload),
        state=ProposalState.EXECUTED.value if alone else ProposalState.OPEN.value,
        alone=alone,
        proposed_by_kind=work.actor.kind.value,
        proposed_by=work.actor.id,
        created_at=work.now,
        until=ends,
        deputy_due_at=None if alone else work.now + (ends - work.now) / 2,
        ended_at=work.now if alone else None,
        forgotten=False,
        reason=told,
        salt=secrets.token_hex(_SALT_BYTES),
    )
    row.digest = digest_of(row)
    work.session.add(row)
    work.session.flush()
    audit.append(
        work,
        Action.DECIDED_ALONE if alone else Action.PROPOSAL_MADE,
        subject=subject,
        object=ref_of(row),
        facts={"kind": kind.value, "digest": row.digest.hex(), "until": ends, "eligible": len(eligible)},
        personal={"reason": told},
        owner=key_owner,
    )
    if alone:
        executor.run(work, as_approved(row))
        by = StaffId(work.actor.id) if work.actor.kind is ActorKind.STAFF and work.actor.id is not None else None
        raise_alert(work, kind=AlertKind.DECIDED_ALONE, staff=by, facts={"proposal": row.id, "act": kind.value})
    else:
        ask(work, row, [one for one in eligible if one != work.actor.id][:1])
    return shown(work, row)


def find_proposal(work: Work, *, proposal: ProposalId) -> Proposal:
    """A proposal; told in the log where its reason is shown.

    Raises:
        ForbiddenError: where the actor may not see proposals.
        NoSuchProposalError: where there is no such proposal.
    """
    _require(work.actor, Permission.PROPOSALS_READ)
    row = work.session.get(ProposalRow, proposal)
    if row is None:
        raise NoSuchProposalError("There is no such proposal.")
    found = shown(work, row)
    if found.reason is not None:
        audit.append(work, Action.PROPOSAL_READ, object=ref_of(row))
    return found


def states_of(work: Work, proposals: Sequence[ProposalId]) -> dict[UUID, str]:
    """How far proposals are, for packages that wait for a decision."""
    query = select(ProposalRow.id, ProposalRow.state).where(ProposalRow.id.in_(proposals))
    return dict(work.session.execute(query).all()) if proposals else {}


def list_proposals(
    work: Work, *, state: ProposalState | None = None, before: ProposalId | None = None, limit: int = 50
) -> list[Proposal]:
    """Proposals without their reasons, newest first.

    Raises:
        ForbiddenError: where the actor may not see proposals.
    """
    _require(work.actor, Permission.PROPOSALS_READ)
    query = select(ProposalRow).order_by(ProposalRow.id.desc()).limit(limit)
    if state is not None:
        query = query.where(ProposalRow.state == state.value)
    if before is not None:
        query = query.where(ProposalRow.id < before)
    return [shown(work, row, with_words=False) for row in work.session.scalars(query)]


def count_proposals(work: Work, *, state: ProposalState) -> int:
    """How many proposals are in a state.

    Raises:
        ForbiddenError: where the actor may not see proposals.
    """
    _require(work.actor, Permission.PROPOSALS_READ)
    query = select(func.count()).select_from(ProposalRow).where(ProposalRow.state == state.value)
    return work.session.scalar(query) or 0


def _checked(work: Work, payload: Payload, reason: str, until: datetime | None) -> tuple[str, datetime]:
    for name, value in payload.items():
        said = [value] if value is None or isinstance(value, str | int) else list(value)
        if not all(_CODE.fullmatch(one) for one in (name, *said) if isinstance(one, str)):
            raise InvalidError(
                "A proposal holds codes and ids only; what a person wrote belongs into the reason.",
                errors={"payload": ["Give codes and ids."]},
            )
    ends = work.now + LASTS if until is None else require_aware(until)
    if not work.now < ends <= work.now + LASTS_AT_MOST:
        sentence = f"Give an instant to come, at most {LASTS_AT_MOST.days} days ahead."
        raise InvalidError("The proposal cannot last so.", errors={"until": [sentence]})
    return free_text(reason, "reason"), ends


def _refuse_twice(work: Work, kind: ProposalKind, payload: Payload) -> None:
    pending = (ProposalState.OPEN.value, ProposalState.APPROVED.value)
    query = select(ProposalRow.id).where(
        ProposalRow.kind == kind.value, ProposalRow.state.in_(pending), ProposalRow.payload == dict(payload)
    )
    if (there := work.session.scalars(query).first()) is not None:
        raise ConflictError(f"The same is proposed already and waits to be decided: {there}")


def _require(actor: Actor, permission: Permission) -> None:
    if not access.allows(actor, permission).allowed:
        raise ForbiddenError(f"This needs the permission {permission.value}, which you do not have.")
