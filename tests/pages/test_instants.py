"""Days, times and counts as pages write them, in each language."""

from datetime import UTC, date, datetime

import pytest
from flask import Flask, render_template_string
from flask_babel import ngettext

from governance.app import FACES
from governance.pages.languages import register

AT = datetime(2026, 2, 28, 15, 4, tzinfo=UTC)


@pytest.fixture(scope="module")
def app() -> Flask:
    made = Flask(__name__)
    register(made, FACES)
    return made


@pytest.mark.parametrize(
    ("language", "day", "moment", "days"),
    [
        ("en", "28 Feb 2026", "28 Feb 2026, 15:04", "1,400 days"),
        ("ru", "28 февр. 2026 г.", "28 февр. 2026 г., 15:04", "1 400 дней"),
        ("uk", "28 лют. 2026 р.", "28 лют. 2026 р., 15:04", "1 400 днів"),
    ],
)
def test_a_day_is_written_in_one_order_and_never_parted_and_numbers_are_grouped(
    app: Flask, language: str, day: str, moment: str, days: str
) -> None:
    source = "{{ on|dateformat('medium') }}|{{ at|moment }}|{{ ngettext('%(num)d day', '%(num)d days', 1400) }}"
    with app.test_request_context(f"/?lang={language}"):
        written = render_template_string(source, on=date(2026, 2, 28), at=AT).split("|")
        in_code = ngettext("%(num)d day", "%(num)d days", 1400)

    plain = [" ".join(one.split()) for one in [*written, in_code]]
    assert plain == [day, moment, days, days]
    assert [one.count(" ") for one in written[:2]] == [0, 1], "a line breaks between day and time alone"


def test_what_few_are_told_as_stays_and_ids_of_one_time_are_told_apart(app: Flask) -> None:
    ids = ("01a206e8-dd36-7546-aa2d-06857a2a01a5", "01a206e8-dd36-7547-aa2d-06857a2a01a6")
    with app.test_request_context("/?lang=en"):
        few = render_template_string("{{ few|counted }} of {{ many|counted }}", few="<5", many=12345)
        short = {render_template_string("{{ one|shortened }}", one=one) for one in ids}

    assert few == "&lt;5 of 12,345"
    assert short == {"…06857a2a01a5", "…06857a2a01a6"}
