"""Every law, kind and duty at the edges: ends of months, leap days, ends of years, bridges, the last day for more time.

`deadline_table.csv` was worked out apart from the package: from a transcript of the limits, by walking the calendar day
by day. Columns are days of receipt; of `extended` ones, the person was told on the last day of the first period.
"""

import csv
from datetime import date, timedelta
from pathlib import Path

from governance.policies.deadline_rules import Duty, RequestKind
from governance.policies.deadlines import due
from governance.policies.shipped import deadlines
from tests.policies.test_deadlines import LUXEMBOURG

KEYS = ("law", "kind", "duty")


def table() -> list[dict[str, str]]:
    with Path(__file__).with_name("deadline_table.csv").open() as file:
        return list(csv.DictReader(file))


def ends(law: str, kind: str, duty: str, received: date, told: date | None = None) -> date:
    times = deadlines()[law]
    rule = times.rules[RequestKind(kind)][Duty(duty)]
    return due(times, rule, received, calendar=LUXEMBOURG, extended_on=told).date


def test_the_table_holds_every_duty_of_every_kind_that_a_law_knows() -> None:
    known = {
        (law, kind.value, duty.value)
        for law, times in deadlines().items()
        for kind, duties in times.rules.items()
        for duty in duties
    }
    assert {tuple(row[key] for key in KEYS) for row in table()} == known


def test_every_duty_is_due_on_the_day_of_the_table() -> None:
    wrong = []
    for row in table():
        law, kind, duty = (row[key] for key in KEYS)
        for column, expected in row.items():
            if column in KEYS:
                continue
            received = date.fromisoformat(column.removeprefix("extended "))
            told = ends(law, kind, duty, received) if column.startswith("extended") else None
            found = ends(law, kind, duty, received, told)
            if found.isoformat() != expected:
                wrong.append((law, kind, duty, column, expected, found.isoformat()))
    assert wrong == []


def test_a_day_after_the_last_no_more_time_can_be_taken() -> None:
    for row in table():
        law, kind, duty = (row[key] for key in KEYS)
        received = date(2026, 1, 31)
        first = ends(law, kind, duty, received)
        assert ends(law, kind, duty, received, first + timedelta(days=1)) == first, (law, kind, duty)


def test_received_a_day_later_nothing_is_due_earlier_on_any_day_of_two_years() -> None:
    for row in {(one["law"], one["kind"], one["duty"]) for one in table()}:
        last, last_extended = date.min, date.min
        for number in range(0, 800, 4):
            received = date(2026, 1, 1) + timedelta(days=number)
            found = ends(*row, received)
            extended = ends(*row, received, found)
            assert found >= last, (row, received)
            assert extended >= last_extended, (row, received)
            last, last_extended = found, extended
