"""Events folded into a state: in one go or in parts, and the stricter wins whatever the order."""

from datetime import timedelta
from itertools import product
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.policies.consent_state import (
    SILENCE,
    STOPS,
    ConsentState,
    Event,
    EventKind,
    Fold,
    Grant,
    Method,
    Standing,
    fold,
)
from tests.factories.consents import LONG_AGO, NOTICE, NOW, TODAY, YESTERDAY, event, histories, told

CONSENTS = [EventKind.GIVEN, EventKind.CONFIRMED, EventKind.RENEWED]
REFUSALS = list(STOPS)


def after(history: list[Event], kind: EventKind, **said: object) -> Event:
    return event(kind, max((one.sequence for one in history), default=0) + 1, **said)


# --- the algebra


@given(histories(), st.integers(0, 8))
def test_a_history_folds_the_same_in_one_go_and_in_parts(history, cut):
    whole = fold(history)
    assert fold(history[cut:], start=fold(history[:cut])) == whole
    one_by_one = Fold()
    for one in history:
        one_by_one = one_by_one.then(one)
    assert one_by_one == whole


@given(histories(), st.randoms(use_true_random=False))
def test_the_order_in_which_events_are_read_does_not_matter(history, random):
    assert fold(random.sample(history, len(history))) == fold(history)


@given(histories(), st.sampled_from(REFUSALS), st.integers(-3000, 3000))
def test_what_says_no_last_wins_whatever_its_date(history, kind, days):
    last = after(history, kind, valid_at=NOW + timedelta(days=days))
    state = fold([*history, last]).state
    assert state.standing in STOPS.values()
    assert (state.given, state.confirmed) == (None, None)


@given(histories())
def test_a_consent_in_force_can_be_shown_and_beats_every_refusal(history):
    state = fold(history).state
    assert (state.standing is Standing.GIVEN) == (state.given is not None)
    assert state.confirmed is None or state.given is not None
    for grant in (state.given, state.confirmed):
        if grant is None:
            continue
        source = next(one for one in history if one.id == grant.event)
        assert source.kind in CONSENTS
        assert source.valid_at == grant.at
        for stop in (one for one in history if one.kind in STOPS):
            assert source.sequence > stop.sequence
            assert source.seen is None or source.seen >= stop.sequence
            assert grant.at > (stop.valid_at or stop.recorded_at)
        for voiding in (one for one in history if one.kind is EventKind.INVALIDATED):
            assert voiding.sequence < source.sequence or voiding.voids not in {None, source.sequence}


@given(histories(max_size=5), st.sampled_from(CONSENTS), st.sampled_from(REFUSALS), st.integers(-60, 60))
def test_of_a_consent_and_a_refusal_at_once_the_refusal_stays_in_either_order(history, yes, no, seconds):
    """Both began when the history ended; the clocks of the two differ, and the lock lets either in first."""
    known = max((one.sequence for one in history), default=0)
    given = {"valid_at": NOW + timedelta(seconds=seconds), "seen": known}
    states = [
        fold([*history, event(yes, known + 1, **given), event(no, known + 2, valid_at=NOW)]).state,
        fold([*history, event(no, known + 1, valid_at=NOW), event(yes, known + 2, **given)]).state,
    ]
    assert [state.standing in STOPS.values() for state in states] == [True, True]


@given(histories(), st.lists(st.tuples(st.sampled_from(CONSENTS), st.booleans()), max_size=3))
def test_undoing_an_import_of_consents_leaves_what_was_before(history, imported):
    last = max((one.sequence for one in history), default=0)
    added = [
        event(kind, last + place, method=Method.IMPORT, notice=1 if dated else None, valid_at=TODAY)
        for place, (kind, dated) in enumerate(imported, 1)
    ]
    undone = [
        event(EventKind.INVALIDATED, last + len(added) + place, voids=one.sequence)
        for place, one in enumerate(added, 1)
    ]
    assert fold([*history, *added, *undone]).state == fold(history).state


@given(histories(), st.none() | st.integers(1, 20))
def test_undoing_never_turns_a_refusal_into_a_consent(history, voids):
    before = fold(history).state
    state = fold([*history, after(history, EventKind.INVALIDATED, voids=voids)]).state
    if before.standing is not Standing.GIVEN:
        assert state.standing is not Standing.GIVEN
    if before.standing in STOPS.values():
        assert state == before


