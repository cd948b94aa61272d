"""A check of the past answers what was answered then, whatever was under way and not committed at that moment."""

import random
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from governance.consent import batches
from governance.consent import operations as consent
from governance.consent.batches import LEAST
from governance.consent.checking import Asked
from governance.consent.facts import of_contacts
from governance.customers import operations as customers
from governance.customers.codes import ContactKind, RestrictionReason
from governance.customers.holders import find_holders
from governance.customers.operations import ContactSaid, NewPurchase
from governance.customers.records import NewContact
from governance.kernel.db import Database
from governance.kernel.errors import GovernanceError
from governance.kernel.ids import SubjectId
from governance.kernel.work import SYSTEM, Work, open_work
from governance.policies.consent_facts import Reason, Scope, SuppressionReason, Verdict
from governance.policies.consent_state import EventKind, Method
from governance.policies.purposes import Channel
from governance.reference.operations import set_controller
from tests.factories.saying import mail, notice, said, someone

PEOPLE, TURNS = 5, 35
QUESTIONS = [Asked("newsletter", Channel.EMAIL), Asked("own_offers", Channel.EMAIL, opt_out_in_message=True)]
ADDRESSES = [f"customer{number}@example.org" for number in range(PEOPLE + 1)]
SHARED = "family@example.org"


def _says(kind: EventKind) -> Callable[[Work, SubjectId, int], None]:
    def record(work: Work, subject: SubjectId, way: int) -> None:
        purpose = QUESTIONS[way % 2].purpose
        consent.record(work, event=said(kind, subject=subject, purpose=purpose, method=Method.PORTAL))

    return record


def _restrict(work: Work, subject: SubjectId, _way: int) -> None:
    marks = [one for one in customers.marks(work, subject=subject).restrictions if one.lifted_at is None]
    if marks:
        customers.lift_restriction(work, subject=subject, restriction=marks[0].id)
    else:
        customers.restrict(work, subject=subject, reason=RestrictionReason.UNLAWFUL)


def _edit(work: Work, subject: SubjectId, way: int) -> None:
    customers.edit(work, subject=subject, patch={"country": ["DE", "RU"][way % 2], "deceased": way % 5 == 0})


def _contact(work: Work, subject: SubjectId, way: int) -> None:
    held = customers.read(work, subject=subject).contacts
    if len(held) > 1 and way % 2:
        customers.remove_contact(work, subject=subject, contact=held[-1].id)
    else:
        added = ContactSaid(kind="email", value=SHARED, opt_out_offered_at=work.now)
        customers.add_contact(work, subject=subject, contact=added)


def _buy(work: Work, subject: SubjectId, _way: int) -> None:
    bought = NewPurchase(paid_at=work.now - timedelta(days=1), total=5, currency="EUR")  # type: ignore[arg-type]
    customers.record_purchase(work, subject=subject, purchase=bought)


def _suppress(work: Work, subject: SubjectId, way: int) -> None:
    address = mail(customers.read(work, subject=subject).contacts[0].value)
    if way % 2:
        consent.lift(work, contact=address, channel=Channel.EMAIL)
    else:
        scope, reason = Scope.ADVERTISING, SuppressionReason.DO_NOT_CONTACT
        consent.suppress(work, contact=address, channel=Channel.EMAIL, scope=scope, reason=reason)


ACTS = [
    *(_says(kind) for kind in (EventKind.CONFIRMED, EventKind.GIVEN, EventKind.WITHDRAWN, EventKind.OBJECTED)),
    *(_says(EventKind.CONFIRMED), _restrict, _edit, _contact, _buy, _suppress),
]


def _ask(work: Work, at: datetime | None, *, many: bool) -> list[tuple[object, ...]]:
    padding = [f"nobody{number}@example.org" for number in range(LEAST)] if many and at is None else []
    found: list[Verdict] = []
    for asked in QUESTIONS:
        contacts = [*ADDRESSES, SHARED, *padding]
        checked = consent.check(work, question=replace(asked, as_of=at), contacts=contacts)
        found += checked.verdicts[: len(ADDRESSES) + 1]
    return [verdict[:3] for verdict in found]


@pytest.mark.parametrize("seed", range(3))
def test_what_is_under_way_at_an_answer_is_not_there_when_it_is_asked_again(
    fresh_database: Database, seed: int
) -> None:
    chance = random.Random(seed)
    with open_work(fresh_database, SYSTEM) as work:
        set_controller(work, legal_name="Petersen GmbH", address="Kiel", country="DE")
        for asked in QUESTIONS:
            notice(work, asked.purpose)
        people = [someone(work, one) for one in ADDRESSES[:PEOPLE]]
    answered: list[tuple[datetime, list[tuple[object, ...]]]] = []
    with ExitStack() as every:
        under_way: dict[SubjectId, ExitStack] = {}
        for _ in range(TURNS):
            person = chance.choice(people)
            if person in under_way and chance.random() < 0.7:
                under_way.pop(person).close()  # commits
            elif person not in under_way and len(under_way) < 3:
                opened = under_way[person] = every.enter_context(ExitStack())
                _act(opened.enter_context(open_work(fresh_database, SYSTEM)), person, chance)
            with open_work(fresh_database, SYSTEM) as work:
                answered.append((work.now, _ask(work, None, many=chance.random() < 0.3)))
    assert len({tuple(one) for _, one in answered}) > 5
    with open_work(fresh_database, SYSTEM) as work:
        for number, (at, then) in enumerate(answered):
            assert _ask(work, at, many=False) == then, number


