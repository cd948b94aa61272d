"""Blind indexes: the same value in any spelling is found, and a digest says nothing without the index root."""

import unicodedata
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from governance.vault.blind import (
    DIGEST_BYTES,
    BlindIndex,
    Indexer,
    IndexPlan,
    normal_email,
    normal_phone,
    normal_text,
)
from governance.vault.keyring import Keyring
from tests.conftest import NOW

any_text = st.text(st.characters(exclude_categories=()))
EMAIL = BlindIndex("contact.value/email", normal_email)
STEADY = IndexPlan(written=1, beside=None, asked=(1,))


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keyring:
    ring = Keyring.create(tmp_path_factory.mktemp("ring") / "keyring.json", now=NOW)
    ring.add_index_root(now=NOW)
    return ring


@pytest.mark.parametrize("normalise", [normal_text, normal_email, normal_phone])
@given(any_text)
@example("\ud800@\udfff.example")
@example("a@\u00df.example")
@example("İ@İ.example")
@example("ῼ@x.example")
def test_a_normal_form_is_its_own_normal_form(normalise, value):
    assert normalise(normalise(value)) == normalise(value)


@pytest.mark.parametrize("normalise", [normal_text, normal_email])
@given(any_text)
def test_spellings_that_unicode_holds_for_the_same_are_the_same(normalise, value):
    forms = {normalise(unicodedata.normalize(form, value)) for form in ("NFC", "NFD", "NFKC", "NFKD")}
    assert forms == {normalise(value)}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (" Ivan@Example.RU ", "ivan@example.ru"),
        ("ivan@пример.рф", "ivan@xn--e1afmkfd.xn--p1ai"),
        ("ivan@ПРИМЕР.рф", "ivan@пример.рф"),
        ("ｉｖａｎ@example.ru", "ivan@example.ru"),
    ],
)
def test_an_address_is_the_same_in_any_spelling(one, other):
    assert normal_email(one) == normal_email(other)


def test_different_addresses_stay_different():
    assert len({normal_email(one) for one in ("ivan@example.ru", "iv.an@example.ru", "ivan+a@example.ru", "ivan")}) == 4


def test_a_number_is_its_digits_in_any_script():
    assert normal_phone("+7 (916) 123-45-61") == normal_phone("+٧٩١٦١٢٣٤٥٦١") == "+79161234561"


def test_a_digest_is_one_byte_of_version_and_sixteen_of_hmac(keys):
    digest = Indexer(keys, STEADY).digest(EMAIL, "ivan@example.ru", version=2)
    assert len(digest) == DIGEST_BYTES == 17
    assert digest[0] == 2


def test_index_version_and_root_each_change_the_digest(keys, tmp_path: Path):
    foreign = Keyring.create(tmp_path / "keyring.json", now=NOW)
    mine, theirs = Indexer(keys, STEADY), Indexer(foreign, STEADY)
    other = BlindIndex("contact.value/other", normal_email)
    made = [
        mine.digest(EMAIL, "ivan@example.ru"),
        mine.digest(EMAIL, "ivan@example.ru", version=2),
        mine.digest(other, "ivan@example.ru"),
        theirs.digest(EMAIL, "ivan@example.ru"),
    ]
    assert len({digest[1:] for digest in made}) == 4


@given(value=any_text)
def test_any_text_can_be_indexed(keys, value):
    assert Indexer(keys, STEADY).digest(BlindIndex("x"), value) == Indexer(keys, STEADY).digest(BlindIndex("x"), value)


def test_both_columns_and_the_question_follow_the_plan(keys):
    indexer = Indexer(keys, IndexPlan(written=1, beside=2, asked=(1, 2)))
    digest, beside = indexer.both(EMAIL, "Ivan@example.ru")
    assert (digest[0], beside and beside[0]) == (1, 2)
    assert indexer.ask(EMAIL, ["ivan@example.ru"]) == [digest, beside]
    assert Indexer(keys, STEADY).both(EMAIL, "Ivan@example.ru") == (digest, None)
