"""Customers at the portal, as a browser without script sees it: they ask for a code, read it in their mail, come in."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from html import unescape

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from governance.customers import operations as customers
from governance.customers import visiting, visitor_facts
from governance.customers.codes import ContactKind
from governance.customers.contact_values import ContactSaid
from governance.customers.visitor_facts import SecondFact
from governance.kernel.ids import SubjectId, uuid4
from governance.kernel.work import OPERATOR, open_work
from governance.messages import outbox
from governance.portal.cookies import PATH, SESSION
from governance.portal.place import EXTENSION
from tests.api.conftest import service_of

BIRTH_DATE = "1982-08-09"
ORIGIN = {"Origin": "http://localhost"}


def inputs(page: TestResponse, action: str, **said: str) -> dict[str, str]:
    """The hidden and filled inputs of the first form of a page that goes to *action*, with some of them filled in."""
    forms = re.findall(r"<form[^>]*>.*?</form>", page.text, re.DOTALL)
    form = next(one for one in forms if re.search(f'action="{re.escape(action)}["?]', one.split(">", 1)[0]))
    named = re.findall(r'<input(?![^>]*type="(?:radio|file))[^>]*name="([^"]+)"(?:[^>]*?value="([^"]*)")?', form)
    return {name: unescape(value) for name, value in named} | said


def say(page: TestResponse) -> str:
    """What a page says, without marks."""
    main = re.search(r"<main.*</main>", page.text, re.DOTALL)
    assert main is not None, page.text
    return " ".join(unescape(re.sub("<[^>]*>", " ", main[0])).split())


def last_code(app: Flask, recipient: str) -> str:
    """The code that was sent there last."""
    code = ""
    with open_work(service_of(app).database, OPERATOR, clock=app.extensions[EXTENSION].clock) as work:
        while (lent := outbox.lend(work)) is not None:
            code = str(lent.values["code"]) if lent.recipient == recipient and "code" in lent.values else code
    assert code
    return code


@dataclass
class Guest:
    """Somebody in front of a browser."""

    web: FlaskClient
    email: str
    subject: SubjectId | None

    @property
    def app(self) -> Flask:
        """The service."""
        return self.web.application

    def get(self, path: str, **said: object) -> TestResponse:
        """Open a page."""
        return self.web.get(path, **said)  # type: ignore[arg-type]  # as Flask has it

    def send(self, page: TestResponse, path: str, **said: str) -> TestResponse:
        """Send the form of a page that goes to *path*, without following."""
        typed = inputs(page, path, **said)
        return self.post(unescape(re.findall(rf'action="({re.escape(path)}(?:\?[^"]*)?)"', page.text)[0]), typed)

    def post(self, path: str, data: Mapping[str, object]) -> TestResponse:
        """Send fields as a browser would from a page of ours."""
        return self.web.post(path, data=data, headers=ORIGIN)

    def come_in(self, *, headers: Mapping[str, str] | None = None) -> TestResponse:
        """Ask for a code and type it."""
        sent = self.send(self.get("/my"), "/my", contact=self.email)
        assert sent.status_code == 303, sent.text
        typed = inputs(self.get("/my/code"), "/my/code", code=last_code(self.app, self.email))
        return self.web.post("/my/code", data=typed, headers={**ORIGIN, **(headers or {})})

    def enter(self, *, proven: bool = False) -> None:
        """Be in without a look at the pages: by a code alone, or with the birth date told as well."""
        portal = self.app.extensions[EXTENSION]
        counts = {"address": self.web.environ_base["REMOTE_ADDR"], "per_hour": 10**6}
        with open_work(service_of(self.app).database, OPERATOR, clock=portal.clock) as work:
            sent = visiting.ask_for_code(
                work, kind=ContactKind.EMAIL, value=self.email, region=None, language="en", **counts
            )
            sendings = iter(lambda: outbox.lend(work), None)
            code = next(str(one.values["code"]) for one in sendings if one.recipient == self.email)
            visitor = visiting.begin(work, code_id=sent.id, typed=code)
            if proven and visitor is not None:
                told = {"visitor": visitor, "fact": SecondFact.BIRTH_DATE, "value": BIRTH_DATE, **counts}
                visitor = visitor_facts.confirm_by_fact(replace(work, actor=visitor.actor), **told)
        assert visitor is not None
        self.web.set_cookie(SESSION, visitor.token or "", path=PATH)

    def prove(self, fact: str = BIRTH_DATE) -> TestResponse:
        """Tell the birth date."""
        return self.send(self.get("/my/proof"), "/my/proof/fact", fact="birth_date", value=fact)


def guest(app: Flask, *, known: bool = True, contacts: int = 1, **fields: object) -> Guest:
    """Somebody with an address of their own, known by it or not."""
    email, subject = f"{uuid4().hex}@example.org", None
    if known:
        with open_work(service_of(app).database, OPERATOR) as work:
            said = [ContactSaid(kind="email", value=email)]
            said += [ContactSaid(kind="email", value=f"second-{n}-{email}") for n in range(1, contacts)]
            told = {"family_name": "Рябова", "given_name": "Ольга", "birth_date": BIRTH_DATE, "city": "Псков"}
            told |= {"country": "DE", "source": "own_form", "ground": "consent", **fields}
            subject = customers.create(work, fields=told, contacts=said).id
    web = app.test_client()
    web.environ_base["REMOTE_ADDR"] = f"2001:db8:{uuid4().hex[:4]}:{uuid4().hex[:4]}::1"
    return Guest(web, email, subject)
