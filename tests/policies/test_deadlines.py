"""When duties are due: edges of months, days of rest, extensions and waits; later receipt is never due earlier."""

from collections.abc import Mapping
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.policies.deadline_reader import parse_deadlines
from governance.policies.deadline_rules import Duty, LawTimes, RequestKind, Rule, Span, Unit, Wait
from governance.policies.deadline_steps import Move, Step, step_of
from governance.policies.deadline_words import LANGUAGES, trace, written
from governance.policies.deadlines import Waited, due
from governance.policies.documents import DocumentError
from governance.policies.shipped import deadlines
from governance.policies.working_days import Calendar, CalendarError
from governance.reference.lookup import laws

LUXEMBOURG = Calendar(
    "LU",
    3,
    {
        date(2026, 4, 6): "Ouschterméindeg",
        date(2026, 5, 1): "Dag vun der Aarbecht",
        date(2026, 5, 14): "Christi Himmelfaart",
        date(2026, 12, 25): "Chrëschtdag",
        date(2026, 12, 26): "Stiefesdag",
        date(2027, 1, 1): "Neijoerschdag",
    },
)
RULES = [
    (law, kind, duty) for law, times in deadlines().items() for kind, duties in times.rules.items() for duty in duties
]


def _rule(law: str, kind: str, duty: str = "answer") -> tuple[LawTimes, Rule]:
    times = deadlines()[law]
    return times, times.rules[RequestKind(kind)][Duty(duty)]


def _due(law: str, kind: str, received: str, duty: str = "answer", **more: object) -> str:
    times, rule = _rule(law, kind, duty)
    return due(times, rule, date.fromisoformat(received), calendar=LUXEMBOURG, **more).date.isoformat()  # type: ignore[arg-type]  # as the caller gives them


@pytest.mark.parametrize(
    ("law", "kind", "duty", "received", "expected"),
    [
        # Months end on the same-numbered day, else on the last of the month; days of rest move on.
        ("gdpr", "access", "answer", "2026-01-31", "2026-03-02"),
        ("gdpr", "access", "answer", "2026-01-30", "2026-03-02"),
        ("gdpr", "access", "answer", "2026-01-27", "2026-02-27"),
        ("gdpr", "access", "answer", "2028-01-31", "2028-02-29"),
        ("gdpr", "access", "answer", "2027-01-29", "2027-03-01"),
        ("gdpr", "access", "answer", "2026-03-05", "2026-04-07"),  # Sunday, then Easter Monday
        ("gdpr", "access", "answer", "2026-11-25", "2026-12-28"),  # Friday the 25th and Saturday are holidays
        ("gdpr", "access", "answer", "2026-12-01", "2027-01-04"),  # New Year, a bridge to Monday
        ("gdpr", "objection", "stop", "2026-12-26", "2026-12-26"),
        ("gdpr", "rectification", "block", "2026-05-14", "2026-05-14"),
        ("uk_gdpr", "access", "answer", "2026-01-31", "2026-03-02"),
        ("uk_gdpr", "complaint", "acknowledge", "2026-06-25", "2026-07-27"),  # the 25th is a Saturday
        # Working days.
        ("ru_152fz", "access", "answer", "2026-12-18", "2027-01-05"),
        ("ru_152fz", "access", "answer", "2026-12-19", "2027-01-05"),
        ("ru_152fz", "rectification", "answer", "2026-05-08", "2026-05-20"),
        ("ru_152fz", "complaint", "stop", "2026-04-30", "2026-05-06"),
        ("ru_152fz", "withdrawal", "destroy", "2026-04-01", "2026-05-04"),  # day 30 is 1 May
        ("ua_2297", "access", "answer", "2026-04-01", "2026-05-04"),
        ("ua_2297", "erasure", "answer", "2026-04-21", "2026-05-04"),
        # Nothing moves in California.
        ("ccpa", "access", "answer", "2026-03-17", "2026-05-01"),
        ("ccpa", "access", "acknowledge", "2026-12-18", "2027-01-05"),
        ("ccpa", "opt_out", "answer", "2026-05-01", "2026-05-25"),
        ("lgpd", "access", "answer", "2026-01-31", "2026-02-15"),
    ],
)
def test_duties_are_due_on(law: str, kind: str, duty: str, received: str, expected: str) -> None:
    assert _due(law, kind, received, duty) == expected


