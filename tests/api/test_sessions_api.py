"""Signing in over HTTP, and what a session opens."""

import pytest
from sqlalchemy import text

from governance.audit.actions import Action
from governance.kernel.work import OPERATOR, open_work
from governance.policies.permissions import Permission
from tests.api.conftest import service_of
from tests.factories.signing import PASSWORD, enrol
from tests.factories.trail import entries


@pytest.fixture
def enrolled(web):
    def make(*roles):
        service = service_of(web.application)
        with open_work(service.database, OPERATOR) as work:
            return enrol(work, *roles)

    return make


def proof(web, member, **other):
    now = service_of(web.application).clock.now()
    return {"email": member.email, "password": PASSWORD, "code": member.code(now), **other}


def sign_in(web, member):
    answer = web.post("/v1/sessions", json=proof(web, member), environ_base={"REMOTE_ADDR": "192.0.2.77"})
    assert answer.status_code == 201, answer.json
    return {"Authorization": f"Bearer {answer.json['token']}"}


def test_a_session_opens_what_the_roles_permit_and_nothing_else(web, enrolled):
    steward = sign_in(web, enrolled("steward"))
    made = web.post("/v1/customers", json={"family_name": "Воробьева"}, headers=steward)
    assert made.status_code == 201, made.json
    assert web.get(f"/v1/customers/{made.json['id']}", headers=steward).status_code == 200
    refused = web.get("/v1/proposals", headers=steward)
    assert (refused.status_code, refused.json["type"]) == (403, "forbidden")


def test_sales_see_their_own_clients_only(web, enrolled):
    owner, stranger = enrolled("sales"), enrolled("sales")
    steward = sign_in(web, enrolled("steward"))
    person = {"family_name": "Воробьева", "responsible": str(owner.id)}
    made = web.post("/v1/customers", json=person, headers=steward)
    at = f"/v1/customers/{made.json['id']}"
    assert web.get(at, headers=sign_in(web, owner)).status_code == 200
    assert web.get(at, headers=sign_in(web, stranger)).status_code in (403, 404)


def test_a_session_checks_and_signs_out(web, enrolled):
    session = sign_in(web, enrolled("marketer"))
    asked = {"purpose": "no-such", "channel": "email", "contacts": ["a@example.org"]}
    assert web.post("/v1/consent/checks", json=asked, headers=session).status_code != 401
    [own] = web.get("/v1/sessions", headers=session).json["items"]
    assert own["current"]
    assert web.delete("/v1/sessions/current", headers=session).status_code == 204
    assert web.get("/v1/sessions", headers=session).status_code == 401


def test_a_refused_sign_in_is_on_record_and_says_nothing_of_the_account(web, enrolled):
    member = enrolled("steward")
    known = web.post("/v1/sessions", json=proof(web, member, password="a wrong one"))
    unknown = web.post("/v1/sessions", json=proof(web, member, email="nobody@example.org"))
    assert known.status_code == unknown.status_code == 401
    assert known.json["detail"] == unknown.json["detail"]
    with open_work(service_of(web.application).database, OPERATOR) as work:
        named = [entry.object and entry.object.id for entry in entries(work, Action.LOGIN_REFUSED)]
    assert member.id in named
    assert None in named


def test_failures_are_counted_though_they_are_rolled_back(web, enrolled):
    member = enrolled("steward")
    wrong = proof(web, member, password="a wrong one")
    statuses = [web.post("/v1/sessions", json=wrong, environ_base={"REMOTE_ADDR": "192.0.2.88"}) for _ in range(6)]
    assert [one.status_code for one in statuses[:5]] == [401] * 5
    assert statuses[5].status_code == 429
    assert int(statuses[5].headers["Retry-After"]) >= 1


def test_own_sessions_are_for_staff_and_no_client(web, bearer):
    assert web.get("/v1/sessions", headers=bearer(Permission.CUSTOMERS_READ)).status_code == 401
    assert web.get("/v1/sessions").status_code == 401


