"""The console as a browser without script sees it: staff of each role at their desks."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from governance.api.limits import Limiter
from governance.console.place import EXTENSION
from governance.customers import operations as customers
from governance.customers.contact_values import ContactSaid
from governance.kernel.ids import SubjectId
from governance.kernel.work import OPERATOR, open_work
from governance.reference.operations import set_controller
from tests.api.conftest import door, door_store, service_of
from tests.factories.signing import PASSWORD, Member, enrol

__all__ = ["door", "door_store"]

ORIGIN = {"Origin": "http://localhost"}
EMAIL = "olga.ivanova@example.org"
NAME = "Воробьева"


class Form:
    """The inputs of the first form of a page that goes to an address, as a browser sends them untouched."""

    def __init__(self, page: TestResponse, action: str = "") -> None:
        forms = re.findall(r"<form[^>]*>.*?</form>", page.text, re.DOTALL)
        main = next(one for one in forms if action in one.split(">", 1)[0] and "/language" not in one.split(">", 1)[0])
        named = re.findall(r'<input[^>]*name="([^"]+)"(?:[^>]*?value="([^"]*)")?', main)
        ticks = re.findall(r'<input type="checkbox" name="([^"]+)"', main)
        self.inputs = {name: unescape(value) for name, value in named if name not in ticks}

    def filled(self, **said: object) -> dict[str, object]:
        """The inputs with some of them filled in."""
        return {**self.inputs, **said}


def sign_in(web: FlaskClient, member: Member, **said: str) -> TestResponse:
    """Sign in by the form."""
    form = Form(web.get("/console/sign-in"))
    code = member.code(service_of(web.application).clock.now())
    proof = {"email": member.email, "password": PASSWORD, "code": code, **said}
    return web.post("/console/sign-in", data=form.filled(**proof), headers=ORIGIN)


@pytest.fixture(scope="session")
def desks(door: Flask) -> Callable[[str], FlaskClient]:
    """A browser in which somebody with one role has signed in; one for each role."""
    free = Limiter(1_000_000)
    door.extensions[EXTENSION] = replace(door.extensions[EXTENSION], count_stranger=free.take, count_call=free.take)
    with open_work(service_of(door).database, OPERATOR) as work:
        set_controller(work, legal_name="ООО Ромашка", address="Псков", country="RU")
    made: dict[str, FlaskClient] = {}

    def desk(role: str) -> FlaskClient:
        if role not in made:
            with open_work(service_of(door).database, OPERATOR) as work:
                member = enrol(work, role)
            made[role] = door.test_client()
            assert sign_in(made[role], member).status_code == 303
        return made[role]

    return desk


@pytest.fixture
def member(door: Flask, desks: object) -> Member:
    """An officer who has not signed in yet."""
    with open_work(service_of(door).database, OPERATOR) as work:
        return enrol(work, "officer")


@pytest.fixture
def browser(door: Flask) -> Iterator[FlaskClient]:
    """A browser in which nobody has signed in."""
    with door.test_client() as client:
        yield client


@pytest.fixture(scope="session")
def customer(door: Flask, desks: object) -> SubjectId:
    """A customer."""
    with open_work(service_of(door).database, OPERATOR) as work:
        made = customers.create(
            work,
            fields={"family_name": NAME, "given_name": "Ольга", "source": "till", "ground": "contract"},
            contacts=[ContactSaid(kind="email", value=EMAIL)],
        )
    return made.id
