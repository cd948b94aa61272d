"""The start page: what failed, what comes due, and four charts, each for those alone who may see it."""

import re
from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy import text

from governance.consent import operations as consent
from governance.console.charts import Pair, axis_end, lines, plot
from governance.kernel.ids import uuid7
from governance.kernel.work import OPERATOR, open_work
from tests.api.conftest import service_of
from tests.console.conftest import ORIGIN, Form

CHARTS = ("chart-requests", "chart-consents", "chart-purges", "chart-reveals")


@pytest.fixture(scope="module")
def counted(door, desks, customer):
    """Figures as the night leaves them: consents, and a policy that takes something away."""
    with open_work(service_of(door).database, OPERATOR, clock=service_of(door).clock) as work:
        consent.count_months(work)
        month = work.now.date().replace(day=1)
        rows = {"month": month, "now": work.now}
        work.session.execute(
            text("INSERT INTO consent_month VALUES (:month, 'newsletter', 12, 3, :now) "
                 "ON CONFLICT (month, purpose) DO UPDATE SET given = 12, stopped = 3"), rows
        )  # fmt: skip


def parts(page):
    return {one for one in CHARTS if f'id="{one}"' in page.text}


@pytest.mark.usefixtures("counted")
def test_each_role_sees_the_charts_that_it_may(desks):
    seen = {
        role: parts(desks(role).get("/console")) for role in ("officer", "auditor", "steward", "support", "marketer")
    }

    assert seen["officer"] | {"chart-requests"} == set(CHARTS)
    assert {"chart-purges", "chart-reveals", "chart-consents"} <= seen["auditor"]
    assert {"chart-consents"} <= seen["steward"] <= {"chart-consents", "chart-requests"}
    assert seen["support"] <= {"chart-requests"}
    assert seen["marketer"] == {"chart-consents"}


@pytest.mark.usefixtures("counted")
def test_a_chart_has_its_figures_in_a_table_and_hides_small_ones_from_those_who_see_no_single_people(desks):
    officer, auditor = (desks(role).get("/console/consent/statistics").text for role in ("officer", "auditor"))

    assert re.search(r'<rect class="up"[^>]*></rect><rect class="down"', officer)
    assert re.search(r'<td class="number">12</td><td class="number">3</td>', officer)
    assert re.search(r'<td class="number">12</td><td class="number">fewer than 5</td>', auditor)
    assert desks("support").get("/console/consent/statistics").status_code == 403


def test_a_step_that_failed_is_told_of_with_a_button_and_is_tried_again_by_it(desks, door):
    erasure, desk, service = uuid7(), desks("officer"), service_of(door)
    with open_work(service.database, OPERATOR, clock=service.clock) as work:
        said = {"erasure": erasure, "entry": uuid7(), "now": work.now, "next": work.now + timedelta(hours=1)}
        work.session.execute(
            text("INSERT INTO erasure (id, origin, state, people, zone, begun_at, begun_by_kind, entry) "
                 "VALUES (:erasure, 'officer', 'running', 1, 'UTC', :now, 'staff', :entry)"), said
        )  # fmt: skip
        work.session.execute(
            text("INSERT INTO erasure_step (erasure_id, number, step, state, rule, citation, holds, attempts, failure, "
                 "next_at, counts) VALUES (:erasure, 1, 'contact', 'pending', 'request', '', '{}', 3, 'store-busy', "
                 ":next, '{}')"), said
        )  # fmt: skip
    page = desk.get("/console")
    assert "store-busy" in page.text
    assert "retry" not in desks("auditor").get("/console").text
    again = f"/console/today/erasures/{erasure}"
    answer = desk.post(again, data=Form(page, again).filled(), headers=ORIGIN)

    assert answer.status_code == 303
    with open_work(service.database, OPERATOR) as work:
        [(pause,)] = work.session.execute(text("SELECT next_at FROM erasure_step WHERE erasure_id = :erasure"), said)
        waiting = work.session.scalar(
            text("SELECT count(*) FROM procrastinate_jobs WHERE args->>'erasure' = :id"), {"id": str(erasure)}
        )
        work.session.execute(text("DELETE FROM erasure WHERE id = :erasure"), said)
    assert (pause, waiting) == (None, 1)
    assert again not in desk.get("/console").text


def test_an_axis_ends_at_a_round_even_number_above_all_that_it_shows():
    assert [axis_end(one) for one in (0, 1, 2, 3, 5, 7, 11, 41, 99, 101, 1_000_001)] == [
        2, 2, 2, 4, 10, 10, 20, 50, 100, 200, 2_000_000
    ]  # fmt: skip


def test_pairs_stand_on_one_line_and_what_is_not_nothing_is_seen():
    drawn = plot([Pair("J", "January", 1000, 0), Pair("F", "February", 1, None), Pair("M", "March", 0, 500)])

    assert [one.value for one in drawn.marks] == [1000, 0, 500]
    assert [one.place for one in drawn.marks] == [0, 66.7, 100]
    assert all(one.up_y + one.up_height == drawn.zero for one in drawn.pillars)
    assert [one.up_height > 0 for one in drawn.pillars] == [True, True, False]
    assert drawn.pillars[1].down_height > 0
    assert plot([]).is_empty
    small = plot([Pair("J", "January", 225, 29)])
    places = [one.place for one in small.marks]
    assert min(below - above for above, below in pairwise(places)) > 10, "figures touch"
    assert [one.value for one in plot([Pair("J", "January", 3)]).marks] == [4, 2, 0]
    assert [one.share for one in lines([("a", 4), ("b", 1), ("c", 0)])] == [100, 25, 0]