@given(histories(), histories())
def test_who_becomes_one_with_another_keeps_every_refusal_of_either(kept, merged):
    last = max((one.sequence for one in kept), default=0)
    sides = fold(kept), fold(merged)
    handed = [event(one.kind, last + place, **_said(one)) for place, one in enumerate(sides[1].handed_on(), 1)]
    state = fold(handed, start=sides[0]).state
    standings = {side.state.standing for side in sides}
    if standings & set(STOPS.values()):
        assert state.standing in STOPS.values()
    elif Standing.GIVEN not in standings:
        assert state.standing is not Standing.GIVEN
    elif sides[0].state.standing is Standing.GIVEN or sides[0].stopped_at is None:
        assert state.standing is Standing.GIVEN  # else what is handed on has not seen the stop, and the stricter stays


def test_a_refusal_that_was_undone_is_not_handed_on():
    kept, merged = [event(EventKind.GIVEN, 1)], [event(EventKind.WITHDRAWN, 1), event(EventKind.GIVEN, 2)]
    assert [one.kind for one in fold(merged).handed_on()] == [EventKind.GIVEN]
    assert [one.kind for one in fold([*merged, after(merged, EventKind.INVALIDATED)]).handed_on()] == [
        EventKind.WITHDRAWN
    ]
    assert fold(kept).handed_on()[0].seen == 0


def _said(one: Event) -> dict[str, object]:
    return {"valid_at": one.valid_at, "notice": one.notice, "method": one.method, "seen": one.seen}


@given(histories(), st.integers(0, 20))
def test_as_of_an_instant_only_what_was_recorded_by_then_counts(history, hours):
    then = LONG_AGO + timedelta(hours=hours)
    assert fold(history, as_of=then) == fold([one for one in history if one.recorded_at <= then])


def test_an_event_that_does_not_follow_is_refused():
    folded = fold([event(EventKind.GIVEN, 2)])
    with pytest.raises(ValueError, match="in the order of their sequence"):
        folded.then(event(EventKind.WITHDRAWN, 2))


# --- what each event does


def test_nothing_said_is_silence():
    assert fold([]).state == SILENCE == ConsentState(Standing.SILENT)


@pytest.mark.parametrize(
    ("said", "standing"),
    [
        ([(EventKind.REQUESTED, {})], Standing.REQUESTED),
        ([(EventKind.GIVEN, {})], Standing.GIVEN),
        ([(EventKind.GIVEN, {"notice": None})], Standing.CLAIMED),
        ([(EventKind.GIVEN, {"valid_at": None})], Standing.CLAIMED),
        ([(EventKind.CONFIRMED, {"notice": None})], Standing.CLAIMED),
        ([(EventKind.REFUSED, {})], Standing.REFUSED),
        ([(EventKind.WITHDRAWN, {}), (EventKind.REFUSED, {})], Standing.WITHDRAWN),
        ([(EventKind.REFUSED, {}), (EventKind.OBJECTED, {}), (EventKind.WITHDRAWN, {})], Standing.OBJECTED),
        ([(EventKind.OBJECTED, {}), (EventKind.GIVEN, {}), (EventKind.WITHDRAWN, {})], Standing.WITHDRAWN),
        ([(EventKind.GIVEN, {}), (EventKind.EXPIRED, {})], Standing.EXPIRED),
        ([(EventKind.GIVEN, {}), (EventKind.EXPIRED, {}), (EventKind.RENEWED, {})], Standing.GIVEN),
        ([(EventKind.GIVEN, {}), (EventKind.EXPIRED, {}), (EventKind.GIVEN, {"notice": None})], Standing.EXPIRED),
        ([(EventKind.GIVEN, {"notice": None}), (EventKind.EXPIRED, {})], Standing.CLAIMED),
        ([(EventKind.WITHDRAWN, {}), (EventKind.GIVEN, {}), (EventKind.EXPIRED, {})], Standing.EXPIRED),
        ([(EventKind.WITHDRAWN, {}), (EventKind.GIVEN, {"notice": None})], Standing.WITHDRAWN),
        ([(EventKind.WITHDRAWN, {}), (EventKind.GIVEN, {})], Standing.GIVEN),
        ([(EventKind.WITHDRAWN, {}), (EventKind.GIVEN, {}), (EventKind.INVALIDATED, {})], Standing.WITHDRAWN),
        ([(EventKind.GIVEN, {}), (EventKind.INVALIDATED, {"voids": 1})], Standing.SILENT),
        ([(EventKind.GIVEN, {}), (EventKind.GIVEN, {}), (EventKind.INVALIDATED, {"voids": 2})], Standing.GIVEN),
        ([(EventKind.WITHDRAWN, {}), (EventKind.INVALIDATED, {"voids": 1})], Standing.WITHDRAWN),
    ],
)
def test_a_history_stands_where_its_last_word_left_it(said, standing):
    assert told(*said).standing is standing


def test_a_consent_dated_before_a_refusal_does_not_undo_it():
    old = (EventKind.GIVEN, {"valid_at": LONG_AGO - timedelta(days=1)})
    same = (EventKind.GIVEN, {"valid_at": LONG_AGO})
    for late in (old, same):
        assert told((EventKind.WITHDRAWN, {"valid_at": LONG_AGO}), late).standing is Standing.WITHDRAWN


