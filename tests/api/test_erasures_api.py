"""Erasures at the door of systems: looked at, begun with a reason, followed, certified."""

from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from governance.audit import sequencer
from governance.audit.anchors import FileAnchor
from governance.audit.checkpoints import Outside, Signer
from governance.erasure import operations as erasure
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


def test_the_certificate_comes_as_json_and_as_a_page_for_people_in_each_language(door, tmp_path):
    web, who, person = officer(door)
    service = service_of(door)
    asked = {"customer": person, "reason": "Brief vom 3. Mai"}
    begun = web.post("/v1/erasures", json=asked, headers={**who, "Idempotency-Key": str(uuid4())}).json["id"]
    assert erasure.run(service.database, erasure=erasure.ErasureId(UUID(begun)), clock=service.clock)
    sequencer.drain(service.database)
    outside = Outside(tmp_path / "audit")
    signer = Signer(service.database, Ed25519PrivateKey.generate(), outside, [FileAnchor(outside.anchor_path)])
    signer.sign(clock=service.clock)

    path = f"/v1/erasures/{begun}/certificate"
    made = web.get(path, headers=who)
    assert (made.status_code, made.content_type) == (200, "application/json")
    assert begun in made.text
    pages = {language: web.get(f"{path}?form=pdf&language={language}", headers=who) for language in ("en", "ru", "uk")}
    for language, page in pages.items():
        assert (page.status_code, page.content_type) == (200, "application/pdf"), language
        assert page.data.startswith(b"%PDF-"), language
        assert f'filename="erasure-{begun}-1.pdf"' in page.headers["Content-Disposition"]
    assert len({page.data for page in pages.values()}) == 3
    assert web.get(f"{path}?form=pdf&language=de", headers=who).status_code == 422
    assert web.get(f"{path}?form=docx", headers=who).status_code == 422
    assert web.get(f"{path}?form=pdf&number=2", headers=who).status_code == 409
    assert web.get(f"{path}?form=pdf").status_code == 401


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
