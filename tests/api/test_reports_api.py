"""Reports over HTTP."""

from flask.testing import FlaskClient

from governance.intake.snapshots import take_snapshot
from governance.kernel.work import SYSTEM
from governance.policies.permissions import Permission
from tests.api.conftest import bearer_for, service_of


def test_freshness_and_quality_are_told_once_they_were_counted(own_web: FlaskClient) -> None:
    app = own_web.application
    listing = (Permission.CUSTOMERS_CREATE, Permission.CUSTOMERS_LIST, Permission.REPORTS_READ)
    headers = bearer_for(app, *listing, Permission.CONSENT_READ)
    assert own_web.get("/v1/reports/freshness", headers=headers).status_code == 404
    said = {"family_name": "Воробьева", "acquired_at": "2020-01-01T00:00:00Z"}
    customer = own_web.post("/v1/customers", json=said, headers=headers).json["id"]
    take_snapshot(service_of(app).database, actor=SYSTEM)

    fresh = own_web.get("/v1/reports/freshness", headers=headers).json
    assert (fresh["people"], fresh["unverified"], fresh["unreviewed"]) == (1, 1, 0)
    assert {one["outcome"] for one in fresh["counts"]} <= {"silent", "ask_elsewhere"}
    (day,) = own_web.get("/v1/reports/quality?days=5", headers=headers).json["items"]
    filled = {one["field"]: one["filled"] for one in day["fields"]}
    assert (day["day"], filled["family_name"], filled["city"]) == (fresh["day"], 1, 0)
    few = bearer_for(app, *listing)
    assert own_web.get("/v1/reports/freshness", headers=few).json["unverified"] == "<5"
    (day,) = own_web.get("/v1/reports/quality?days=5", headers=few).json["items"]
    assert {one["filled"] for one in day["fields"]} == {"<5"}
    assert own_web.get("/v1/reports/unverified", headers=few).json["items"] == []
    assert own_web.get("/v1/reports/unverified", headers=headers).json == {"items": [customer], "next_cursor": None}
    asked = own_web.get("/v1/reports/askable?purpose=newsletter&channel=email", headers=headers)
    assert asked.json == {"items": [], "next_cursor": None}
    other_day = own_web.get("/v1/reports/freshness?day=2020-01-01", headers=headers)
    assert other_day.status_code == 404
