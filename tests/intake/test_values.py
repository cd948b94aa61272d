"""Dates, sums, durations and words."""

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.customers.codes import NOT_FROM_THE_PERSON, Sex, Source
from governance.intake.amounts import Amount, read_amount, read_currency, read_seconds
from governance.intake.answers import (
    ConsentScope,
    read_consent,
    read_interaction_kind,
    read_marital_status,
    read_sex,
    read_source,
)
from governance.intake.cells import for_csv, is_blank, text_of
from governance.intake.dates import EXCEL_EPOCH, PartialDate, Reader, Use
from governance.intake.values import Flaw

TODAY = date(2026, 11, 22)
DATES = Reader(today=TODAY, zone=ZoneInfo("Europe/Kyiv"))


@pytest.mark.parametrize(
    ("cell", "iso"),
    [
        ("09.08.1982", "1982-08-09"),
        ("1978-10-10", "1978-10-10"),
        ("04/11/90", "1990-11-04"),
        ("05.05.24", "2024-05-05"),
        ("12 марта 2024", "2024-03-12"),
        ("12 березня 2024 р.", "2024-03-12"),
        ("March 12, 2024", "2024-03-12"),
        ("1 янв. 99 г.", "1999-01-01"),
        ("март 2024", "2024-03"),
        ("03.2024", "2024-03"),
        ("1980", "1980"),
        (1980, "1980"),
        (45000, "2023-03-15"),
        ("45000", "2023-03-15"),
        (19800312, "1980-03-12"),
        (date(1985, 1, 2), "1985-01-02"),
        (datetime(2024, 1, 1, 10, tzinfo=UTC), "2024-01-01"),
        ("2024-12-09T10:15:00+03:00", "2024-12-09"),
        ("1985-01-02 00:00:00", "1985-01-02"),
        ("12.03.2024\u00a0г.", "2024-03-12"),
        ("15.03.1980 г.р.", "1980-03-15"),
        ("1 травня 1980 р.н.", "1980-05-01"),
        ("1980 р. н.", "1980"),
        ("1 мая 1980 года рождения", "1980-05-01"),
        ("«1» мая 1980 г.", "1980-05-01"),
        ("01,05,1980", "1980-05-01"),
        ("1 5 80", "1980-05-01"),
        ("20111980", "1980-11-20"),
        ("5 мамыр 1980", "1980-05-05"),
    ],
)
def test_dates_in_their_usual_forms_keep_the_precision_they_have(cell, iso):
    read = DATES.read_date(cell, use=Use.BIRTH)
    assert str(read) == iso
    assert PartialDate.parse(iso) == read


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("31.02.1980", "date-day"),
        ("29.02.2023", "date-day"),
        ("03/25/2024", "date-month"),
        ("вчера", "date-form"),
        ("5 мая", "date-without-year"),
        ("12.05", "date-without-year"),
        ("12 брюмера 2020", "date-month-word"),
        ("01.01.2030", "date-future"),
        ("01.01.1850", "date-old"),
        (12.5, "date-number"),
        ("12.03.2024 25:00", "date-time"),
    ],
)
def test_dates_that_cannot_be_are_refused_by_name(cell, code):
    flaw = DATES.read_date(cell, use=Use.BIRTH)
    assert isinstance(flaw, Flaw)
    assert flaw.code == code
    assert str(cell) not in flaw.reason


def test_the_month_may_stand_first_where_the_file_is_said_to_write_so():
    assert str(Reader(today=TODAY, day_first=False).read_date("03/25/2024", use=Use.PAST)) == "2024-03-25"


@pytest.mark.parametrize(
    ("cell", "moment"),
    [
        ("2024-12-09T10:15:00+03:00", datetime(2024, 12, 9, 7, 15, tzinfo=UTC)),
        ("2024-12-09 10:15", datetime(2024, 12, 9, 8, 15, tzinfo=UTC)),
        ("09.07.2024 10:15", datetime(2024, 7, 9, 7, 15, tzinfo=UTC)),
        ("2024-12-09T10:15:00Z", datetime(2024, 12, 9, 10, 15, tzinfo=UTC)),
        (45000.5, datetime(2023, 3, 15, 10, 0, tzinfo=UTC)),
        ("2024-12-09", PartialDate(2024, 12, 9)),
    ],
)
def test_instants_without_a_zone_are_the_controllers(cell, moment):
    assert DATES.read_moment(cell, use=Use.ANY) == moment


@given(st.dates(date(1901, 1, 1), date(2026, 11, 22)))
def test_every_date_survives_each_way_of_writing_it(on):
    whole = PartialDate(on.year, on.month, on.day)
    forms = [on.strftime("%d.%m.%Y"), on.isoformat(), on.strftime("%d/%m/%Y"), on, on.strftime("%d %B %Y")]
    if on >= date(1905, 10, 1):  # smaller serials read as years
        forms.append((on - EXCEL_EPOCH).days)
    assert {DATES.read_date(form, use=Use.BIRTH) for form in forms} == {whole}


