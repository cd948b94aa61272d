"""What requests are received as, and how they are shown."""

from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import date, datetime
from typing import Any, NewType
from uuid import UUID

from governance.customers.codes import ContactKind
from governance.kernel.ids import SubjectId
from governance.kernel.records import frozen
from governance.kernel.work import ActorKind
from governance.policies import deadline_words
from governance.policies.deadline_rules import Duty, RequestKind
from governance.policies.deadline_steps import Step
from governance.policies.requests import RequestAct, RequestState
from governance.reference.calendars import calendar_name
from governance.rights.codes import (
    About,
    Arrival,
    Asking,
    Carrier,
    Notice,
    Outcome,
    Proof,
    RefusalGround,
    Reminder,
)

RequestId = NewType("RequestId", UUID)


@frozen(kw_only=True)
class NewRequest:
    """A request as it came.

    Attributes:
        kind: what is asked for.
        arrival: how it came.
        about: advertising or processing, of an objection; place or lift, of a restriction.
        asking: who asks: the person, or somebody for them.
        asker: who that is, in words, and by what authority; where it is not the person.
        contact_kind, contact: where the answer goes; as written.
        region: country of a phone number without a country code.
        customer: the person, where whoever enters it knows.
        received_on: the day of receipt in the controller's zone; today where nothing is said.
        language: ISO 639, of the answers; the controller's where nothing is said.
        country: ISO 3166, where the person lives; the laws of that country apply beside the controller's.
        said: the words of the request.
        changes: of a rectification, new values by field; its keys are those of `corrections`.
        checked: how an officer made sure who asks, in words; the request is open at once.
    """

    kind: RequestKind
    arrival: Arrival
    about: About | None = None
    asking: Asking = Asking.SELF
    asker: str | None = None
    contact_kind: str | None = None
    contact: str | None = field(default=None, repr=False)
    region: str | None = None
    customer: SubjectId | None = None
    received_on: date | None = None
    language: str | None = None
    country: str | None = None
    said: str | None = field(default=None, repr=False)
    changes: Mapping[str, Any] | None = field(default=None, repr=False)
    checked: str | None = field(default=None, repr=False)


@frozen
class DutyView:
    """What a law wants done about a request, and by when.

    Attributes:
        due_on: the last day on which it is done in time.
        trace: the steps that led to it, in English.
        steps: the same in codes.
        verified: whether the rule was compared with a published text.
        borrowed: whether the law names no period for the kind, so that the one for access stands in.
    """

    law: str
    law_version: int
    duty: Duty
    due_on: date
    calendar: str
    calendar_version: int
    citation: str
    verified: bool
    borrowed: bool
    note: str
    trace: str
    steps: tuple[Step, ...] = ()

    def traced(self, language: str) -> str:
        """The steps in a language; in English where the request is older than their codes."""
        if not self.steps:
            return self.trace
        return deadline_words.trace(
            self.steps,
            calendar=calendar_name(self.calendar, language),
            version=self.calendar_version,
            citation=self.citation,
            language=language,
        )


@frozen
class EventView:
    """A line of the history.

    Attributes:
        act: what was done.
        state: where the request stood after it.
        reason: why, in words; None where there is none, or the actor may not see it.
    """

    sequence: int
    act: str
    state: RequestState
    at: datetime
    actor_kind: ActorKind
    actor_id: UUID | None
    reason: str | None


@frozen
class NoticeView:
    """Something that the person was told.

    Attributes:
        told_at: when somebody told it by hand; None where that has still to be done, or a message carries it.
        message: state of the message (`waiting`, `sending`, `sent`, `failed`, `gone`); None where none carries it.
    """

    id: UUID
    notice: Notice
    carrier: Carrier
    language: str
    at: datetime
    told_at: datetime | None
    message: str | None


@frozen(kw_only=True)
class RecipientToTell:
    """Somebody who got data that were corrected, or may only be stored now (GDPR Art. 19).

    Attributes:
        recipient: the version of the recipient that they went to.
        fields: what they are told of: `person.city`, `contact.email`, `extra.KEY`, `restriction`.
        told_at: None where that has still to be done.
    """

    recipient: UUID
    name: str
    disclosures: Sequence[UUID]
    fields: Sequence[str]
    told_at: datetime | None


@frozen(kw_only=True)
class RequestView:
    """A request as the actor may see it.

    Attributes:
        number: what people call it by.
        version: how it stands; whoever acts on what they read can hold to it (`hold_to`).
        due_on: the earliest day on which a law wants it answered.
        first_due_on: the same as it was at receipt.
        waiting_until: the last day on which an answer of the person is waited for.
        customer: whose data it is about; None until that is proved.
        contact, said, asker, checked, changes, answer: None where there is none, or the actor may not see it.
        repeats: how often the same was asked again while it stood.
        earlier: requests of this kind that the person made in the year before.
        flags: what is unusual: `merged`, `minor`, `represented`, `deceased`, `restricted`, `held`; and
            `foreign_contact`, where the answer goes to a contact that is none of the person's.
        needs_approval: why a second person has to approve: some of the flags, and `not_by_code`.
        acts: what may be done now.
        recipients: whom to tell of what was corrected or restricted.
    """

    id: RequestId
    number: str
    version: int
    kind: RequestKind
    about: About | None
    state: RequestState
    arrival: Arrival
    asking: Asking
    received_on: date
    recorded_at: datetime
    language: str
    country: str | None
    zone: str
    laws: Sequence[str]
    due_on: date
    first_due_on: date
    extended_on: date | None
    waiting_until: date | None
    reminded: Reminder | None
    duties: Sequence[DutyView]
    customer: SubjectId | None
    proof: Proof | None
    contact_kind: ContactKind | None
    contact: str | None
    said: str | None
    asker: str | None
    checked: str | None
    changes: Mapping[str, Any] | None
    answer: str | None
    repeats: int
    earlier: int
    joined_to: RequestId | None
    proposal: UUID | None
    carried_as: UUID | None
    outcome: Outcome | None
    ground: RefusalGround | None
    closed_at: datetime | None
    flags: Sequence[str]
    needs_approval: Sequence[str]
    acts: Sequence[RequestAct]
    events: Sequence[EventView]
    notices: Sequence[NoticeView]
    recipients: Sequence[RecipientToTell]


@frozen
class RequestLine:
    """A request as a queue shows it."""

    id: RequestId
    number: str
    kind: RequestKind
    state: RequestState
    arrival: Arrival
    received_on: date
    due_on: date
    reminded: Reminder | None
    repeats: int
    outcome: Outcome | None


@frozen
class Received:
    """A request that is on record.

    Attributes:
        joined: whether the same stood already, so that this one was counted with it.
        stopped: whether something was stopped at once.
    """

    request: RequestView
    joined: bool
    stopped: bool
