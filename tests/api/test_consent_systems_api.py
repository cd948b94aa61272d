"""Records, receipts and transfers over HTTP."""

import pytest
from flask.testing import FlaskClient

from governance.kernel.ids import uuid4
from governance.policies.permissions import Permission
from tests.api.conftest import Bearer
from tests.factories.recording import an_email, make


@pytest.fixture
def refusal(web: FlaskClient, system: dict[str, str]) -> dict[str, str]:
    """An event, and whose it is."""
    customer = make(web, system, contacts=[{"kind": "email", "value": an_email()}])["id"]
    said = {
        "kind": "refused",
        "purpose": "third_parties",
        "channel": "email",
        "method": "phone",
        "customer_id": customer,
    }
    answer = web.post("/v1/consent/events", json=said, headers=system)
    assert answer.status_code == 201, answer.text
    return {"event": answer.json["id"], "customer": customer}


@pytest.mark.parametrize(("form", "kind"), [("record", "dpv:ConsentRecord"), ("receipt", "dpv:ConsentReceipt")])
def test_an_event_has_a_record_and_a_receipt_in_json_ld(
    web: FlaskClient, system: dict[str, str], refusal: dict[str, str], form: str, kind: str
) -> None:
    answer = web.get(f"/v1/consent/events/{refusal['event']}/{form}", headers=system)

    assert (answer.status_code, answer.mimetype) == (200, "application/ld+json")
    document = answer.get_json(force=True)
    assert document["@type"] == kind
    assert document["@context"]["dpv"] == "https://w3id.org/dpv#"
    assert web.get(f"/v1/consent/events/{uuid4()}/{form}", headers=system).status_code == 404


def test_records_are_for_those_who_may_read_consents(web: FlaskClient, bearer: Bearer, refusal: dict[str, str]) -> None:
    checker = bearer(Permission.CONSENT_CHECK)
    assert web.get(f"/v1/consent/events/{refusal['event']}/record", headers=checker).status_code == 403


def test_a_transfer_is_refused_for_whoever_did_not_agree(
    web: FlaskClient, system: dict[str, str], refusal: dict[str, str]
) -> None:
    question = {"purpose": "third_parties", "channels": ["email"], "recipient": "partner-7"}
    one = web.post("/v1/consent/transfers", json={**question, "customers": [refusal["customer"]]}, headers=system)
    everybody = web.post("/v1/consent/transfers", json=question, headers=system)
    wrong = web.post("/v1/consent/transfers", json={**question, "purpose": "newsletter"}, headers=system)

    assert one.status_code == 200, one.text
    assert {**one.json, "decision_id": None} == {
        "decision_id": None,
        "considered": 1,
        "allowed": [],
        "refused": {"refused": 1},
        "next_cursor": None,
    }
    assert everybody.json["considered"] >= 1
    assert (wrong.status_code, set(wrong.json["errors"])) == (422, {"purpose"})
    entry = web.get(f"/v1/audit/entries/{one.json['decision_id']}", headers=system).json
    assert entry["action"] == "consent:transfer:decided"
