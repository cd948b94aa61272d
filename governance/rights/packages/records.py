"""What is said about packages: what they are, how far they are, and what in them waits for an officer."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import NewType
from uuid import UUID

from governance.kernel.ids import SubjectId
from governance.kernel.records import frozen

PackageId = NewType("PackageId", UUID)
FlagId = NewType("FlagId", UUID)


class PackageKind(StrEnum):
    """What a package is for."""

    ACCESS = "access"
    """All that GDPR Art. 15 asks; 152-FZ Art. 14(7); Law 2297-VI Art. 8."""
    PORTABILITY = "portability"
    """What the person gave and what was observed of them, to be taken elsewhere (GDPR Art. 20)."""


class PackageState(StrEnum):
    """How far a package is."""

    MAKING = "making"
    REVIEW = "review"
    """Something in it may be about somebody else, and waits for an officer."""
    READY = "ready"
    DESTROYED = "destroyed"
    FAILED = "failed"


class Doubt(StrEnum):
    """Why a note may be about somebody else too."""

    EMAIL = "email"
    PHONE = "phone"
    NAME = "name"


class Decision(StrEnum):
    """What an officer says of a note."""

    RELEASE = "release"
    """It goes into the package as it is."""
    REDACT = "redact"
    """Other words stand in its place, or a remark that it is withheld."""


@frozen(kw_only=True)
class Package:
    """A package as it stands; nothing in it tells what is in the package.

    Attributes:
        person: whose; the survivor where they were merged when it was begun.
        request: the request that it answers, if any.
        language: ISO 639, of the readable page.
        rows: records in it, once it is ready.
        size: bytes of its files before they are compressed.
        open_flags: notes that wait for a decision.
        failure: slug of a refusal, or of what holds it up: `merge-unreviewed`.
        expires_at: it can be downloaded strictly before this instant.
    """

    id: PackageId
    person: SubjectId
    kind: PackageKind
    state: PackageState
    language: str
    request: UUID | None
    rows: int
    size: int
    open_flags: int
    failure: str | None
    created_at: datetime
    ready_at: datetime | None
    expires_at: datetime | None
    downloaded_at: datetime | None
    downloads: int
    destroyed_at: datetime | None


@frozen(kw_only=True)
class Flag:
    """A note that may be about somebody else too.

    Attributes:
        table, field: where it stands.
        text: the note in the clear; None where it is gone since.
        doubts: why it waits.
        decision: None where it waits still.
        instead: what is told in its place; None where it is released, or withheld as a whole.
    """

    id: FlagId
    table: str
    field: str
    text: str | None
    doubts: Sequence[Doubt]
    decision: Decision | None
    instead: str | None
