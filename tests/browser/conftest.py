"""A real browser at a real server: Chromium, driven by Playwright, and the service on a port of the loopback.

Run by `make test-browser` and not with the other tests. `CHROMIUM` names the browser.
"""

import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from werkzeug.serving import make_server

from governance.accounts import operations as accounts
from governance.api.limits import Limiter
from governance.audit.checkpoints import Signer
from governance.audit.outside import load_signing_key, replace_signing_key
from governance.audit.sequencer import drain
from governance.console.place import EXTENSION
from governance.custody.signing import outside_of
from governance.customers import operations as customers
from governance.customers.contact_values import ContactSaid
from governance.kernel.ids import SubjectId
from governance.kernel.work import OPERATOR, open_work
from governance.pages.reporting import PLACE, Violation
from governance.reference.operations import set_controller
from tests.api.conftest import door, door_store, service_of
from tests.browser.looks import MODES, Watch
from tests.factories.customers import interaction, purchase
from tests.factories.signing import PASSWORD, Member, enrol

__all__ = ["door", "door_store"]

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
EMAIL = "olga.ivanova@example.org"


@dataclass(frozen=True, eq=False)
class Site:
    """The service under test.

    Attributes:
        officer: who signs in.
        customer: somebody who is kept.
        refused: what browsers told that the policy of content made them refuse.
    """

    app: Flask
    url: str
    officer: Member
    customer: SubjectId
    refused: list[Violation]

    def seal_log(self) -> None:
        """Place and sign what the log holds, as a worker does every few seconds."""
        service = service_of(self.app)
        outside = outside_of(service.settings.data_dir)
        drain(service.database, outside=outside)
        Signer(service.database, load_signing_key(service.settings.secrets_dir), outside).sign()


@pytest.fixture(scope="session")
def site(door: Flask) -> Iterator[Site]:
    """The service, with an officer, a customer and something to decide."""
    service, free = service_of(door), Limiter(1_000_000)
    door.extensions[EXTENSION] = replace(door.extensions[EXTENSION], count_stranger=free.take, count_call=free.take)
    replace_signing_key(service.settings.secrets_dir)
    with open_work(service.database, OPERATOR) as work:
        set_controller(work, legal_name="Daisy Shop", address="1 Example Street, Berlin", country="DE")
        officer, other = enrol(work, "officer", "admin"), enrol(work, "support")
        _first, _second = enrol(work, "admin"), enrol(work, "admin")
        made = customers.create(
            work,
            fields={
                "family_name": "Воробьева",
                "given_name": "Ольга",
                "city": "Псков",
                "source": "till",
                "ground": "contract",
            },
            contacts=[ContactSaid(kind="email", value=EMAIL), ContactSaid(kind="phone", value="+79334552061")],
        )
        customers.record_purchase(work, subject=made.id, purchase=purchase())
        customers.record_interaction(work, subject=made.id, interaction=interaction())
        accounts.raise_alert(work, kind=accounts.AlertKind.EXPORT_READY, facts={"rows": 120})
    with open_work(service.database, OPERATOR) as work:
        accounts.propose_grant(work, staff=other.id, role="steward", reason="New at the desk")
    refused: list[Violation] = []
    door.extensions[PLACE] = replace(door.extensions[PLACE], count_sender=free.take, hear=refused.append)
    server = make_server("127.0.0.1", 0, door, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield Site(door, f"http://127.0.0.1:{server.server_port}", officer, made.id, refused)
    server.shutdown()
    thread.join()
    assert refused == [], "browsers told of what the policy of content refused"


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The browser."""
    with sync_playwright() as playwright:
        path = os.environ.get("CHROMIUM") or "/usr/bin/chromium"
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


def sign_in(page: Page, site: Site) -> None:
    """Sign in as the officer; a code works once, so another is waited for where it was used."""
    page.goto(f"{site.url}/console/sign-in")
    page.fill("#email", site.officer.email)
    page.fill("#password", PASSWORD)
    page.fill("#code", site.officer.code(service_of(site.app).clock.now()))
    page.click("main button.main")
    page.wait_for_url(f"{site.url}/console")


@pytest.fixture(scope="session")
def signed_in(chromium: Browser, site: Site) -> object:
    """Cookies of the officer's session."""
    context = chromium.new_context(locale="en")
    sign_in(context.new_page(), site)
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def screen(chromium: Browser, site: Site, signed_in: object) -> Iterator[Page]:
    """The officer's desk, once."""
    context = chromium.new_context(locale="en", storage_state=signed_in, base_url=site.url, **MODES["light"])
    yield from _watched(context, "light")


@pytest.fixture
def plain(chromium: Browser, site: Site, signed_in: object) -> Iterator[Page]:
    """The same without script."""
    context = chromium.new_context(
        locale="en", storage_state=signed_in, base_url=site.url, java_script_enabled=False, **MODES["light"]
    )
    yield from _watched(context, "plain")


def _watched(context: BrowserContext, mode: str) -> Iterator[Page]:
    page = context.new_page()
    page.mode = mode
    watch = Watch(page)
    yield page
    context.close()
    assert watch.settled() == []
