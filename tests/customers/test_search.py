"""Exact search: one value, as people write it, finds all within reach who have it, masked."""

import pytest
from sqlalchemy import text

from governance.audit.actions import Action
from governance.customers import operations as customers
from governance.customers.codes import ExtraType
from governance.customers.operations import ContactSaid, PersonView
from governance.customers.tables import PersonRow
from governance.kernel.errors import ForbiddenError, InvalidError
from governance.kernel.work import Work
from governance.policies.classification import Sensitivity, Visibility
from governance.policies.documents import Titles
from governance.policies.permissions import Permission
from governance.reference.operations import set_controller
from tests.factories.actors import by, client, staff
from tests.factories.customers import purchase
from tests.factories.trail import entries

SEARCH = Permission.CUSTOMERS_SEARCH
LABELS = Titles("Loyalty level", "Уровень", "Рівень")


def person(work: Work, **contacts: str) -> PersonView:
    said = [ContactSaid(kind=kind, value=value) for kind, value in contacts.items()]
    return customers.create(work, fields={"family_name": "Воробьева", "country": "RU"}, contacts=said)


def found(work: Work, by_: str, value: str, **more: str) -> list[object]:
    return [one.id for one in customers.search(work, by=by_, value=value, **more).items]


@pytest.mark.parametrize("asked", ["8 (907) 044 59 70", "+79070445970", "+7 907 044-59-70", " 89070445970 "])
def test_any_spelling_of_a_phone_finds_it(work: Work, asked: str):
    set_controller(work, legal_name="Ромашка", address="Псков", country="RU")
    made = person(work, phone="+7 (907) 044-59-70")

    assert found(work, "phone", asked) == [made.id]
    assert found(work, "contact", asked) == [made.id]


def test_a_phone_without_country_is_asked_for_in_the_country_named(work: Work):
    made = person(work, phone="+79070445970")
    with pytest.raises(InvalidError) as caught:
        found(work, "phone", "907 044 59 70")
    assert set(caught.value.errors) == {"value"}
    assert found(work, "phone", "907 044 59 70", region="RU") == [made.id]


@pytest.mark.parametrize("asked", ["Irina.V@EXAMPLE.ru", " irina.v@example.ru"])
def test_an_address_is_found_in_any_case_and_shown_masked(work: Work, asked: str):
    made = person(work, email="irina.v@example.ru")

    (seen,) = customers.search(work, by="email", value=asked).items

    assert (seen.id, seen.family_name, seen.contacts[0].value) == (made.id, "В•••", "i•••@e•••.ru")


def test_an_international_domain_is_found_by_letters_and_by_code(work: Work):
    made = person(work, email="почта@пример.рф")

    assert found(work, "email", "почта@пример.рф") == found(work, "email", "почта@xn--e1afmkfd.xn--p1ai") == [made.id]


def test_each_kind_of_contact_is_found_and_kinds_do_not_mix(work: Work):
    card, messenger = person(work, card="4276 0012"), person(work, messenger="4276 0012")

    assert found(work, "card", "4276  0012") == [card.id]
    assert found(work, "messenger", "4276 0012") == [messenger.id]
    assert found(work, "contact", "4276 0012") == [card.id, messenger.id]
    assert found(work, "social", "4276 0012") == []


def test_a_shared_contact_finds_all_who_have_it_and_nothing_finds_nobody(work: Work):
    first, second = person(work, phone="+79070445970"), person(work, phone="+79070445970")

    assert found(work, "phone", "+79070445970") == [first.id, second.id]
    assert found(work, "phone", "+79070445971") == []


def test_sales_find_their_own_clients_only(work: Work):
    seller = staff("sales")
    mine = person(by(work, seller), phone="+79070445970")
    person(work, phone="+79070445970")

    assert found(by(work, seller), "phone", "+79070445970") == [mine.id]


def test_searching_is_told_for_each_who_was_found_and_once_where_nobody_was(work: Work):
    refs = {person(work, phone="+79070445970").ref for _ in range(2)}
    found(work, "phone", "+79070445970")
    found(work, "email", "nobody@example.org")

    *hits, nothing = entries(work, Action.PEOPLE_SEARCHED)
    assert {entry.subject for entry in hits} == refs
    assert [entry.facts for entry in (*hits, nothing)] == [{"by": "phone", "found": 2}] * 2 + [
        {"by": "email", "found": 0}
    ]
    assert nothing.subject is None
    lying = str(work.session.execute(text("SELECT to_jsonb(t) FROM audit_body t")).all())
    assert "79070445970" not in lying


def test_a_purchase_finds_its_buyer_for_those_who_see_purchases(work: Work):
    made = person(work, phone="+79070445970")
    customers.record_purchase(work, subject=made.id, purchase=purchase(number="A-20261122-000000"))

    assert found(work, "purchase_number", "a-20261122-000000") == [made.id]
    with pytest.raises(ForbiddenError):
        found(by(work, client(SEARCH)), "purchase_number", "A-20261122-000000")


def test_an_indexed_extra_field_is_searched_and_others_are_not(work: Work):
    define = {"labels": LABELS, "type": ExtraType.TEXT, "category": "user.unique_id"}
    customers.define(work, key="member_no", indexed=True, **define)
    customers.define(work, key="nickname", **define)
    made = customers.create(work, fields={}, extra={"member_no": "M 17", "nickname": "Ира"})

    assert found(work, "extra.member_no", "m  17") == [made.id]
    assert found(work, "extra.member_no", "M 18") == []
    for by_ in ("extra.nickname", "extra.nothing", "family_name", "extra. "):
        with pytest.raises(InvalidError) as caught:
            found(work, by_, "Ира")
        assert set(caught.value.errors) == {"value"}


def test_the_same_value_of_two_extra_fields_has_two_digests(work: Work):
    for key in ("member_no", "old_member_no"):
        customers.define(work, key=key, indexed=True, labels=LABELS, type=ExtraType.TEXT, category="user.unique_id")
    customers.create(work, fields={}, extra={"member_no": "M 17", "old_member_no": "M 17"})

    digests = work.session.execute(text("SELECT profile_index FROM extra_value")).scalars().all()

    assert len(set(digests)) == 2


def test_a_field_that_is_hidden_from_the_actor_is_no_oracle(work: Work):
    customers.define(
        work,
        key="faith_no",
        indexed=True,
        labels=LABELS,
        type=ExtraType.TEXT,
        category="user.unique_id",
        sensitivity=Sensitivity.SPECIAL,
        visibility=Visibility.MASKED,
    )
    with pytest.raises(ForbiddenError):
        found(by(work, staff("steward")), "extra.faith_no", "x")
    assert found(work, "extra.faith_no", "x") == []


def test_a_digest_moved_to_another_contact_leads_nobody_there(work: Work):
    person(work, phone="+79070445970")
    other = person(work, phone="+79070445971")
    work.session.execute(
        text(
            "UPDATE contact SET value_index = (SELECT value_index FROM contact WHERE person_id <> :other) "
            "WHERE person_id = :other"
        ),
        {"other": other.id},
    )
    work.session.expire_all()

    assert other.id not in found(work, "phone", "+79070445970")


def test_who_was_merged_is_found_by_the_survivor(work: Work):
    survivor, merged = person(work, email="a@example.org"), person(work, phone="+79070445970")
    work.session.get_one(PersonRow, merged.id).merged_into = survivor.id
    work.session.flush()

    assert found(work, "phone", "+79070445970") == [survivor.id]
