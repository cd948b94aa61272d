"""Exports over HTTP: recipients, proposal, download once, and a leaked file traced back."""

import io

import psycopg
from flask.testing import FlaskClient

from governance.accounts import operations as accounts
from governance.disclosures import making
from governance.disclosures.operations import ExportId
from governance.kernel.ids import uuid4
from governance.kernel.work import OPERATOR, SYSTEM, open_work
from tests.api.conftest import SignIn, service_of
from tests.conftest import Store
from tests.factories import exporting

RECIPIENT = {
    "key": "letters",
    "name": "Letters GmbH",
    "kind": "processor",
    "country": "DE",
    "purposes": ["service"],
    "fields": ["person.family_name", "contact.email"],
    "safeguard": "domestic",
}


def people(web: FlaskClient, number: int) -> list[str]:
    with open_work(service_of(web.application).database, OPERATOR) as work:
        exporting.firm(work)
        return [str(one) for one in exporting.buyers(work, number)]


def carry_out(web: FlaskClient, proposal: str) -> None:
    database = service_of(web.application).database
    with open_work(database, SYSTEM) as work:
        waiting = accounts.list_proposals(work, state=accounts.ProposalState.APPROVED)
        assert all(accounts.execute(work, proposal=one.id) for one in waiting)
        [export] = [one.id for one in waiting if str(one.id) == proposal]
    making.make(database, export=ExportId(export))


def test_an_export_is_proposed_approved_fetched_once_and_traced_back(own_web: FlaskClient, sign_in: SignIn) -> None:
    anna, boris, auditor = sign_in("steward"), sign_in("officer"), sign_in("auditor")
    chosen = people(own_web, 4)
    assert own_web.post("/v1/recipients", json=RECIPIENT, headers=boris).status_code == 201
    assert own_web.post("/v1/recipients", json=RECIPIENT, headers=anna).status_code == 403
    order = {
        "recipient": "letters",
        "purpose": "service",
        "channels": ["email"],
        "format": "csv",
        "fields": ["person.family_name", "contact.email"],
        "customers": chosen,
        "reason": "Переезд склада",
    }

    wrong = own_web.post("/v1/exports", json={**order, "fields": ["person.birth_date"]}, headers=anna)
    assert (wrong.status_code, set(wrong.json["errors"])) == (422, {"fields"})
    assert own_web.post("/v1/exports", json=order, headers=auditor).status_code == 403
    made = own_web.post("/v1/exports", json=order, headers={**anna, "Idempotency-Key": str(uuid4())})
    assert (made.status_code, made.json["state"], made.json["payload"]["people"]) == (202, "open", 4)
    place = f"/v1/exports/{made.json['id']}"
    assert own_web.get(place, headers=anna).status_code == 404
    approval = {"digest": made.json["digest"]}
    assert own_web.post(f"/v1/proposals/{made.json['id']}/approvals", json=approval, headers=boris).status_code == 202
    carry_out(own_web, made.json["id"])

    ready = own_web.get(place, headers=auditor).json
    assert (ready["state"], ready["rows"], ready["left_out"]) == ("ready", 4, {})
    assert own_web.post(f"{place}/downloads", headers=boris).status_code == 403
    file = own_web.post(f"{place}/downloads", headers=anna)
    assert (file.status_code, file.headers["Cache-Control"]) == (200, "no-store")
    assert len(exporting.lines(file.data)) == 4
    again = own_web.post(f"{place}/downloads", headers=anna)
    assert (again.status_code, again.json["type"]) == (409, "export-not-there")
    assert [one["state"] for one in own_web.get("/v1/exports", headers=boris).json["items"]] == ["destroyed"]

    leaked = {"file": (io.BytesIO(b"\n".join(file.data.splitlines()[2:])), "found.csv")}
    traced = own_web.post("/v1/exports/traces", data=leaked, headers=boris)
    assert traced.status_code == 200, traced.json
    assert (traced.json["recognised"], traced.json["certain"]) == (3, True)
    assert [one["export"] for one in traced.json["suspects"]] == [made.json["id"]]


def test_recipients_are_listed_and_retired_with_their_history(own_web: FlaskClient, sign_in: SignIn) -> None:
    officer = sign_in("officer")
    people(own_web, 1)
    own_web.post("/v1/recipients", json=RECIPIENT, headers=officer)
    own_web.post("/v1/recipients", json={**RECIPIENT, "contact": "Olena Koval"}, headers=officer)

    typo = own_web.post("/v1/recipients", json={**RECIPIENT, "purposes": ["newslettr"]}, headers=officer)
    assert (typo.status_code, "newslettr" in typo.json["errors"]["purposes"][0]) == (422, True)
    [shown] = own_web.get("/v1/recipients", headers=officer).json["items"]
    assert (shown["version"], shown["contact"]) == (2, "Olena Koval")
    assert own_web.post("/v1/recipients/letters/retirement", headers=officer).json["retired"]
    assert own_web.get("/v1/recipients", headers=officer).json["items"] == []
    assert own_web.get("/v1/recipients?retired=false", headers=officer).json["items"] == []
    assert [one["retired"] for one in own_web.get("/v1/recipients?retired=true", headers=officer).json["items"]] == [
        True
    ]
    history = own_web.get("/v1/recipients/letters/versions", headers=officer).json["items"]
    assert [one["version"] for one in history] == [3, 2, 1]
    assert own_web.get("/v1/recipients/nobody/versions", headers=officer).status_code == 404


def test_an_export_is_fetched_by_whoever_has_shown_lately_who_he_is(
    own_web: FlaskClient, sign_in: SignIn, fresh_store: Store
) -> None:
    anna, place = sign_in("officer"), f"/v1/exports/{uuid4()}/downloads"
    assert own_web.post(place, headers=anna).status_code == 404
    with psycopg.connect(fresh_store.admin_url) as connection:
        connection.execute("UPDATE staff_session SET confirmed_at = now() - interval '11 minutes'")
    stale = own_web.post(place, headers=anna)
    assert (stale.status_code, stale.json["type"]) == (401, "confirmation-needed")
    assert own_web.post("/v1/exports", json={}, headers=anna).json["type"] == "confirmation-needed"
    assert own_web.get("/v1/exports", headers=anna).status_code == 200
    system = {"Authorization": "Bearer gov_nothing_here"}
    assert own_web.post(place, headers=system).status_code == 401


def test_whose_data_leaked_is_told_over_http(own_web: FlaskClient, sign_in: SignIn) -> None:
    auditor, anna = sign_in("auditor"), sign_in("officer")
    [somebody] = people(own_web, 1)
    assert own_web.get(f"/v1/customers/{somebody}", headers=anna).status_code == 200
    staff = own_web.get("/v1/audit/entries?action=customers:person:read", headers=auditor).json["items"][0]
    actor = staff["actor"]["id"] if "actor" in staff else staff["actor_id"]

    found = own_web.get(f"/v1/audit/exposure?actor={actor}&from=2020-01-01T00:00:00Z", headers=auditor)
    assert found.status_code == 200, found.json
    assert (found.json["people"], found.json["fields"]) == (1, {})
    assert [one["person"] for one in found.json["named"]] == [somebody]
    assert [one["citation"] for one in found.json["duties"]] == ["GDPR Art. 33(1)", "GDPR Art. 34(1)"]
    assert own_web.get("/v1/audit/exposure", headers=auditor).status_code == 422
    assert own_web.get(f"/v1/audit/exposure?actor={actor}", headers=sign_in("steward")).status_code == 403
