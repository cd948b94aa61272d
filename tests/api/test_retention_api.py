"""Retention over HTTP: drafted, simulated, put into force by two, run, and certified."""

from flask.testing import FlaskClient

from governance.kernel.work import OPERATOR, SYSTEM, open_work
from governance.policies.permissions import Permission
from governance.reference.operations import set_controller
from governance.retention import operations as retention
from governance.retention.operations import RunId
from tests.api.conftest import bearer_for, service_of
from tests.factories.keeping import ACTIVITY
from tests.factories.signing import bearer_of, enrol


def test_a_policy_goes_from_its_document_to_a_run(own_web: FlaskClient) -> None:
    database = service_of(own_web.application).database
    with open_work(database, OPERATOR) as work:
        set_controller(work, legal_name="ТОВ Ромашка", address="Київ", country="UA")
        officer = enrol(work, "officer")
    bearer = bearer_of(own_web, officer)

    [drafted] = own_web.post("/v1/retention/policies", json={"document": ACTIVITY}, headers=bearer).json
    assert (drafted["key"], drafted["state"], drafted["keep"]) == ("behaviour", "draft", "P1Y1M")
    place = f"/v1/retention/policies/{drafted['id']}"
    early = own_web.post(f"{place}/activations", json={"reason": "x"}, headers=bearer)
    assert (early.status_code, early.json["type"]) == (409, "not-simulated")
    foreseen = own_web.post(f"{place}/simulations", json={}, headers=bearer).json
    assert [(one["key"], one["rows"], len(one["curve"])) for one in foreseen["policies"]] == [("behaviour", 0, 24)]
    alone = own_web.post(f"{place}/activations", json={"reason": "Decided."}, headers=bearer)
    assert (alone.status_code, alone.json["state"]) == (202, "executed")
    assert own_web.get(place, headers=bearer).json["state"] == "active"

    begun = own_web.post("/v1/retention/runs", json={}, headers=bearer)
    assert (begun.status_code, begun.json["state"]) == (202, "running")
    again = own_web.post("/v1/retention/runs", json={}, headers=bearer)
    assert (again.status_code, again.json["type"]) == (409, "run-open")
    run = begun.json["id"]
    retention.see_through(database, actor=SYSTEM, run=RunId(run), rest=0)
    assert own_web.get(f"/v1/retention/runs/{run}", headers=bearer).json["state"] == "done"
    early = own_web.get(f"/v1/retention/runs/{run}/certificate", headers=bearer)
    assert (early.status_code, early.json["type"]) == (409, "not-certified")  # no checkpoint was signed here
    over = own_web.post(f"/v1/retention/runs/{run}/stops", headers=bearer)
    assert over.status_code == 409
    second = own_web.post("/v1/retention/runs", json={}, headers=bearer).json["id"]
    page = own_web.get("/v1/retention/runs?limit=1", headers=bearer).json
    assert [one["id"] for one in page["items"]] == [second]
    rest = own_web.get(f"/v1/retention/runs?limit=1&cursor={page['next_cursor']}", headers=bearer).json
    assert ([one["id"] for one in rest["items"]], rest["next_cursor"]) == ([run], None)


def test_a_system_may_look_and_nothing_more(own_web: FlaskClient) -> None:
    with open_work(service_of(own_web.application).database, OPERATOR) as work:
        set_controller(work, legal_name="ТОВ Ромашка", address="Київ", country="UA")
    bearer = bearer_for(own_web.application, Permission.RETENTION_READ)

    assert own_web.post("/v1/retention/simulations", json={}, headers=bearer).status_code == 200
    assert own_web.post("/v1/retention/runs", json={}, headers=bearer).status_code == 403
    assert own_web.post("/v1/retention/policies", json={"document": ACTIVITY}, headers=bearer).status_code == 403


def test_the_fiscal_year_is_looked_at_and_set(own_web: FlaskClient) -> None:
    with open_work(service_of(own_web.application).database, OPERATOR) as work:
        set_controller(work, legal_name="Boutique", address="Paris", country="FR")
        officer = enrol(work, "officer")
    bearer, place = bearer_of(own_web, officer), "/v1/retention/fiscal-year"

    assert own_web.get(place, headers=bearer).json == {"begins": "01-01"}
    assert own_web.put(place, json={"begins": "07-01"}, headers=bearer).json == {"begins": "07-01"}
    wrong = own_web.put(place, json={"begins": "02-29"}, headers=bearer)
    assert (wrong.status_code, list(wrong.json["errors"])) == (422, ["fiscal_year"])
    assert own_web.get(place, headers=bearer).json == {"begins": "07-01"}
