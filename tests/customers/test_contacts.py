"""Contacts: many on a person, shared by people, and a verified login held by one alone."""

from threading import Barrier, Thread

import pytest

from governance.audit.actions import Action
from governance.customers import operations as customers
from governance.customers.codes import RestrictionReason
from governance.customers.errors import DuplicateError, LegalHoldError, LoginTakenError, RestrictedError
from governance.customers.operations import ContactSaid, ContactView, PersonView
from governance.customers.tables import ContactRow
from governance.kernel.db import Database
from governance.kernel.errors import ForbiddenError, GovernanceError, InvalidError, NotFoundError
from governance.kernel.ids import ContactId, uuid7
from governance.kernel.work import SYSTEM, Work, open_work
from governance.policies.classification import Compartment
from governance.policies.permissions import Permission
from governance.reference.operations import set_controller
from tests.conftest import NOW
from tests.factories.actors import by, client, staff
from tests.factories.trail import entries

EMAIL = ContactSaid(kind="email", value="irina@example.ru")
PHONE = ContactSaid(kind="phone", value="+79334552061")


def person(work: Work, *contacts: ContactSaid, **fields: object) -> PersonView:
    return customers.create(work, fields={"family_name": "Воробьева", **fields}, contacts=contacts)


def verify(work: Work, view: PersonView, contact: ContactView | None = None) -> ContactView:
    marks = {"is_login": True, "verified_at": "2026-11-20T10:00:00Z"}
    return customers.edit_contact(work, subject=view.id, contact=(contact or view.contacts[0]).id, patch=marks)


def test_a_contact_is_added_masked_and_told_by_kind_alone(work: Work):
    made = person(work)

    added = customers.add_contact(work, subject=made.id, contact=EMAIL)

    assert (added.value, added.is_primary, added.verified_at) == ("i•••@e•••.ru", True, None)
    (entry,) = entries(work, Action.CONTACT_ADDED)
    assert entry.facts == {"kind": "email", "primary": True, "version": 2}
    assert (entry.subject, entry.object.id, entry.personal) == (made.ref, added.id, {})


@pytest.mark.parametrize(
    ("country", "written"),
    [
        ("RU", "8 (907) 044 59 70"),
        ("RU", "+79070445970"),
        (None, "+7 907 044-59-70"),
        ("UA", "+7 907 044-59-70"),
    ],
)
def test_phones_are_kept_in_one_form_whatever_the_spelling(work: Work, country: str | None, written: str):
    made = person(work, ContactSaid(kind="phone", value=written), country=country)

    row = work.session.get_one(ContactRow, made.contacts[0].id)

    assert (row.value, row.region) == ("+79070445970", "RU")


def test_a_phone_without_country_is_read_as_of_the_person_then_of_the_controller(work: Work):
    local = ContactSaid(kind="phone", value="067 123 45 67")
    with pytest.raises(InvalidError) as caught:
        person(work, local)
    assert "country" in caught.value.errors["contacts.0"][0]
    set_controller(work, legal_name="Ромашка", address="Київ", country="UA")
    made = person(work, local)
    german = person(work, ContactSaid(kind="phone", value="030 901820", extension="12"), country="DE")

    assert work.session.get_one(ContactRow, made.contacts[0].id).value == "+380671234567"
    row = work.session.get_one(ContactRow, german.contacts[0].id)
    assert (row.value, row.extension) == ("+4930901820", "12")


@pytest.mark.parametrize(
    ("contact", "remedy"),
    [
        (ContactSaid(kind="email", value="petrov(at)example.ru"), "name@domain"),
        (ContactSaid(kind="phone", value="123"), "country code"),
        (ContactSaid(kind="fax", value="123"), "email, phone"),
        (ContactSaid(kind="email", value="i•••@e•••.ru"), "masked"),
        (ContactSaid(kind="card", value=" "), "text"),
        (ContactSaid(kind="email", value="a@example.org", extension="1"), "extension"),
        (ContactSaid(kind="email", value="a@example.org", label="дом"), "label"),
        (ContactSaid(kind="phone", value="123", region="XX"), "two letters"),
    ],
)
def test_a_contact_that_cannot_be_kept_is_refused_with_a_remedy(work: Work, contact: ContactSaid, remedy: str):
    made = person(work)
    with pytest.raises(InvalidError) as caught:
        customers.add_contact(work, subject=made.id, contact=contact)
    assert remedy in caught.value.errors["value"][0]
    assert contact.value.strip() == "" or contact.value not in str(caught.value.errors)


def test_of_several_contacts_the_wrong_ones_are_named_by_place(work: Work):
    with pytest.raises(InvalidError) as caught:
        person(work, EMAIL, ContactSaid(kind="email", value="none"), ContactSaid(kind="phone", value="1"))
    assert set(caught.value.errors) == {"contacts.1", "contacts.2"}


def test_of_two_primary_contacts_of_a_kind_the_second_is_refused(work: Work):
    both = [ContactSaid(kind="email", value=f"{name}@example.org", is_primary=True) for name in ("a", "b")]
    with pytest.raises(InvalidError) as caught:
        person(work, *both)
    assert set(caught.value.errors) == {"contacts.1"}
    assert "primary" in caught.value.errors["contacts.1"][0]


def test_a_person_has_a_contact_once_and_several_people_may_share_it(work: Work):
    made = person(work, EMAIL)
    with pytest.raises(DuplicateError):
        customers.add_contact(work, subject=made.id, contact=ContactSaid(kind="email", value="IRINA@Example.RU"))
    with pytest.raises(DuplicateError):
        person(work, PHONE, PHONE)

    assert person(work, EMAIL).contacts[0].is_primary


