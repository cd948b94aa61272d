"""Customers with a phone in front of the portal: they come in by a code from their mail."""

import re
from dataclasses import dataclass

from playwright.sync_api import Browser, BrowserContext, Page

from governance.consent import operations as consent
from governance.customers import operations as customers
from governance.customers.contact_values import ContactSaid
from governance.kernel.ids import SubjectId, uuid4
from governance.kernel.work import OPERATOR, SYSTEM, open_work
from governance.messages import outbox
from tests.api.conftest import service_of
from tests.browser.conftest import Site
from tests.browser.looks import MODES, Watch
from tests.factories.customers import purchase
from tests.factories.forms import DOCUMENT, publish_notices

BIRTH_DATE = "1982-08-09"


@dataclass
class Phone:
    """Somebody with a phone, known to the shop by their address."""

    site: Site
    context: BrowserContext
    page: Page
    watch: Watch
    email: str
    subject: SubjectId | None = None

    def working(self, actor=OPERATOR):
        """A unit of work on the same store."""
        return open_work(service_of(self.site.app).database, actor)

    def become_customer(self, *further: str, **fields: object) -> None:
        """Be kept by the shop, with further addresses."""
        with self.working() as work:
            told = {"family_name": "Рябова", "given_name": "Ольга", "birth_date": BIRTH_DATE, "city": "Псков"}
            mails = [ContactSaid(kind="email", value=one) for one in (self.email, *further)]
            told |= {"country": "DE", "source": "own_form", "ground": "consent", **fields}
            made = customers.create(work, fields=told, contacts=mails)
            customers.record_purchase(work, subject=made.id, purchase=purchase())
        self.subject = made.id

    def mail(self) -> list[dict[str, object]]:
        """Values of what was sent there, oldest first."""
        found = []
        with self.working(SYSTEM) as work:
            while (lent := outbox.lend(work)) is not None:
                found += [dict(lent.values)] if lent.recipient == self.email else []
        return found

    def come_in(self) -> None:
        """Ask for a code, and type it."""
        self.page.goto("/my")
        self.page.fill("#contact", self.email)
        self.page.click("main button.main")
        self.page.wait_for_url("**/my/code**")
        self.page.fill("#code", next(str(one["code"]) for one in reversed(self.mail()) if "code" in one))
        self.page.click("main button.main")
        self.page.wait_for_url("**/my")

    def prove(self) -> None:
        """Tell the birth date, on the page that asks for it."""
        self.page.fill("#value", BIRTH_DATE)
        self.page.click("main button.main")
        self.page.wait_for_url(lambda url: "/my/proof" not in url)

    def request_id(self) -> str:
        """Id of the request that the page shows."""
        found = re.search(r"/my/requests/([0-9a-f-]{36})", self.page.url)
        assert found is not None, self.page.url
        return found[1]


def take_phone(chromium: Browser, site: Site, language: str, *, mode: str = "phone", script: bool = True) -> Phone:
    """A phone in this language; the shop has its words ready."""
    with open_work(service_of(site.app).database, OPERATOR) as work:
        if not any(form.key == "club" for form in consent.forms(work)):
            publish_notices(work, "newsletter", "own_offers")
            consent.publish_form(work, key="club", document=DOCUMENT)
    context = chromium.new_context(
        locale=language, base_url=site.url, accept_downloads=True, java_script_enabled=script, **MODES[mode]
    )
    page = context.new_page()
    page.mode = mode
    page.set_default_timeout(10_000)
    return Phone(site, context, page, Watch(page), f"{uuid4().hex}@example.org")
