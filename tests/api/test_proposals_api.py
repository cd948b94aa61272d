"""Four eyes over HTTP."""

from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from governance.accounts import errors as accounts_errors
from governance.accounts import operations as accounts
from governance.kernel.ids import uuid4
from governance.kernel.work import OPERATOR, open_work
from governance.policies.permissions import Permission
from tests.api.conftest import SignIn, bearer_for, service_of
from tests.conftest import NOW
from tests.factories.signing import enrol

HOLD = {"compartments": ["profile"], "reason": "Иск", "review_at": NOW.replace(year=2099).isoformat()}


def member(web: FlaskClient, *roles: str) -> str:
    with open_work(service_of(web.application).database, OPERATOR) as work:
        return str(enrol(work, *roles).id)


def carry_out(web: FlaskClient) -> None:
    service = service_of(web.application)
    with open_work(service.database, OPERATOR) as work:
        waiting = accounts.list_proposals(work, state=accounts.ProposalState.APPROVED)
        done = [accounts.execute(replace(work), proposal=one.id) for one in waiting]
    assert all(done)


@pytest.fixture
def hold(own_web: FlaskClient) -> str:
    """Address of a hold."""
    system = bearer_for(own_web.application, Permission.CUSTOMERS_CREATE, Permission.CUSTOMERS_HOLD)
    person = own_web.post("/v1/customers", json={"family_name": "Воробьева"}, headers=system)
    at = f"/v1/customers/{person.json['id']}/holds"
    return f"{at}/{own_web.post(at, json=HOLD, headers=system).json['id']}"


def test_a_hold_is_released_once_another_officer_approved(own_web: FlaskClient, sign_in: SignIn, hold: str):
    anna, boris, auditor = sign_in("officer"), sign_in("officer"), sign_in("auditor")
    marks = hold.partition("/holds/")[0] + "/marks"

    keyed = {**anna, "Idempotency-Key": str(uuid4())}
    proposed = own_web.post(f"{hold}/releases", json={"reason": "Мировая"}, headers=keyed)
    assert (proposed.status_code, proposed.json["state"]) == (202, "open")
    repeated = own_web.post(f"{hold}/releases", json={"reason": "Мировая"}, headers=keyed)
    assert (repeated.status_code, repeated.json) == (202, {"id": proposed.json["id"]})
    assert own_web.post(f"{hold}/releases", json={"reason": "Ещё раз"}, headers=boris).status_code == 409
    place, approval = f"/v1/proposals/{proposed.json['id']}", {"digest": proposed.json["digest"]}

    listed = own_web.get("/v1/proposals?state=open", headers=auditor).json
    assert [(one["id"], one["reason"]) for one in listed["items"]] == [(proposed.json["id"], None)]
    assert own_web.get(place, headers=boris).json["reason"] == "Мировая"
    own = own_web.post(f"{place}/approvals", json=approval, headers=anna)
    assert (own.status_code, own.json["type"]) == (403, "own-proposal")
    assert own_web.post(f"{place}/approvals", json=approval, headers=auditor).status_code == 403
    wrong = own_web.post(f"{place}/approvals", json={"digest": "0" * 64}, headers=boris)
    assert (wrong.status_code, wrong.json["type"]) == (409, "proposal-altered")
    assert own_web.get(marks, headers=anna).json["holds"][0]["released_at"] is None

    approved = own_web.post(f"{place}/approvals", json=approval, headers=boris)
    assert (approved.status_code, approved.json["state"]) == (202, "approved")
    again = own_web.post(f"{place}/approvals", json=approval, headers=boris)
    assert (again.status_code, again.json["type"]) == (409, "proposal-decided")
    carry_out(own_web)
    assert own_web.get(marks, headers=anna).json["holds"][0]["released_at"] is not None
    assert own_web.get(place, headers=auditor).json["state"] == "executed"
    assert own_web.post(f"{hold}/releases", json={"reason": "x"}, headers=anna).status_code == 409


def test_a_sole_officer_releases_a_hold_at_once(own_web: FlaskClient, sign_in: SignIn, hold: str):
    anna = sign_in("officer")
    assert own_web.post(f"{hold}/releases", json={"reason": " "}, headers=anna).status_code == 422
    done = own_web.post(f"{hold}/releases", json={"reason": "Мировая"}, headers=anna)
    assert (done.status_code, done.json["state"], done.json["alone"]) == (202, "executed", True)


def test_a_role_is_refused_and_another_granted(own_web: FlaskClient, sign_in: SignIn):
    anna, boris = sign_in("admin"), sign_in("admin")
    oleg = member(own_web, "sales")
    asked = own_web.post(f"/v1/staff/{oleg}/roles", json={"role": "officer", "reason": "x"}, headers=anna)
    assert (asked.status_code, asked.json["payload"]) == (202, {"staff": oleg, "role": "officer"})
    place = f"/v1/proposals/{asked.json['id']}"
    assert own_web.post(f"{place}/refusals", json={"reason": ""}, headers=boris).status_code == 422
    refused = own_web.post(f"{place}/refusals", json={"reason": "Не нужно"}, headers=boris)
    assert (refused.status_code, refused.json["answer"]) == (200, "Не нужно")
    assert (
        own_web.post(f"/v1/staff/{oleg}/roles", json={"role": "king", "reason": "x"}, headers=anna).status_code == 422
    )
    assert (
        own_web.post(f"/v1/staff/{oleg}/roles", json={"role": "sales", "reason": "x"}, headers=anna).status_code == 409
    )
    nobody = own_web.post(f"/v1/staff/{uuid4()}/roles", json={"role": "sales", "reason": "x"}, headers=anna)
    assert nobody.status_code == 404


def test_pages_of_proposals_follow_each_other(own_web: FlaskClient, sign_in: SignIn):
    anna = sign_in("admin")
    sign_in("admin")
    oleg = member(own_web)
    for role in ("sales", "support", "steward"):
        own_web.post(f"/v1/staff/{oleg}/roles", json={"role": role, "reason": "x"}, headers=anna)
    first = own_web.get("/v1/proposals?limit=2", headers=anna).json
    second = own_web.get(f"/v1/proposals?limit=2&cursor={first['next_cursor']}", headers=anna).json
    roles = [one["payload"]["role"] for one in [*first["items"], *second["items"]]]
    assert (roles, second["next_cursor"]) == (["steward", "support", "sales"], None)


def test_no_system_can_be_given_what_needs_a_person(own_web: FlaskClient):
    for scope in (Permission.CUSTOMERS_RELEASE, Permission.PROPOSALS_DECIDE, Permission.ACCOUNTS_GRANT):
        with pytest.raises(accounts_errors.UnknownScopeError):
            bearer_for(own_web.application, scope)
