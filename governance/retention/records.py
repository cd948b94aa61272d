"""What is told of runs."""

from datetime import datetime
from enum import StrEnum
from typing import NewType
from uuid import UUID

from governance.kernel.records import frozen
from governance.kernel.work import ActorKind
from governance.reference.retention_rules import PolicyId

RunId = NewType("RunId", UUID)


class RunOrigin(StrEnum):
    """What started a run."""

    TIMETABLE = "timetable"
    HAND = "hand"
    RESTORE = "restore"
    RELEASE = "release"
    """A hold was released that had kept something from going."""


class RunState(StrEnum):
    """How far a run is."""

    FUSED = "fused"
    """It would touch too many people, and waits to be approved."""
    RUNNING = "running"
    STOPPED = "stopped"
    DONE = "done"


@frozen(kw_only=True)
class RunPart:
    """What a run does by one version of a policy.

    Attributes:
        due_people, due_rows: what was due when it began.
        at_most: how many rows, or people who are erased, may go, where what was overdue goes in waves; None for all.
        people, rows: what went.
        failed: rows that could not go; the next run tries again.
        left_over: what was due still when the part ended.
    """

    policy: PolicyId
    key: str
    version: int
    is_done: bool
    due_people: int
    due_rows: int
    at_most: int | None
    people: int
    rows: int
    batches: int
    failed: int
    left_over: int


@frozen(kw_only=True)
class Run:
    """A run.

    Attributes:
        at: the instant by which it is decided what is due.
        store_people, due_people: when it began: how many people there were, and how many it was to touch.
    """

    id: RunId
    origin: RunOrigin
    state: RunState
    at: datetime
    started_at: datetime
    started_by_kind: ActorKind
    started_by: UUID | None
    store_people: int
    due_people: int
    finished_at: datetime | None
    parts: tuple[RunPart, ...]


@frozen(kw_only=True)
class RunFailure:
    """Something that a run could not take away.

    Attributes:
        policy, version: by which it was to go.
        object: id of the row, or of the person who was to be erased; of the policy where nothing could begin.
        slug: what hindered it.
        attempts: how often runs of this version have tried.
        at: when the last of them did.
    """

    policy: str
    version: int
    object: UUID
    slug: str
    attempts: int
    at: datetime