def test_an_invitation_made_over_http_is_accepted_without_session(web, enrolled):
    admin = sign_in(web, enrolled("admin"))
    invited = web.post("/v1/staff", json={"name": "Новый", "email": "novyi@example.org"}, headers=admin)
    assert invited.status_code == 201, invited.json
    assert set(invited.json) == {"staff", "expires_at"}
    again = web.post(f"/v1/staff/{invited.json['staff']}/invitations", headers=admin)
    assert again.status_code == 201
    spent = {"token": f"gov_invitation_{'a' * 16}_{'a' * 52}", "password": PASSWORD}
    assert web.post("/v1/invitations/acceptances", json=spent).status_code == 404


def test_a_confirmation_needs_the_session_and_both_proofs(web, enrolled):
    member = enrolled("admin")
    session = sign_in(web, member)
    given = {"password": PASSWORD, "code": member.recovery_codes[0]}
    wrong = {**given, "password": "a wrong one"}
    at = "/v1/sessions/current/confirmations"
    assert web.post(at, json=given).status_code == 401
    assert web.post(at, json=wrong, headers=session).status_code == 401
    assert web.post(at, json=given, headers=session).status_code == 204


def test_a_dangerous_act_waits_for_a_confirmation(web, enrolled):
    member = enrolled("admin")
    session = sign_in(web, member)
    with open_work(service_of(web.application).database, OPERATOR) as work:
        aged = "UPDATE staff_session SET confirmed_at = confirmed_at - interval '10 minutes' WHERE staff_id = :staff"
        work.session.execute(text(aged), {"staff": member.id})
    asked = {"name": "Новая", "email": f"{member.id}@example.org"}
    refused = web.post("/v1/staff", json=asked, headers=session)
    assert (refused.status_code, refused.json["type"]) == (401, "confirmation-needed")
    assert web.get("/v1/proposals", headers=session).status_code == 200
    given = {"password": PASSWORD, "code": member.recovery_codes[0]}
    assert web.post("/v1/sessions/current/confirmations", json=given, headers=session).status_code == 204
    assert web.post("/v1/staff", json=asked, headers=session).status_code == 201


def test_a_person_leaves_by_the_hand_of_another_and_nobody_resets_his_own_factor(web, enrolled):
    admin, sales, heir = enrolled("admin"), enrolled("sales"), enrolled("sales")
    session, gone = sign_in(web, admin), sign_in(web, sales)
    made = web.post("/v1/customers", json={"family_name": "Воробьева"}, headers=gone)
    assert made.status_code == 201, made.json
    own = web.post(f"/v1/staff/{admin.id}/factor-resets", headers=session)
    assert (own.status_code, own.json["type"]) == (403, "own-factor")
    left = web.post(f"/v1/staff/{sales.id}/departures", json={"successor": str(heir.id)}, headers=session)
    assert (left.status_code, left.json["clients_handed"]) == (201, 1)
    at = f"/v1/customers/{made.json['id']}"
    assert web.get(at, headers=gone).status_code == 401
    assert web.get(at, headers=sign_in(web, heir)).status_code == 200


def test_a_password_is_changed_by_whoever_shows_anew_who_they_are(web, enrolled):
    anna = enrolled("steward")
    session = sign_in(web, anna)
    proof = {"password": PASSWORD, "code": anna.recovery_codes[0], "new_password": "Fünf grüne Boote am Kai"}
    weak = web.post("/v1/sessions/current/password-changes", json={**proof, "new_password": "short"}, headers=session)
    assert (weak.status_code, list(weak.json["errors"])) == (422, ["new_password"])
    wrong = web.post("/v1/sessions/current/password-changes", json={**proof, "password": "x"}, headers=session)
    assert wrong.status_code == 401
    assert web.post("/v1/sessions/current/password-changes", json=proof).status_code == 401
    assert web.post("/v1/sessions/current/password-changes", json=proof, headers=session).status_code == 204
    assert web.get("/v1/sessions", headers=session).status_code == 200
