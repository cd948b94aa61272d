"""One damaged value spoils nothing but itself: lists go on, it is marked, and its place is told."""

from uuid import UUID

import pytest
from sqlalchemy import text

from governance.customers import operations as customers
from governance.customers.codes import ContactKind
from governance.customers.holders import find_holders
from governance.customers.operations import ContactSaid, PersonView
from governance.customers.records import NewContact
from governance.kernel.errors import InvalidError
from governance.kernel.work import Work
from governance.policies.masking import UNREADABLE
from governance.vault.errors import UnreadableError
from governance.vault.runtime import vault_of
from governance.vault.unreadable import Place, Unreadables
from tests.factories.customers import purchase

REASON = "A customer calls"


@pytest.fixture(autouse=True)
def places(work: Work) -> Unreadables:
    """A list of this test alone."""
    vault_of(work.session).unreadable = Unreadables()
    return vault_of(work.session).unreadable


@pytest.fixture
def irina(work: Work) -> PersonView:
    contacts = [ContactSaid(kind="email", value="irina@example.ru")]
    fields = {"family_name": "Воробьева", "given_name": "Ирина", "birth_date": "1982-08-09", "tags": ["VIP"]}
    return customers.create(work, fields=fields, contacts=contacts)


def spoil(work: Work, column: str, row: UUID) -> None:
    """Write over what is sealed, as somebody with the rights of the service could."""
    table, name = column.split(".")
    spoilt = f"set_byte({name}_sealed, 25, get_byte({name}_sealed, 25) # 255)"
    work.session.execute(text(f"UPDATE {table} SET {name}_sealed = {spoilt} WHERE id = :id"), {"id": row})
    work.session.expire_all()


@pytest.mark.parametrize("spoilt", ["family_name", "birth_date"])
def test_a_list_goes_on_past_a_damaged_field_and_marks_it(work: Work, irina: PersonView, spoilt: str, places):
    other = customers.create(work, fields={"family_name": "Петрова"})
    spoil(work, f"person.{spoilt}", irina.id)

    seen, next_one = customers.list_people(work).items

    assert (seen.id, next_one.id) == (irina.id, other.id)
    assert getattr(seen, spoilt) == UNREADABLE
    assert seen.unreadable == (spoilt,)
    assert next_one.unreadable == ()
    assert places.known() == [Place("person", spoilt, irina.id)]


def test_a_value_whose_key_is_missing_spoils_nobody_else(work: Work, irina: PersonView, places):
    customers.create(work, fields={"family_name": "Петрова"})
    work.session.execute(
        text("UPDATE person SET family_name_sealed = set_byte(family_name_sealed, 5, 7) WHERE id = :id"),
        {"id": irina.id},
    )
    work.session.expire_all()

    seen, next_one = customers.list_people(work).items

    assert (seen.family_name, seen.unreadable, next_one.unreadable) == (UNREADABLE, ("family_name",), ())


def test_purchases_are_listed_past_a_damaged_number(work: Work, irina: PersonView, places):
    kept = customers.record_purchase(work, subject=irina.id, purchase=purchase(number="A-1000001"))
    spoil(work, "purchase.number", kept.id)

    (seen,) = customers.list_purchases(work, subject=irina.id).items

    assert (seen.number, seen.unreadable) == (UNREADABLE, ("number",))
    assert places.known() == [Place("purchase", "number", kept.id)]


def test_a_damaged_contact_is_still_found_by_its_digest_and_its_holder_still_counts(work: Work, irina: PersonView):
    spoil(work, "contact.value", irina.contacts[0].id)

    (found,) = customers.search(work, by="email", value="irina@example.ru").items
    ((holder,),) = find_holders(work, [NewContact(ContactKind.EMAIL, "irina@example.ru")])

    assert (found.id, holder.id) == (irina.id, irina.id)
    assert (found.contacts[0].value, found.unreadable) == (UNREADABLE, ("contacts",))


def test_revealing_a_damaged_field_names_it_with_a_remedy_and_the_others_still_open(work: Work, irina: PersonView):
    spoil(work, "person.family_name", irina.id)

    with pytest.raises(UnreadableError, match=f"person.family_name of the row {irina.id}.*Restore a backup") as refused:
        customers.reveal(work, subject=irina.id, fields=["given_name", "family_name"], reason=REASON)

    assert list(refused.value.errors) == ["family_name"]
    told = customers.reveal(work, subject=irina.id, fields=["given_name"], reason=REASON)
    assert told.values == {"given_name": "Ирина"}


def test_a_damaged_field_is_healed_by_recording_it_anew_and_its_mark_is_no_value(work: Work, irina: PersonView):
    spoil(work, "person.birth_date", irina.id)

    with pytest.raises(InvalidError):
        customers.edit(work, subject=irina.id, patch={"family_name": UNREADABLE})
    seen = customers.edit(work, subject=irina.id, patch={"given_name": "Арина"})
    assert seen.unreadable == ("birth_date",)
    healed = customers.edit(work, subject=irina.id, patch={"birth_date": "1982-08-09"})

    assert healed.unreadable == ()
    told = customers.reveal(work, subject=irina.id, fields=["birth_date"], reason=REASON)
    assert told.values == {"birth_date": "1982-08-09"}
