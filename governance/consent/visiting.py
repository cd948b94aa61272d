"""What customers choose by themselves in the portal: where each purpose stands by each channel, yes and no, and why.

A yes counts for words that were on the page, given by somebody of whom it is sure who they are; by channels where the
holder of the contact has to confirm, only by a contact that was proven. A no needs none of that.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from governance.consent import states
from governance.consent.codes import CONTACTS_OF, NoticeKind
from governance.consent.events import ContactSaid, NewEvent, Refused
from governance.consent.ledger import lift, lines
from governance.consent.notices import Notice, notice_words
from governance.consent.purposes import book
from governance.consent.recording import record_many
from governance.consent.showing import ShownNotice, words_of_many
from governance.consent.terms import terms_of
from governance.consent.whole import Said, said_by
from governance.customers.codes import ContactKind
from governance.customers.reach import allow
from governance.customers.visiting import Visitor
from governance.customers.whole import rows_of
from governance.kernel.errors import ConflictError, ForbiddenError, InvalidError
from governance.kernel.ids import SubjectId
from governance.kernel.records import frozen
from governance.kernel.work import Work
from governance.policies.consent_facts import Scope, SuppressionReason
from governance.policies.consent_state import STOPS, EventKind, Method, Standing
from governance.policies.permissions import Permission
from governance.policies.purposes import Channel, Ground, Purpose

_UNSURE: Final = "It is not sure yet who you are; tell a second fact, or write to us."
_STOPPED: Final = frozenset(STOPS.values())
_OWN_WORD: Final = frozenset({SuppressionReason.UNSUBSCRIBED, SuppressionReason.DO_NOT_CONTACT})
"""Why a contact is suppressed, where its holder said so."""


class YesNeeds(StrEnum):
    """Why nobody can say yes here now."""

    NOTICE = "notice"
    """There are no words that a yes would agree to."""
    CONTACT = "contact"
    """The contact that messages would go to has to be proven first."""


@frozen
class OwnChannel:
    """One purpose by one channel.

    Attributes:
        says: yes, no, or None where neither was said, or a yes does not count any more.
        standing: where it stands; since: from when.
        yes_needs: what stands against a yes; None where nothing does.
        without_consent: whether messages may come all the same until a no, on another ground that the law knows.
    """

    channel: Channel
    says: bool | None
    standing: Standing
    since: datetime | None
    yes_needs: YesNeeds | None
    without_consent: bool


@frozen
class OwnPurpose:
    """A purpose, and the words that a yes agrees to."""

    purpose: Purpose
    notice: ShownNotice | None
    channels: tuple[OwnChannel, ...]


@frozen
class OwnChoices:
    """All that somebody can choose.

    Attributes:
        sequence: of their last event; comes back with a choice, so that a later no stays.
        no_advertising: whether nothing advertises to them by any channel.
    """

    items: tuple[OwnPurpose, ...]
    sequence: int
    no_advertising: bool


@frozen
class OwnHistory:
    """All that somebody said, the newest first, and the exact words by purpose and version."""

    said: tuple[Said, ...]
    words: Mapping[tuple[str, int], Notice]


def own_choices(work: Work, *, visitor: Visitor, language: str) -> OwnChoices:
    """Where all that can be chosen stands.

    Raises:
        ForbiddenError: where it is not sure who this is.
    """
    person = sure_person(work, visitor)
    known = {(key.purpose, key.channel): kept for key, kept in states.read(work, [person]).items()}
    held = _contacts(work, person)
    offered = [one for one in book(work).purposes.values() if one.asks_consent or one.advertising]
    terms = terms_of(work)
    versions = [terms.notice_in_force(NoticeKind.CONSENT, one.key, work.now) for one in offered]
    words = words_of_many(work, [one for one in versions if one is not None], language)
    items: list[OwnPurpose] = []
    for purpose in offered:
        notice = words.get(purpose.key)
        channels = tuple(
            _own_channel(purpose, channel, known.get((purpose.key, channel.value)), notice, held, visitor)
            for channel in Channel
            if channel in purpose.channels and (held.keys() & CONTACTS_OF[channel])
        )
        if channels:
            items.append(OwnPurpose(purpose, notice, channels))
    advertising = [one for item in items if item.purpose.advertising for one in item.channels]
    return OwnChoices(
        tuple(items),
        max((kept.sequence for kept in known.values()), default=0),
        bool(advertising) and all(one.standing in _STOPPED for one in advertising),
    )


def choose(
    work: Work, *, visitor: Visitor, purpose: str, channel: Channel, yes: bool, mark: str, seen: int, language: str
) -> bool:
    """Say yes or no to one purpose by one channel; answers whether it stands so now.

    Args:
        work: the transaction.
        visitor: whose session it is.
        purpose: key.
        channel: by which.
        yes: the choice.
        mark: of the notice that was on the page, as `ShownNotice.mark` has it.
        seen: `OwnChoices.sequence` of the page; a no that was said since then stays.
        language: ISO 639, of the page.

    Raises:
        ForbiddenError: where it is not sure who this is.
        InvalidError: where this cannot be chosen.
        ConflictError: where a yes is to words that are not those in force.
    """
    person = sure_person(work, visitor)
    found = next((one for one in own_choices(work, visitor=visitor, language=language).items
                  if one.purpose.key == purpose), None)  # fmt: skip
    offered = None if found is None else next((one for one in found.channels if one.channel is channel), None)
    if found is None or offered is None:
        raise InvalidError("This is not offered.", errors={"choice": ["This is not offered."]})
    if not yes:
        kind = EventKind.WITHDRAWN if offered.says else EventKind.REFUSED
        if offered.says is False:
            return True
        if found.purpose.third_parties or not found.purpose.asks_consent or offered.without_consent:
            kind = EventKind.OBJECTED
        record_own(work, [NewEvent(kind, purpose, channel, Method.PORTAL, subject=person, evidence=_shown(found))])
        return True
    if offered.yes_needs is not None or found.notice is None:
        raise InvalidError("A yes needs more.", errors={"choice": ["A yes needs more."]})
    if mark != found.notice.mark:
        raise ConflictError("The words have changed; read them again.")
    given = NewEvent(
        EventKind.GIVEN,
        purpose,
        channel,
        Method.PORTAL,
        subject=person,
        notice=found.notice.version,
        language=found.notice.language,
        seen=seen,
        evidence=_shown(found),
    )
    record_own(work, [given])
    if visitor.held == 1:
        _take_stops_back(work, visitor, person, found.purpose, channel)
    state = states.read(work, [person])
    return any(
        key.purpose == purpose and key.channel == channel.value and kept.state.standing is Standing.GIVEN
        for key, kept in state.items()
    )


def own_history(work: Work, *, visitor: Visitor) -> OwnHistory:
    """All that somebody said, with the exact words.

    Raises:
        ForbiddenError: where it is not sure who this is.
    """
    said = said_by(work, person=sure_person(work, visitor))
    wanted = {(one.purpose, one.notice) for one in said if one.notice is not None}
    return OwnHistory(tuple(reversed(said)), notice_words(work, sorted(wanted)))


def _own_channel(
    purpose: Purpose,
    channel: Channel,
    kept: states.KeptState | None,
    notice: ShownNotice | None,
    held: Mapping[ContactKind, bool],
    visitor: Visitor,
) -> OwnChannel:
    standing = Standing.SILENT if kept is None else kept.state.standing
    says = {Standing.GIVEN: True}.get(standing, False if standing in _STOPPED else None)
    proven = any(held[kind] or kind is visitor.kind for kind in CONTACTS_OF[channel] if kind in held)
    needs = None
    if notice is None:
        needs = YesNeeds.NOTICE
    elif channel in purpose.double_opt_in and not proven:
        needs = YesNeeds.CONTACT
    return OwnChannel(
        channel=channel,
        says=says,
        standing=standing,
        since=None if kept is None else kept.state.since,
        yes_needs=needs,
        without_consent=any(
            basis.ground is not Ground.CONSENT and channel in channels for basis, channels in purpose.bases
        ),
    )


def _contacts(work: Work, person: SubjectId) -> dict[ContactKind, bool]:
    """Kinds of contacts that somebody has, each with whether one of it was proven by them."""
    found: dict[ContactKind, bool] = {}
    for block in rows_of(work, person=person, table="contact"):
        for _, row in block:
            kind = ContactKind(str(row["kind"]))
            found[kind] = found.get(kind, False) or row["verified_at"] is not None
    return found


def _take_stops_back(work: Work, visitor: Visitor, person: SubjectId, purpose: Purpose, channel: Channel) -> None:
    """Take back what the holder of a proven contact had said about it, so that their yes counts again.

    What others said of the contact (a complaint, a bounce, a stop on everything) stays. Other purposes stay stopped by
    the person's own history, where the stop was theirs.
    """
    proven = {(visitor.kind, visitor.visit.contact.value)}
    for block in rows_of(work, person=person, table="contact"):
        proven |= {(ContactKind(str(row["kind"])), str(row["value"])) for _, row in block if row["verified_at"]}
    themselves = _acting(work, Permission.CONSENT_LIFT)
    for kind, value in sorted(proven):
        if kind not in CONTACTS_OF[channel]:
            continue
        contact = ContactSaid(kind, value)
        for line in lines(work, contact=contact, channel=channel):
            covers = line.scope is Scope.ADVERTISING if line.purpose is None else line.purpose == purpose.key
            if line.lifted_at is None and line.reason in _OWN_WORD and covers:
                lift(themselves, contact=contact, channel=channel, scope=line.scope, purpose=line.purpose)


def _shown(item: OwnPurpose) -> dict[str, str]:
    """What was on the page, by versions and digests of what stands published for good."""
    return {} if item.notice is None else {"shown": item.notice.mark}


def record_own(work: Work, events: Sequence[NewEvent]) -> None:
    """Record what a visitor says of themselves, in their own name."""
    told = record_many(_acting(work, Permission.CONSENT_RECORD), events=events)
    refused = [one for one in told if isinstance(one, Refused)]
    if refused:
        raise InvalidError(refused[0].detail, errors={"choice": [refused[0].detail]})


def _acting(work: Work, permission: Permission) -> Work:
    """The same transaction by the same person, who may do this of themselves."""
    return replace(work, actor=replace(work.actor, permissions=work.actor.permissions | {permission.value}))


def sure_person(work: Work, visitor: Visitor) -> SubjectId:
    """The visitor, where it is sure who they are.

    Raises:
        ForbiddenError: where it is not.
    """
    allow(replace(work, actor=visitor.actor), Permission.PORTAL_CONSENT)
    if visitor.person is None:
        raise ForbiddenError(_UNSURE)
    return visitor.person
