"""A store that is set up in the browser, by the link from the terminal."""

import re

import pyotp
import pytest

from governance.accounts import operations as accounts
from governance.custody import sheets
from governance.kernel.work import OPERATOR, open_work
from governance.vault.keyring import Keyring
from tests.api.conftest import open_service, service_of
from tests.conftest import NOW
from tests.console.conftest import ORIGIN, Form

PASSWORD = "a sentence that nobody guesses"


@pytest.fixture
def empty(fresh_store, tmp_path, monkeypatch):
    """The service on a store that nobody has set up; sheets are quickly made."""
    monkeypatch.setattr(sheets, "LOG2_N", 4)
    app = open_service(fresh_store, Keyring.create(tmp_path / "secrets" / "keyring.json", now=NOW), tmp_path)
    yield app
    service_of(app).database.dispose()


def test_a_store_is_set_up_by_the_link_step_by_step(empty):
    with open_work(service_of(empty).database, OPERATOR) as work:
        token = accounts.make_setup_link(work)
    web = empty.test_client()

    def send(page, path, **said):
        return web.post(path, data=Form(page, path).filled(**said), headers=ORIGIN)

    begin = web.get(f"/console/setup/{token}")
    assert send(begin, "/console/setup").status_code == 303
    company = web.get("/console/setup")
    wrong = send(company, "/console/setup/controller", legal_name="Daisy", address="Lindenweg 1", country="XX")
    assert wrong.status_code == 422
    assert 'value="Daisy"' in wrong.text
    said = {"legal_name": "Daisy GmbH", "address": "Lindenweg 1, Berlin", "country": "DE"}
    assert send(company, "/console/setup/controller", **said).status_code == 303

    access = web.get("/console/setup")
    wrong = send(access, "/console/setup/officer", name="Olga", email="olga@example.com", password=PASSWORD, again="x")
    assert wrong.status_code == 422
    assert 'value="olga@example.com"' in wrong.text
    proof = {"name": "Olga Ivanova", "email": "olga@example.com", "password": PASSWORD, "again": PASSWORD}
    assert "Second factor" in send(access, "/console/setup/officer", **proof).text
    enrolled = send(web.get("/console/setup"), "/console/setup/officer", **proof)  # left, and gone on with
    secret = re.search(r'<code class="secret">([A-Z2-7]+)</code>', enrolled.text)[1]

    code = pyotp.TOTP(secret).at(service_of(empty).clock.now())
    door = web.get("/console/sign-in?next=/console/first-steps")
    signed = send(door, "/console/sign-in", email="olga@example.com", password=PASSWORD, code=code)
    assert signed.location == "/console/first-steps"
    steps = web.get("/console/first-steps").text
    assert "Daisy GmbH" in steps
    assert "/console/recovery-sheet" in steps
    assert "/console/imports/new" in steps

    made = send(web.get("/console/recovery-sheet"), "/console/recovery-sheet", passphrase=PASSWORD, again=PASSWORD)
    web.set_cookie("governance-language", "uk", path="/console")
    ukrainian = send(web.get("/console/recovery-sheet"), "/console/recovery-sheet", passphrase=PASSWORD, again=PASSWORD)
    assert "# Контрольний код:" in ukrainian.text
    web.delete_cookie("governance-language", path="/console")
    check = re.search(r"[Cc]heck code:?\s+([0-9A-Z -]+)", made.text)[1].strip()
    confirmation = "/console/recovery-sheet/confirmation"
    refused = send(made, confirmation, check_code="nothing", passphrase=PASSWORD)
    assert refused.status_code == 422
    link = re.compile(r'href="(data:text/html[^"]+)" download')
    assert link.search(refused.text)[1] == link.search(made.text)[1], "the sheet can be printed until it is confirmed"
    assert send(refused, confirmation, check_code=check, passphrase=PASSWORD).status_code == 303

    spent = empty.test_client().get(f"/console/setup/{token}")
    assert spent.status_code == 200
    with open_work(service_of(empty).database, OPERATOR) as work:
        assert accounts.is_set_up(work)
    assert web.get("/console/setup").location == "/console/sign-in"


def test_no_other_link_and_no_stranger_sets_a_store_up(empty):
    web = empty.test_client()
    page = web.get("/console/setup/gov_setup_aaaaaaaaaaaaaaaa_nothing")
    answer = web.post("/console/setup", data=Form(page, "/console/setup").filled(), headers=ORIGIN)

    assert answer.status_code == 404
    assert web.get("/console/setup").status_code == 404
