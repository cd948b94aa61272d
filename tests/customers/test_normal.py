"""Contacts that are only asked about come to the form that is kept, by the short way and by the long one."""

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.customers import normal
from governance.customers.codes import ContactKind
from governance.customers.contact_values import ContactSaid, read_contact
from governance.customers.normal import normal_forms
from governance.customers.tables import ContactRow
from governance.customers.texts import Wrong


def _kept(kind: ContactKind, value: str) -> bytes | None:
    """What the digest of a contact is made of that is written."""
    try:
        contact = read_contact(ContactSaid(kind=kind.value, value=value), home="RU")
    except Wrong:
        return None
    return ContactRow.sealed_fields["value"].indexes[kind.value].normalise(contact.value).encode()


@pytest.mark.parametrize("region", sorted(phonenumbers.SUPPORTED_REGIONS))
def test_numbers_of_every_country_come_to_the_form_that_is_kept(region: str) -> None:
    kinds = phonenumbers.PhoneNumberType.values()
    examples = [phonenumbers.example_number_for_type(region, kind) for kind in kinds]
    written = [
        phonenumbers.format_number(one, phonenumbers.PhoneNumberFormat.E164) for one in examples if one is not None
    ]

    assert normal_forms(ContactKind.PHONE, written, home="RU") == [_kept(ContactKind.PHONE, one) for one in written]


@pytest.mark.parametrize(
    "value", ["8 (933) 455-20-61", "+7 933 455 20 61", "+4407400123456", "+79334552061", "+5491123456789"]
)
def test_any_spelling_of_a_number_comes_to_the_form_that_is_kept(value: str) -> None:
    kept = _kept(ContactKind.PHONE, value)

    assert kept is not None
    assert normal_forms(ContactKind.PHONE, [value], home="RU") == [kept]


@given(st.from_regex(normal._PLAIN_EMAIL, fullmatch=True).map(str.upper) | st.emails())
def test_an_address_that_can_be_kept_is_asked_for_in_the_same_form(address: str) -> None:
    kept = _kept(ContactKind.EMAIL, address)
    if kept is not None:
        assert normal_forms(ContactKind.EMAIL, [address], home=None) == [kept]


@pytest.mark.parametrize("value", ["", " ", "nobody", "a@b", "x" * 501, None, 7, ["a@example.org"], "a..b@example.org"])
def test_what_is_no_address_has_no_form(value: object) -> None:
    assert normal_forms(ContactKind.EMAIL, [value, "a@example.org"], home=None) == [None, b"a@example.org"]
