"""What one customer agreed to: purposes by channels, every event behind it, and what they said just now."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time
from typing import Final
from uuid import UUID

from flask import Response, request
from flask_babel import gettext

from governance.consent import operations as consent
from governance.consent.codes import NoticeKind
from governance.consent.events import NewEvent
from governance.console import words, words_codes
from governance.console.customers import PART, name_of
from governance.console.days import read_day, today
from governance.console.frame import go, page
from governance.console.guard import Visit, act, screen
from governance.customers import operations as customers
from governance.kernel.errors import InvalidError
from governance.kernel.ids import SubjectId
from governance.kernel.records import frozen
from governance.pages.forms import EMPTY, Typed, whole_number
from governance.pages.languages import language
from governance.policies.consent_state import EventKind, Method, Standing
from governance.policies.purposes import Channel, Purpose

EVENTS: Final = 30
VERSIONS: Final = 3
"""Of the words of a purpose, the newest are offered."""
SAID: Final = (EventKind.GIVEN, EventKind.REFUSED, EventKind.WITHDRAWN)
HOW: Final = (Method.PAPER, Method.IN_PERSON, Method.PHONE)


@frozen
class Cell:
    """Where a consent stands, as the matrix shows it.

    Attributes:
        words: where it stands. mark: how that is marked.
        superseded: whether it was given to words that have changed materially since.
        confirmed: whether it counts as the word of the contact's holder.
        valid_until: when it lapses, or did.
    """

    words: str
    mark: str
    superseded: bool
    confirmed: bool
    valid_until: datetime | None


@screen("/customers/<uuid:customer>/consents", "customer_consents")
def consents(visit: Visit, customer: UUID, typed: Typed = EMPTY) -> Response:
    """The matrix of purposes and channels, the newest events, and the form for what was said."""
    subject = SubjectId(customer)
    seen = customers.read(visit.work, subject=subject)
    states = consent.states_of(visit.work, subject=subject)
    before = whole_number(request.args.get("before", ""))
    events = consent.events_of(visit.work, subject=subject, before=before, limit=EVENTS)
    used = {one.channel.value for one in states.items}
    channels = [one for one in words.channels() if one in used]
    known = consent.purposes(visit.work)
    titles = {one.purpose.key: one.purpose.titles.get(language()) for one in known}
    shown = _cells(visit, states.items, {one.purpose.key: one.purpose for one in known})
    rows = [
        (titles.get(key, key), [shown.get((key, channel)) for channel in channels])
        for key in sorted({one.purpose for one in states.items}, key=lambda one: titles.get(one, one))
    ]
    return page(
        visit,
        "customer_consents",
        part=PART,
        tab="customer_consents",
        seen=seen,
        name=name_of(seen),
        channels=[(one, words.channels()[one]) for one in channels],
        rows=rows,
        events=events.items,
        older=events.next_before,
        titles=titles,
        channel_names=words.channels(),
        event_kinds=words.event_kinds(),
        methods=words_codes.methods(),
        actors=words.actors(),
        about=_about(visit, {key: said for key, said in titles.items() if _is_asked(key, known)}),
        all_channels=list(words.channels().items()),
        said=_answers(),
        how=_ways(),
        today=today(visit).isoformat(),
        typed=typed,
    )


def _cells(
    visit: Visit, states: Sequence[consent.StateView], known: Mapping[str, Purpose]
) -> Mapping[tuple[str, str], Cell]:
    """What the matrix shows, by purpose and channel: a yes only as far as a check would answer by it now."""
    said = words.standings()
    asked = {one.purpose for one in states if one.purpose in known and known[one.purpose].asks_consent}
    oldest = {key: consent.minimum_notice(visit.work, purpose=key) for key in asked}
    found = {}
    for one in states:
        label, mark = said[one.state.standing.value]
        superseded = False
        if one.state.standing is Standing.GIVEN:
            doubly = one.purpose in known and one.channel in known[one.purpose].double_opt_in
            grant = (one.state.confirmed or one.state.given) if doubly else one.state.given
            superseded = grant is not None and grant.notice < oldest.get(one.purpose, 0)
            if one.valid_until is not None and one.valid_until <= visit.work.now:
                (label, mark), superseded = said["expired"], False
            elif superseded:
                label, mark = gettext("to be asked anew"), "wait"
        found[one.purpose, one.channel.value] = Cell(label, mark, superseded, one.confirmed, one.valid_until)
    return found


def _is_asked(key: str, known: Sequence[consent.PurposeVersion]) -> bool:
    return any(one.purpose.key == key and (one.purpose.asks_consent or one.purpose.advertising) for one in known)


def _about(visit: Visit, titles: Mapping[str, str]) -> Sequence[tuple[str, str]]:
    """Purposes with the words that people may have seen, and each without; a code and what it is called."""
    unknown = [(f"{key}:", gettext("%(purpose)s, words not known", purpose=title)) for key, title in titles.items()]
    return [*wordings(visit, titles), *unknown]


def wordings(visit: Visit, titles: Mapping[str, str]) -> Sequence[tuple[str, str]]:
    """The newest words of purposes that have some: `PURPOSE:VERSION`, and what it is called."""
    versions: dict[str, list[int]] = {}
    for one in consent.notices(visit.work, kind=NoticeKind.CONSENT):
        versions.setdefault(one.key, []).append(one.version)
    return [
        (f"{key}:{number}", gettext("%(purpose)s, words of version %(number)s", purpose=title, number=number))
        for key, title in titles.items()
        for number in sorted(versions.get(key, ()), reverse=True)[:VERSIONS]
    ]


def _answers() -> Sequence[tuple[str, str]]:
    said = {
        EventKind.GIVEN: gettext("said yes"),
        EventKind.REFUSED: gettext("said no"),
        EventKind.WITHDRAWN: gettext("took the yes back"),
    }
    return [(one.value, said[one]) for one in SAID]


def _ways() -> Sequence[tuple[str, str]]:
    said = {
        Method.PAPER: gettext("signed on paper"),
        Method.IN_PERSON: gettext("face to face"),
        Method.PHONE: gettext("by phone"),
    }
    return [(one.value, said[one]) for one in HOW]


@act("/customers/<uuid:customer>/consents", "record_consent", shows=consents, of="customer_consents",
     then=lambda customer: go("customer_consents", customer=customer))  # fmt: skip
def record(visit: Visit, customer: UUID) -> Response:
    """Record what the customer said on paper, face to face or by phone; it counts at once."""
    said = request.form
    purpose, _, version = said.get("about", "").partition(":")
    day = read_day(said.get("said_on", ""))
    wrong = {}
    if not purpose:
        wrong["about"] = ["Choose what it is about."]
    if day is None:
        wrong["said_on"] = ["Write a day as 2026-12-31, today or before."]
    for name, known in (("said", SAID), ("how", HOW), ("channel", tuple(Channel))):
        if said.get(name) not in known:
            wrong[name] = ["Choose one of the list."]
    if wrong or day is None:
        raise InvalidError("This cannot be recorded.", errors=wrong)
    place = said.get("place", "").strip()[:200]
    event = NewEvent(
        kind=EventKind(said["said"]),
        purpose=purpose,
        channel=Channel(said["channel"]),
        method=Method(said["how"]),
        subject=SubjectId(customer),
        valid_at=None if day == today(visit) else datetime.combine(day, time(), UTC),
        whole_day=day != today(visit),
        notice=whole_number(version) if said["said"] == EventKind.GIVEN else None,
        evidence={"kept_at": place} if place else {},
    )
    try:
        consent.record(visit.work, event=event)
    except InvalidError as error:
        told = {{"valid_at": "said_on", "notice": "about", "purpose": "about"}.get(name, name): list(sentences)
                for name, sentences in error.errors.items()}  # fmt: skip
        raise InvalidError(error.detail, errors=told) from None
    return go("customer_consents", customer=customer)