def test_of_two_refusals_the_later_date_counts_though_it_was_recorded_first():
    refusals = [(EventKind.WITHDRAWN, {"valid_at": TODAY}), (EventKind.OBJECTED, {"valid_at": LONG_AGO})]
    between = (EventKind.GIVEN, {"valid_at": YESTERDAY})
    assert told(*refusals, between).standing is Standing.OBJECTED


def test_a_refusal_ends_a_consent_though_the_clock_went_back():
    given, withdrawn = (EventKind.GIVEN, {"valid_at": NOW}), (EventKind.WITHDRAWN, {"valid_at": YESTERDAY})
    assert told(given, withdrawn).standing is Standing.WITHDRAWN


def test_a_confirmation_asked_for_before_a_withdrawal_does_not_undo_it():
    """A person signs up, withdraws, and later follows the link of the first message."""
    history = [
        event(EventKind.GIVEN, 1, valid_at=LONG_AGO),
        event(EventKind.WITHDRAWN, 2, valid_at=YESTERDAY),
        event(EventKind.CONFIRMED, 3, valid_at=TODAY, seen=1),
    ]
    assert fold(history).state.standing is Standing.WITHDRAWN


def test_a_renewal_recorded_while_the_old_consent_lapses_stays():
    history = [
        event(EventKind.CONFIRMED, 1, valid_at=LONG_AGO),
        event(EventKind.RENEWED, 2, valid_at=TODAY),
        event(EventKind.EXPIRED, 3, valid_at=NOW, seen=1),
    ]
    assert fold(history).state.given == Grant(TODAY, NOTICE, UUID(int=2))


def test_what_lapses_is_all_that_was_given_up_to_that_instant():
    history = [(EventKind.CONFIRMED, {"valid_at": YESTERDAY}), (EventKind.EXPIRED, {"valid_at": YESTERDAY})]
    assert told(*history).standing is Standing.EXPIRED


def test_a_refusal_waits_behind_the_consents_that_undid_it_until_the_last_of_them_lapses():
    history = [
        event(EventKind.WITHDRAWN, 1),
        event(EventKind.GIVEN, 2, valid_at=YESTERDAY),
        event(EventKind.GIVEN, 3, valid_at=TODAY),
        event(EventKind.EXPIRED, 4, valid_at=YESTERDAY),
    ]
    assert fold(history).state.given == Grant(TODAY, NOTICE, UUID(int=3))
    assert fold([*history, after(history, EventKind.INVALIDATED)]).state.standing is Standing.WITHDRAWN


@pytest.mark.parametrize(("kind", "method"), list(product([EventKind.GIVEN, EventKind.RENEWED], Method)))
def test_some_methods_prove_who_consents_and_others_wait_for_confirmation(kind, method):
    assert (told((kind, {"method": method})).confirmed is not None) is (
        method in {Method.PORTAL, Method.PAPER, Method.IN_PERSON}
    )


def test_a_renewal_is_as_proven_as_the_consent_it_renews():
    form, confirmed, renewed = (EventKind.GIVEN, {}), (EventKind.CONFIRMED, {}), (EventKind.RENEWED, {})
    assert told(form, renewed).confirmed is None
    assert told(form, confirmed, renewed).confirmed == Grant(LONG_AGO + timedelta(hours=3), NOTICE, UUID(int=3))
    claim = (EventKind.GIVEN, {"method": Method.PAPER, "notice": None})
    assert told(claim, renewed).confirmed is None


def test_a_confirmation_speaks_of_the_notice_that_was_agreed_to():
    state = told((EventKind.GIVEN, {"notice": 2}), (EventKind.CONFIRMED, {"notice": None}))
    assert state.confirmed == Grant(LONG_AGO + timedelta(hours=2), 2, UUID(int=2))


def test_a_claim_behind_a_consent_takes_over_nothing_of_it():
    state = told(
        (EventKind.GIVEN, {"notice": 2, "valid_at": YESTERDAY}), (EventKind.GIVEN, {"notice": None, "valid_at": TODAY})
    )
    assert state.given == Grant(YESTERDAY, 2, UUID(int=1))


def test_consent_to_the_newer_notice_counts_though_an_older_form_came_in_later():
    newer = (EventKind.GIVEN, {"notice": 2, "valid_at": YESTERDAY})
    older = (EventKind.GIVEN, {"notice": 1, "valid_at": TODAY, "method": Method.PAPER})
    state = told(newer, older)
    assert state.given == Grant(YESTERDAY, 2, UUID(int=1))
    assert state.confirmed == Grant(TODAY, 1, UUID(int=2))
