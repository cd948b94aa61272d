"""Holders of one class get one answer."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from governance.policies.consent import Question, decide
from governance.policies.consent_classes import (
    ABSENT,
    CONFIRMED_OLD,
    ENDED,
    GIVEN_OLD,
    GROWN_UP,
    HOLDS,
    NEVER,
    RESTRICTED,
    TO_COME,
    Edges,
    HolderClass,
    decide_class,
    edges,
)
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


def class_of(holder: Holder, found: Edges) -> HolderClass:
    """The class of a holder, as the statement works it out of the columns."""
    grant, confirmed = (None, None) if holder.state is None else (holder.state.given, holder.state.confirmed)
    edges_of = (
        (grant and grant.at, found.lapsed),
        (confirmed and confirmed.at, found.lapsed),
        (holder.sale_at, found.sold),
        (holder.opt_out_offered_at, NEVER),
    )
    marks = sum(_side(instant, edge, found.at) << 2 * place for place, (instant, edge) in enumerate(edges_of))
    for bit, holds in (
        (GIVEN_OLD, grant is not None and grant.notice < found.minimum_notice),
        (CONFIRMED_OLD, confirmed is not None and confirmed.notice < found.minimum_notice),
        (RESTRICTED, holder.restricted),
        (GROWN_UP, (holder.age_at_least or 0) >= found.minimum_age),
    ):
        marks |= bit if holds else 0
    ground = None if holder.kept_on is None else holder.kept_on.value
    return HolderClass(marks, holder.country, ground, None if holder.state is None else holder.state.standing.value)


def _side(instant: datetime | None, edge: datetime, at: datetime) -> int:
    if instant is None:
        return ABSENT
    if instant > at:
        return TO_COME
    return HOLDS if instant > edge else ENDED


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
