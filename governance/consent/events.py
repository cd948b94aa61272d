"""What is said of a consent on the way in, and what became of it."""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime

from governance.customers.codes import ContactKind
from governance.customers.records import Json
from governance.kernel.ids import BatchId, EntryId, SubjectId
from governance.kernel.records import frozen
from governance.policies.consent_state import SILENCE, ConsentState, EventKind, Method
from governance.policies.purposes import Channel


@frozen
class ContactSaid:
    """A contact as a caller sent it; a personal value.

    Attributes:
        kind: which sort.
        value: as it was written.
        region: ISO 3166 country of a phone number without a country code; the controller's own where none is given.
    """

    kind: ContactKind
    value: str
    region: str | None = None


@frozen
class NewEvent:
    """Something said about one purpose by one channel.

    Attributes:
        kind: what happened; `expired` is recorded by the service alone.
        purpose: key of the purpose.
        channel: by which the person is, or is not, to be reached.
        method: how it was said.
        subject: the person; may be left out where *contact* names them.
        contact: the contact that was used; goes into the evidence.
        valid_at: when it was said; None for now, where it is not a `claimed` one.
        whole_day: whether only the day of *valid_at* is known (its date, in the offset that it is written with).
        claimed: whether nobody knows when it was said: such a consent is kept as a claim, and is none.
        notice: version of the purpose's notice that was shown; a consent without one is kept as a claim.
        language: ISO 639, of the notice that was shown.
        seen: the subject's sequence that whoever said it had before them; None for everything before it.
        voids: sequence of the event that `invalidated` takes away; None for every consent before it.
        evidence: form snapshot, address, agent, reference of a scan: what proves it; sealed.
        batch: import that brought it.
    """

    kind: EventKind
    purpose: str
    channel: Channel
    method: Method
    subject: SubjectId | None = None
    contact: ContactSaid | None = None
    valid_at: datetime | None = None
    whole_day: bool = False
    claimed: bool = False
    notice: int | None = None
    language: str | None = None
    seen: int | None = None
    voids: int | None = None
    evidence: Mapping[str, Json] = field(default_factory=dict)
    batch: BatchId | None = None


@frozen
class Recorded:
    """An event that is kept.

    Attributes:
        id: of the event, and of its audit entry.
        subject: whose it is; None where nobody is known by the contact, and the suppression ledger alone keeps the
            stop.
        sequence: place among the events of the subject; 0 where there is none.
        state: where the consent stands after it.
        also: the same stop for the other people who hold the contact.
    """

    id: EntryId
    subject: SubjectId | None
    sequence: int
    state: ConsentState = SILENCE
    also: "tuple[Recorded, ...]" = ()


@frozen
class Refused:
    """An event of a batch that is not kept; those beside it are.

    Attributes:
        slug: stable name of the kind of refusal.
        detail: what is wrong, and what to do about it; never repeats a value.
        errors: the same by field.
    """

    slug: str
    detail: str
    errors: Mapping[str, list[str]] = field(default_factory=dict)