def test_the_trace_names_every_step_the_calendar_and_what_says_so() -> None:
    times, rule = _rule("gdpr", "access")

    told = due(times, rule, date(2026, 1, 31), calendar=LUXEMBOURG)

    assert told.trace == (
        "received Sat 31 Jan 2026 -> one month -> 28 Feb 2026 is Saturday -> next working day Mon 2 Mar 2026; "
        "calendar: LU, version 3; GDPR Art. 12(3); Reg. 1182/71 Art. 3(4)"
    )
    holiday = due(times, rule, date(2026, 3, 6), calendar=LUXEMBOURG).trace
    assert "6 Apr 2026 is a public holiday (Ouschterméindeg) -> next working day Tue 7 Apr 2026" in holiday
    plain = due(times, rule, date(2026, 1, 27), calendar=LUXEMBOURG).trace
    assert "one month -> Fri 27 Feb 2026; calendar: LU, version 3; GDPR Art. 12(3); Reg. 1182/71 Art. 3(2)(c)" in plain


def test_the_trace_reads_in_each_language_and_comes_back_from_its_codes() -> None:
    times, rule = _rule("gdpr", "access")
    told = due(times, rule, date(2026, 1, 31), calendar=LUXEMBOURG, extended_on=date(2026, 2, 3))
    longer = due(times, rule, date(2026, 1, 31), calendar=LUXEMBOURG)

    assert tuple(step_of(one.codes()) for one in told.steps) == told.steps
    assert longer.traced("ru") == (
        "получено: сб 31.01.2026 -> 1 месяц -> 28.02.2026 — суббота -> следующий рабочий день: пн 02.03.2026; "
        "календарь: LU, редакция 3; GDPR Art. 12(3); Reg. 1182/71 Art. 3(4)"
    )
    assert told.traced("uk").startswith("отримано: сб 31.01.2026 -> разом із продовженням 3 місяці -> чт 30.04.2026")
    assert longer.traced("de") == longer.trace


def test_every_step_and_number_of_days_has_words_in_every_language() -> None:
    counted = {"ru": ("1 день", "2 дня", "5 дней", "11 дней", "21 день", "22 дня"), "en": ("one day", "two days")}
    for language, expected in counted.items():
        numbers = (1, 2, 5, 11, 21, 22)[: len(expected)]
        assert tuple(written(Span(one, Unit.DAYS), language) for one in numbers) == expected
    steps = [
        Step(move, date(2026, 5, 1), span=Span(2, unit), rest=date(2026, 5, 1), name="1 May", wait=wait)
        for move in Move
        for unit in Unit
        for wait in Wait
    ]
    for language in LANGUAGES:
        line = trace(steps, calendar="LU", version=1, citation="Art. 1", language=language)
        assert "{" not in line, language
        assert line.isascii() == (language == "en"), language


@pytest.mark.parametrize(
    ("law", "received", "told", "expected"),
    [
        ("gdpr", "2026-01-31", "2026-03-02", "2026-04-30"),  # on the last day of the first period
        ("gdpr", "2026-01-31", "2026-03-03", "2026-03-02"),  # a day too late: it does not count
        ("gdpr", "2026-01-31", "2026-01-30", "2026-03-02"),  # before anything was asked
        ("gdpr", "2026-11-30", "2026-12-01", "2027-03-01"),  # 28 February is a Sunday
        ("ru_152fz", "2026-12-18", "2027-01-05", "2027-01-12"),
        ("ccpa", "2026-01-31", "2026-03-17", "2026-05-01"),
        ("ua_2297", "2026-04-01", "2026-04-02", "2026-05-04"),  # own access may not be deferred
    ],
)
def test_an_extension_counts_from_receipt_and_only_if_told_in_time(
    law: str, received: str, told: str, expected: str
) -> None:
    assert _due(law, "access", received, extended_on=date.fromisoformat(told)) == expected


