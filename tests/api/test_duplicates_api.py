"""Probable duplicates over HTTP."""

from flask.testing import FlaskClient

from governance.api.paging import encode_cursor
from governance.intake.duplicates_store import find_duplicates
from governance.kernel.ids import uuid4
from governance.kernel.work import SYSTEM
from governance.policies.permissions import Permission
from tests.api.conftest import bearer_for, service_of


def test_pairs_are_listed_page_by_page_and_told_apart(own_web: FlaskClient) -> None:
    app = own_web.application
    headers = bearer_for(app, Permission.CUSTOMERS_CREATE, Permission.DUPLICATES_READ, Permission.DUPLICATES_DECIDE)
    made = []
    for name in ("Vorobyeva Irina", "Воробьева Ирина", "Орлова Анна", "Orlova Anna"):
        family, given = name.split()
        said = {
            "family_name": family,
            "given_name": given,
            "birth_date": "1982-08-09",
            "contacts": [{"kind": "email", "value": f"{'i' if given[0] in 'IИ' else 'a'}@example.org"}],
        }
        made.append(own_web.post("/v1/customers", json=said, headers=headers).json["id"])
    find_duplicates(service_of(app).database, actor=SYSTEM)

    first = own_web.get("/v1/duplicates?limit=1", headers=headers).json
    second = own_web.get(f"/v1/duplicates?limit=1&cursor={first['next_cursor']}", headers=headers).json
    pairs = first["items"] + second["items"]
    assert second["next_cursor"] is None
    assert {frozenset(pair["customers"]) for pair in pairs} == {frozenset(made[:2]), frozenset(made[2:])}
    assert all("same-email" in pair["reasons"] and pair["state"] == "open" for pair in pairs)

    denied = own_web.post(f"/v1/duplicates/{pairs[0]['id']}/denials", headers=headers)
    assert (denied.status_code, denied.json["state"]) == (200, "apart")
    left = own_web.get("/v1/duplicates", headers=headers).json["items"]
    assert [pair["id"] for pair in left] == [pairs[1]["id"]]
    beyond = own_web.get(f"/v1/duplicates?cursor={encode_cursor(2**15, uuid4())}", headers=headers)
    assert (beyond.status_code, list(beyond.json["errors"])) == (422, ["cursor"])
    apart = own_web.get("/v1/duplicates?state=apart", headers=headers).json["items"]
    assert [pair["id"] for pair in apart] == [pairs[0]["id"]]


def test_a_pair_that_is_not_there_is_not_found(own_web: FlaskClient) -> None:
    headers = bearer_for(own_web.application, Permission.DUPLICATES_DECIDE)
    told = own_web.post("/v1/duplicates/00000000-0000-7000-8000-000000000000/denials", headers=headers)
    assert (told.status_code, told.json["type"].rpartition(":")[2].rpartition("/")[2]) == (404, "not-found")
