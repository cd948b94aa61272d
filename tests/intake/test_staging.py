"""What waits in a chunk comes out as it went in; doubles within a file are found without keeping its text."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.customers.codes import InteractionKind, MaritalStatus, Sex, Source
from governance.intake.answers import ClaimedConsent, ConsentScope
from governance.intake.dates import PartialDate
from governance.intake.doubles import DoubleFinder
from governance.intake.headings import FileKind
from governance.intake.people import joined, new_person, same_person
from governance.intake.records import ContactValue, CustomerRow, InteractionRow, PurchaseRow
from governance.intake.staging import (
    RefusedRow,
    decode_record,
    decode_refused,
    encode_record,
    encode_refused,
    pack,
    unpack,
)
from governance.intake.values import Refusal


def made(kind):
    """*kind* of what a strategy gives, and nothing that hypothesis infers besides."""

    def make(**told):
        return kind(**told)

    return make


texts = st.none() | st.text(min_size=1, max_size=20)
days = st.dates().map(lambda day: PartialDate(day.year, day.month, day.day)) | st.builds(
    PartialDate, st.integers(1900, 2100)
)
contacts = st.lists(
    st.builds(
        ContactValue,
        st.sampled_from(["email", "phone", "social"]),
        st.text(min_size=1, max_size=12),
        st.just("12"),
        st.just("work"),
    ),
    max_size=3,
).map(tuple)
claims = st.lists(
    st.builds(ClaimedConsent, st.sampled_from(ConsentScope), st.booleans(), st.none() | days),
    max_size=2,
)
moments = days | st.datetimes(timezones=st.just(UTC))
customers = st.builds(
    made(CustomerRow),
    number=st.integers(1, 10**6),
    family_name=texts,
    note=texts,
    birth_date=st.none() | days,
    sex=st.none() | st.sampled_from(Sex),
    marital_status=st.none() | st.sampled_from(MaritalStatus),
    source=st.none() | st.sampled_from(Source),
    tags=st.lists(st.text(max_size=5), max_size=3).map(tuple),
    contacts=contacts,
    consents=claims.map(tuple),
    extras=st.lists(st.tuples(st.text(max_size=5), st.text(max_size=5)), max_size=2).map(tuple),
)
purchases = st.builds(
    made(PurchaseRow),
    number=st.integers(1, 99), paid_at=moments, total=st.decimals(allow_nan=False, allow_infinity=False),
    currency=st.just("UAH"), contacts=contacts, order_number=texts, items=st.lists(st.text(), max_size=3).map(tuple),
)  # fmt: skip
interactions = st.builds(
    made(InteractionRow),
    number=st.integers(1, 99), at=moments, kind=st.sampled_from(InteractionKind), contacts=contacts,
    seconds=st.none() | st.integers(0, 999), next_at=st.none() | moments,
)  # fmt: skip


@given(st.one_of(customers, purchases, interactions))
def test_every_record_survives_its_time_in_a_chunk(record):
    kind = {CustomerRow: FileKind.CUSTOMERS, PurchaseRow: FileKind.PURCHASES, InteractionRow: FileKind.INTERACTIONS}
    [encoded] = unpack(pack([encode_record(record)]))
    assert decode_record(kind[type(record)], encoded) == record


def test_a_refused_row_survives_its_time_in_a_chunk():
    row = RefusedRow(7, whole=True, cells=("=1+1", "Ї"), refusals=(Refusal("E-mail", "email-form", "Because."),))
    assert decode_refused(unpack(pack([encode_refused(row)]))) == [row]


def test_doubles_need_the_same_contact_and_the_same_name():
    finder = DoubleFinder()
    finder.add(2, contacts=["email:a", "phone:1"], person="ivanov|ivan")
    finder.add(3, contacts=["email:b", "phone:1"], person="ivanova|anna")
    finder.add(4, contacts=["email:a"], person="ivanov|ivan")
    finder.add(5, contacts=["phone:1", "email:b"], person="ivanova|anna")
    finder.add(6, contacts=["email:z"], person="ivanov|ivan")
    found = finder.found()
    assert found.examples == ((4, 2), (5, 3))
    assert (found.doubles, found.possible, found.complete) == (2, 1, True)


def test_beyond_its_limit_the_search_for_doubles_says_that_it_is_not_complete(monkeypatch):
    monkeypatch.setattr("governance.intake.doubles.MOST_CONTACTS", 3)
    finder = DoubleFinder()
    for row in range(9):
        finder.add(row, contacts=["email:a"], person="x")
    assert finder.found().complete is False


def person(**fields):
    return new_person(CustomerRow(number=1, **fields))


@pytest.mark.parametrize(
    ("told", "same"),
    [
        ({"patronymic": None, "birth_date": None}, True),
        ({"patronymic": "Петрович", "birth_date": "1980-02-01"}, True),
        ({"patronymic": "П.", "birth_date": "1980"}, True),
        ({"patronymic": "Иванович", "birth_date": None}, False),
        ({"patronymic": "Петрович", "birth_date": "1955-02-01"}, False),
    ],
)
def test_somebody_of_the_same_name_is_another_where_patronymic_or_birth_date_differ(told, same):
    row = person(family_name="Иванов", given_name="Пётр", patronymic="Петрович", birth_date=PartialDate(1980, 2, 1))
    assert same_person(row, replace(row, family_name="ИВАНОВ", given_name="Petr", **told)) is same


def test_two_firms_that_share_a_telephone_are_two():
    maple, willow = person(organisation="ТОВ «Клен»"), person(organisation="ТОВ «Явір»")
    assert not same_person(maple, willow)
    assert same_person(maple, person(organisation='ТОВ "Клен"'))
    assert same_person(maple, person())


def test_notes_of_rows_of_one_person_are_all_kept_once():
    first, second = person(note="звонить утром"), person(note="звонить утром\nVIP")
    assert joined(first, second).note == "звонить утром\nVIP"
    assert joined(joined(first, second), second).note == "звонить утром\nVIP"
    assert joined(person(note="x" * 3999), second).note == "x" * 3999


def test_joining_rows_of_one_person_fills_gaps_and_overwrites_nothing():
    first = person(family_name="Иванов", city="Тверь", contacts=(ContactValue("email", "A@b.ru"),), tags=("VIP",))
    second = person(
        family_name="ИВАНОВ", city="Омск", street="ул. Мира",
        contacts=(ContactValue("email", "a@b.ru"), ContactValue("phone", "+79331234567")), tags=("опт", "VIP"),
    )  # fmt: skip
    one = joined(first, second)
    assert (one.family_name, one.city, one.street, one.tags) == ("Иванов", "Тверь", "ул. Мира", ("VIP", "опт"))
    assert [contact.value for contact in one.contacts] == ["A@b.ru", "+79331234567"]
    assert joined(one, second) == one


def test_phones_keep_their_country_and_headings_label_contacts():
    contact = new_person(
        CustomerRow(number=1, contacts=(ContactValue("phone", "+380441234567", "12", "work"),))
    ).contacts[0]
    assert (contact.region, contact.extension, contact.label) == ("UA", "12", "work")


def test_an_instant_keeps_its_zone():
    row = PurchaseRow(1, datetime(2024, 1, 1, 10, tzinfo=UTC), Decimal("1.10"), "UAH", ())
    assert decode_record(FileKind.PURCHASES, encode_record(row)).paid_at.tzinfo is not None
