"""Holders of one class get one answer."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from governance.policies.consent import Question, decide
from governance.policies.consent_classes import NEVER, class_of, decide_class, edges
from governance.policies.consent_facts import ContactFacts, Holder
from governance.policies.consent_state import ConsentState, Grant, Standing
from governance.policies.periods import Period
from tests.factories.consents import NOW, ask, holders, questions

TICKS = [timedelta(microseconds=count) for count in (-1, 0, 1)]


@st.composite
def near_the_edges(draw: st.DrawFn, question: Question) -> Holder:
    """A holder whose instants and versions lie where the answer changes, or anywhere."""
    found = edges(question)
    edge = st.sampled_from([found.lapsed, found.sold, found.at, NOW - timedelta(days=300)])
    instants = st.builds(lambda at, tick: max(at, NEVER + TICKS[2]) + tick, edge, st.sampled_from(TICKS))
    grants = st.builds(
        Grant, at=instants, notice=st.integers(question.minimum_notice - 1, 4), event=st.just(UUID(int=1))
    )
    state = st.builds(
        ConsentState,
        standing=st.sampled_from([Standing.GIVEN] * 5 + list(Standing)),
        given=st.none() | grants | grants,
        confirmed=st.none() | grants | grants,
    )
    holder = draw(holders)
    return holder._replace(
        state=draw(st.none() | state | state | state),
        age_at_least=draw(st.none() | st.integers(0, 30)),
        sale_at=draw(st.none() | instants),
        opt_out_offered_at=draw(st.none() | instants),
    )


@given(st.data(), questions)
def test_a_class_is_decided_as_each_who_is_in_it(data: st.DataObject, question: Question) -> None:
    if question.purpose is None:
        return
    holder = data.draw(near_the_edges(question) | holders)
    found = edges(question)
    assert (
        decide_class(class_of(holder, found), question, found)
        == decide(ContactFacts((holder,)), question)[:3] + (None,) * 4
    )


@given(st.builds(Period, months=st.integers(0, 40), days=st.integers(1, 40)), st.integers(0, 10**9))
def test_the_edge_of_what_has_lapsed_is_the_last_instant_that_has(period: Period, seconds: int) -> None:
    at = NOW + timedelta(seconds=seconds, microseconds=seconds % 7)
    last = edges(replace(ask(), valid_for=period, at=at)).lapsed
    assert period.after(last) <= at < period.after(last + timedelta(microseconds=1))