def test_only_the_united_kingdom_lets_the_clock_stand_still() -> None:
    asked = Waited(Wait.CLARIFICATION, date(2026, 2, 2), date(2026, 2, 12))

    assert _due("uk_gdpr", "access", "2026-01-27") == "2026-02-27"
    assert _due("uk_gdpr", "access", "2026-01-27", waited=[asked]) == "2026-03-09"
    assert _due("uk_gdpr", "access", "2026-01-27", waited=[asked, asked]) == "2026-03-09"  # the same days count once
    assert _due("gdpr", "access", "2026-01-27", waited=[asked]) == "2026-02-27"
    late = Waited(Wait.CLARIFICATION, date(2026, 3, 2), date(2026, 3, 12))
    assert _due("uk_gdpr", "access", "2026-01-27", waited=[late]) == "2026-02-27"


@pytest.mark.parametrize("kind", ["portability", "rectification", "erasure", "restriction", "objection", "withdrawal"])
def test_a_clarification_stops_the_clock_of_access_requests_alone(kind: str) -> None:
    asked = Waited(Wait.CLARIFICATION, date(2026, 2, 2), date(2026, 2, 12))
    proved = Waited(Wait.IDENTITY, date(2026, 1, 27), date(2026, 2, 3))

    assert _due("uk_gdpr", kind, "2026-01-27", waited=[asked]) == "2026-02-27"
    assert _due("uk_gdpr", kind, "2026-01-27", waited=[proved]) == "2026-03-03"


def test_in_the_united_kingdom_the_period_begins_when_identity_is_proved() -> None:
    proved = Waited(Wait.IDENTITY, date(2026, 1, 27), date(2026, 2, 3))

    assert _due("uk_gdpr", "access", "2026-01-27", waited=[proved]) == "2026-03-03"
    assert _due("ccpa", "access", "2026-01-27", waited=[proved]) == "2026-03-13"
    again = Waited(Wait.IDENTITY, date(2026, 2, 4), date(2026, 2, 10))
    for waited in ([proved, again], [again, proved]):
        assert _due("uk_gdpr", "access", "2026-01-27", waited=waited) == "2026-03-10"


def test_proved_on_the_day_of_receipt_nothing_begins_anew() -> None:
    at_once = Waited(Wait.IDENTITY, date(2026, 1, 27), date(2026, 1, 27))
    times, rule = _rule("uk_gdpr", "access")

    told = due(times, rule, date(2026, 1, 27), calendar=LUXEMBOURG, waited=[at_once])

    assert Move.RESTARTED not in {step.move for step in told.steps}


def test_days_before_the_period_began_stop_nothing_and_its_last_day_still_does() -> None:
    proved = Waited(Wait.IDENTITY, date(2026, 1, 27), date(2026, 2, 10))
    asked = Waited(Wait.CLARIFICATION, date(2026, 2, 2), date(2026, 2, 12))
    assert _due("uk_gdpr", "access", "2026-01-27", waited=[proved, asked]) == "2026-03-12"

    last = Waited(Wait.CLARIFICATION, date(2026, 2, 27), date(2026, 3, 2))
    assert _due("uk_gdpr", "access", "2026-01-27", waited=[last]) == "2026-03-02"


def test_the_trace_of_an_extension_tells_that_the_period_began_anew() -> None:
    times, rule = _rule("uk_gdpr", "access")
    proved = Waited(Wait.IDENTITY, date(2026, 1, 27), date(2026, 2, 3))

    told = due(times, rule, date(2026, 1, 27), calendar=LUXEMBOURG, extended_on=date(2026, 2, 5), waited=[proved])

    assert [step.move for step in told.steps[:3]] == [Move.RECEIVED, Move.RESTARTED, Move.EXTENDED]


def _own(within: str, waits: str = "{}") -> Rule:
    text = f"""
laws:
  own:
    version: 1
    titles: {{en: A, ru: B, uk: C}}
    counting: {{citation: x, rolls: y, at_least_two_working_days: z}}
    kinds: {{access: {{answer: {{within: {within}, waits: {waits}, citation: c, verified: true}}}}}}
"""
    return parse_deadlines(text.encode(), name="own.yaml")["own"].rules[RequestKind.ACCESS][Duty.ANSWER]


