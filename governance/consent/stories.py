"""What a story of a contact is made of: who holds it, what they said and read, what was decided and by which rule."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime
from typing import Any
from uuid import UUID

from governance.consent.histories import EventView
from governance.consent.informing import Informing
from governance.consent.ledger import Line
from governance.consent.notices import NoticeText
from governance.customers.circumstances import Circumstances
from governance.customers.codes import ContactKind
from governance.kernel.ids import EntryId, SubjectId
from governance.kernel.records import frozen
from governance.policies.consent_facts import Holder, Reason
from governance.policies.consent_state import Standing
from governance.policies.purposes import Channel, Ground


@frozen
class EventTold:
    """Something that was said, with the words that it was said to.

    Attributes:
        said_on: the controller's day on which it was said, where no more than the day is known.
        words: of the notice, by ISO 639 code: in the language that was shown, or in all where nobody knows which.
        digests: SHA-256 of each, in hex.
    """

    event: EventView
    said_on: date | None
    words: Mapping[str, NoticeText]
    digests: Mapping[str, str]


@frozen
class HolderStory:
    """One person who holds the contact.

    Attributes:
        events: what they said up to the instant, in the order of recording.
        informings: what they were told of the processing up to then.
    """

    subject: SubjectId
    created_at: datetime
    circumstances: Circumstances
    events: tuple[EventTold, ...]
    informings: tuple[Informing, ...]


@frozen
class FactsUsed:
    """What a verdict went by.

    Attributes:
        holders: what was known of each holder, consent included, in the order of `subjects`.
        subjects: the holders.
        suppressions: lines of the ledger that stood and cover the purpose or more.
        controller_country: whose law holds where the person's country is not known.
        minimum_notice: oldest version of the purpose's notice that counted.
        minimum_age: in years; None for any age.
        valid_for: how long a consent lasts (ISO 8601); None where it does not lapse.
        confirmed: whether the holder of the contact had to confirm.
    """

    subjects: tuple[SubjectId, ...]
    holders: tuple[Holder, ...]
    suppressions: tuple[Line, ...]
    controller_country: str
    minimum_notice: int
    minimum_age: int | None
    valid_for: str | None
    confirmed: bool

    @property
    def standings(self) -> tuple[Standing | None, ...]:
        """Where the consent of each holder stood."""
        return tuple(None if one.state is None else one.state.standing for one in self.holders)


@frozen
class Answered:
    """The verdict of the instant for one purpose and channel.

    Attributes:
        contact: which of the contacts of the story it is about, counted from 0; None where no contact belongs to the
            channel, and it is about the person.
        rule: why, in a sentence.
        citation: the law that says so.
        verified: whether the citation was compared with a published text; None where it is no basis of a purpose.
        only_with_opt_out: whether it was allowed only in a message that itself offers a way to refuse.
    """

    contact: int | None
    purpose: str
    channel: Channel
    allowed: bool
    reason: Reason
    rule: str
    citation: str | None
    verified: bool | None
    ground: Ground | None
    valid_until: datetime | None
    notice_version: int | None
    event: UUID | None
    only_with_opt_out: bool
    facts: FactsUsed


@frozen
class CheckTold:
    """A send check before the instant.

    Attributes:
        decision: its entry in the log.
        asked_by: kind of who asked.
        client: id of the client or staff member.
        count: contacts that it was about.
        allowed: how many of them got a yes.
        exact: it was about this contact alone. Where not, it was about a list that may have held it: whoever has the
            list can prove that with it.
    """

    decision: EntryId
    at: datetime
    purpose: str
    channel: Channel
    campaign: str | None
    asked_by: str
    client: UUID | None
    count: int
    allowed: int
    exact: bool


@frozen
class Story:
    """The whole story of a contact, or of the contacts of one customer.

    Attributes:
        entry: the entry of the log that tells of this reading.
        at: the instant that it is told of.
        contacts: kinds of the contacts, in order.
        lines: of the suppression ledger, recorded up to the instant, by any channel.
        checks: that answered yes in the days before, the newest first.
        checks_since: from when on they were looked for.
        checks_complete: whether all of them were looked through.
    """

    entry: EntryId
    at: datetime
    contacts: tuple[ContactKind, ...]
    holders: tuple[HolderStory, ...]
    lines: tuple[Line, ...]
    verdicts: tuple[Answered, ...]
    checks: tuple[CheckTold, ...]
    checks_since: datetime
    checks_complete: bool


def tell_story(story: Story) -> dict[str, Any]:
    """A story by names, for systems and machines; ids and instants as they are, codes as their text."""
    return {
        "entry_id": story.entry,
        "as_of": story.at,
        "contacts": [one.value for one in story.contacts],
        "holders": [_tell_holder(one) for one in story.holders],
        "suppressions": [_tell_line(one) for one in story.lines],
        "verdicts": [_tell_answer(one) for one in story.verdicts],
        "checks": [_tell_check(one) for one in story.checks],
        "checks_since": story.checks_since,
        "checks_complete": story.checks_complete,
    }


def _tell_holder(one: HolderStory) -> dict[str, Any]:
    around = one.circumstances
    return {
        "customer_id": one.subject,
        "created_at": one.created_at,
        "source": around.source and around.source.value,
        "acquired_at": around.acquired_at,
        "inform_by": around.inform_by,
        "informed_at": around.informed_at,
        "not_mailable": around.not_mailable and around.not_mailable.value,
        "deceased": around.deceased,
        "restrictions": [asdict(mark) for mark in around.restrictions],
        "events": [_tell_event(event) for event in one.events],
        "informings": [
            {
                "id": told.id,
                "notice": told.notice,
                "version": told.version,
                "language": told.language,
                "method": told.method.value,
                "at": told.at,
            }
            for told in one.informings
        ],
    }


def _tell_event(one: EventTold) -> dict[str, Any]:
    event = one.event
    return {
        "id": event.id,
        "kind": event.kind.value,
        "purpose": event.purpose,
        "channel": event.channel.value,
        "method": event.method.value,
        "sequence": event.sequence,
        "recorded_at": event.recorded_at,
        "valid_at": event.valid_at,
        "whole_day": event.whole_day,
        "said_on": one.said_on,
        "notice": event.notice,
        "language": event.language,
        "seen": event.seen,
        "voids": event.voids,
        "import_id": event.batch,
        "actor_kind": event.actor_kind,
        "actor_id": event.actor_id,
        "words": {code: {"title": said.title, "body": said.body} for code, said in one.words.items()},
        "digests": dict(one.digests),
    }


def _tell_line(one: Line) -> dict[str, Any]:
    codes = {"channel": one.channel.value, "scope": one.scope.value, "reason": one.reason.value}
    return {"id": one.id, **codes, "purpose": one.purpose, "at": one.at, "lifted_at": one.lifted_at}


def _tell_answer(one: Answered) -> dict[str, Any]:
    facts = one.facts
    return {
        "contact": one.contact,
        "purpose": one.purpose,
        "channel": one.channel.value,
        "allowed": one.allowed,
        "reason": one.reason.value,
        "rule": one.rule,
        "citation": one.citation,
        "citation_verified": one.verified,
        "ground": one.ground and one.ground.value,
        "valid_until": one.valid_until,
        "notice": one.notice_version,
        "event_id": one.event,
        "only_with_opt_out": one.only_with_opt_out,
        "facts": {
            "holders": [
                {
                    "customer_id": subject,
                    "standing": standing and standing.value,
                    "restricted": known.restricted,
                    "country": known.country,
                    "age_at_least": known.age_at_least,
                    "kept_on": known.kept_on and known.kept_on.value,
                    "sale_at": known.sale_at,
                    "opt_out_offered_at": known.opt_out_offered_at,
                }
                for subject, known, standing in zip(facts.subjects, facts.holders, facts.standings, strict=True)
            ],
            "suppressions": [_tell_line(line) for line in facts.suppressions],
            "controller_country": facts.controller_country,
            "minimum_notice": facts.minimum_notice,
            "minimum_age": facts.minimum_age,
            "valid_for": facts.valid_for,
            "confirmed": facts.confirmed,
        },
    }


def _tell_check(one: CheckTold) -> dict[str, Any]:
    return {
        "decision_id": one.decision,
        "at": one.at,
        "purpose": one.purpose,
        "channel": one.channel.value,
        "campaign": one.campaign,
        "asked_by": one.asked_by,
        "client_id": one.client,
        "count": one.count,
        "allowed": one.allowed,
        "exact": one.exact,
    }
