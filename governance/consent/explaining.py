"""Why did I get this mail in March? The whole story of one contact, as it was known at an instant."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import Fact
from governance.consent import past
from governance.consent.codes import CONTACTS_OF
from governance.consent.decisions import owner_of_month
from governance.consent.events import ContactSaid
from governance.consent.facts import Known as KnownOfContacts
from governance.consent.facts import Spelled, Wanted
from governance.consent.histories import EventView, events_until
from governance.consent.informing import informings_of
from governance.consent.ledger import Line, lines
from governance.consent.notices import Notice, notice_words
from governance.consent.past_checks import checks_before
from governance.consent.sentences import RULES
from governance.consent.stories import Answered, EventTold, FactsUsed, HolderStory, Story
from governance.consent.terms import terms_of
from governance.customers.circumstances import circumstances
from governance.customers.codes import ContactKind
from governance.customers.contacts import home_region
from governance.customers.holders import Known, contact_used, find_known
from governance.customers.normal import normal_forms
from governance.customers.reach import UNKNOWN, allow
from governance.customers.texts import Complaints, Wrong, words
from governance.kernel.errors import ForbiddenError, NotFoundError
from governance.kernel.ids import SubjectId
from governance.kernel.work import Work
from governance.policies.consent import decide, prepare
from governance.policies.consent_facts import Scope, Verdict
from governance.policies.permissions import Permission
from governance.policies.purposes import Channel, Purpose
from governance.policies.roles import RowScope
from governance.reference.operations import find_controller

BEGINNING: Final = datetime.min.replace(tzinfo=UTC)
LOOKED_BACK_DAYS: Final = 31
MOST_DAYS: Final = 366
_WITHOUT_CONTACT: Final = tuple(channel for channel, kinds in CONTACTS_OF.items() if not kinds)
"""Channels that reach people by no contact that is kept, as push reaches devices: asked about by customer id alone."""


class _Spelling(NamedTuple):
    """A contact in normal form, and as it may have been asked about."""

    kind: ContactKind
    form: bytes
    spellings: tuple[str, ...]

    @property
    def said(self) -> ContactSaid:
        return ContactSaid(self.kind, self.form.decode("utf-8", "surrogatepass"))


def explain(
    work: Work,
    *,
    reason: str,
    contact: ContactSaid | None = None,
    subject: SubjectId | None = None,
    as_of: datetime | None = None,
    days: int = LOOKED_BACK_DAYS,
) -> Story:
    """Tell all that decided over one contact at an instant; the telling is in the log, with its reason sealed.

    Args:
        work: the transaction.
        reason: why it is needed, in a sentence.
        contact: whose story; or
        subject: the customer, by the contacts that messages to them go to.
        as_of: by what had been recorded up to this instant, itself included; now by default.
        days: how long before it send checks are looked for.

    Raises:
        ForbiddenError: where the actor may not read it, or is kept to purposes or channels of its own.
        NotFoundError: where there is no such customer, or a holder is not within reach: no difference is told.
        InvalidError: `errors` says by field what is wrong.
    """
    reach = allow(work, Permission.CONSENT_EXPLAIN)
    if work.actor.purposes is not None or work.actor.channels is not None:
        raise ForbiddenError("A story tells of all purposes and channels; this system is kept to some of them.")
    at = work.now if as_of is None else as_of
    why, asked = _checked(work, reason, contact, subject, at, days)
    person = None if subject is None else _person(work, subject)
    spelled = [asked] if asked is not None else _contacts(work, person)
    answered, people = _verdicts(work, spelled, person, at)
    known = {one.id: one for one in find_known(work, [*people, *([person.id] if person else [])]).values()}
    if reach is not RowScope.ALL and any(one.responsible != work.actor.id for one in known.values()):
        raise NotFoundError(UNKNOWN)
    since = at - min(timedelta(days=days), at - BEGINNING)
    checks, complete = checks_before(
        work,
        lists=[[spelling] for one in spelled for spelling in one.spellings] + [[str(one)] for one in known],
        channels={*(_WITHOUT_CONTACT if person else ()), *(way for one in spelled for way in _channels(one.kind))},
        since=since,
        until=at,
    )
    entry = audit.append(
        work,
        Action.CONSENT_EXPLAINED,
        subject=next((one.ref for one in known.values() if len(known) == 1), None),
        facts=_facts(known.values(), spelled, at, by_id=subject is not None),
        personal={"reason": why},
        owner=next((one.owner for one in known.values()), None) or owner_of_month(work),
    )
    return Story(
        entry=entry,
        at=at,
        contacts=tuple(one.kind for one in spelled),
        holders=_holders(work, list(known.values()), at),
        lines=tuple(line for one in spelled for line in _lines(work, one, at)),
        verdicts=tuple(answered),
        checks=tuple(checks),
        checks_since=since,
        checks_complete=complete,
    )


def _facts(known: Iterable[Known], spelled: Sequence[_Spelling], at: datetime, *, by_id: bool) -> dict[str, Fact]:
    return {
        "as_of": at,
        "by": "customer" if by_id else "contact",
        "contacts": [one.kind.value for one in spelled],
        "holders": [one.ref for one in known],
    }


def _checked(
    work: Work, reason: str, contact: ContactSaid | None, subject: SubjectId | None, at: datetime, days: int
) -> tuple[str, _Spelling | None]:
    errors = Complaints()
    why, asked = "", None
    with errors.at("reason"):
        why = words(reason, longest=500)
    if (contact is None) is (subject is None):
        errors.add("contact", "Ask by a contact or by a customer id, one of the two.")
    if at > work.now:
        errors.add("as_of", "Ask about an instant that is past.")
    if not 0 <= days <= MOST_DAYS:
        errors.add("days", f"From 0 to {MOST_DAYS} days.")
    if contact is not None:
        with errors.at("contact"):
            asked = _spelling(work, contact)
    errors.end("This cannot be explained.")
    return why, asked


def _spelling(work: Work, contact: ContactSaid) -> _Spelling:
    home = contact.region
    if home is None and contact.kind is ContactKind.PHONE:
        home = home_region(work, contact.value)
    form = normal_forms(contact.kind, [contact.value], home=home)[0]
    if form is None or not _channels(contact.kind):
        raise Wrong("This is no contact that a channel reaches people by.")
    return _Spelling(contact.kind, form, tuple({contact.value, form.decode("utf-8", "surrogatepass")}))


def _channels(kind: ContactKind) -> list[Channel]:
    return [channel for channel, kinds in CONTACTS_OF.items() if kind in kinds]


def _person(work: Work, subject: SubjectId) -> Known:
    found = find_known(work, [subject]).get(subject)
    if found is None:
        raise NotFoundError(UNKNOWN)
    return found


def _contacts(work: Work, person: Known | None) -> list[_Spelling]:
    """The contacts that messages to a customer go to, one of each kind."""
    if person is None:
        return []
    kinds = frozenset(kind for kinds in CONTACTS_OF.values() for kind in kinds)
    used = contact_used(work, {person.id: kinds})
    return [_spelling(work, ContactSaid(one.kind, one.value)) for _, one in sorted(used.items())]


def _verdicts(
    work: Work, spelled: Sequence[_Spelling], person: Known | None, at: datetime
) -> tuple[list[Answered], set[SubjectId]]:
    answered: list[Answered] = []
    purposes = terms_of(work).book(at).purposes.values()
    for place, one in enumerate(spelled):
        stood = [line for line in _lines(work, one, at) if line.lifted_at is None or line.lifted_at > at]
        for purpose in purposes:
            for channel in _channels(one.kind):
                if channel in purpose.channels:
                    known = past.of_contacts(work, _wanted(purpose, channel, at), [Spelled(one.kind, [0], [one.form])])
                    answered.append(_answer(work, place, known, purpose, channel, stood, at))
    for purpose in purposes if person else ():
        for channel in _WITHOUT_CONTACT:
            if person and channel in purpose.channels:
                known = past.of_people(work, _wanted(purpose, channel, at), {0: person.id})
                answered.append(_answer(work, None, known, purpose, channel, (), at))
    return answered, {subject for one in answered for subject in one.facts.subjects}


def _wanted(purpose: Purpose, channel: Channel, at: datetime) -> Wanted:
    return Wanted(purpose=purpose.key, channel=channel, at=at, sales=True, events=True, size=1)


def _answer(
    work: Work,
    place: int | None,
    known: KnownOfContacts,
    purpose: Purpose,
    channel: Channel,
    stood: Sequence[Line],
    at: datetime,
) -> Answered:
    minimum = terms_of(work).minimum_notice(purpose.key, at)
    strict, free = (_decided(work, known, purpose, channel, at, minimum, opt_out=opt_out) for opt_out in (False, True))
    rule = RULES[free.reason]
    return Answered(
        contact=place,
        purpose=purpose.key,
        channel=channel,
        allowed=free.allowed,
        reason=free.reason,
        rule=rule.sentence,
        citation=rule.citation if free.basis is None else free.basis.citation,
        verified=None if free.basis is None else free.basis.verified,
        ground=free.ground,
        valid_until=free.valid_until,
        notice_version=free.notice_version,
        event=free.event,
        only_with_opt_out=free.allowed and not strict.allowed,
        facts=FactsUsed(
            subjects=_subjects(known),
            holders=known.facts[0].holders,
            suppressions=tuple(line for line in stood if line.channel is channel and _covers(line, purpose)),
            controller_country=known.country,
            minimum_notice=minimum,
            minimum_age=purpose.minimum_age,
            valid_for=None if purpose.valid_for is None else str(purpose.valid_for),
            confirmed=channel in purpose.double_opt_in,
        ),
    )


def _decided(
    work: Work, known: KnownOfContacts, purpose: Purpose, channel: Channel, at: datetime, minimum: int, *, opt_out: bool
) -> Verdict:
    question = prepare(
        terms_of(work).book(at),
        purpose=purpose.key,
        channel=channel,
        at=at,
        country=known.country,
        minimum_notice=minimum,
        opt_out_in_message=opt_out,
    )
    return decide(known.facts[0], question)


def _subjects(known: KnownOfContacts) -> tuple[SubjectId, ...]:
    held = [*known.holdings.values(), *(one for _, one in known.others)]
    return tuple(dict.fromkeys(SubjectId(UUID(bytes=one.person)) for one in held))


def _covers(line: Line, purpose: Purpose) -> bool:
    if line.scope is Scope.PURPOSE:
        return line.purpose == purpose.key
    return line.scope is Scope.EVERYTHING or purpose.advertising


def _lines(work: Work, one: _Spelling, at: datetime) -> list[Line]:
    """Lines of the ledger that had been recorded by then."""
    found = [line for channel in _channels(one.kind) for line in lines(work, contact=one.said, channel=channel)]
    return [line for line in found if line.at <= at]


def _holders(work: Work, known: Sequence[Known], at: datetime) -> tuple[HolderStory, ...]:
    people = [one.id for one in known]
    around = circumstances(work, people, at=at)
    home = find_controller(work)
    zone = ZoneInfo("UTC" if home is None else home.zone)
    said = events_until(work, people, at=at)
    told = informings_of(work, people, until=at)
    shown = notice_words(work, {(one.purpose, one.notice) for events in said.values() for one in events if one.notice})
    stories = [
        HolderStory(
            subject=one.id,
            created_at=one.created_at,
            circumstances=around[one.id],
            events=tuple(
                _told(event, shown.get((event.purpose, event.notice or 0)), zone) for event in said.get(one.id, ())
            ),
            informings=tuple(each for each in told if each.subject == one.id),
        )
        for one in known
    ]
    return tuple(sorted(stories, key=lambda story: story.created_at))


def _told(event: EventView, shown: Notice | None, zone: ZoneInfo) -> EventTold:
    texts, language = {} if shown is None else shown.texts, event.language
    said_on = event.valid_at.astimezone(zone).date() if event.whole_day and event.valid_at is not None else None
    read = texts if language is None or language not in texts else {language: texts[language]}
    return EventTold(event, said_on, read, {code: text.digest.hex() for code, text in read.items()})
