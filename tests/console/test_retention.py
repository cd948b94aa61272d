"""Policies at the officers' desks: drafted, simulated, put into force, run."""

import re
from dataclasses import replace
from datetime import timedelta

from governance.console.retention import period
from governance.customers import operations as customers
from governance.customers.bulk import create_people
from governance.kernel.ids import SubjectId
from governance.kernel.work import OPERATOR, open_work
from governance.policies import shipped
from governance.policies.periods import Period
from governance.reference import retention_rules
from governance.retention import operations as retention
from tests.api.conftest import service_of
from tests.console.conftest import ORIGIN, Form
from tests.factories.customers import interaction, origin, person
from tests.factories.signing import enrol

KEY = "behaviour"


def send(desk, path, action, **said):
    """Send a form of a page."""
    return desk.post(action, data=Form(desk.get(path), action.rsplit("/", 1)[-1]).filled(**said), headers=ORIGIN)


def version_of(desk, number):
    listed = desk.get("/console/retention").text
    page = re.search(r'href="(/console/retention/policies/[0-9a-f-]{36})">Visits, clicks', listed)[1]
    link = r"href=\"(/console/retention/policies/[0-9a-f-]{36})\"[^>]*>version (\d+)<"
    versions = re.findall(link, desk.get(page).text)
    return next(path for path, found in versions if found == str(number))


def test_a_policy_goes_from_a_proposal_to_being_simulated_and_says_that_a_decision_is_waited_for(desks, door):
    desk = desks("officer")
    form = f"/console/retention/draft?policy={KEY}"
    wrong = send(desk, form, "/console/retention/draft", number="soon", unit="M", _form="period")
    assert wrong.status_code == 422
    assert 'value="soon"' in wrong.text

    assert send(desk, form, "/console/retention/draft", number="18", unit="M", _form="period").status_code == 303
    drafted = version_of(desk, 1)
    assert "1 year 6 months" in desk.get(drafted).text
    looked = send(desk, drafted, f"{drafted}/simulation")
    assert "What it would take away now" in looked.text
    assert "<svg" in looked.text or "This version reaches nothing more in two years." in looked.text
    assert "Propose to put it into force" in desk.get(drafted).text

    with open_work(service_of(door).database, OPERATOR) as work:
        enrol(work, "officer")
    assert send(desk, drafted, f"{drafted}/activation", reason="As advised", _form="activate").status_code == 303
    waits = desk.get(drafted).text
    assert "Propose to put it into force" not in waits
    proposal = re.search(r"/console/proposals/[0-9a-f-]{36}", waits)[0]
    listed = re.search(rf'href="{proposal}">.*?</th>', desk.get("/console/proposals").text)[0]
    assert "Visits, clicks and answers" in listed
    shown = desk.get(proposal)
    assert f'href="{drafted}">Look at the policy' in shown.text
    taken_back = Form(shown, "/refusal").filled(reason="Not yet")
    assert desk.post(f"{proposal}/refusal", data=taken_back, headers=ORIGIN).status_code == 303


def test_a_period_is_a_number_with_a_unit_and_one_of_months_and_days_is_left_to_be_written_anew():
    policy = shipped.retention_policies()[KEY]
    told = {
        Period(13): ("13", "M"),
        Period(24): ("2", "Y"),
        Period(0, 30): ("30", "D"),
        Period(1, 10): ("", "M"),
    }

    assert {keep: period(replace(policy, keep=keep)) for keep in told} == told


def test_a_policy_that_is_none_keeps_what_was_typed(desks):
    desk = desks("officer")
    form = Form(desk.get("/console/retention/draft"), "/draft")
    refused = desk.post("/console/retention/draft", data=form.filled(document="policies: [nonsense"), headers=ORIGIN)

    assert refused.status_code == 422
    assert "policies: [nonsense</textarea>" in refused.text


def test_a_run_by_hand_says_before_what_it_takes_and_that_nothing_brings_it_back(desks, door):
    desk = desks("officer")
    with open_work(service_of(door).database, OPERATOR) as work:
        policy = retention_rules.keep_draft(work, policy=shipped.retention_policies()["bounced_contacts"]).id
        retention_rules.keep_active(work, policy=policy)
        retention.count_outlook(work)
    told = desk.get("/console/retention/runs").text.partition('action="/console/retention/runs"')[2]
    told = told.partition("</form>")[0]
    assert re.search(r"\d+ rows? (was|were) overdue when it was counted \(", told)
    assert "It begins at once and cannot be taken back." in told
    assert 'href="/console/retention/forecast"' in told
    with open_work(service_of(door).database, OPERATOR) as work:
        retention.end(work, key="bounced_contacts")


def test_what_is_overdue_stands_in_the_first_month_of_the_curve_of_one_policy(desks, door):
    desk = desks("officer")
    with open_work(service_of(door).database, OPERATOR) as work:
        [somebody] = create_people(work, [person()], origin=origin())
        talked = interaction(note="Long ago", at=work.now - timedelta(days=900))
        customers.record_interaction(work, subject=SubjectId(somebody), interaction=talked)
        policy = retention_rules.keep_draft(work, policy=shipped.retention_policies()["interaction_notes"]).id
    path = f"/console/retention/policies/{policy}"
    looked = send(desk, path, f"{path}/simulation").text
    due = int(re.search(r"<strong>(\d+)</strong><span>rows? due", looked)[1])
    first = int(re.search(r"<tbody>.*?<td[^>]*>(\d+)", looked.partition('id="ahead"')[2], re.DOTALL)[1])
    assert first >= due > 0
    assert "What is overdue stands in the first month." in looked


def test_auditors_look_and_touch_nothing(desks):
    desk = desks("auditor")
    for path in ("", "/forecast", "/runs"):
        page = desk.get(f"/console/retention{path}")
        assert page.status_code == 200
        assert 'class="button main"' not in page.text
        assert 'action="/console/retention/runs"' not in page.text
    assert desk.get("/console/retention/draft").status_code == 403
