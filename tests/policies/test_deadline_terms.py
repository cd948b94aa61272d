"""Terms that a request keeps are the terms of its receipt, whatever becomes of laws and calendars."""

import json
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.policies import shipped
from governance.policies.deadline_rules import LawTimes, RequestKind, Wait
from governance.policies.deadline_terms import YEARS, Terms, freeze, thaw
from governance.policies.deadlines import Waited, due
from governance.policies.working_days import Calendar
from governance.reference.calendars import shipped_calendar

KNOWN = [(law, kind) for law, times in shipped.deadlines().items() for kind in times.rules]
DAYS = st.dates(date(2020, 1, 1), date(2035, 12, 31))


def terms_of(law: str, kind: RequestKind, received: date) -> Terms:
    times: LawTimes = shipped.deadlines()[law]
    calendar = shipped_calendar(times.calendar or "DE", years=range(received.year, received.year + YEARS))
    return Terms(times, kind, calendar)


@pytest.mark.parametrize(("law", "kind"), KNOWN)
def test_what_was_kept_counts_as_what_it_was_made_of(law: str, kind: RequestKind) -> None:
    for received in (date(2026, 1, 31), date(2028, 2, 29), date(2026, 12, 31), date(2026, 4, 2)):
        terms = terms_of(law, kind, received)
        kept = thaw(json.loads(json.dumps(freeze(terms, received=received))))
        assert (kept.kind, dict(kept.rules)) == (terms.kind, dict(terms.rules))
        for duty, rule in terms.rules.items():
            said = {"extended_on": received, "waited": [Waited(Wait.IDENTITY, received, received + timedelta(days=9))]}
            before = due(terms.times, rule, received, calendar=terms.calendar, **said)  # type: ignore[arg-type]
            after = due(kept.times, kept.rules[duty], received, calendar=kept.calendar, **said)  # type: ignore[arg-type]
            assert before == after


def test_nothing_that_counts_is_lost_on_the_way() -> None:
    received = date(2026, 1, 31)
    holidays, worked = {date(2026, 11, 2): "transferred"}, frozenset({date(2026, 10, 31)})
    calendar = Calendar("RU", 2, holidays, worked, weekend=frozenset({6}))
    for law, times in shipped.deadlines().items():
        terms = Terms(times, RequestKind.ACCESS, calendar, borrowed=True)
        kept = thaw(freeze(terms, received=received))
        assert (kept.borrowed, kept.calendar, kept.times.counting) == (True, calendar, times.counting), law


@given(known=st.sampled_from(KNOWN), received=DAYS, later=st.integers(1, 400))
def test_a_later_receipt_never_gives_an_earlier_day(known: tuple[str, RequestKind], received: date, later: int) -> None:
    law, kind = known
    days = []
    for day in (received, received + timedelta(days=later)):
        terms = thaw(freeze(terms_of(law, kind, day), received=day))
        days.append([due(terms.times, rule, day, calendar=terms.calendar).date for rule in terms.rules.values()])
    assert all(early <= late for early, late in zip(*days, strict=True))