@pytest.mark.parametrize(
    ("cell", "value", "currency"),
    [
        ("7 731,01", "7731.01", None),
        ("7\u202f731,01", "7731.01", None),
        ("7,731.01", "7731.01", None),
        ("7.731,01", "7731.01", None),
        (7731.01, "7731.01", None),
        (0.1 + 0.2, "0.3", None),
        ("1 234 грн", "1234", "UAH"),
        ("₴ 12,5", "12.5", "UAH"),
        ("$12", "12", "USD"),
        ("1 500 р.", "1500", "RUB"),
        ("-500.00", "-500.00", None),
        ("(500)", "-500", None),
        ("1.234.567", "1234567", None),
        ("0,125", "0.125", None),
        ("грн. 100", "100", "UAH"),
    ],
)
def test_sums_are_exact_however_they_are_punctuated(cell, value, currency):
    assert read_amount(cell) == Amount(Decimal(value), currency)


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("7,731", "amount-ambiguous"),
        ("12,34,56", "amount-groups"),
        ("abc", "amount-form"),
        ("12 тугриков", "amount-currency"),
        (1e20, "amount-large"),
        ("1.23456", "amount-places"),
        (True, "amount-form"),
    ],
)
def test_sums_that_could_be_read_two_ways_or_none_are_refused(cell, code):
    flaw = read_amount(cell)
    assert isinstance(flaw, Flaw)
    assert flaw.code == code


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=2))
def test_a_sum_survives_russian_and_english_punctuation(value):
    english = f"{value:,.2f}"
    russian = english.replace(",", "\u00a0").replace(".", ",")
    assert read_amount(english) == read_amount(russian) == Amount(value)


def test_currencies_and_durations_are_read_by_word():
    assert read_currency("грн.") == "UAH"
    assert read_currency("chf") == "CHF"
    assert isinstance(read_currency("тугрик"), Flaw)
    assert [read_seconds(cell) for cell in ("264", 264.0, "4:24", "1:00:05", "3 мин", "—")] == [
        264,
        264,
        264,
        3605,
        180,
        None,
    ]
    assert isinstance(read_seconds("долго"), Flaw)
    assert isinstance(read_seconds("999999"), Flaw)


@pytest.mark.parametrize(
    ("cell", "given_", "on"),
    [
        ("Да", True, None),
        ("так", True, None),
        ("согласен 12.03.2024", True, "2024-03-12"),
        ("да (12.03.2024)", True, "2024-03-12"),
        ("згоден від 12.03.2024 р.", True, "2024-03-12"),
        ("нет", False, None),
        ("ні", False, None),
        ("отписался", False, None),
        ("відписався 01.02.2025", False, "2025-02-01"),
        ("не согласен", False, None),
        (True, True, None),
        (1.0, True, None),
        ("1.0", True, None),
        ("не беспокоить", False, None),
        ("чорний список", False, None),
        ("стоп", False, None),
        ("иә", True, None),
    ],
)
def test_claims_of_consent_are_read_with_their_date(cell, given_, on):
    claim = read_consent(cell, scope=ConsentScope.SMS, dates=DATES)
    assert (claim.given, None if claim.on is None else str(claim.on)) == (given_, on)


@pytest.mark.parametrize("cell", ["", "-", "?", None, "нет данных"])
def test_silence_claims_nothing(cell):
    assert read_consent(cell, scope=ConsentScope.ANY, dates=DATES) is None


@pytest.mark.parametrize("cell", ["может быть", "12.03.2024", "согласен вчера", "да 31.02.2024"])
def test_what_is_neither_yes_nor_no_claims_nothing_and_is_refused(cell):
    assert isinstance(read_consent(cell, scope=ConsentScope.ANY, dates=DATES), Flaw)


def test_words_of_closed_sets_are_known_in_three_languages():
    assert [read_sex(word) for word in ("муж", "жін.", "F", "?")] == [Sex.MALE, Sex.FEMALE, Sex.FEMALE, None]
    assert isinstance(read_sex("да"), Flaw)
    assert [read_marital_status(word) for word in ("замужем", "неодружений")] == ["married", "single"]
    assert [read_interaction_kind(word) for word in ("звонок", "зустріч", "письмо")] == ["call", "meeting", "letter"]


def test_sources_map_to_the_closed_list_and_unknown_words_to_none():
    told = ("сайт", "выставка", "звонок", "соцсети", "рекомендация", "анкета в магазине", "куплена база", "Марс")
    assert [read_source(word) for word in told] == [
        Source.OWN_FORM,
        Source.FAIR,
        Source.CALL,
        Source.PUBLIC,
        Source.RECOMMENDATION,
        Source.OWN_FORM,
        Source.BOUGHT,
        None,
    ]
    assert Source.OWN_FORM not in NOT_FROM_THE_PERSON


def test_text_loses_what_nobody_sees_and_keeps_what_was_typed():
    assert text_of("\ufeff И\u00adванов\u00a0 \u200bПётр\0 ") == "Иванов Пётр"
    assert text_of("Лук’янів ʼ '") == "Лук’янів ʼ '"
    assert is_blank("\u200b\u00a0 ")
    assert not is_blank("0")


def test_text_like_a_formula_is_harmless_in_csv_that_we_write():
    assert [for_csv(text) for text in ("=1+1", "+7", "-1", "@SUM", "Иванов")] == [
        "'=1+1",
        "'+7",
        "'-1",
        "'@SUM",
        "Иванов",
    ]
