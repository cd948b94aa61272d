"""Encodings are found by themselves, on little text as well."""

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.intake.encodings import detect
from governance.intake.errors import UnreadableFileError

NAMES = (
    "Иванов Сергей Петрович",
    "Щербакова Жанна Юрьевна",
    "МИРОНОВА ЛАРИСА",
    "Хохлова Лукия Архиповна",
    "Ёлкин Эдуард",
    "звонок",
    "выставка",
    "ул. Энгельса, д. 6",
    "VIP",
    "перезвонить после 18",
)
UKRAINIAN = ("Їжакевич Ґалина Євгенівна", "Ващенко-Захарченко Соломія", "Лук'янів", "картка", "Іллінці", "Київ")
HEADINGS = ("ФИО;Телефон;E-mail", "Фамилия;Имя;Город", "ПІБ;Місто;Примітка", "клиент;адрес")
SAME = {"cp1251": ("cp1251",), "koi8-u": ("koi8-u",), "koi8-r": ("koi8-u",), "cp866": ("cp866",)}


@pytest.mark.parametrize("encoding", SAME)
@settings(max_examples=settings.default.max_examples, deadline=None)
@given(heading=st.sampled_from(HEADINGS), names=st.lists(st.sampled_from(NAMES), min_size=1, max_size=12))
def test_short_lists_in_a_single_byte_encoding_read_as_they_were_written(encoding, heading, names):
    if encoding in ("koi8-r", "cp866"):
        heading = heading.replace("І", "И").replace("і", "и")
    text = "\n".join([heading, *names]) + "\n"
    found = detect(io.BytesIO(text.encode(encoding)))
    assert text.encode(encoding).decode(found.name) == text


@pytest.mark.parametrize("encoding", ["cp1251", "koi8-u"])
@settings(max_examples=settings.default.max_examples, deadline=None)
@given(names=st.lists(st.sampled_from(UKRAINIAN), min_size=3, max_size=10))
def test_ukrainian_letters_survive(encoding, names):
    text = "\n".join(["ПІБ;Місто;Джерело", *names])
    found = detect(io.BytesIO(text.encode(encoding)))
    assert text.encode(encoding).decode(found.name) == text


@pytest.mark.parametrize(
    ("encoding", "bom"), [("utf-8", b""), ("utf-8-sig", b""), ("utf-16", b""), ("utf-16-le", b""), ("utf-16-be", b"")]
)
def test_unicode_in_all_its_forms_reads_as_it_was_written(encoding, bom):
    text = "ФИО;Телефон\nЇжакевич Ґалина;+380441234567\n" * 3
    file = io.BytesIO(bom + text.encode(encoding))
    found = detect(file)
    assert file.getvalue().decode(found.name) == text


def test_cyrillic_far_behind_plain_ascii_is_still_found():
    content = b"name;phone\n" + b"Smith John;+442079460958\n" * 100_000 + "Иванов Пётр;x\n".encode("cp1251")
    assert detect(io.BytesIO(content)).name == "cp1251"


def test_a_broken_byte_makes_damaged_utf8_and_no_other_encoding():
    content = ("Иванов Сергей;Москва\n" * 200).encode() + b"\xd0\xff;x\n"
    found = detect(io.BytesIO(content))
    assert (found.name, found.damaged) == ("utf-8", True)


def test_western_names_are_not_taken_for_cyrillic():
    text = "Name;Stadt\nMüller Jörg;Köln\nGonzález José;Málaga\nFrançois Lefèvre;Besançon\n" * 5
    found = detect(io.BytesIO(text.encode("cp1252")))
    assert text.encode("cp1252").decode(found.name) == text


def test_bytes_that_are_no_text_are_refused():
    with pytest.raises(UnreadableFileError):
        detect(io.BytesIO(bytes(range(256)) * 8 + bytes(2048)))


def test_a_short_list_with_one_line_pasted_in_another_encoding_is_damaged_utf8(tmp_path):
    path = tmp_path / "list.csv"
    head = "Имя,E-mail,Город\nИван Петров,ivan@example.ru,Тверь\n".encode()
    path.write_bytes(head + "Пётр Сидоров,petr@example.ru,Омск\n".encode("cp1251"))
    with path.open("rb") as file:
        found = detect(file)
    assert (found.name, found.damaged) == ("utf-8", True)


@pytest.mark.parametrize("pasted", ["cp1251", "koi8-u", "cp866"])
@settings(max_examples=settings.default.max_examples, deadline=None)
@given(names=st.lists(st.sampled_from(NAMES[:6]), min_size=2, max_size=8), line=st.sampled_from(NAMES[:6]))
def test_what_is_utf8_in_most_of_its_lines_is_utf8_whatever_was_pasted_among_them(pasted, names, line):
    lines = [name.encode() for name in ["ФИО;Город", *names]]
    lines.insert(len(lines) // 2, (line * 8).encode(pasted))
    found = detect(io.BytesIO(b"\n".join(lines)))
    assert (found.name, found.damaged) == ("utf-8", True)


@settings(max_examples=settings.default.max_examples, deadline=None)
@given(names=st.lists(st.sampled_from(NAMES), min_size=1, max_size=4), cut=st.integers(1, 12))
def test_a_utf8_list_that_was_cut_off_is_utf8(names, cut):
    content = "\n".join(["ФИО;Город", *names]).encode()[:-cut]
    found = detect(io.BytesIO(content))
    assert found.name == "utf-8"


@settings(max_examples=settings.default.max_examples * 3, deadline=None)
@given(
    parts=st.lists(
        st.tuples(
            st.sampled_from([*NAMES, *UKRAINIAN, "Müller", "Šťastná", "Ζωή"]),
            st.sampled_from(["utf-8", "cp1251", "koi8-u", "cp866", "cp1252", "cp1250", "cp1253"]),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_no_jumble_of_european_encodings_is_taken_for_an_east_asian_one(parts):
    content = b"\n".join(text.encode(encoding, "replace") for text, encoding in parts)
    try:
        found = detect(io.BytesIO(content))
    except UnreadableFileError:
        return
    assert not found.name.startswith(
        ("gb", "big5", "cp932", "cp949", "cp950", "euc", "shift", "johab", "iso2022", "hz")
    )
