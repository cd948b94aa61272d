"""Lists of what happened go back to the first of it, page by page."""

import io
import re
from datetime import timedelta
from html import unescape

import pytest

from governance.accounts import operations as accounts
from governance.accounts.operations import AlertKind, ProposalKind, ProposalState
from governance.consent import operations as consent
from governance.consent.events import NewEvent
from governance.console import calls, exports, holds, imports, proposals, retention_runs
from governance.customers import operations as customers
from governance.customers.codes import Ground, Source
from governance.customers.contact_values import ContactSaid
from governance.disclosures import operations as disclosures
from governance.disclosures.operations import Selection
from governance.intake import operations as intake
from governance.intake.files import FileOptions, Provenance
from governance.kernel.ids import uuid4
from governance.kernel.work import OPERATOR, open_work
from governance.policies.consent_state import EventKind, Method
from governance.policies.purposes import Channel
from governance.retention import operations as retention
from tests.api.conftest import service_of
from tests.console.conftest import ORIGIN, Form
from tests.factories import exporting
from tests.factories.actors import by
from tests.factories.customers import interaction, purchase
from tests.factories.forms import publish_notices

PURCHASES, EVENTS = 51, 31
"""One more than a page has."""


def test_older_purchases_and_events_are_led_to(desks, door):
    with open_work(service_of(door).database, OPERATOR) as work:
        told = {"family_name": "Журавль", "source": "till", "ground": "contract"}
        person = customers.create(work, fields=told).id
        for number in range(PURCHASES):
            at = work.now - timedelta(days=number)
            customers.record_purchase(work, subject=person, purchase=purchase(number=None, paid_at=at))
        for _ in range(EVENTS):
            said = NewEvent(EventKind.WITHDRAWN, "newsletter", Channel.EMAIL, Method.PHONE, subject=person)
            consent.record(work, event=said)
    desk = desks("officer")
    for part, row, many in (
        ("purchases", r'<tr><th scope="row">([^<]+)', PURCHASES),
        ("consents", r'<p class="when"><time datetime="([^"]+)', EVENTS),
    ):
        page = desk.get(f"/console/customers/{person}/{part}").text
        rows = re.findall(row, page)
        older = desk.get(unescape(re.search(r'href="([^"]+)">Older entries', page)[1])).text
        assert len(rows + re.findall(row, older)) == many, part
        assert re.findall(row, older)[0] not in rows or part == "consents"
        assert "Older entries" not in older
    for part in ("purchases", "interactions", "consents"):
        broken = desk.get(f"/console/customers/{person}/{part}?after=99991231T235959.0~x&before=-1")
        assert broken.status_code == 200, "what is no place is the beginning"


def test_consents_that_lapse_soon_go_on_where_a_page_ends(desks):
    for place in ("none", "newsletter~20260101T000000.0~x~email", "newsletter~99991231T235959.0~"):
        assert desks("officer").get(f"/console/expiring?after={place}").status_code == 200


def test_a_consent_that_lapsed_already_is_marked_among_those_that_lapse_soon(desks, door):
    with open_work(service_of(door).database, OPERATOR) as work:
        publish_notices(work, "surveys")
        told = {"family_name": "Чайка", "source": "till", "ground": "contract"}
        person = customers.create(work, fields=told, contacts=[ContactSaid(kind="email", value="gull@example.org")]).id
        long_ago = NewEvent(
            EventKind.GIVEN, "surveys", Channel.EMAIL, Method.PHONE, subject=person, notice=1, language="en",
            valid_at=work.now - timedelta(days=1200),
        )  # fmt: skip
        consent.record(work, event=long_ago)
    listed = desks("officer").get("/console/expiring").text
    row = re.search(rf"<tr>(?:(?!</tr>).)*{person}.*?</tr>", listed, re.DOTALL)[0]
    assert ">lapsed<" in row
    assert f">…{str(person)[-12:]}<" in row


@pytest.fixture
def three_of_each(door):
    """Three exports, imports, alerts, proposals, runs, holds and call-backs; the last two at one instant."""
    with open_work(service_of(door).database, OPERATOR) as work:
        proposer, decider = exporting.officer(work, "steward"), exporting.officer(work)
        key = f"older{uuid4().hex[:6]}"
        exporting.letters(work, key=key, country="RU")
        told = {"family_name": "Журавль", "source": "till", "ground": "contract"}
        people = [customers.create(work, fields=told).id for _ in range(3)]
        for left in retention.open_runs(work, fused=True):  # by other tests: there is one run at a time
            retention.stop(work, run=left)
        at = work.now - timedelta(days=1)
        for number, person in enumerate(people):
            due = interaction(at=at - timedelta(days=number), next_contact_at=at)
            customers.record_interaction(work, subject=person, interaction=due)
            exporting.export(work, proposer, decider, recipient=key, selection=Selection(people))
            file = io.BytesIO(f"Фамилия;Город\r\n{uuid4().hex};Псков\r\n".encode())
            brought = Provenance(Source.OWN_FORM, Ground.CONTRACT)
            intake.start(work, file=file, provenance=brought, options=FileOptions(file_name="older.csv"))
            accounts.raise_alert(work, kind=AlertKind.UNUSUAL_READING, facts={"people": number})
            payload = {"hold": str(uuid4())}
            accounts.propose(by(work, proposer), kind=ProposalKind.RELEASE_HOLD, payload=payload, reason="Over")
            retention.stop(work, run=retention.begin(work).id)
        until = work.now + timedelta(days=9)
        customers.place_holds(work, people=people, compartments=["finance"], reason="Claim", review_at=until)


