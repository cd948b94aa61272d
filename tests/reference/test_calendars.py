"""Calendars: as shipped, edited, and worked days; laws of one's own; what is due by all that apply."""

import re
from datetime import date
from itertools import product

import pytest

from governance.kernel.errors import InvalidError
from governance.kernel.work import Work
from governance.policies.deadline_rules import Duty, RequestKind
from governance.reference.calendars import calendar_edits, calendar_in_force, edit_calendar, shipped_calendar
from governance.reference.days import days_of
from governance.reference.times import calendar_for, duties_due, law_times, set_law, shipped_calendar_for

OWN = """
laws:
  house:
    version: {version}
    titles: {{en: "House rule", ru: "Правило", uk: "Правило"}}
    counting: {{citation: "House rule 1"}}
    kinds: {{access: {{answer: {{within: {{days: {days}}}, citation: "House rule 2", verified: true}}}}}}
"""


def test_holidays_of_a_country_and_of_a_part_of_one_are_known() -> None:
    germany, bavaria = (shipped_calendar(key, years=[2026]) for key in ("DE", "DE-BY"))

    assert germany.rests_on(date(2026, 4, 6))
    assert not germany.rests_on(date(2026, 1, 6))
    assert bavaria.rests_on(date(2026, 1, 6))
    assert (germany.version, germany.weekend) == (0, frozenset({5, 6}))


def test_a_saturday_whose_rest_was_moved_is_worked_where_the_law_says_so(work: Work) -> None:
    saturday, day_off = date(2025, 11, 1), date(2025, 11, 3)
    russia, europe = (law_times(work)[law] for law in ("ru_152fz", "gdpr"))
    received = [date(2025, 10, 20)]

    for calendar in (
        calendar_for(work, russia, country="RU", received=received),
        shipped_calendar_for(russia, country="RU", received=received),
    ):
        assert not calendar.rests_on(saturday)
        assert calendar.rests_on(day_off)
        assert calendar.after_working_days(received[0], 10) == saturday
    assert calendar_for(work, europe, country="RU", received=received).rests_on(saturday)  # Reg. 1182/71 Art. 2(2)

    edit_calendar(work, "RU", added={saturday: "Выходной"})
    assert calendar_for(work, russia, country="RU", received=received).rests_on(saturday)


def test_names_of_holidays_are_told_in_a_language_where_the_package_has_them_in_it(work: Work) -> None:
    def named(language: str | None) -> str:
        _version, days = days_of(work, calendar="DE", year=2026, language=language)
        return next(one.name for one in days if one.day == date(2026, 1, 1))

    assert (named("uk"), named("en")) == ("Новий рік", "New Year's Day")
    assert named("ru") == "Новый год"
    assert named("xx") == named("en")
    for calendar in ("RU", "UA", "GB", "US", "BR", "DE-BY", "IE", "IT", "MT", "LV"):
        for language, year in product(("ru", "uk"), (2021, 2026)):
            names = [one.name for one in days_of(work, calendar=calendar, year=year, language=language)[1]]
            assert not [one for one in names if re.search("[A-Za-z]", one)], (calendar, language, names)


@pytest.mark.parametrize("key", ["XQ", "DE-QQ", "", "de"])
def test_a_calendar_that_nobody_knows_is_refused_by_name(key: str) -> None:
    with pytest.raises(InvalidError) as refused:
        shipped_calendar(key, years=[2026])

    assert "calendar" in refused.value.errors


def test_an_edit_makes_a_version_that_holds_in_years_to_come(work: Work) -> None:
    edited = edit_calendar(
        work,
        "UA",
        added={date(2026, 8, 24): "День Незалежності"},
        removed=[date(2026, 1, 1)],
        worked=[date(2026, 8, 29)],
    )

    assert edited.version == 1
    standing = calendar_in_force(work, "UA", years=[2026])
    assert standing.rests_on(date(2026, 8, 24))
    assert not standing.rests_on(date(2026, 8, 29))  # a Saturday
    assert not standing.rests_on(date(2026, 1, 1))
    assert calendar_in_force(work, "UA", years=[2027]).version == 1
    assert not calendar_in_force(work, "UA", years=[2027]).rests_on(date(2026, 8, 24))


def test_the_same_edits_again_make_no_version_and_others_do(work: Work) -> None:
    days = {date(2026, 8, 24): "День Незалежності"}

    assert edit_calendar(work, "UA", added=days).version == 1
    assert edit_calendar(work, "UA", added=days).version == 1
    assert edit_calendar(work, "UA", added={}).version == 2
    assert calendar_edits(work, "UA")[0] == 2
    assert calendar_edits(work, "PL")[0] == 0


@pytest.mark.parametrize(
    ("field", "edits"),
    [
        ("added", {"added": {date(2026, 1, 5): " "}}),
        ("worked", {"added": {date(2026, 1, 5): "a day"}, "worked": [date(2026, 1, 5)]}),
        ("removed", {"added": {}, "removed": [date(1800, 1, 1)]}),
    ],
)
def test_edits_without_sense_are_refused_by_field(work: Work, field: str, edits: dict[str, object]) -> None:
    with pytest.raises(InvalidError) as refused:
        edit_calendar(work, "UA", **edits)  # type: ignore[arg-type]  # as given

    assert field in refused.value.errors


def test_all_laws_that_apply_are_told_earliest_first_each_with_its_trace(work: Work) -> None:
    edit_calendar(work, "UA", added={date(2026, 5, 4): "вихідний"})

    found = duties_due(
        work, laws=["gdpr", "ua_2297", "nonsense"], kind=RequestKind.ACCESS, received=date(2026, 4, 3), country="UA"
    )

    assert [(one.law, one.duty, one.due.date) for one in found] == [
        ("ua_2297", Duty.ACKNOWLEDGE, date(2026, 4, 17)),
        ("gdpr", Duty.ANSWER, date(2026, 5, 5)),
        ("ua_2297", Duty.ANSWER, date(2026, 5, 5)),
    ]
    assert "4 May 2026" not in found[0].due.trace
    assert "calendar: UA, version 1" in found[1].due.trace


def test_a_law_of_ones_own_takes_the_place_of_its_older_version(work: Work) -> None:
    set_law(work, document=OWN.format(version=1, days=10))
    set_law(work, document=OWN.format(version=2, days=5))

    (told,) = duties_due(work, laws=["house"], kind=RequestKind.ACCESS, received=date(2026, 4, 3), country="DE")

    assert told.due.date == date(2026, 4, 8)
    assert told.due.law_version == 2
    assert "gdpr" in law_times(work)


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (OWN.format(version=3, days=10), "the next one is 1"),
        ("laws: {}", "exactly one law"),
        ("laws: {house: {}}", "laws.house: the key 'version' is missing"),
        ("\tnonsense", "line 1"),
        ("x" * 100_001, "at most"),
    ],
)
def test_a_law_that_cannot_be_used_says_why(work: Work, document: str, said: str) -> None:
    with pytest.raises(InvalidError) as refused:
        set_law(work, document=document)

    assert said in " ".join(refused.value.errors["document"])
