"""What an erasure is made of, as this package shows it to others."""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import NewType
from uuid import UUID

from governance.kernel.ids import EntryId, SubjectId, SubjectRef
from governance.kernel.records import frozen
from governance.kernel.work import ActorKind
from governance.policies.classification import Compartment
from governance.policies.erasure import PlanStep

ErasureId = NewType("ErasureId", UUID)


class OriginKind(StrEnum):
    """Who asked for an erasure."""

    REQUEST = "request"
    """The person."""
    POLICY_RUN = "policy_run"
    """A retention policy whose period is over."""
    OFFICER = "officer"
    OPERATOR = "operator"


@frozen
class Origin:
    """Where an erasure comes from.

    Attributes:
        id: of the request or run.
        rule: key of the retention policy.
    """

    kind: OriginKind
    id: UUID | None = None
    rule: str | None = None


class Step(StrEnum):
    """What is done, in this order."""

    SUPPRESS = "suppress"
    """Contacts go on the suppression ledger, while they can still be read."""
    WITHDRAW = "withdraw"
    """Consents that stand end, so that their evidence has its date."""
    OUTGOING = "outgoing"
    """Queued mails, exports that were not fetched, pending subscriptions, visits of the portal."""
    BEHAVIOUR = "behaviour"
    CONTACT = "contact"
    PROFILE = "profile"
    FINANCE = "finance"
    EVIDENCE = "evidence"
    TRAIL = "trail"
    """Personal details in the log, and what tells whom its random names stand for."""
    RECORD = "record"
    """The person's own row, and all that hangs on it."""
    KEYS = "keys"


LINES = "suppression"
"""Counts lines that stand on the suppression ledger."""
ENDED = "consent_ended"
"""Counts consents that were ended."""
EMPTIED = "person_emptied"
"""Counts rows of people that stay, with nothing in them."""
NOT_GONE = frozenset({LINES, ENDED, EMPTIED})
"""What a step counts besides rows that went."""
COMPARTMENT_OF: Mapping[Step, Compartment] = {
    Step.BEHAVIOUR: Compartment.BEHAVIOUR,
    Step.CONTACT: Compartment.CONTACT,
    Step.PROFILE: Compartment.PROFILE,
    Step.FINANCE: Compartment.FINANCE,
    Step.EVIDENCE: Compartment.EVIDENCE,
}
"""By step, the compartment that it empties."""


class StepState(StrEnum):
    """Where a step stands."""

    PENDING = "pending"
    HELD = "held"
    KEPT = "kept"
    DONE = "done"


class ErasureState(StrEnum):
    """Where an erasure stands."""

    RUNNING = "running"
    WAITING = "waiting"
    """All that may go has gone; the rest is held, or kept until a day."""
    CLOSED = "closed"
    """Nothing is left."""


@frozen
class Plan:
    """What would become of a person's data today.

    Attributes:
        steps: one for each compartment.
        recipients: how many recipients of past disclosures are to be told.
        others: how many other people share a contact with this one, and keep it.
        on: the day it was made for, in the controller's zone.
    """

    person: SubjectId
    steps: tuple[PlanStep, ...]
    recipients: int
    others: int
    on: date


def gone_of(counts: Mapping[str, int]) -> dict[str, int]:
    """Rows that went, by table, of what a step counts."""
    return {name: number for name, number in counts.items() if name not in NOT_GONE}


@frozen
class ErasureStep:
    """A step as it stands.

    Attributes:
        until, first_until: of a kept one, the last day of the last of its rows, and of the first.
        in_force: whether the controller has put the rule into force that it stays by.
        rule, citation: what it stays or goes by.
        holds: what it waits for.
        attempts, failure, next_at: of the last failure, its slug, and when it is tried again.
        entry: its receipt in the log.
        counts: rows that went, by table, and what was done besides (`NOT_GONE`).
    """

    step: Step
    state: StepState
    until: date | None
    rule: str
    citation: str
    holds: tuple[UUID, ...]
    attempts: int
    failure: str | None
    next_at: datetime | None
    done_at: datetime | None
    entry: EntryId | None
    counts: Mapping[str, int]
    first_until: date | None
    in_force: bool

    @property
    def rows(self) -> int:
        """How many rows went."""
        return sum(gone_of(self.counts).values())


@frozen
class ToldRecipient:
    """A recipient who is to be told (GDPR Art. 19)."""

    recipient: UUID
    disclosures: tuple[UUID, ...]
    told_at: datetime | None


@frozen
class Erasure:
    """An erasure as it stands.

    Attributes:
        refs: random names in the log of those who are erased; nothing else is known of them.
        completed_at: when all that could go had gone.
        closed_at: when nothing was left any more.
        certificates: how many were made.
    """

    id: ErasureId
    origin: Origin
    state: ErasureState
    people: int
    refs: tuple[SubjectRef, ...]
    begun_at: datetime
    begun_by_kind: ActorKind
    begun_by: UUID | None
    completed_at: datetime | None
    closed_at: datetime | None
    steps: tuple[ErasureStep, ...]
    recipients: tuple[ToldRecipient, ...]
    certificates: int