@pytest.mark.parametrize(
    ("within", "received", "expected", "lengthened"),
    [
        # The 25th to 27th of December are days of rest, so the 28th and 29th are the two.
        ("{days: 3}", "2026-12-24", "2026-12-29", True),
        ("{days: 2}", "2026-12-24", "2026-12-29", True),
        ("{days: 1}", "2026-12-24", "2026-12-28", False),
        ("{days: 2}", "2026-11-23", "2026-11-25", False),
    ],
)
def test_a_short_period_holds_at_least_two_working_days(
    within: str, received: str, expected: str, lengthened: bool
) -> None:
    told = due(deadlines()["gdpr"], _own(within), date.fromisoformat(received), calendar=LUXEMBOURG)

    assert told.date == date.fromisoformat(expected)
    assert ("at least two working days -> Tue 29 Dec 2026" in told.trace) is lengthened
    assert (Move.LENGTHENED in {step.move for step in told.steps}) is lengthened


def test_a_wait_adds_as_many_working_days_as_it_took_where_the_law_counts_those() -> None:
    times, rule = deadlines()["ru_152fz"], _own("{working_days: 5}", waits="{clarification: stops}")
    asked = Waited(Wait.CLARIFICATION, date(2026, 11, 4), date(2026, 11, 9))  # Wednesday to Monday

    assert due(times, rule, date(2026, 11, 2), calendar=LUXEMBOURG, waited=[asked]).date == date(2026, 11, 12)
    plain = due(times, rule, date(2026, 11, 2), calendar=LUXEMBOURG)
    assert plain.date == date(2026, 11, 9)
    assert times.counting.citation not in plain.trace  # which is about months and days


@given(
    which=st.sampled_from(RULES),
    received=st.dates(date(2020, 1, 1), date(2035, 1, 1)),
    later=st.integers(0, 400),
    holidays=st.sets(st.dates(date(2020, 1, 1), date(2036, 12, 31)), max_size=60),
)
def test_a_later_receipt_is_never_due_earlier(
    which: tuple[str, RequestKind, Duty], received: date, later: int, holidays: set[date]
) -> None:
    law, kind, duty = which
    times = deadlines()[law]
    calendar = Calendar("XX", 1, dict.fromkeys(holidays, "a day off"))
    rule = times.rules[kind][duty]

    first = due(times, rule, received, calendar=calendar)
    second = due(times, rule, received + timedelta(days=later), calendar=calendar)

    assert received <= first.date <= second.date
    if times.counting.rolls and rule.span.count:
        assert not calendar.rests_on(first.date)


def test_every_law_that_a_controller_may_be_under_has_its_times() -> None:
    assert set(deadlines()) == set(laws())
    for times in deadlines().values():
        assert RequestKind.ACCESS in times.rules
        assert RequestKind.ERASURE in times.rules


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"access": "visit"}, "is no kind of request"),
        ({"answer:": "reply:"}, "is no duty"),
        ({"{days: 3}": "{days: 3, months: 1}"}, "must be one of months"),
        ({"{days: 3}": "{months: 0}"}, "must be a whole number"),
        ({"verified: true": "verified: true, waits: {payment: stops}"}, "is nothing to wait for"),
        ({"verified: true": "verified: true, extension: {within: {months: 1}, citation: d}"}, "must be in days"),
    ],
)
def test_a_document_that_makes_no_sense_is_refused_by_key(change: Mapping[str, str], said: str) -> None:
    text = (
        "laws: {own: {version: 1, titles: {en: A, ru: B, uk: C}, counting: {citation: x}, kinds: {access: {"
        "answer: {within: {days: 3}, citation: c, verified: true}}}}}"
    )
    for old, new in change.items():
        text = text.replace(old, new)

    with pytest.raises(DocumentError, match=said):
        parse_deadlines(text.encode(), name="own.yaml")


def test_a_calendar_without_a_working_day_is_told_as_wrong() -> None:
    with pytest.raises(CalendarError, match="no working day"):
        Calendar("XX", 1, weekend=frozenset(range(7))).working_day_from(date(2026, 1, 1))


def test_a_day_that_was_moved_is_worked_though_it_is_a_saturday() -> None:
    calendar = Calendar("RU", 2, {date(2026, 11, 2): "transferred"}, worked=frozenset({date(2026, 10, 31)}))

    assert calendar.after_working_days(date(2026, 10, 30), 1) == date(2026, 10, 31)
    assert calendar.after_working_days(date(2026, 10, 31), 1) == date(2026, 11, 3)
    assert calendar.working_days(date(2026, 10, 30), date(2026, 10, 31)) == 1
    assert calendar.working_days(date(2026, 10, 31), date(2026, 11, 3)) == 1
