"""Columns get a meaning in three languages, and a mapping goes before it."""

import pytest

from governance.intake.errors import MappingError
from governance.intake.headings import FileKind, phone_region, plan, read_mapping


@pytest.mark.parametrize(
    ("headings", "fields"),
    [
        (
            ["Name", "Phone number", "E-Mail", "Date of birth"],
            ["full_name_given_first", "phone", "email", "birth_date"],
        ),
        (["Фамилия", "ИМЯ", "Моб. телефон", "Эл.почта"], ["family_name", "given_name", "phone", "email"]),
        (["Прізвище", "Ім’я", "По-батькові", "Місто"], ["family_name", "given_name", "patronymic", "city"]),
        (["ПІБ:", "№ телефону", "день_народження"], ["full_name", None, "birth_date"]),
        (
            ["Ваше ім’я та прізвище", "Укажите ваш номер телефона", "Чи згодні ви отримувати розсилку?", "Your e-mail"],
            ["full_name_given_first", "phone", "consent:any", "email"],
        ),
        (
            ["Контрагент", "Мобілка", "Розсилка SMS", "Рассылка e-mail"],
            ["full_name", "phone", "consent:sms", "consent:email"],
        ),
    ],
)
def test_headings_of_three_languages_are_known_whatever_their_case_and_punctuation(headings, fields):
    assert [column.field for column in plan(headings).columns] == fields


@pytest.mark.parametrize(
    ("headings", "kind"),
    [
        (["ФИО", "Телефон", "Сумма", "Статус"], FileKind.CUSTOMERS),
        (["Номер заказа", "Дата", "Сумма", "Телефон"], FileKind.PURCHASES),
        (["Дата", "Телефон", "Тип", "Результат"], FileKind.INTERACTIONS),
        (["e-mail"], FileKind.CUSTOMERS),
    ],
)
def test_the_kind_of_a_file_follows_from_its_headings(headings, kind):
    assert plan(headings).kind is kind


def test_columns_without_a_meaning_are_named():
    assert plan(["ФИО", "Цвет глаз", "", "Телефон"]).unknown == ("Цвет глаз",)


def test_a_mapping_corrects_ignores_and_adds_extra_fields():
    found = plan(
        ["ФИО", "Цвет глаз", "Телефон", ""], mapping={"цвет глаз": "extra:eyes", "Телефон": "ignore", "#4": "email"}
    )
    assert [(column.field, column.ignored) for column in found.columns] == [
        ("full_name", False),
        ("extra:eyes", False),
        (None, True),
        ("email", False),
    ]
    assert found.unknown == ()


def test_a_second_column_for_a_single_field_is_not_read_and_is_reported():
    found = plan(["ФИО", "Телефон", "Мобильный", "Город", "Населенный пункт"])
    assert found.repeated == ("Населенный пункт",)
    assert [column.field for column in found.filled] == ["full_name", "phone", "phone", "city"]


@pytest.mark.parametrize("mapping", [{"Нет такой": "email"}, {"ФИО": "emial"}, {"ФИО": "extra:Bad Key"}])
def test_a_mapping_of_what_is_not_there_is_refused(mapping):
    with pytest.raises(MappingError) as refused:
        plan(["ФИО"], mapping=mapping)
    assert refused.value.errors


def test_mapping_files_are_yaml_or_json_and_flat():
    assert read_mapping(b'{"a": "email"}') == read_mapping(b"a: email") == {"a": "email"}
    for content in (b"- a\n- b", b"{broken", b"a: [b]", b"a: {b: c}", b"\xff\xfe"):
        with pytest.raises(MappingError):
            read_mapping(content)


@pytest.mark.parametrize(
    ("headings", "home", "region"),
    [
        (["Прізвище", "Мобільний"], "RU", "UA"),
        (["Прізвище", "Мобільний"], "DE", "UA"),
        (["Фамилия", "Мобильный", "День рождения"], "UA", "UA"),
        (["Фамилия", "Мобильный", "День рождения"], "DE", "RU"),
        (["Name", "Phone"], "DE", "DE"),
    ],
)
def test_the_letters_of_the_headings_tell_whose_phone_numbers_stand_without_a_country_code(headings, home, region):
    assert phone_region(headings, home=home) == region


@pytest.mark.parametrize(
    ("headings", "home", "region"),
    [
        (["Прізвище", "Місто"], "RU", "UA"),
        (["Фамилия", "Мобильный"], "DE", "RU"),
        (["Фамилия", "Мобильный"], "UA", "UA"),
        (["Name", "Phone"], "KZ", "KZ"),
    ],
)
def test_letters_of_headings_tell_whose_phone_numbers_a_list_holds(headings, home, region):
    assert phone_region(headings, home=home) == region


def test_a_lone_column_of_given_names_holds_whole_names_unless_somebody_says_otherwise():
    assert [one.field for one in plan(["Имя", "E-mail"]).columns] == ["full_name_given_first", "email"]
    assert [one.field for one in plan(["Ім'я", "Прізвище"]).columns] == ["given_name", "family_name"]
    told = plan(["Имя", "E-mail"], mapping={"Имя": "given_name"})
    assert [one.field for one in told.columns] == ["given_name", "email"]
