"""The portal's codes and sessions over HTTP, as a page or a stranger uses them."""

import pytest

from governance.api.limits import Limiter
from governance.customers import operations as customers
from governance.customers.contact_values import ContactSaid
from governance.kernel.ids import uuid4
from governance.kernel.work import OPERATOR, open_work
from governance.messages import outbox
from tests.api.conftest import service_of


@pytest.fixture
def last_code(web):
    """The code that was sent last."""

    def find(recipient):
        code = ""
        with open_work(service_of(web.application).database, OPERATOR) as work:
            while (lent := outbox.lend(work)) is not None:
                code = str(lent.values["code"]) if lent.recipient == recipient else code
        assert code
        return code

    return find


@pytest.fixture
def person(web):
    """Somebody with an address of their own, never verified, and a birth date; answers the address."""
    address = f"{uuid4().hex}@example.org"
    with open_work(service_of(web.application).database, OPERATOR) as work:
        said = [ContactSaid(kind="email", value=address)]
        customers.create(work, fields={"family_name": "Рябова", "birth_date": "1982-08-09"}, contacts=said)
    return address


def place(number):
    return {"environ_base": {"REMOTE_ADDR": f"198.51.100.{number}"}}


def ask(web, email, number=1):
    return web.post("/v1/portal/codes", json={"email": email}, **place(number))


def bearer(answer):
    return {"Authorization": f"Bearer {answer.json['token']}"}


def test_the_answer_is_the_same_for_known_and_unknown_contacts(web, person):
    known, unknown = ask(web, person), ask(web, f"{uuid4().hex}@example.org")
    assert known.status_code == unknown.status_code == 202
    assert set(known.json) == set(unknown.json) == {"id", "expires_at"}
    headers = [{name: value for name, value in one.headers if name != "X-Request-Id"} for one in (known, unknown)]
    assert headers[0] == headers[1]


def test_a_visitor_comes_by_a_code_tells_who_they_are_and_leaves(web, person, last_code):
    sent = ask(web, person, 2)
    begun = web.post("/v1/portal/sessions", json={"id": sent.json["id"], "code": last_code(person)})
    assert (begun.status_code, begun.json["held"], begun.json["sure"]) == (201, "one", False)
    assert begun.json["powers"] == ["portal:opt_out"]
    fact = {"fact": "birth_date", "value": "1982-08-08"}
    wrong = web.post("/v1/portal/session/second-fact", json=fact, headers=bearer(begun))
    assert (wrong.status_code, wrong.json["type"]) == (403, "not-confirmed")
    fact = {"fact": "birth_date", "value": "1982-08-09"}
    sure = web.post("/v1/portal/session/second-fact", json=fact, headers=bearer(begun))
    assert (sure.status_code, sure.json["sure"], sure.json["step_up"]) == (200, True, "no_second_contact")
    assert web.get("/v1/portal/session", headers=bearer(begun)).status_code == 401
    seen = web.get("/v1/portal/session", headers=bearer(sure))
    assert "portal:read" in seen.json["powers"]
    assert seen.json["token"] is None
    assert web.delete("/v1/portal/session", headers=bearer(sure)).status_code == 204
    assert web.get("/v1/portal/session", headers=bearer(sure)).status_code == 401


def test_an_unknown_contact_is_told_so_after_the_proof(web, last_code):
    address = f"{uuid4().hex}@example.org"
    sent = ask(web, address, 3)
    begun = web.post("/v1/portal/sessions", json={"id": sent.json["id"], "code": last_code(address)})
    assert (begun.json["held"], begun.json["message"]) == ("nobody", "Nothing is held under this contact.")


def test_a_code_is_not_found_by_trying(web, person, last_code):
    sent = ask(web, person, 4)
    right = last_code(person)
    wrong = f"{(int(right.replace(' ', '')) + 1) % 10**8:08}"

    def tried(code):
        answer = web.post("/v1/portal/sessions", json={"id": sent.json["id"], "code": code}, **place(4))
        return answer.status_code, answer.json["type"]

    assert [tried(wrong) for _ in range(5)] == [(403, "wrong-code")] * 5
    assert tried(right) == (403, "wrong-code")


def test_wrong_codes_count_against_the_network_that_they_come_from(web):
    service = service_of(web.application)
    object.__setattr__(service, "strangers", Limiter(3))
    guess = {"id": str(uuid4()), "code": "12345678"}
    statuses = [web.post("/v1/portal/sessions", json=guess, **place(5)).status_code for _ in range(4)]
    assert statuses == [403, 403, 403, 429]


def test_a_token_that_somebody_brings_along_is_never_taken_over(web, person, last_code):
    own = f"{uuid4().hex}@example.org"
    first = ask(web, own, 6)
    planted = web.post("/v1/portal/sessions", json={"id": first.json["id"], "code": last_code(own)})
    second = ask(web, person, 6)
    given = {"id": second.json["id"], "code": last_code(person)}
    begun = web.post("/v1/portal/sessions", json=given, headers=bearer(planted))
    assert begun.json["token"] != planted.json["token"]
    fact = {"fact": "birth_date", "value": "1982-08-09"}
    sure = web.post("/v1/portal/session/second-fact", json=fact, headers=bearer(begun))
    assert sure.json["sure"]
    left = web.get("/v1/portal/session", headers=bearer(planted)).json
    assert (left["held"], left["powers"]) == ("nobody", ["portal:opt_out"])


def test_no_cookie_is_given_and_none_lets_anybody_in(web, person, last_code):
    sent = ask(web, person, 7)
    begun = web.post("/v1/portal/sessions", json={"id": sent.json["id"], "code": last_code(person)})
    assert "Set-Cookie" not in sent.headers
    assert "Set-Cookie" not in begun.headers
    web.set_cookie("session", begun.json["token"])
    web.set_cookie("token", begun.json["token"])
    assert web.get("/v1/portal/session").status_code == 401
    assert web.delete("/v1/portal/session").status_code == 401


def test_the_token_of_the_portal_opens_nothing_else_and_no_other_opens_the_portal(web, person, last_code, system):
    sent = ask(web, person, 8)
    begun = web.post("/v1/portal/sessions", json={"id": sent.json["id"], "code": last_code(person)})
    for path in ("/v1/customers", "/v1/sessions", "/v1/alerts"):
        assert web.get(path, headers=bearer(begun)).status_code == 401
    assert web.get("/v1/portal/session", headers=system).status_code == 401


def test_it_has_to_be_clear_where_the_code_is_to_go(web):
    for order in ({}, {"email": "a@example.org", "phone": "+380501234567"}, {"email": "Ирина"}):
        assert web.post("/v1/portal/codes", json=order, **place(9)).status_code == 422
