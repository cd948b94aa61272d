"""Erasures at the door of systems: looked at, begun with a reason, followed, certified."""

from governance.kernel.ids import SubjectId, uuid4
from governance.kernel.work import OPERATOR, open_work
from tests.api.conftest import door, door_store, service_of
from tests.factories.erasing import somebody
from tests.factories.signing import bearer_of, enrol

__all__ = ["door", "door_store"]


def officer(door, *roles):
    with open_work(service_of(door).database, OPERATOR) as work:
        member = enrol(work, *(roles or ("officer",)))
        person: SubjectId = somebody(work)
    web = door.test_client()
    return web, bearer_of(web, member), str(person)


def test_an_officer_looks_ahead_erases_with_a_reason_and_sees_the_steps(door):
    web, who, person = officer(door)
    plan = web.post("/v1/erasures/plans", json={"customer": person}, headers=who)
    assert plan.status_code == 200, plan.json
    assert {one["compartment"]: one["fate"] for one in plan.json["steps"]}["profile"] == "delete"

    key = {"Idempotency-Key": str(uuid4())}
    begun = web.post("/v1/erasures", json={"customer": person, "reason": "Brief vom 3. Mai"}, headers={**who, **key})
    assert begun.status_code == 202, begun.json
    assert begun.json["steps"][0]["step"] == "suppress"
    shown = web.get(f"/v1/erasures/{begun.json['id']}", headers=who)
    assert shown.json["state"] == "running"
    assert begun.json["id"] in [one["id"] for one in web.get("/v1/erasures", headers=who).json["items"]]
    early = web.get(f"/v1/erasures/{begun.json['id']}/certificate", headers=who)
    assert (early.status_code, early.json["type"]) == (409, "not-certified")
    again = web.post(
        "/v1/erasures", json={"customer": person, "reason": "Noch einmal"}, headers={**who, "Idempotency-Key": "b" * 20}
    )
    assert (again.status_code, again.json["type"]) == (409, "being-erased")


def test_an_erasure_that_does_not_exist_is_not_found(door):
    web, who, _ = officer(door)

    assert web.get(f"/v1/erasures/{uuid4()}", headers=who).json["type"] == "no-such-erasure"
    assert web.post(f"/v1/erasures/{uuid4()}/recipients/{uuid4()}", headers=who).status_code == 404


def test_what_a_law_keeps_is_read_by_whoever_does_the_accounts_with_a_reason(door):
    web, who, _ = officer(door)
    asked = {"reason": "Betriebsprüfung 2025", "number": "A-1"}
    refused = web.post("/v1/erasures/kept-purchases/searches", json=asked, headers=who)
    assert refused.status_code == 403

    web, keeper, _ = officer(door, "bookkeeper")
    found = web.post("/v1/erasures/kept-purchases/searches", json=asked, headers=keeper)
    assert (found.status_code, found.json["items"]) == (200, [])
    unreasoned = web.post("/v1/erasures/kept-purchases/searches", json={"number": "A-1"}, headers=keeper)
    assert unreasoned.status_code == 422
    assert "reason" in unreasoned.json["errors"]
