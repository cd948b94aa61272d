"""Masks show what one knows already, and no more."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.policies.masking import Mask, mask

kinds = st.sampled_from(list(Mask))
values = (
    st.text()
    | st.emails()
    | st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True)
    | st.dates().map(date.isoformat)
    | st.from_regex(r"[\w.]{1,5}@[\w.]{1,8}", fullmatch=True)
)


@pytest.mark.parametrize(
    ("kind", "value", "shown"),
    [
        (Mask.EMAIL, "irina@example.ru", "i•••@e•••.ru"),
        (Mask.EMAIL, "Я.Петров@почта.рф", "Я•••@п•••.рф"),
        (Mask.EMAIL, "a@b.ru", "•••@•••.ru"),
        (Mask.EMAIL, "ab@mail.example.co.uk", "•••@m•••.uk"),
        (Mask.EMAIL, "root@localhost", "r•••@l•••"),
        (Mask.EMAIL, "petrov(at)example.ru", "•••"),
        (Mask.EMAIL, "@", "•••"),
        (Mask.EMAIL, "@example.ru", "•••"),
        (Mask.PHONE, "+79334552061", "+7 ••• ••61"),
        (Mask.PHONE, "+380671234567", "+380 ••• ••67"),
        (Mask.PHONE, "+4930123456", "+49 ••• ••56"),
        (Mask.PHONE, "8 (933) 455-20-61", "••• ••61"),
        (Mask.PHONE, "112", "•••"),
        (Mask.INITIAL, "Ирина", "И•••"),
        (Mask.INITIAL, "Анна Мария", "А•••"),
        (Mask.INITIAL, "Ли", "•••"),
        (Mask.INITIAL, "(Ирина)", "•••"),
        (Mask.DATE, "1982-08-09", "••.••.1982"),
        (Mask.DATE, date(1982, 8, 9), "••.••.1982"),
        (Mask.DATE, "1982-08", "••.••.1982"),
        (Mask.DATE, "1982", "•••"),
        (Mask.DATE, "9 августа", "•••"),
        (Mask.TAIL, "4276001234", "•••34"),
        (Mask.TAIL, "12345", "•••"),
        (Mask.FULL, "ул. Садовая, д. 91", "•••"),
        (Mask.FULL, ["VIP"], "•••"),
        (Mask.INITIAL, Decimal("12.30"), "•••"),
        (Mask.FULL, None, None),
    ],
)
def test_a_value_is_shown_in_its_usual_masked_form(kind, value, shown):
    assert mask(kind, value) == shown


@given(kinds, values.filter(lambda text: len(text.strip()) >= 3 and "•" not in text))
def test_a_masked_value_never_holds_the_value(kind, value):
    assert value.strip() not in mask(kind, value)


@given(kinds, st.text(min_size=1, max_size=2).filter(lambda text: text.strip() and "•" not in text))
def test_a_short_value_is_not_shown_at_all(kind, value):
    assert not set(mask(kind, value)) & set(value.strip())


@given(kinds, values)
def test_masking_twice_is_masking_once(kind, value):
    once = mask(kind, value)
    assert mask(kind, once) == once


@given(kinds, values.filter(lambda text: "•" not in text))
def test_no_more_than_a_few_characters_of_a_value_are_left(kind, value):
    left = [character for character in mask(kind, value) if character not in "•@.+ "]
    assert len(left) <= {Mask.INITIAL: 1, Mask.EMAIL: 12, Mask.PHONE: 5, Mask.DATE: 4, Mask.TAIL: 2, Mask.FULL: 0}[kind]
