"""Phones and e-mails: every usual form, and a reason for what is none."""

import phonenumbers
import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.intake.emails import read_emails
from governance.intake.phones import Phone, read_phones, to_e164
from governance.intake.values import Flaw


@pytest.mark.parametrize(
    ("cell", "region", "number"),
    [
        ("+7 (933) 455-20-61", "RU", "+79334552061"),
        ("978 163 3319", "RU", "+79781633319"),
        ("8 (907) 044 59 70 (моб.)", "RU", "+79070445970"),
        ("тел. 8-933-123-45-67", "RU", "+79331234567"),
        (79331234567.0, "RU", "+79331234567"),
        (9331234567, "RU", "+79331234567"),
        ("8\u00a0933\u200b 123–45–67", "RU", "+79331234567"),
        ("8 050 053 61 54", "UA", "+380500536154"),
        ("380 67 283 88 09", "UA", "+380672838809"),
        ("(063) 092-38-95", "UA", "+380630923895"),
        ("380671234567", "RU", "+380671234567"),
        ("8 029 123 45 67", "BY", "+375291234567"),
        ("8 701 123 45 67", "KZ", "+77011234567"),
        ("020 7946 0958", "GB", "+442079460958"),
        ("+49 30 901820", "RU", "+4930901820"),
        ("8(800)555-35-35", "RU", "+78005553535"),
        ("380671234567.0", "UA", "+380671234567"),
        ("3,80671234567E+11", "UA", "+380671234567"),
        ("'+380671234567", "UA", "+380671234567"),
        ("+380 44 500 00 00", "UA", "+380445000000"),
    ],
)
def test_a_number_in_any_usual_form_becomes_e164(cell, region, number):
    assert read_phones(cell, region=region) == ([Phone(number)], [])


def test_several_numbers_in_a_cell_are_all_read_and_extensions_kept():
    phones, flaws = read_phones("8-495-123-45-67 доб. 12, моб. 8 916 775-47-74; 89167754774", region="RU")
    assert phones == [Phone("+74951234567", "12"), Phone("+79167754774")]
    assert not flaws


def test_two_numbers_with_mere_spaces_between_them_are_two():
    phones, flaws = read_phones("067 123 45 67 0507654321", region="UA")
    assert phones == [Phone("+380671234567"), Phone("+380507654321")]
    assert not flaws


@pytest.mark.parametrize("cell", [3.80671e11, "380671000000", 7.70112e10, 671230000000])
def test_a_number_of_which_a_spreadsheet_kept_the_first_digits_alone_is_refused(cell):
    phones, flaws = read_phones(cell, region="UA")
    assert not phones
    assert [flaw.code for flaw in flaws] == ["phone-shortened"]


def test_one_bad_number_beside_a_good_one_costs_only_itself():
    phones, flaws = read_phones("+7 495 123-45-67 / 12345", region="RU")
    assert phones == [Phone("+74951234567")]
    assert len(flaws) == 1


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("не телефон", "phone-missing"),
        ("7,93312E+10", "phone-shortened"),
        ("12345", "phone-plan"),
        ("0500162781", "phone-plan"),
        ("+7 000 000 00 00", "phone-plan"),
    ],
)
def test_what_is_no_number_is_refused_by_name(cell, code):
    phones, flaws = read_phones(cell, region="RU")
    assert not phones
    assert [flaw.code for flaw in flaws] == [code]
    assert cell not in flaws[0].reason


@pytest.mark.parametrize("cell", ["нет", "-", "н/д", "", None])
def test_words_for_no_number_are_nothing(cell):
    assert read_phones(cell, region="RU") == ([], [])


@settings(max_examples=settings.default.max_examples * 8, deadline=None)
@given(
    st.sampled_from(["7", "8", "+7", "+380", "380", "0", "80", "+375", "77", ""]),
    st.text("0123456789", min_size=7, max_size=11),
)
def test_what_is_taken_by_rule_is_what_the_numbering_plans_take(prefix, digits):
    for region in ("RU", "UA", "BY", "KZ"):
        found = to_e164(prefix + digits, region=region)
        if isinstance(found, str):
            assert phonenumbers.is_valid_number(phonenumbers.parse(found))
        else:
            try:
                parsed = phonenumbers.parse(prefix + digits, region)
            except phonenumbers.NumberParseException:
                continue
            assert not phonenumbers.is_valid_number(parsed)


@given(st.text(max_size=40))
def test_any_text_is_a_number_or_refused(text):
    phones, flaws = read_phones(text, region="UA")
    assert all(phonenumbers.is_valid_number(phonenumbers.parse(phone.number)) for phone in phones)
    assert all(isinstance(flaw, Flaw) for flaw in flaws)


@pytest.mark.parametrize(
    ("cell", "addresses"),
    [
        ("AGATA.SHAROVA885@EXAMPLE.ORG ", ["AGATA.SHAROVA885@example.org"]),
        ("a@b.ru, c@d.ru", ["a@b.ru", "c@d.ru"]),
        ("a@b.ru c@d.ru", ["a@b.ru", "c@d.ru"]),
        ("a@b.ru; a@b.ru", ["a@b.ru"]),
        ("Иван <ivan@mail.ru>", ["ivan@mail.ru"]),
        ("mailto:a@b.ru", ["a@b.ru"]),
        ("иван@почта.рф", ["иван@почта.рф"]),
        ("ivan＠mail.ru", ["ivan@mail.ru"]),
        ("ivan@mail.ru (рабочий)", ["ivan@mail.ru"]),
        ("e-mail: ivan@mail.ru", ["ivan@mail.ru"]),
        ("\u200bivan@mail.ru\u00a0", ["ivan@mail.ru"]),
        ("нет", []),
    ],
)
def test_addresses_are_read_as_meant(cell, addresses):
    assert read_emails(cell) == (addresses, [])


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("petrov(at)example.ru", "email-worded-at"),
        ("petrov", "email-without-at"),
        ("ivаn@mail.ru", "email-alphabets"),
        ("ivәn@mail.ru", "email-alphabets"),
        ("a b@mail.ru", "email-space"),
        ("a@mail", "email-domain"),
        ("a..b@mail.ru", "email-dots"),
        ("a@b@c.ru", "email-two-at"),
        ("x@host.test", "email-form"),
        ("@mail.ru", "email-form"),
    ],
)
def test_what_is_no_address_is_refused_by_name(cell, code):
    addresses, flaws = read_emails(cell)
    assert not addresses
    assert [flaw.code for flaw in flaws] == [code]
    assert cell not in flaws[0].reason


@settings(max_examples=settings.default.max_examples * 5, deadline=None)
@given(st.from_regex(r"[A-Za-z0-9_.+-]{1,12}@[a-z0-9.-]{1,14}\.[a-z]{2,5}", fullmatch=True))
def test_the_quick_way_takes_only_what_the_library_takes_unchanged(address):
    read, _ = read_emails(address)
    try:
        expected = [validate_email(address, check_deliverability=False).normalized]
    except EmailNotValidError:
        expected = []
    assert read == expected or (not expected and read == [])
