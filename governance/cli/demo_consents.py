"""What the made-up people said: notices to agree to, and consents given, confirmed, withdrawn and lapsed."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Final

from governance.cli.demo_people import demo_emails
from governance.consent import operations as consent
from governance.consent.operations import ContactSaid, NewEvent, NoticeText, Recorded
from governance.customers.codes import ContactKind
from governance.kernel.work import Work
from governance.policies.consent_state import EventKind, Method
from governance.policies.purposes import Channel

SEED: Final = 3
_BLANK: Final = re.compile("⟦[^⟧]*⟧")
_STORIES: Final = (
    (40, "newsletter", (EventKind.GIVEN, EventKind.CONFIRMED)),
    (8, "newsletter", (EventKind.GIVEN,)),
    (10, "newsletter", (EventKind.GIVEN, EventKind.CONFIRMED, EventKind.WITHDRAWN)),
    (6, "newsletter", (EventKind.REFUSED,)),
    (25, "own_offers", (EventKind.GIVEN, EventKind.CONFIRMED)),
    (5, "own_offers", (EventKind.OBJECTED,)),
    (20, "birthday", (EventKind.GIVEN, EventKind.CONFIRMED)),
    (15, "surveys", (EventKind.GIVEN, EventKind.CONFIRMED)),
    (3, "third_parties", (EventKind.GIVEN, EventKind.CONFIRMED)),
    (30, "third_parties", (EventKind.REFUSED,)),
)
"""How many of a hundred people said what to which purpose, by e-mail."""


def record_consents(work: Work) -> int:
    """Publish the notices and record what people said, where that was not done before; answers how many events."""
    if consent.notices(work):
        return 0
    for one in consent.drafts(work):
        texts = {code: _filled(text) for code, text in one.texts.items()}
        consent.publish_notice(work, kind=one.kind, key=one.key, texts=texts, material=True)
    chance = Random(SEED)  # noqa: S311 - made-up people need no secrecy, but must say the same each time
    said = [event for address in demo_emails() for event in _said(chance, address, work.now)]
    events = sorted(said, key=lambda one: one.valid_at or work.now)  # as it was said, so it is told
    return sum(isinstance(one, Recorded) for one in consent.record_many(work, events=events))


def _filled(text: NoticeText) -> NoticeText:
    return NoticeText(text.title, _BLANK.sub("(demonstration)", text.body))


def _said(chance: Random, address: str, now: datetime) -> Iterator[NewEvent]:
    for of_a_hundred, purpose, kinds in _STORIES:
        if chance.randrange(100) >= of_a_hundred:
            continue
        at = now - timedelta(days=chance.randrange(60, 1000), minutes=chance.randrange(1440))
        language = chance.choice(("en", "ru", "uk"))
        for kind in kinds:
            agrees = kind in {EventKind.GIVEN, EventKind.CONFIRMED}
            yield NewEvent(
                kind=kind,
                purpose=purpose,
                channel=Channel.EMAIL,
                method=Method.ONE_CLICK if kind is EventKind.WITHDRAWN else Method.WEB_FORM,
                contact=ContactSaid(ContactKind.EMAIL, address),
                valid_at=at,
                notice=1 if agrees else None,
                language=language if agrees else None,
                evidence={"form": "demonstration"},
            )
            at += timedelta(days=chance.randrange(1, 50)) if kind is EventKind.CONFIRMED else timedelta(minutes=7)
