"""Purchases, interactions and activity: recorded, masked, listed newest first."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from governance.accounts import operations as accounts
from governance.audit.actions import Action
from governance.customers import operations as customers
from governance.customers.bulk_events import record_purchases
from governance.customers.codes import ActivityKind, InteractionKind, RestrictionReason
from governance.customers.errors import DuplicateError, RestrictedError
from governance.customers.operations import ContactSaid, NewActivity, PersonView
from governance.customers.records import PurchaseOf
from governance.customers.tables import InteractionRow, PurchaseRow
from governance.kernel.errors import ForbiddenError, InvalidError, NotFoundError
from governance.kernel.ids import BatchId, uuid4, uuid7
from governance.kernel.work import Work
from governance.policies.permissions import Permission
from tests.conftest import NOW
from tests.factories.actors import by, client, staff
from tests.factories.customers import interaction, purchase
from tests.factories.statements import counted
from tests.factories.trail import entries


@pytest.fixture
def irina(work: Work) -> PersonView:
    fields = {"family_name": "Воробьева", "city": "Псков", "street": "ул. Ленина 1", "country": "RU"}
    return customers.create(work, fields=fields, contacts=[ContactSaid(kind="email", value="irina@example.ru")])


def visit(**said: Any) -> NewActivity:
    return NewActivity(**{"kind": ActivityKind.VISIT, "at": NOW, "detail": {"page": "/чай"}, **said})


def test_a_purchase_is_shown_by_day_and_sum_and_keeps_who_bought(work: Work, irina: PersonView):
    made = customers.record_purchase(work, subject=irina.id, purchase=purchase(items=("чай", {"name": "кофе"})))
    customers.edit(work, subject=irina.id, patch={"family_name": "Другая"})

    assert (made.paid_at, made.total, made.currency) == (date(2025, 12, 16), Decimal("7731.01"), "RUB")
    assert (made.number, made.items, made.buyer) == ("•••", "•••", "•••")
    assert set(made.masked) == {"number", "items", "buyer"}
    row = work.session.get_one(PurchaseRow, made.id)
    assert row.buyer == {
        "family_name": "Воробьева",
        "city": "Псков",
        "street": "ул. Ленина 1",
        "country": "RU",
        "email": ["irina@example.ru"],
    }
    (entry,) = entries(work, Action.PURCHASE_RECORDED)
    assert (entry.subject, entry.object.id, entry.facts) == (irina.ref, made.id, {"currency": "RUB"})


def test_an_instant_stays_an_instant_and_a_day_a_day(work: Work, irina: PersonView):
    at = datetime(2026, 11, 1, 23, 30, tzinfo=UTC)
    exact = customers.record_purchase(work, subject=irina.id, purchase=purchase(paid_at=at))
    talk = customers.record_interaction(
        work, subject=irina.id, interaction=interaction(at=at, next_contact_at=date(2026, 12, 1))
    )

    assert exact.paid_at == at
    assert (talk.at, talk.next_contact_at) == (at, date(2026, 12, 1))


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ({"total": Decimal("NaN")}, "total"),
        ({"total": Decimal("1e15")}, "total"),
        ({"total": Decimal("0.0000001")}, "total"),
        ({"currency": "руб"}, "currency"),
        ({"number": "x" * 201}, "number"),
        ({"paid_at": NOW + timedelta(seconds=1)}, "paid_at"),
        ({"items": ("x" * 70_000,)}, "items"),
    ],
)
def test_a_purchase_that_cannot_be_kept_is_refused_by_field(
    work: Work, irina: PersonView, said: dict[str, object], wrong: str
):
    with pytest.raises(InvalidError) as caught:
        customers.record_purchase(work, subject=irina.id, purchase=purchase(**said))
    assert set(caught.value.errors) == {wrong}


def test_who_speaks_is_the_staff_member_who_records_it(work: Work, irina: PersonView):
    steward = staff("steward")

    made = customers.record_interaction(by(work, steward), subject=irina.id, interaction=interaction(note="VIP"))

    assert (made.kind, made.seconds, made.staff) == ("call", 398, steward.id)
    assert (made.result, made.note) == ("•••", "•••")
    assert work.session.get_one(InteractionRow, made.id).note == "VIP"


@pytest.mark.parametrize(
    ("said", "wrong"),
    [({"seconds": -1}, "seconds"), ({"at": NOW + timedelta(days=1)}, "at"), ({"note": "•••"}, "note")],
)
def test_an_interaction_that_cannot_be_kept_is_refused_by_field(
    work: Work, irina: PersonView, said: dict[str, object], wrong: str
):
    with pytest.raises(InvalidError) as caught:
        customers.record_interaction(work, subject=irina.id, interaction=interaction(**said))
    assert set(caught.value.errors) == {wrong}


def test_under_restriction_sales_are_kept_and_steps_are_not_followed(work: Work, irina: PersonView):
    customers.restrict(work, subject=irina.id, reason=RestrictionReason.ASKED_FOR)

    assert customers.record_purchase(work, subject=irina.id, purchase=purchase()).total
    assert customers.record_interaction(work, subject=irina.id, interaction=interaction()).kind == "call"
    with pytest.raises(RestrictedError):
        customers.record_activity(work, subject=irina.id, activity=visit())


def _purchases(work: Work, irina: PersonView, place: int) -> object:
    said = purchase(paid_at=NOW - timedelta(days=place % 3), number=str(place))
    return customers.record_purchase(work, subject=irina.id, purchase=said).id


def _interactions(work: Work, irina: PersonView, place: int) -> object:
    said = interaction(at=NOW - timedelta(days=place % 3), kind=InteractionKind.LETTER)
    return customers.record_interaction(work, subject=irina.id, interaction=said).id


def _activity(work: Work, irina: PersonView, place: int) -> object:
    return customers.record_activity(work, subject=irina.id, activity=visit(at=NOW - timedelta(days=place % 3))).id


LISTINGS = [
    (_purchases, customers.list_purchases, Action.PURCHASES_READ),
    (_interactions, customers.list_interactions, Action.INTERACTIONS_READ),
    (_activity, customers.list_activity, Action.ACTIVITY_READ),
]


@pytest.mark.parametrize(("record", "listing", "action"), LISTINGS)
def test_pages_hold_everything_once_newest_first_and_are_told(
    work: Work, irina: PersonView, record: Callable[..., object], listing: Callable[..., Any], action: Action
):
    made = [record(work, irina, place) for place in range(7)]
    met: list[Any] = []
    after = None
    while True:
        page = listing(work, subject=irina.id, after=after, limit=3)
        met += page.items
        after = page.next_after
        if after is None:
            break
    assert len(met) == 7
    assert {one.id for one in met} == set(made)
    clocks = [getattr(one, "paid_at", None) or one.at for one in met]
    assert clocks == sorted(clocks, reverse=True)
    assert [entry.facts["count"] for entry in entries(work, action)] == [3, 3, 1]


@pytest.mark.parametrize(("record", "listing", "action"), LISTINGS)
def test_listing_takes_the_same_statements_for_few_and_for_many(
    work: Work, irina: PersonView, record: Callable[..., object], listing: Callable[..., Any], action: Action
):
    for place in range(9):
        record(work, irina, place)
    with counted(work) as few:
        listing(work, subject=irina.id, limit=2)
    with counted(work) as many:
        listing(work, subject=irina.id, limit=9)
    assert len(few) == len(many)


@pytest.mark.parametrize(("record", "listing", "action"), LISTINGS)
def test_what_happened_is_for_those_who_may_see_it(
    work: Work, irina: PersonView, record: Callable[..., object], listing: Callable[..., Any], action: Action
):
    with pytest.raises(ForbiddenError):
        listing(by(work, client(Permission.CUSTOMERS_READ)), subject=irina.id)
    with pytest.raises(ForbiddenError):
        record(by(work, client(Permission.CUSTOMERS_READ)), irina, 1)
    if action is not Action.ACTIVITY_READ:
        with pytest.raises(NotFoundError):
            listing(by(work, staff("sales")), subject=irina.id)


def test_a_number_names_one_purchase_of_a_customer_whichever_way_it_came(work: Work, irina: PersonView):
    other = customers.create(work, fields={"family_name": "Котова"})
    customers.record_purchase(work, subject=irina.id, purchase=purchase(number="A-1"))

    with pytest.raises(DuplicateError) as refused:
        customers.record_purchase(work, subject=irina.id, purchase=purchase(number=" a-1"))
    assert list(refused.value.errors) == ["number"]
    again = PurchaseOf(irina.id, purchase(number="A-1"))
    assert record_purchases(work, [again], batch=BatchId(uuid7())) == [None]

    for subject, number in ((irina.id, "A-2"), (irina.id, None), (irina.id, None), (other.id, "A-1")):
        customers.record_purchase(work, subject=subject, purchase=purchase(number=number))


def test_who_spoke_is_on_the_staff_or_was(work: Work, irina: PersonView):
    left = accounts.create_staff(work, name="Anna", email="anna@firm.example").id
    accounts.disable_staff(work, staff=left)

    made = customers.record_interaction(work, subject=irina.id, interaction=interaction(staff=left))
    assert made.staff == left
    with pytest.raises(InvalidError) as refused:
        customers.record_interaction(work, subject=irina.id, interaction=interaction(staff=uuid4()))
    assert list(refused.value.errors) == ["staff"]
