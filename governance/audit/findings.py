"""What a verification of the log found: differences, and what an operator should know though nothing differs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from governance.kernel.records import frozen

MAX_FINDINGS = 20


@frozen
class Difference:
    """Something in the log that is not as it must be.

    Attributes:
        seq, eid: which entry, where one can be told.
        what: what differs.
        meaning: what must have happened.
    """

    seq: int | None
    eid: UUID | None
    what: str
    meaning: str


@frozen
class Mark:
    """A size at which the tree must have a certain root, and from when on entries must be younger (if signed then)."""

    size: int
    name: str
    root: bytes
    at: datetime | None


@dataclass(slots=True)
class Verification:
    """Outcome of a verification.

    Attributes:
        entries: leaves that were looked at.
        dropped: of these, entries whose bodies were dropped by age, as the log itself tells.
        pending: entries that await their place.
        unsigned: entries that no checkpoint covers, those that await their place included: only the database protects
            them.
        checkpoints: signed checkpoints that were checked.
        differences: the first that were found; none means that the log is whole.
        notes: what was taken on trust, and from where; what was lost and told of.
    """

    entries: int = 0
    dropped: int = 0
    pending: int = 0
    unsigned: int = 0
    checkpoints: int = 0
    differences: list[Difference] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        """Whether nothing was found."""
        return not self.differences

    def found(self, seq: int | None, eid: UUID | None, what: str, meaning: str) -> None:
        """Add a difference, up to the limit."""
        if len(self.differences) < MAX_FINDINGS:
            self.differences.append(Difference(seq, eid, what, meaning))
