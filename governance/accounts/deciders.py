"""Who may decide over proposals, and where nobody but one person could: there four eyes are off.

Nobody switches them off for themselves: whoever left counts for a while, and so does the one whom an act concerns. What
then finds nobody else to approve it waits for the operator of the host.
"""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import func, select

from governance.accounts.proposed import Payload, ProposalKind, executors_of
from governance.accounts.tables import ProposalRow, StaffRow
from governance.custody.findings import Finding, Level
from governance.kernel.ids import StaffId
from governance.kernel.records import frozen
from governance.kernel.work import ActorKind, Work
from governance.policies import access, shipped
from governance.policies.permissions import Permission

PEOPLE: Final = 2
"""Who must be eligible before an act needs a second one of them."""
CONCERNED: Final = "staff"
"""Name in a payload of the staff member whom the act concerns."""
LEFT_COUNTS_FOR: Final = timedelta(days=30)
"""So long a staff member who was shut out counts when it is asked whether an act needs a second person."""
ALONE_TOLD_FOR: Final = timedelta(days=30)


@frozen
class _Holder:
    """A staff member, as access looks at one."""

    id: UUID | None
    permissions: frozenset[str]
    roles: tuple[str, ...]


def may_decide(actor: access.Grantee, permission: Permission) -> bool:
    """Whether *actor* may decide over acts that need *permission*."""
    needed = (Permission.PROPOSALS_DECIDE, permission)
    return all(access.allows(actor, one).allowed for one in needed)


def is_concerned(staff: UUID | None, payload: Payload) -> bool:
    """Whether a staff member is the one that the act is done to; nobody decides over a role of their own."""
    return staff is not None and payload.get(CONCERNED) == str(staff)


def deciders(work: Work, permission: Permission, payload: Payload) -> list[StaffId]:
    """Active staff who may decide over acts that need *permission*, the oldest account first.

    The one whom the act concerns is left out.
    """
    return [
        StaffId(row.id)
        for row in _active(work)
        if may_decide(holder_of(row), permission) and not is_concerned(row.id, payload)
    ]


def _active(work: Work) -> Iterable[StaffRow]:
    return work.session.scalars(select(StaffRow).where(StaffRow.disabled_at.is_(None)).order_by(StaffRow.id))


def needs_second(work: Work, permission: Permission, payload: Payload) -> bool:
    """Whether somebody else has to approve what the actor proposes.

    A staff member needs one other person where there is one, or was until a while ago, and always for an act that
    concerns the proposer. Behind the operator, who has no name, may be any one of those who may decide.
    """
    if work.actor.kind is not ActorKind.STAFF:
        return len(deciders(work, permission, payload)) >= PEOPLE
    return is_concerned(work.actor.id, payload) or any(one != work.actor.id for one in _counted(work, permission))


def _counted(work: Work, permission: Permission) -> list[StaffId]:
    """Staff who may decide over acts that need *permission*, or might until lately."""
    late = StaffRow.disabled_at.is_(None) | (StaffRow.disabled_at > work.now - LEFT_COUNTS_FOR)
    rows = work.session.scalars(select(StaffRow).where(late).order_by(StaffRow.id))
    return [StaffId(row.id) for row in rows if may_decide(holder_of(row), permission)]


def proposal_findings(work: Work) -> list[Finding]:
    """What is not in order with four eyes, for the doctor."""
    return [*_without_four_eyes(work), *_failed(work)]


def _without_four_eyes(work: Work) -> Iterator[Finding]:
    holders = [holder_of(row) for row in _active(work)]
    off = [
        kind
        for kind, one in executors_of(work).items()
        if sum(may_decide(holder, one.permission) for holder in holders) < PEOPLE
    ]
    if not off:
        return
    since = work.now - ALONE_TOLD_FOR
    alone = work.session.scalar(select(func.count()).where(ProposalRow.alone, ProposalRow.created_at > since))
    yield Finding(
        "four-eyes-off",
        Level.WARNING,
        f"Fewer than two people may decide over {', '.join(sorted(_called(kind) for kind in off))}: whoever proposes "
        "such an act does it alone, or for 30 days after another left waits for the operator of the host. Alone it "
        f"was done {alone or 0} times in the last 30 days; the log tells of each.",
        "Give a second person the role: governance staff create, governance staff grant",
        {"count": str(alone or 0)},
    )


def _failed(work: Work) -> Iterator[Finding]:
    since = work.now - ALONE_TOLD_FOR
    failed = work.session.scalar(
        select(func.count()).where(ProposalRow.state == "failed", ProposalRow.ended_at > since)
    )
    if failed:
        yield Finding(
            "proposals-failed",
            Level.WARNING,
            f"{failed} approved proposals of the last 30 days could not be carried out.",
            "governance proposals list --state failed names them and why; propose anew what is still wanted",
            {"count": str(failed)},
        )


def _called(kind: ProposalKind) -> str:
    return kind.value.replace("_", " ")


def holder_of(row: StaffRow) -> access.Grantee:
    """A staff member, to ask access about."""
    names = tuple(one.role for one in row.roles)
    return _Holder(row.id, shipped.roles().grants_of(names), names)
