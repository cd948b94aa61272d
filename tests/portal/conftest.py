"""The pages as a visitor's browser, or a mail program, sees them."""

import re
from collections.abc import Callable, Iterator
from html import unescape
from html.parser import HTMLParser

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from governance.kernel.work import SYSTEM, Work, open_work
from governance.vault.keyring import Keyring
from tests.api.conftest import open_service, service_of
from tests.conftest import Store
from tests.factories.forms import publish
from tests.messages.conftest import Mailbox, serving


@pytest.fixture
def site(fresh_store: Store, keyring: Keyring, tmp_path: object) -> Iterator[Flask]:
    """The web service on a store of this test alone, with a form that is published."""
    app = open_service(fresh_store, keyring, tmp_path)  # type: ignore[arg-type]  # a folder
    with open_work(service_of(app).database, SYSTEM) as work:
        publish(work, frames=["https://shop.example.org"], fields=["given_name"])
    yield app
    service_of(app).database.dispose()


@pytest.fixture
def visitor(site: Flask) -> FlaskClient:
    """A browser without cookies."""
    return site.test_client(use_cookies=False)


@pytest.fixture
def working(site: Flask) -> Callable[..., Work]:
    """Opens units of work on the same store."""
    return lambda: open_work(service_of(site).database, SYSTEM)  # type: ignore[return-value]  # a context manager


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    """A real mail server on the loopback."""
    with serving() as found:
        yield found


class Form(HTMLParser):
    """The inputs of a page's form, as a browser would send them untouched, and its buttons."""

    def __init__(self, page: TestResponse) -> None:
        super().__init__()
        self.inputs: dict[str, str] = {}
        self.boxes: list[dict[str, str | None]] = []
        self.buttons: list[dict[str, str | None]] = []
        self.links: list[str] = []
        self.feed(page.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        if tag == "input" and said.get("type") == "checkbox":
            self.boxes.append(said)
        elif tag == "input":
            self.inputs[str(said["name"])] = said.get("value") or ""
        elif tag == "button":
            self.buttons.append(said)
        elif tag in {"a", "link"}:
            self.links.append(str(said["href"]))


def heading(page: TestResponse) -> str:
    """What a page says at the top."""
    found = re.search(r"<h1>(.*?)</h1>", page.text, re.DOTALL)
    assert found is not None, page.text
    return " ".join(unescape(re.sub("<[^>]*>", "", found[1])).split())
