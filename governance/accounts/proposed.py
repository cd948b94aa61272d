"""What can be proposed, and what is done once it was approved: a registry, filled where the service is put together."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final, NewType, TypeAlias
from uuid import UUID

from governance.accounts.errors import NotProposableError
from governance.kernel.db import Database
from governance.kernel.records import frozen
from governance.kernel.work import ActorKind, Work
from governance.policies.permissions import Permission

ProposalId = NewType("ProposalId", UUID)

Code: TypeAlias = str | int | bool | Sequence[str] | None
Payload: TypeAlias = Mapping[str, Code]
"""Closed codes, counts and random ids; what a person wrote goes into the reason, which is sealed."""


class ProposalKind(StrEnum):
    """Acts that need four eyes."""

    EXPORT = "export"
    ACTIVATE_POLICY = "activate_policy"
    RELEASE_HOLD = "release_hold"
    GRANT_ROLE = "grant_role"
    DISPUTED_ERASURE = "disputed_erasure"
    RESUME_PURGE = "resume_purge"


class ProposalState(StrEnum):
    """How far a proposal is."""

    OPEN = "open"
    APPROVED = "approved"
    REFUSED = "refused"
    EXPIRED = "expired"
    EXECUTED = "executed"
    FAILED = "failed"


@frozen
class Approved:
    """What an executor is told: exactly what was proposed.

    Attributes:
        reason: why; free text, never to be kept unsealed.
    """

    id: ProposalId
    kind: ProposalKind
    payload: Payload
    reason: str


@frozen
class Executor:
    """What is done once a proposal of some kind was approved.

    Attributes:
        permission: what whoever decides must hold beside `proposals:decide`; it is that of the act itself.
        run: does it, within the transaction that marks the proposal executed: so it happens once, or not at all. Long
            work puts a job of its own into the queue.
    """

    permission: Permission
    run: Callable[[Work, Approved], None]


Executors: TypeAlias = Mapping[ProposalKind, Executor]

_INFO: Final = "executors"


def install_executors(database: Database, executors: Executors) -> None:
    """Let proposals that sessions of *database* see be executed by these."""
    database.remember(**{_INFO: executors})


def executors_of(work: Work) -> Executors:
    """What this installation can do about approved proposals; nothing where nothing was installed."""
    found: Executors = work.session.info.get(_INFO, {})
    return found


def executor_of(work: Work, kind: ProposalKind) -> Executor:
    """What is done about proposals of *kind*.

    Raises:
        NotProposableError: this installation cannot do it.
    """
    found = executors_of(work).get(kind)
    if found is None:
        raise NotProposableError(f"Nothing in this installation carries out a proposal of the kind {kind.value}.")
    return found


@frozen(kw_only=True)
class Proposal:
    """A proposal as the actor may see it.

    Attributes:
        payload: what is to be done, in codes and ids.
        digest: SHA-256 in hex of all that is proposed, the reason included; this is what is approved.
        reason, answer: why it was proposed, and what was said when it was refused; None where the actor may not decide
            over such acts and did not propose it, and once they are forgotten.
        alone: whether it was executed at once, since nobody else could have decided.
        until: decided strictly before this instant, or not at all.
        failure: slug of the refusal, where it could not be executed; failure_words: what to do about it.
    """

    id: ProposalId
    kind: ProposalKind
    state: ProposalState
    payload: Payload
    digest: str
    reason: str | None
    answer: str | None
    alone: bool
    proposed_by_kind: ActorKind
    proposed_by: UUID | None
    created_at: datetime
    until: datetime
    decided_by_kind: ActorKind | None
    decided_by: UUID | None
    decided_at: datetime | None
    ended_at: datetime | None
    failure: str | None
    failure_words: str | None
