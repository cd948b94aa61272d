"""Opening fields in the clear: named ones, with a reason, all or none, and each time told."""

import pytest
from sqlalchemy import text

from governance.audit.actions import Action
from governance.customers import operations as customers
from governance.customers.codes import ActivityKind, ExtraType
from governance.customers.operations import ContactSaid, NewActivity, PersonView
from governance.kernel.errors import ForbiddenError, InvalidError, NotFoundError
from governance.kernel.ids import uuid7
from governance.kernel.work import Work
from governance.policies.documents import Titles
from tests.conftest import NOW
from tests.factories.actors import by, staff
from tests.factories.customers import interaction, purchase
from tests.factories.trail import entries

REASON = "Клиент просит перезвонить"


@pytest.fixture
def irina(work: Work) -> PersonView:
    fields = {"family_name": "Воробьева", "given_name": "Ирина", "birth_date": "1982-08", "tags": ["VIP"]}
    contacts = [
        ContactSaid(kind="email", value="irina@example.ru"),
        ContactSaid(kind="phone", value="+79334552061", extension="12"),
    ]
    return customers.create(work, fields=fields, contacts=contacts)


def test_named_fields_come_in_the_clear_and_no_others(work: Work, irina: PersonView):
    phone = irina.contacts[1].id

    told = customers.reveal(
        work, subject=irina.id, fields=["birth_date", "tags", "city", f"contacts.{phone}"], reason=REASON
    ).values

    assert told == {
        "birth_date": "1982-08",
        "tags": ["VIP"],
        "city": None,
        f"contacts.{phone}": {"kind": "phone", "value": "+79334552061", "extension": "12"},
    }


def test_all_contacts_come_by_id(work: Work, irina: PersonView):
    told = customers.reveal(work, subject=irina.id, fields=["contacts"], reason=REASON).values["contacts"]

    assert isinstance(told, dict)
    assert {key: dict(value)["value"] for key, value in told.items()} == {
        str(irina.contacts[0].id): "irina@example.ru",
        str(irina.contacts[1].id): "+79334552061",
    }


def test_what_happened_and_extra_fields_come_by_name(work: Work, irina: PersonView):
    customers.define(work, key="diet", labels=Titles("Diet", "Диета", "Дієта"), type=ExtraType.LIST, category="user")
    customers.edit(work, subject=irina.id, patch={"extra": {"diet": ["веган"]}})
    bought = customers.record_purchase(work, subject=irina.id, purchase=purchase(items=("чай",)))
    met = customers.record_interaction(work, subject=irina.id, interaction=interaction())
    did = customers.record_activity(
        work, subject=irina.id, activity=NewActivity(kind=ActivityKind.VISIT, at=NOW, detail={"page": "/чай"})
    )
    names = ["extra.diet", f"purchases.{bought.id}", f"interactions.{met.id}", f"activity.{did.id}"]

    diet, sale, talk, visit = customers.reveal(work, subject=irina.id, fields=names, reason=REASON).values.values()

    assert (diet, talk, visit) == (
        ["веган"],
        {"result": "договорились", "note": None},
        {"detail": {"page": "/чай"}},
    )
    assert isinstance(sale, dict)
    assert (sale["number"], sale["items"]) == ("A-1", ["чай"])


def test_the_reason_is_kept_sealed_and_the_fields_are_told_by_name(work: Work, irina: PersonView):
    customers.reveal(work, subject=irina.id, fields=["family_name"], reason=REASON, purpose="service")

    (entry,) = entries(work, Action.PERSON_REVEALED)
    assert (entry.action_class, entry.subject) == ("read", irina.ref)
    assert entry.facts == {"fields": ["family_name"], "purpose": "service"}
    assert set(entry.personal) == {"reason"}
    lying = str(work.session.execute(text("SELECT to_jsonb(t) FROM audit_body t")).all())
    assert REASON not in lying
    assert REASON.encode().hex() not in lying


@pytest.mark.parametrize(
    ("fields", "reason", "wrong"),
    [
        (["family_name"], " ", "reason"),
        ([], REASON, "fields"),
        (["family_name"] * 51, REASON, "fields"),
        (["owner_id"], REASON, "fields.0"),
        (["family_name", "extra.hat"], REASON, "fields.1"),
        (["contacts.1"], REASON, "fields.0"),
        (["purchases"], REASON, "fields.0"),
        ([f"purchases.{uuid7()}"], REASON, "fields.0"),
    ],
)
def test_without_a_reason_or_for_what_is_no_field_nothing_is_opened(
    work: Work, irina: PersonView, fields: list[str], reason: str, wrong: str
):
    with pytest.raises(InvalidError) as caught:
        customers.reveal(work, subject=irina.id, fields=fields, reason=reason)
    assert set(caught.value.errors) == {wrong}
    assert entries(work, Action.PERSON_REVEALED) == []


def test_one_field_that_may_not_be_seen_refuses_all(work: Work, irina: PersonView):
    with pytest.raises(ForbiddenError) as caught:
        customers.reveal(
            by(work, staff("support")), subject=irina.id, fields=["family_name", "birth_date"], reason=REASON
        )
    assert set(caught.value.errors) == {"birth_date"}


@pytest.mark.parametrize("role", ["marketer", "auditor", "admin"])
def test_some_roles_open_nothing(work: Work, irina: PersonView, role: str):
    with pytest.raises(ForbiddenError):
        customers.reveal(by(work, staff(role)), subject=irina.id, fields=["family_name"], reason=REASON)


def test_sales_open_only_what_is_of_their_clients(work: Work, irina: PersonView):
    with pytest.raises(NotFoundError):
        customers.reveal(by(work, staff("sales")), subject=irina.id, fields=["family_name"], reason=REASON)


def test_the_contact_of_somebody_else_is_not_opened_by_its_id(work: Work, irina: PersonView):
    other = customers.create(work, fields={})
    with pytest.raises(InvalidError):
        customers.reveal(work, subject=other.id, fields=[f"contacts.{irina.contacts[0].id}"], reason=REASON)
