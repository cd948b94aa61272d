"""Events on their way into the histories of their subjects."""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from typing import NamedTuple

from governance.consent.subjects import Key
from governance.customers.holders import Known
from governance.customers.records import Json
from governance.kernel.ids import BatchId
from governance.kernel.records import frozen
from governance.policies.consent_state import EventKind, Method
from governance.policies.purposes import Channel


@frozen
class Said:
    """An event on its way into a subject's history.

    Attributes:
        person: whose it is.
        valid_at: when it was said; None for the instant of recording, unless *claimed*.
        evidence: sealed with it; empty for none.
    """

    person: Known
    kind: EventKind
    purpose: str
    channel: Channel
    method: Method
    valid_at: datetime | None = None
    claimed: bool = False
    whole_day: bool = False
    notice: int | None = None
    language: str | None = None
    seen: int | None = None
    voids: int | None = None
    evidence: Mapping[str, Json] = field(default_factory=dict)
    batch: BatchId | None = None


class Placed(NamedTuple):
    """An event with its place; its id comes with its audit entry."""

    said: Said
    key: Key
    sequence: int
    recorded_at: datetime
    valid_at: datetime | None
    seen: int | None
