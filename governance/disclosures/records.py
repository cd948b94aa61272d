"""What is said about exports: the order, how far they are, and what they came to."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import NewType
from uuid import UUID

from governance.kernel.ids import SubjectId
from governance.kernel.records import frozen
from governance.kernel.work import ActorKind
from governance.reference.recipients import RecipientId

ExportId = NewType("ExportId", UUID)
"""That of the proposal which it came from."""
DisclosureId = NewType("DisclosureId", UUID)


class ExportFormat(StrEnum):
    """What the file is."""

    CSV = "csv"
    XLSX = "xlsx"
    JSON = "json"


class ExportState(StrEnum):
    """How far an export is."""

    MAKING = "making"
    READY = "ready"
    """It waits to be fetched."""
    DOWNLOADED = "downloaded"
    """It is being handed out."""
    DESTROYED = "destroyed"
    """Its rows are gone; its fingerprint is kept."""
    FAILED = "failed"


class LeftOut(StrEnum):
    """Why somebody is in no export, beside the reasons of the send check."""

    GONE = "gone"
    """Chosen, and since then erased or merged into somebody else."""
    UNREVIEWED = "unreviewed_merge"
    """Merged with somebody, and nobody has looked at that yet."""


@frozen
class Selection:
    """People chosen one by one, by somebody or by a segment."""

    people: Sequence[SubjectId]


@frozen(kw_only=True)
class Export:
    """An export as it stands; never a value of anybody.

    Attributes:
        recipient: the version of the recipient that it goes to; recipient_key: its code.
        fields: columns of the file in their order.
        exporter_kind, exporter: who proposed it, and alone may fetch it.
        total: people to be looked at, those who came meanwhile included; considered: those looked at so far.
        rows: how many may be handed out.
        left_out: how many were left out, by reason.
        expires_at: it can be fetched strictly before this instant.
        failure: slug of the refusal that it could not be made for; failure_words: what to do about it.
        traceable: whether its fingerprint is kept still.
    """

    id: ExportId
    state: ExportState
    recipient: RecipientId
    recipient_key: str
    purpose: str
    channels: tuple[str, ...]
    format: ExportFormat
    fields: tuple[str, ...]
    exporter_kind: ActorKind
    exporter: UUID | None
    total: int
    considered: int
    rows: int
    left_out: Mapping[str, int]
    failure: str | None
    failure_words: str | None
    created_at: datetime
    ready_at: datetime | None
    expires_at: datetime | None
    downloaded_at: datetime | None
    destroyed_at: datetime | None
    traceable: bool