def test_one_contact_of_a_kind_is_primary(work: Work):
    made = person(work, EMAIL, PHONE)
    second = customers.add_contact(
        work, subject=made.id, contact=ContactSaid(kind="email", value="b@example.org", is_primary=True)
    )
    third = customers.add_contact(work, subject=made.id, contact=ContactSaid(kind="email", value="c@example.org"))
    customers.edit_contact(work, subject=made.id, contact=third.id, patch={"is_primary": True})

    seen = customers.read(work, subject=made.id).contacts
    assert {one.id for one in seen if one.is_primary} == {third.id, made.contacts[1].id}
    customers.remove_contact(work, subject=made.id, contact=third.id)
    seen = customers.read(work, subject=made.id).contacts
    assert {one.id for one in seen if one.is_primary} == {made.contacts[0].id, made.contacts[1].id}
    assert second.id in {one.id for one in seen}


def test_marks_are_set_and_taken_back_and_each_change_counts(work: Work):
    made = person(work, EMAIL)
    contact = made.contacts[0].id

    seen = customers.edit_contact(
        work, subject=made.id, contact=contact, patch={"label": "work", "bounced_at": "2026-11-20T10:00:00+02:00"}
    )
    assert (seen.label, seen.bounced_at) == ("work", NOW.replace(day=20, hour=8))
    seen = customers.edit_contact(work, subject=made.id, contact=contact, patch={"bounced_at": None})
    assert (seen.bounced_at, customers.read(work, subject=made.id).version) == (None, 3)
    seen = customers.edit_contact(work, subject=made.id, contact=contact, patch={"bounced_at": None})
    assert customers.read(work, subject=made.id).version == 3


@pytest.mark.parametrize(
    "patch",
    [{"value": "b@example.org"}, {"verified_at": "2027-01-01T00:00:00Z"}, {"label": "x"}, {"is_primary": "yes"}],
)
def test_a_mark_that_cannot_be_set_is_refused_by_name(work: Work, patch: dict[str, object]):
    made = person(work, EMAIL)
    with pytest.raises(InvalidError) as caught:
        customers.edit_contact(work, subject=made.id, contact=made.contacts[0].id, patch=patch)
    assert set(caught.value.errors) == set(patch)


def test_nobody_signs_in_with_a_postal_address(work: Work):
    made = person(work, ContactSaid(kind="postal", value="Псков, ул. Ленина 1"))
    with pytest.raises(InvalidError):
        verify(work, made)


def test_two_people_cannot_hold_the_same_verified_login(work: Work):
    first, second = person(work, EMAIL), person(work, EMAIL)
    verify(work, first)

    with pytest.raises(LoginTakenError):
        verify(work, second)
    assert customers.read(work, subject=second.id).contacts[0].verified_at is None
    customers.remove_contact(work, subject=first.id, contact=first.contacts[0].id)
    assert verify(work, second).is_login
    assert entries(work, Action.CONTACT_VERIFIED)[-1].facts["login"] is True


def test_a_verified_contact_that_is_no_login_may_be_shared(work: Work):
    first, second = person(work, EMAIL), person(work, EMAIL)
    for view in (first, second):
        patch = {"verified_at": "2026-11-20T10:00:00Z"}
        assert customers.edit_contact(work, subject=view.id, contact=view.contacts[0].id, patch=patch).verified_at


def test_of_two_who_verify_the_same_login_at_once_one_succeeds(fresh_database: Database):
    with open_work(fresh_database, SYSTEM) as work:
        people = [person(work, EMAIL), person(work, EMAIL)]
    at_once, refused = Barrier(2), list[GovernanceError]()

    def run(view: PersonView) -> None:
        try:
            with open_work(fresh_database, SYSTEM) as work:
                at_once.wait()
                verify(work, view)
        except GovernanceError as error:
            refused.append(error)

    threads = [Thread(target=run, args=(view,)) for view in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [type(error) for error in refused] == [LoginTakenError]
    with open_work(fresh_database, SYSTEM) as work:
        held = [one for view in people for one in customers.read(work, subject=view.id).contacts if one.verified_at]
    assert len(held) == 1


def test_restriction_and_hold_keep_contacts_from_being_removed(work: Work):
    made = person(work, EMAIL)
    contact = made.contacts[0].id
    customers.place_hold(
        work, subject=made.id, compartments=[Compartment.CONTACT], reason="суд", review_at=NOW.replace(year=2027)
    )
    with pytest.raises(LegalHoldError):
        customers.remove_contact(work, subject=made.id, contact=contact)
    customers.restrict(work, subject=made.id, reason=RestrictionReason.ASKED_FOR)
    with pytest.raises(RestrictedError):
        customers.add_contact(work, subject=made.id, contact=PHONE)
    with pytest.raises(RestrictedError):
        customers.edit_contact(work, subject=made.id, contact=contact, patch={"label": "work"})


def test_a_contact_of_somebody_else_is_not_there(work: Work):
    first, second = person(work, EMAIL), person(work, PHONE)
    for contact in (second.contacts[0].id, ContactId(uuid7())):
        with pytest.raises(NotFoundError):
            customers.remove_contact(work, subject=first.id, contact=contact)


def test_who_may_not_touch_contacts_does_not(work: Work):
    seller = staff("sales")
    mine = customers.create(by(work, seller), fields={"family_name": "Воробьева"}, contacts=[EMAIL])
    with pytest.raises(ForbiddenError):
        customers.remove_contact(by(work, seller), subject=mine.id, contact=mine.contacts[0].id)
    with pytest.raises(ForbiddenError):
        customers.add_contact(by(work, client(Permission.CUSTOMERS_READ)), subject=mine.id, contact=PHONE)
