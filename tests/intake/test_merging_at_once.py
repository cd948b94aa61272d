"""Merging while others are at work on the same two: nobody waits for each other for ever, and nothing gets lost."""

from functools import partial

import pytest

from governance.consent import operations as consent
from governance.customers import operations as customers
from governance.customers.codes import ContactKind, RestrictionReason
from governance.customers.errors import RestrictedError
from governance.customers.operations import ContactSaid
from governance.intake.merges import merge, undo_merge
from governance.kernel.db import Database
from governance.kernel.errors import ConflictError
from governance.kernel.ids import SubjectId
from governance.kernel.work import SYSTEM, Work, open_work
from governance.policies.consent_state import EventKind, Standing
from tests.factories.customers import purchase
from tests.factories.racing import at_once
from tests.factories.saying import notice, said, someone

Two = tuple[SubjectId, SubjectId]
STOPPED = {Standing.WITHDRAWN, Standing.OBJECTED, Standing.REFUSED}
ROUNDS = 3


@pytest.fixture
def couples(fresh_database: Database) -> list[Two]:
    with open_work(fresh_database, SYSTEM) as work:
        notice(work)
        return [
            (someone(work, f"a{number}@example.org"), someone(work, f"b{number}@example.org"))
            for number in range(ROUNDS)
        ]


def together(work: Work, *, into: SubjectId, other: SubjectId) -> None:
    merge(work, into=into, other=other, reason="Same person")


def say(work: Work, *, kind: EventKind, subject: SubjectId) -> None:
    consent.record(work, event=said(kind, subject=subject))


@pytest.mark.parametrize("who", ["survivor", "other"])
@pytest.mark.parametrize("stop", [EventKind.WITHDRAWN, EventKind.OBJECTED, EventKind.REFUSED])
def test_a_stop_at_the_moment_of_the_merge_stays(
    fresh_database: Database, couples: list[Two], stop: EventKind, who: str
) -> None:
    for into, other in couples:
        with open_work(fresh_database, SYSTEM) as work:
            say(work, kind=EventKind.CONFIRMED, subject=into)
        errors = at_once(
            fresh_database,
            partial(together, into=into, other=other),
            partial(say, kind=stop, subject=into if who == "survivor" else other),
            partial(say, kind=EventKind.CONFIRMED, subject=other),
        )
        assert errors == []
        with open_work(fresh_database, SYSTEM) as work:
            (state,) = consent.states_of(work, subject=other).items
            assert state.state.standing in STOPPED
            assert consent.rebuild(work, repair=False).differences == ()


def test_what_is_added_at_the_moment_of_the_merge_is_the_survivors(
    fresh_database: Database, couples: list[Two]
) -> None:
    def add(work: Work, *, subject: SubjectId) -> None:
        contact = ContactSaid(kind=ContactKind.EMAIL, value=f"{subject}@example.org")
        customers.add_contact(work, subject=subject, contact=contact)

    for into, other in couples:
        errors = at_once(
            fresh_database,
            partial(together, into=into, other=other),
            partial(add, subject=other),
            lambda work, other=other: customers.record_purchase(work, subject=other, purchase=purchase()),
            lambda work, other=other: customers.restrict(work, subject=other, reason=RestrictionReason.UNLAWFUL),
        )
        assert [one for one in errors if not isinstance(one, RestrictedError)] == []
        with open_work(fresh_database, SYSTEM) as work:
            seen = customers.read(work, subject=into)
            assert seen.restricted
            held = len(seen.contacts) + len(customers.list_purchases(work, subject=into).items)
            assert held == 4 - len(errors)


def test_of_two_merges_at_once_that_would_make_a_loop_one_is_refused(
    fresh_database: Database, couples: list[Two]
) -> None:
    for one, two in couples:
        errors = at_once(fresh_database, partial(together, into=one, other=two), partial(together, into=two, other=one))
        assert [type(error) for error in errors] == [ConflictError]


def test_of_two_merges_in_a_chain_both_come_to_one_end_or_one_is_refused(
    fresh_database: Database, couples: list[Two]
) -> None:
    for (first, second), (third, _) in zip(couples[::2], couples[1::2], strict=False):
        errors = at_once(
            fresh_database, partial(together, into=second, other=first), partial(together, into=third, other=second)
        )
        assert all(isinstance(error, ConflictError) for error in errors)
        with open_work(fresh_database, SYSTEM) as work:
            answered = {customers.read(work, subject=one).id for one in (first, second)}
            assert third in answered
            assert len(answered) == 1 + len(errors)


def test_a_merge_is_undone_once_however_many_try(fresh_database: Database, couples: list[Two]) -> None:
    into, other = couples[0]
    with open_work(fresh_database, SYSTEM) as work:
        made = merge(work, into=into, other=other, reason="Same person")
    errors = at_once(fresh_database, *[lambda work: undo_merge(work, merge=made.id)] * 3)
    assert [type(error) for error in errors] == [ConflictError, ConflictError]


def test_a_stop_at_the_moment_when_a_merge_is_undone_is_theirs_who_said_it(
    fresh_database: Database, couples: list[Two]
) -> None:
    for into, other in couples:
        with open_work(fresh_database, SYSTEM) as work:
            say(work, kind=EventKind.CONFIRMED, subject=other)
            made = merge(work, into=into, other=other, reason="Same person")
        errors = at_once(
            fresh_database,
            lambda work, made=made: undo_merge(work, merge=made.id),
            partial(say, kind=EventKind.WITHDRAWN, subject=other),
        )
        assert errors == []
        with open_work(fresh_database, SYSTEM) as work:
            (state,) = consent.states_of(work, subject=other).items
            assert state.state.standing is Standing.WITHDRAWN
            assert consent.rebuild(work, repair=False).differences == ()
