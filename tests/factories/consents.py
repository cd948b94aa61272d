"""Histories, holders and questions for tests of consent."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import strategies as st

from governance.policies import shipped
from governance.policies.consent import Question, prepare
from governance.policies.consent_facts import ContactFacts, Holder, Scope, Suppression, SuppressionReason
from governance.policies.consent_state import ConsentState, Event, EventKind, Method, fold
from governance.policies.purposes import Channel, Ground

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=1500)
YESTERDAY = NOW - timedelta(days=1)
TODAY = NOW - timedelta(hours=1)
NOTICE = 3

UNTIL_NOW = st.integers(0, 3000).map(lambda days: NOW - timedelta(days=days))


def event(kind: EventKind, sequence: int, **said: object) -> Event:
    given = {
        "recorded_at": LONG_AGO + timedelta(hours=sequence),
        "valid_at": LONG_AGO + timedelta(hours=sequence),
        "notice": NOTICE,
        "method": Method.WEB_FORM,
        **said,
    }
    return Event(id=UUID(int=sequence), kind=kind, sequence=sequence, **given)  # type: ignore[arg-type]


def told(*said: tuple[EventKind, dict[str, object]]) -> ConsentState:
    """The state after events, in this order."""
    return fold(event(kind, sequence, **more) for sequence, (kind, more) in enumerate(said, 1)).state


def ask(purpose: str = "own_offers", channel: Channel = Channel.EMAIL, **more: object) -> Question:
    given = {"at": NOW, "country": "DE", "minimum_notice": NOTICE, "opt_out_in_message": True, **more}
    return prepare(shipped.purposes(), purpose=purpose, channel=channel, **given)  # type: ignore[arg-type]


LIKELY = [EventKind.GIVEN, EventKind.CONFIRMED, EventKind.RENEWED] * 3
"""Consents, so often that some survive the refusals around them."""


@st.composite
def histories(draw: st.DrawFn, *, max_size: int = 8) -> list[Event]:
    """Events of one subject, purpose and channel, with gaps in the sequence and clocks that jump."""
    events: list[Event] = []
    sequence = 0
    for kind in draw(st.lists(st.sampled_from([*EventKind, *LIKELY]), max_size=max_size)):
        sequence += draw(st.integers(1, 3))
        events.append(
            event(
                kind,
                sequence,
                recorded_at=LONG_AGO + timedelta(hours=sequence),
                valid_at=draw(st.none() | UNTIL_NOW | UNTIL_NOW | UNTIL_NOW),
                notice=draw(st.sampled_from([None, 1, 2, 3, 4, 4])),
                method=draw(st.sampled_from(Method)),
                seen=draw(st.none() | st.none() | st.integers(0, sequence - 1)),
                voids=draw(st.none() | st.integers(1, sequence)) if kind is EventKind.INVALIDATED else None,
            )
        )
    return events


granted = st.builds(
    lambda at, notice: told((EventKind.CONFIRMED, {"valid_at": at, "notice": notice})),
    at=st.integers(0, 500).map(lambda days: NOW - timedelta(days=days)),
    notice=st.integers(3, 4),
)
suppressions = st.builds(
    Suppression,
    scope=st.sampled_from(Scope),
    purpose=st.sampled_from(["own_offers", "newsletter", "service"]),
    reason=st.sampled_from(SuppressionReason),
    at=UNTIL_NOW,
)
holders = st.builds(
    Holder,
    state=st.none() | granted | granted | histories(max_size=4).map(lambda events: fold(events).state),
    restricted=st.sampled_from([False] * 9 + [True]),
    country=st.sampled_from([None, None, "DE", "GB", "RU", "UA", "KZ"]),
    age_at_least=st.sampled_from([None, 0, 16, 18, 18]),
    kept_on=st.none() | st.sampled_from(Ground),
    sale_at=st.none() | UNTIL_NOW,
    opt_out_offered_at=st.none() | UNTIL_NOW,
)
contacts = st.builds(
    ContactFacts,
    holders=st.lists(holders, min_size=1, max_size=2).map(tuple) | st.lists(holders, max_size=3).map(tuple),
    suppressions=st.just(()) | st.lists(suppressions, max_size=2).map(tuple),
    well_formed=st.sampled_from([True] * 9 + [False]),
)
questions = st.builds(
    ask,
    purpose=st.sampled_from(["own_offers", "service"]) | st.sampled_from([*shipped.purposes().purposes, "nothing"]),
    channel=st.just(Channel.EMAIL) | st.sampled_from(Channel),
    at=st.sampled_from([NOW, NOW, NOW - timedelta(days=400)]),
    country=st.sampled_from(["DE", "DE", "GB", "RU", "UA", "KZ"]),
    minimum_notice=st.sampled_from([0, 3, 4]),
    opt_out_in_message=st.booleans(),
)
