"""A check of the past answers what a check answered then, whatever has happened since."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from governance.consent import operations as consent
from governance.consent.checking import Asked
from governance.consent.events import ContactSaid as Suppressed
from governance.customers import operations as customers
from governance.customers.codes import ContactKind, RestrictionReason
from governance.customers.operations import ContactSaid, NewPurchase
from governance.kernel.errors import GovernanceError, InvalidError
from governance.kernel.ids import SubjectId
from governance.kernel.work import Work
from governance.policies.consent_facts import Reason, Scope, SuppressionReason, Verdict
from governance.policies.consent_state import EventKind, Method
from governance.policies.purposes import Channel
from governance.reference.operations import set_controller
from tests.factories.saying import mail, notice, said

ADDRESSES = [f"customer{number}@example.org" for number in range(3)]
QUESTIONS = [
    Asked("newsletter", Channel.EMAIL),
    Asked("own_offers", Channel.EMAIL, opt_out_in_message=True),
    Asked("birthday", Channel.EMAIL),
    Asked("service", Channel.EMAIL),
]


class Step(NamedTuple):
    """Something that happens: a verb, whom it is about, and which of several ways it goes."""

    verb: str
    person: int
    way: int


@dataclass
class World:
    """A small store, and what was answered at every instant."""

    work: Work
    people: list[SubjectId] = field(default_factory=list)
    answered: list[tuple[datetime, list[list[Verdict]]]] = field(default_factory=list)

    def ask(self, at: datetime | None = None) -> list[list[Verdict]]:
        return [
            list(consent.check(self.work, question=replace(asked, as_of=at, details=True), contacts=ADDRESSES).verdicts)
            for asked in QUESTIONS
        ]

    def take(self, step: Step) -> None:
        # Time passes before and after what happens, so that no instant is that of two acts.
        self.work = replace(self.work, now=self.work.now + timedelta(hours=1))
        person = self.people[step.person % len(self.people)]
        try:
            with self.work.session.begin_nested():
                VERBS[step.verb](self, person, step.way)
        except GovernanceError:
            pass  # it cannot be done to this person at the moment
        self.work = replace(self.work, now=self.work.now + timedelta(hours=1))
        self.answered.append((self.work.now, self.ask()))


def _event(kind: EventKind) -> Callable[[World, SubjectId, int], None]:
    def record(world: World, person: SubjectId, way: int) -> None:
        purpose = QUESTIONS[way % 3].purpose
        event = said(kind, subject=person, purpose=purpose, method=Method.PORTAL)
        consent.record(world.work, event=event)

    return record


def _edit(world: World, person: SubjectId, way: int) -> None:
    patch = [
        {"country": "RU"}, {"country": "DE"}, {"birth_date": "1990"}, {"birth_date": None}, {"deceased": True},
        {"deceased": False}, {"ground": "contract"}, {"ground": "consent"}, {"not_mailable": "decided"},
        {"not_mailable": None},
    ][way % 10]  # fmt: skip
    customers.edit(world.work, subject=person, patch=patch)


def _restrict(world: World, person: SubjectId, _way: int) -> None:
    customers.restrict(world.work, subject=person, reason=RestrictionReason.UNLAWFUL)


def _lift(world: World, person: SubjectId, _way: int) -> None:
    for mark in customers.marks(world.work, subject=person).restrictions:
        if mark.lifted_at is None:
            customers.lift_restriction(world.work, subject=person, restriction=mark.id)


def _add(world: World, person: SubjectId, way: int) -> None:
    offered = world.work.now if way % 2 else None
    contact = ContactSaid(kind="email", value=ADDRESSES[way % 3], opt_out_offered_at=offered)
    customers.add_contact(world.work, subject=person, contact=contact)


def _remove(world: World, person: SubjectId, way: int) -> None:
    held = customers.read(world.work, subject=person).contacts
    if held:
        customers.remove_contact(world.work, subject=person, contact=held[way % len(held)].id)


def _offer(world: World, person: SubjectId, way: int) -> None:
    held = customers.read(world.work, subject=person).contacts
    if held:
        patch = {"opt_out_offered_at": world.work.now if way % 2 else None}
        customers.edit_contact(world.work, subject=person, contact=held[0].id, patch=patch)


def _buy(world: World, person: SubjectId, way: int) -> None:
    paid_at = world.work.now - timedelta(days=300 * (way % 4))
    bought = NewPurchase(paid_at=paid_at, total=Decimal(5), currency="EUR")
    customers.record_purchase(world.work, subject=person, purchase=bought)


def _suppress(world: World, _person: SubjectId, way: int) -> None:
    scope = list(Scope)[way % 3]
    consent.suppress(
        world.work,
        contact=mail(ADDRESSES[way % 3]),
        channel=Channel.EMAIL,
        scope=scope,
        reason=list(SuppressionReason)[way % 5],
        purpose="newsletter" if scope is Scope.PURPOSE else None,
    )


def _unsuppress(world: World, _person: SubjectId, way: int) -> None:
    consent.lift(world.work, contact=mail(ADDRESSES[way % 3]), channel=Channel.EMAIL)


def _publish(world: World, _person: SubjectId, way: int) -> None:
    notice(world.work, QUESTIONS[way % 3].purpose, material=bool(way % 2))


VERBS: dict[str, Callable[[World, SubjectId, int], None]] = {
    "give": _event(EventKind.GIVEN),
    "confirm": _event(EventKind.CONFIRMED),
    "withdraw": _event(EventKind.WITHDRAWN),
    "object": _event(EventKind.OBJECTED),
    "edit": _edit,
    "restrict": _restrict,
    "lift": _lift,
    "add": _add,
    "remove": _remove,
    "offer": _offer,
    "buy": _buy,
    "suppress": _suppress,
    "unsuppress": _unsuppress,
    "publish": _publish,
}
steps = st.builds(
    Step, st.sampled_from([*VERBS, "confirm", "confirm", "edit", "add"]), st.integers(0, 2), st.integers(0, 9)
)


def _world(work: Work) -> World:
    set_controller(work, legal_name="Petersen GmbH", address="Kiel", country="DE")
    world = World(work)
    for address in ADDRESSES[:2]:
        contacts = [ContactSaid(kind="email", value=address, opt_out_offered_at=work.now)]
        fields = {"country": "DE", "ground": "contract", "birth_date": "2009-12-01"}
        world.people.append(customers.create(work, fields=fields, contacts=contacts).id)
    for asked in QUESTIONS[:3]:
        notice(work, asked.purpose)
    return world


@pytest.fixture
def world(work: Work) -> World:
    return _world(work)


@settings(
    max_examples=max(1, settings.default.max_examples // 4),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(steps, min_size=1, max_size=10))
def test_a_check_of_the_past_answers_what_was_answered_then(world: World, taken: list[Step]) -> None:
    with world.work.session.begin_nested() as savepoint:
        world = World(world.work, world.people)
        for step in taken:
            world.take(step)
        for at, answered in world.answered:
            assert world.ask(at) == answered, at
        savepoint.rollback()


def test_a_line_of_the_ledger_counts_from_its_instant_until_that_of_its_end(world: World) -> None:
    world.take(Step("confirm", 0, 0))
    for verb in ("suppress", "unsuppress"):
        VERBS[verb](world, world.people[0], 0)
        assert world.ask(world.work.now) == world.ask()
        world.work = replace(world.work, now=world.work.now + timedelta(hours=1))


def test_a_line_of_the_ledger_counts_for_its_channel_then_as_now(work: Work, world: World) -> None:
    phone = "+4915112345678"
    person = customers.create(work, fields={"ground": "contract"}, contacts=[ContactSaid(kind="phone", value=phone)]).id
    for channel in (Channel.SMS, Channel.PHONE):
        told = said(EventKind.CONFIRMED, subject=person, purpose="own_offers", channel=channel, method=Method.PORTAL)
        consent.record(work, event=told)
    consent.suppress(
        work,
        contact=Suppressed(ContactKind.PHONE, phone),
        channel=Channel.SMS,
        scope=Scope.EVERYTHING,
        reason=SuppressionReason.COMPLAINT,
    )
    for as_of in (None, work.now):
        found = [
            consent.check(work, question=Asked("own_offers", channel, as_of=as_of), contacts=[phone]).verdicts[0]
            for channel in (Channel.SMS, Channel.PHONE)
        ]
        assert [one.reason for one in found] == [Reason.SUPPRESSED, Reason.CONSENTED]


def test_before_anything_was_known_everything_was_unknown(work: Work, world: World) -> None:
    world.take(Step("confirm", 0, 0))
    found = world.ask(work.now - timedelta(days=1))
    assert not any(verdict.allowed for answers in found for verdict in answers)


def test_the_past_is_asked_about_by_contact_and_is_past(work: Work, world: World) -> None:
    past, future = (replace(QUESTIONS[0], as_of=work.now + timedelta(seconds=one)) for one in (-1, 1))
    with pytest.raises(InvalidError):
        consent.check(work, question=past, people=world.people)
    with pytest.raises(InvalidError):
        consent.check(work, question=future, contacts=ADDRESSES)
