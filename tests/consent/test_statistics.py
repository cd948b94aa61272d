"""Consents given and withdrawn, month by month, as they are counted by night."""

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import text

from governance.consent import operations as consent
from governance.kernel.errors import ForbiddenError
from governance.kernel.work import Work
from tests.conftest import NOW
from tests.factories import saying
from tests.factories.actors import by, staff
from tests.factories.statements import counted

PUT = """
INSERT INTO consent_event (id, owner_id, person_id, purpose, channel, sequence, kind, recorded_at, whole_day, method,
    actor_kind)
SELECT gen_random_uuid(), (SELECT id FROM key_owner LIMIT 1), gen_random_uuid(), 'newsletter', 'email', 1, :kind, :at,
    false, 'web_form', 'system' FROM generate_series(1, :times)
"""


def put(work: Work, kind: str, at: str, times: int) -> None:
    work.session.execute(text(PUT), {"kind": kind, "at": at, "times": times})


def told(work: Work) -> dict[date, tuple[int | None, int | None]]:
    found = consent.months(work).purposes.get("newsletter", ())
    return {one.month: (one.given, one.stopped) for one in found}


@pytest.fixture
def said(work: Work) -> None:
    saying.someone(work)
    put(work, "given", "2026-10-10T12:00Z", 7)
    put(work, "given", "2026-11-10T12:00Z", 6)
    put(work, "withdrawn", "2026-11-12T12:00Z", 2)
    put(work, "requested", "2026-11-12T12:00Z", 9)
    consent.count_months(work)


@pytest.mark.usefixtures("said")
def test_what_was_given_and_withdrawn_is_counted_by_month_and_silence_is_not(work: Work) -> None:
    found = told(work)

    assert found[date(2026, 10, 1)] == (7, 0)
    assert found[date(2026, 11, 1)] == (6, 2)
    assert len(found) == 12
    assert found[date(2025, 12, 1)] == (0, 0)


@pytest.mark.usefixtures("said")
def test_a_month_that_is_over_keeps_its_figures_and_this_one_is_counted_anew(work: Work) -> None:
    later = replace(work, now=NOW.replace(year=2027, month=1))
    put(work, "given", "2026-10-11T12:00Z", 1)
    put(work, "given", "2027-01-02T12:00Z", 4)
    consent.count_months(later)
    consent.count_months(later)

    assert told(later)[date(2026, 10, 1)] == (7, 0)
    assert told(later)[date(2027, 1, 1)] == (4, 0)


@pytest.mark.usefixtures("said")
def test_who_may_not_read_single_people_is_not_told_small_figures(work: Work) -> None:
    assert told(by(work, staff("auditor")))[date(2026, 11, 1)] == (6, None)
    with pytest.raises(ForbiddenError):
        consent.months(by(work, staff("support")))


@pytest.mark.usefixtures("said")
def test_reading_takes_the_same_few_statements_however_much_was_said(work: Work) -> None:
    consent.months(work)
    with counted(work) as few:
        consent.months(work)
    put(work, "given", "2026-11-13T12:00Z", 200)
    consent.count_months(work)
    with counted(work) as many:
        consent.months(work)

    assert len(many) == len(few) <= 4