LISTS = (
    ("exports", "", exports, "SHOWN", r"/console/exports/([0-9a-f-]{36})",
     lambda work: [one.id for one in disclosures.list_exports(work, limit=200)]),
    ("imports", "", imports, "ROWS", r"/console/imports/([0-9a-f-]{36})",
     lambda work: [one.id for one in intake.batches(work, limit=200)]),
    ("alerts", "?state=unseen", proposals, "SHOWN", r"/console/alerts/([0-9a-f-]{36})/seen",
     lambda work: [one.id for one in accounts.list_alerts(work, unseen=True, limit=200)]),
    ("proposals", "?state=open", proposals, "SHOWN", r"/console/proposals/([0-9a-f-]{36})",
     lambda work: [one.id for one in accounts.list_proposals(work, state=ProposalState.OPEN, limit=200)]),
    ("retention/runs", "", retention_runs, "SHOWN", r"/console/retention/runs/([0-9a-f-]{36})",
     lambda work: [one.id for one in retention.list_runs(work, limit=200)]),
    ("retention/holds", "", holds, "SHOWN", r"/console/customers/([0-9a-f-]{36})/marks",
     lambda work: [one.person for one in customers.holds_standing(work, limit=200).items]),
    ("call-backs", "", calls, "SHOWN", r"/console/customers/([0-9a-f-]{36})/call",
     lambda work: [one.person for one in customers.call_backs(work, limit=200).items]),
)  # fmt: skip
"""Address, filter, what tells how long a page is, a row, and what is listed, in order."""


@pytest.mark.usefixtures("three_of_each")
def test_lists_lead_on_to_the_last_of_them_each_row_once(desks, door, monkeypatch):
    desk = desks("officer")
    for path, asked, module, length, row, listed in LISTS:
        with open_work(service_of(door).database, OPERATOR) as work:
            expected = [str(one) for one in listed(work)]
        assert len(expected) >= 3, path
        monkeypatch.setattr(module, length, max(2, len(expected) // 3))
        address, seen = f"/console/{path}{asked}", []
        for _ in range(5):
            page = desk.get(address).text
            seen += re.findall(f'(?:href|action)="{row}[?"]', page)
            onward = re.search(r'href="([^"]+)">(?:Older entries|More of them)', page)
            if onward is None:
                break
            address = unescape(onward[1])
            assert asked.removeprefix("?") in address, f"{path}: the filter stays"
        assert seen == expected, path
        assert onward is None, path
        for place in ("none", "99991231T235959.0~x", "\u0130", f"20260101T000000.0~{uuid4()}", str(uuid4())):
            assert desk.get(f"/console/{path}", query_string={"after": place}).status_code == 200, (path, place)


@pytest.mark.usefixtures("three_of_each")
def test_what_waits_for_somebody_is_counted_and_an_alert_is_seen_where_it_stands(desks, door, monkeypatch):
    desk = desks("officer")
    with open_work(service_of(door).database, OPERATOR) as work:
        counts = {
            "alerts": f"{accounts.count_unseen_alerts(work)} alerts were seen by nobody yet.",
            "proposals?state=approved": (
                f"{accounts.count_proposals(work, state=ProposalState.OPEN)} proposals wait for a decision."
            ),
            "call-backs": f"{customers.count_call_backs(work, most=1000)} customers wait for a call.",
        }
        first, second, *_ = accounts.list_alerts(work, unseen=True, limit=2)
    for path, said in counts.items():
        assert said in desk.get(f"/console/{path}").text, path
    assert 'href="/console/alerts?state=unseen"' in desk.get("/console").text
    page = f"/console/alerts?state=unseen&after={first.id}"
    form = Form(desk.get(page), f"/console/alerts/{second.id}/seen")
    where = f"/console/alerts/{second.id}/seen?state=unseen&after={first.id}"
    for _ in range(2):
        sent = desk.post(where, data=form.filled(), headers=ORIGIN)
        assert (sent.status_code, sent.location) == (303, page)
    assert f"/console/alerts/{second.id}/seen" not in desk.get(page).text
    monkeypatch.setattr(calls, "COUNTED", 2)
    assert "2 customers or more wait for a call." in desk.get("/console/call-backs").text
