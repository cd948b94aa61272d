"""The log asked in words."""

import re
from datetime import date
from uuid import UUID

from governance.audit.actions import Action
from governance.console.audit_words import heard
from tests.console.conftest import ORIGIN, Form

OLENA, PAVEL = UUID(int=1), UUID(int=2)
STAFF = {OLENA: "Olena Kovalenko", PAVEL: "Павел Орлов"}
OUTCOMES = {"done": "done", "refused": "refused", "failed": "failed"}
ENGLISH = {one: one.label for one in Action}
TODAY = date(2026, 11, 22)


def asked(said, labels=ENGLISH):
    return heard(said, staff=STAFF, labels=labels, outcomes=OUTCOMES, today=TODAY)


def test_words_become_filters_and_what_is_not_understood_is_said():
    found = asked("phone revealed in the clear by Olena last week")
    assert found.asked == {"actor": str(OLENA), "action": "customers:person:revealed", "since": "2026-11-15"}
    assert found.unheard == ("phone",)
    russian = {Action.PERSON_REVEALED: "Поля человека показаны открыто", Action.AUDIT_SEARCHED: "Журнал просмотрен"}
    assert asked("что открыто показано Орловым вчера", russian).asked == {
        "actor": str(PAVEL), "action": "customers:person:revealed", "since": "2026-11-21", "until": "2026-11-21"
    }  # fmt: skip
    assert asked("Коваленко вчера").asked["actor"] == str(OLENA)
    assert asked("searched by Orlov today").asked["actor"] == str(PAVEL)
    assert asked("failed today").asked == {"outcome": "failed", "since": "2026-11-22"}
    assert asked("").asked == {}
    on_a_day = {"since": "2026-11-03", "until": "2026-11-03"}
    assert asked("on 2026-11-03").asked == asked("3.11.2026").asked == on_a_day
    for span in ("from 2026-11-03 to 2026-11-05", "с 3.11.2026 по 05.11.2026", "від 3.11.2026 до 5.11.2026",
                 "between 2026-11-05 and 2026-11-03"):  # fmt: skip
        assert asked(span).asked == {"since": "2026-11-03", "until": "2026-11-05"}, span
    assert asked("since 2026-11-03").asked == {"since": "2026-11-03"}
    assert asked("refused after 3.11.2026").asked == {"since": "2026-11-03", "outcome": "refused"}
    assert asked("2026-02-31").unheard == ("2026-02-31",)
    assert asked("+7 916 123-45-67 @ %").asked == {}


def test_the_page_shows_what_was_understood_as_filters(desks):
    desk = desks("officer")
    form = Form(desk.get("/console/audit"), "/audit/words")
    page = desk.post("/console/audit/words", data=form.filled(words="revealed zebra today"), headers=ORIGIN)
    assert page.status_code == 200
    assert '<option value="customers:person:revealed" selected>' in page.text
    assert "Not understood: zebra." in page.text
    assert 'value="revealed zebra today"' in page.text


def test_who_read_the_log_is_one_list_that_tells_what_they_asked(desks):
    desk = desks("auditor")
    desk.get("/console/audit?outcome=refused&since=2020-01-01")
    shown = desk.get("/console/audit/readers?action=audit:trail:searched").text
    assert "from a day on" in shown
    assert "Audit log searched" in shown
    wrong = desk.get("/console/audit/readers?since=soon").text
    assert wrong.count('aria-invalid="true"') == 1
    assert "There is no such day: a date is written 2026-12-31." in wrong
    assert "is copied as a whole" not in wrong, "it has no field of names"
    assert desks("support").get("/console/audit/readers").status_code == 403


def test_whoever_sees_no_names_tells_one_member_of_staff_from_another(desks):
    desks("officer")
    shown = desks("auditor").get("/console/audit").text
    names = re.findall(r"<option[^>]*>(Member of staff[^<]*)</option>", shown)
    assert len(names) > 1
    assert len(set(names)) == len(names)
