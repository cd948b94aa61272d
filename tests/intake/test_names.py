"""Names are split and folded."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.intake.folding import fold_name, fold_person
from governance.intake.names import Name, looks_like_organisation, part_of_name, split_name
from governance.intake.values import Flaw


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("ВОРОБЬЕВА Ирина Романовна", ("Воробьева", "Ирина", "Романовна")),
        ("ВАЩЕНКО-ЗАХАРЧЕНКО СОЛОМІЯ ЛЕОНІДІВНА", ("Ващенко-Захарченко", "Соломія", "Леонідівна")),
        ("ДЕМ'ЯНЕНКО ОЛЬГА", ("Дем'яненко", "Ольга", None)),
        ("О’КОННОР ШОН", ("О’Коннор", "Шон", None)),
        ("Mironova Larisa", ("Mironova", "Larisa", None)),
        ("Larisa Mironova", ("Mironova", "Larisa", None)),
        ("Иван Петрович Сидоров", ("Сидоров", "Иван", "Петрович")),
        ("Алиев Вагиф Гусейн оглы", ("Алиев", "Вагиф", "Гусейн оглы")),
        ("Кадырова Айгуль Маратовна кызы", ("Кадырова", "Айгуль", "Маратовна кызы")),
        ("фон Бюлов Карл", ("фон Бюлов", "Карл", None)),
        ("Иванова (Петрова) Мария Ивановна", ("Иванова (Петрова)", "Мария", "Ивановна")),
        ("Иванов И.И.", ("Иванов", "И.", "И.")),
        ("И. И. Иванов", ("Иванов", "И.", "И.")),
        ("ИП Сидоров Пётр Ильич", ("Сидоров", "Пётр", "Ильич")),
        ("Мария Ивановна", (None, "Мария", "Ивановна")),
        ("Сергей", (None, "Сергей", None)),
        ("Шевченко", ("Шевченко", None, None)),
        ("МакДональд Рональд", ("МакДональд", "Рональд", None)),
        ("Иванова Мария Ивановна (Петрова)", ("Иванова (Петрова)", "Мария", "Ивановна")),
        ("Коваль (нар. Шевченко) Марія", ("Коваль (Шевченко)", "Марія", None)),
        ("Анна Сергеевна Рабинович", ("Рабинович", "Анна", "Сергеевна")),
        ("Анна Рабинович", ("Рабинович", "Анна", None)),
        ("Анна Кулыгина", ("Кулыгина", "Анна", None)),
        ("Анна Сергеевна Кулыгина", ("Кулыгина", "Анна", "Сергеевна")),
        ("Ерлан Сарсенов", ("Сарсенов", "Ерлан", None)),
        ("Сәрсенова Әсел Нұрланқызы", ("Сәрсенова", "Әсел", "Нұрланқызы")),
        ("Әсел Қайратқызы", (None, "Әсел", "Қайратқызы")),
        ("Гозель Бердыева", ("Бердыева", "Гозель", None)),
        ("Оля", (None, "Оля", None)),
        ("Доктор Петренко Олег Іванович", ("Петренко", "Олег", "Іванович")),
    ],
)
def test_full_names_are_split_by_what_their_words_say(text, parts):
    assert split_name(text) == Name(*parts)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Оля (сестра Светы)", Name(None, "Оля", None, "сестра Светы")),
        ("Іваненко Петро, директор", Name("Іваненко", "Петро", None, "директор")),
        ("Іваненко, Петро", Name("Іваненко", "Петро", None)),
    ],
)
def test_what_stands_beside_a_name_and_is_none_of_it_is_a_remark(text, name):
    assert split_name(text) == name


def test_an_english_heading_puts_the_given_name_first():
    assert split_name("Zbigniew Wodecki", given_first=True) == Name("Wodecki", "Zbigniew", None)


@pytest.mark.parametrize("text", ["ivan@example.ru", "Петров 2", "Один Два Три Четыре", "...", "x" * 201])
def test_what_is_no_name_is_refused_with_a_reason_that_tells_nothing_of_it(text):
    flaw = split_name(text)
    assert isinstance(flaw, Flaw)
    assert flaw.reason.endswith(".")
    assert text not in flaw.reason


@pytest.mark.parametrize("text", ["—", "нет данных", "N/A", ""])
def test_words_for_nothing_are_no_name(text):
    assert split_name(text) is None
    assert part_of_name(text) is None


def test_firms_are_not_split_into_names():
    assert looks_like_organisation("ООО «Ромашка»")
    assert looks_like_organisation("Acme Ltd")
    assert looks_like_organisation("ТОО «Алма»")
    assert looks_like_organisation("Ромашка ТОВ")
    assert not looks_like_organisation("Тоомас Анна")
    assert not looks_like_organisation("Ооржак Аяна")
    assert not looks_like_organisation("Аоки Иван")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Mironova Larisa", "Миронова Лариса"),
        ("Ceливepcтoвa", "Селиверстова"),
        ("Воробьёва", "ВОРОБЬЕВА"),
        ("Vorobyeva", "Воробьева"),
        ("Shchukina", "Щукина"),
        ("Юрій", "Юрий"),
        ("HOHHA Петрова", "Нонна Петрова"),
        ("Дем'яненко", "Дем’яненко"),
        ("Mikheeva Zinaida", "Михеева Зинаида"),
        ("Әсел", "Асель"),
        ("Қайрат", "Kairat"),
        ("Жаңагүл", "Жанагуль"),
    ],
)
def test_spellings_of_one_name_fold_alike(one, other):
    assert fold_name(one) == fold_name(other)


@pytest.mark.parametrize(("one", "other"), [("Иванов", "Иванова"), ("Петров", "Пестов"), ("Анна", "Инна")])
def test_different_names_fold_apart(one, other):
    assert fold_name(one) != fold_name(other)


@given(st.text("абвгдеёжзийклмнопрстуфхцчшщъыьэюяіїєґ-'’ ", max_size=30))
def test_folding_looks_at_neither_case_nor_apostrophes(name):
    assert fold_name(name.upper()) == fold_name(name) == fold_name(name.replace("'", "’"))


@given(st.text(max_size=60))
def test_any_text_is_split_or_refused_and_never_breaks_the_reader(text):
    assert isinstance(split_name(text), Name | Flaw | None)


def test_the_order_of_parts_matters_for_a_person():
    assert fold_person("Петров", "Иван") != fold_person("Иван", "Петров")
