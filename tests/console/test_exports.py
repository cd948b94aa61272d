"""Exports at the desks: recipients, a proposal, the second person, the file once, and where a leaked one comes from."""

import io
import re
from uuid import UUID

import pytest

from governance.accounts import operations as accounts
from governance.accounts.operations import ProposalId
from governance.customers import operations as customers
from governance.customers.contact_values import ContactSaid
from governance.disclosures import operations as disclosures
from governance.kernel.ids import uuid4
from governance.kernel.work import OPERATOR, open_work
from tests.api.conftest import service_of
from tests.console.conftest import ORIGIN, Form, sign_in
from tests.factories.signing import enrol

KEY = f"letters{uuid4().hex[:6]}"


@pytest.fixture(scope="module")
def reachable(door, desks):
    """Customers whom service messages may reach, by contract."""
    found = []
    with open_work(service_of(door).database, OPERATOR) as work:
        for number in range(6):
            made = customers.create(
                work,
                fields={"family_name": f"Soroka{number}", "city": "Псков", "source": "till", "ground": "contract"},
                contacts=[ContactSaid(kind="email", value=f"soroka{number}.{KEY}@example.org")],
            )
            found.append(made.id)
    return found


def send(desk, page, action, **told):
    return desk.post(action, data=Form(desk.get(page), f'"{action}"').filled(**told), headers=ORIGIN)


def record(desk, **told):
    whole = {"name": "Letters GmbH", "key": KEY, "country": "RU", "kind": "processor", "safeguard": "domestic",
             "purpose": ["service"], "field": ["person.family_name", "contact.email"]}  # fmt: skip
    return send(desk, "/console/recipients/new", "/console/recipients", **{**whole, **told})


def test_a_recipient_is_recorded_in_versions_and_ended(desks):
    desk, key = desks("officer"), f"post{uuid4().hex[:6]}"
    refused = record(desk, key=key, country="XX", purpose=[])
    assert refused.status_code == 422
    assert 'value="XX"' in refused.text
    assert 'value="contact.email" checked' in refused.text
    assert record(desk, key=key).status_code == 303
    page = f"/console/recipients/{key}"
    assert "Letters GmbH" in desks("auditor").get(page).text
    assert '<button class="main"' not in desks("auditor").get(page).text
    assert send(desk, page, f"{page}/retirement").status_code == 303
    assert "nothing goes there any more" in desk.get(page).text


def test_an_export_goes_from_the_proposal_to_the_file_once_and_a_leak_is_traced_to_it(desks, door, reachable):
    desk, service = desks("officer"), service_of(door)
    record(desk)
    with open_work(service.database, OPERATOR) as work:
        second = enrol(work, "officer")
    form = f"/console/exports/new?recipient={KEY}&purpose=service"
    assert "person.birth_date" not in desk.get(form).text
    ids = "\n".join(str(one) for one in reachable)
    told = {"whom": "chosen", "customers": ids, "channel": ["email"], "format": "csv"}
    refused = send(desk, form, "/console/exports", **told, field=[], reason="June letter")
    assert refused.status_code == 422
    assert "June letter</textarea>" in refused.text
    assert str(reachable[0]) in refused.text
    nonsense = {**told, "customers": "Ольга"}
    wrong = send(desk, form, "/console/exports", **nonsense, field=["contact.email"], reason="x")
    assert wrong.status_code == 422

    fields = ["person.family_name", "contact.email"]
    proposed = send(desk, form, "/console/exports", **told, field=fields, reason="June letter")
    assert proposed.status_code == 303
    assert "Waits for approval" in desk.get("/console/exports").text
    other = door.test_client()
    assert sign_in(other, second).status_code == 303
    shown = other.get(proposed.location).text
    assert "<dt>Recipient</dt><dd>Letters GmbH</dd>" in shown
    assert "Version of the recipient" not in shown
    approved = send(other, proposed.location, f"{proposed.location}/approval")
    assert approved.status_code == 303
    export = proposed.location.replace("proposals", "exports")
    identity = disclosures.ExportId(UUID(export.rsplit("/", 1)[-1]))
    with open_work(service.database, OPERATOR) as work:
        assert accounts.execute(work, proposal=ProposalId(identity))
    assert "being made" in desk.get(export).text
    disclosures.make(service.database, export=identity)
    ready = desk.get(export)
    assert "left</span>" in ready.text
    assert f"{export}/download" not in other.get(export).text

    form = Form(ready, "/download").filled(lang="ru")
    file = desk.post(f"{export}/download", data=form, headers=ORIGIN)
    assert file.status_code == 200
    assert file.text.removeprefix("\ufeff").startswith('"Фамилия","Эл. почта"'), "headings of whoever fetches it"
    assert f"soroka3.{KEY}@example.org" in file.text
    again = desk.post(f"{export}/download", data=Form(ready, "/download").filled(), headers=ORIGIN)
    assert again.status_code == 409
    assert "handed out and destroyed here" in desk.get(export).text

    found = (io.BytesIO("\n".join(sorted(file.text.splitlines(), reverse=True)).encode()), "found.csv")
    traced = send(desk, "/console/exports/trace", "/console/exports/trace", file=found)
    assert "It comes from 1 export" in traced.text
    assert export in traced.text
    other_file = (io.BytesIO(b"a,b\n1,2\n"), "other.csv")
    assert "no export" in send(desk, "/console/exports/trace", "/console/exports/trace", file=other_file).text
    empty = (io.BytesIO(b""), "none.csv")
    assert send(desk, "/console/exports/trace", "/console/exports/trace", file=empty).status_code == 422


def test_an_export_that_cannot_be_says_why_before_anybody_is_asked(desks):
    desk = desks("steward")
    page = desk.get("/console/exports/new?recipient=nobody&purpose=newsletter").text
    assert 'role="alert"' in page
    assert re.search(r"<h1>Propose an export</h1>", page)
    odd = {**Form(desk.get("/console/account"), "/sign-out").inputs, "recipient": "no\x07body", "purpose": "newsletter"}
    refused = desk.post("/console/exports", data={**odd, "format": "csv", "reason": "x"}, headers=ORIGIN)
    assert refused.status_code == 422
