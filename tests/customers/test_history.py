"""What a check goes by is kept as it was, by the database itself, for as long as the person is kept."""

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import delete, select

from governance.customers import operations as customers
from governance.customers.contact_values import ContactSaid
from governance.customers.tables import ContactHistoryRow, ContactRow, PersonHistoryRow, PersonRow
from governance.customers.views import PersonView
from governance.kernel.work import Work
from tests.conftest import NOW

LATER = NOW + timedelta(days=3)


def _person(work: Work) -> PersonView:
    contacts = [ContactSaid(kind="email", value="irina@example.org")]
    return customers.create(work, fields={"country": "DE", "birth_date": "2010-12-01"}, contacts=contacts)


def test_a_change_keeps_what_was_before_with_the_instant_of_the_work(work: Work) -> None:
    person = _person(work)
    customers.edit(replace(work, now=LATER), subject=person.id, patch={"country": "RU", "city": "Псков"})
    customers.edit(replace(work, now=LATER), subject=person.id, patch={"city": "Тверь"})

    (kept,) = work.session.scalars(select(PersonHistoryRow))
    assert (kept.person_id, kept.country, kept.age_at_least, kept.until) == (person.id, "DE", 14, LATER)


def test_a_removed_contact_is_known_to_have_been_there(work: Work) -> None:
    person = _person(work)
    (contact,) = person.contacts
    digest = work.session.scalar(select(ContactRow.__table__.columns["value_index"]))
    customers.remove_contact(replace(work, now=LATER), subject=person.id, contact=contact.id)

    (kept,) = work.session.scalars(select(ContactHistoryRow))
    assert (kept.contact_id, kept.digest, kept.created_at, kept.until) == (contact.id, digest, NOW, LATER)


def test_history_goes_with_the_person(work: Work) -> None:
    person = _person(work)
    customers.edit(work, subject=person.id, patch={"country": "RU"})
    work.session.execute(delete(ContactRow).where(ContactRow.person_id == person.id))
    work.session.execute(delete(PersonRow).where(PersonRow.id == person.id))

    assert work.session.scalars(select(PersonHistoryRow)).all() == []
    assert work.session.scalars(select(ContactHistoryRow)).all() == []


def test_the_age_that_is_known_follows_the_date_of_birth(work: Work) -> None:
    person = _person(work)
    row = work.session.get_one(PersonRow, person.id)
    assert row.age_at_least == 14
    customers.edit(work, subject=person.id, patch={"birth_date": "1990"})
    assert row.age_at_least == 21
    customers.edit(work, subject=person.id, patch={"birth_date": None})
    assert row.age_at_least is None


def test_an_age_is_taken_down_once_it_is_reached(work: Work) -> None:
    young, old = _person(work), customers.create(work, fields={"birth_date": "1982"}, contacts=[])
    rows = [work.session.get_one(PersonRow, one.id) for one in (young, old)]
    birthday = replace(work, now=work.now.replace(month=12, day=2))

    assert customers.raise_ages(work) == young.id
    assert [row.age_at_least for row in rows] == [14, 21]
    last = customers.raise_ages(birthday)
    assert [row.age_at_least for row in rows] == [16, 21]
    assert customers.raise_ages(birthday, after=last) is None
    (kept,) = work.session.scalars(select(PersonHistoryRow))
    assert (kept.age_at_least, kept.until) == (14, birthday.now)