def _as(address: str, act: Callable[[Work, SubjectId], object]) -> Callable[[Work], object]:
    """An act upon whoever holds an address."""

    def done(work: Work) -> None:
        (holders,) = find_holders(work, [NewContact(ContactKind.EMAIL, address)])
        act(work, holders[0].id)

    return done


CONSENTS, LISTED, SHARES, BUYS, OFFERED, LEAVES = ADDRESSES
UNDER_WAY: dict[str, Callable[[Work], object]] = {
    "a line is put on the ledger": lambda work: _block(work, CONSENTS),
    "a line is lifted": lambda work: consent.lift(work, contact=mail(LISTED), channel=Channel.EMAIL),
    "the person dies": _as(LISTED, lambda work, person: customers.edit(work, subject=person, patch={"deceased": True})),
    "somebody else gets the contact": lambda work: someone(work, SHARES),
    "something is bought": _as(OFFERED, lambda work, person: _buy(work, person, 0)),
    "the controller moves": lambda work: set_controller(work, legal_name="P", address="Omsk", country="RU"),
    "the contact is taken away": _as(
        LEAVES,
        lambda work, person: customers.remove_contact(
            work, subject=person, contact=customers.read(work, subject=person).contacts[0].id
        ),
    ),
}


def _block(work: Work, address: str) -> None:
    scope, reason = Scope.ADVERTISING, SuppressionReason.DO_NOT_CONTACT
    consent.suppress(work, contact=mail(address), channel=Channel.EMAIL, scope=scope, reason=reason)


def _begin(database: Database) -> None:
    """People whose verdict each of the acts under way changes."""
    with open_work(database, SYSTEM) as work:
        set_controller(work, legal_name="Petersen GmbH", address="Kiel", country="DE")
        for asked in QUESTIONS:
            notice(work, asked.purpose)
        for address in (CONSENTS, LISTED, SHARES, LEAVES):
            _says(EventKind.CONFIRMED)(work, someone(work, address), 0)
        _block(work, LISTED)
        for address in (BUYS, OFFERED):
            contact = ContactSaid(kind="email", value=address, opt_out_offered_at=work.now)
            person = customers.create(work, fields={"ground": "contract"}, contacts=[contact]).id
            if address == BUYS:
                _buy(work, person, 0)


def test_neither_what_is_under_way_nor_what_comes_later_is_there_when_it_is_asked_again(
    fresh_database: Database,
) -> None:
    _begin(fresh_database)
    for told, act in UNDER_WAY.items():
        answered = []
        with ExitStack() as under_way:
            with open_work(fresh_database, SYSTEM) as work:
                answered.append((work.now, _ask(work, None, many=False)))
            act(under_way.enter_context(open_work(fresh_database, SYSTEM)))
            with open_work(fresh_database, SYSTEM) as work:
                answered.append((work.now, _ask(work, None, many=False)))
        with open_work(fresh_database, SYSTEM) as work:
            assert [_ask(work, at, many=False) for at, _ in answered] == [then for _, then in answered], told
            assert _ask(work, None, many=False) != answered[-1][1], told


@pytest.mark.parametrize(("address", "act"), [(SHARES, "withdrawn"), (LISTED, "lifted")])
def test_what_a_long_list_asked_about_one_by_one_is_as_it_was_by_then(
    fresh_database: Database, monkeypatch: pytest.MonkeyPatch, address: str, act: str
) -> None:
    _begin(fresh_database)
    with open_work(fresh_database, SYSTEM) as work:
        other = someone(work, SHARES)
        _says(EventKind.CONFIRMED)(work, other, 0)
    with ExitStack() as under_way:
        work = under_way.enter_context(open_work(fresh_database, SYSTEM))
        if act == "withdrawn":
            _says(EventKind.WITHDRAWN)(work, other, 0)
        else:
            consent.lift(work, contact=mail(LISTED), channel=Channel.EMAIL)

        def commit_before(*asked: object) -> object:
            under_way.close()
            return of_contacts(*asked)  # type: ignore[arg-type]  # as it was called

        monkeypatch.setattr(batches, "of_contacts", commit_before)
        with open_work(fresh_database, SYSTEM) as work:
            at, then = work.now, _ask(work, None, many=True)
    with open_work(fresh_database, SYSTEM) as work:
        assert _ask(work, at, many=False) == then == _ask(work, None, many=False)


@pytest.mark.parametrize("order", [1, -1])
def test_of_two_questions_in_one_transaction_each_is_asked_again_by_what_it_saw_itself(
    fresh_database: Database, order: int
) -> None:
    _begin(fresh_database)
    with ExitStack() as under_way:
        _block(under_way.enter_context(open_work(fresh_database, SYSTEM)), CONSENTS)
        with open_work(fresh_database, SYSTEM) as work:
            at, (first, second) = work.now, QUESTIONS[::order]
            then = [consent.check(work, question=first, contacts=[CONSENTS]).verdicts[0].reason]
            under_way.close()
            then.append(consent.check(work, question=second, contacts=[CONSENTS]).verdicts[0].reason)
    with open_work(fresh_database, SYSTEM) as work:
        asked = [replace(one, as_of=at) for one in (first, second)]
        again = [consent.check(work, question=one, contacts=[CONSENTS]).verdicts[0].reason for one in asked]
    assert again == then
    assert then[1] is Reason.SUPPRESSED is not then[0]


def _act(work: Work, person: SubjectId, chance: random.Random) -> None:
    for _ in range(chance.choice((1, 1, 2))):
        try:
            with work.session.begin_nested():
                chance.choice(ACTS)(work, person, chance.randrange(10))
        except GovernanceError:
            pass  # it cannot be done to this person at the moment
