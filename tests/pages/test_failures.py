"""What browsers read where a page fails, or a body is too large: a page in their language, no document for machines."""

from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

from governance.custody.errors import BusyError
from governance.kernel.errors import TooManyError
from governance.kernel.revision import SchemaOutdatedError
from governance.kernel.space import DiskFullError
from governance.portal.place import EXTENSION as PORTAL
from tests.api.conftest import door, door_store

__all__ = ["door", "door_store"]

PAGES = {"portal.start": "/my", "console.sign_in": "/console/sign-in"}


@pytest.fixture
def failing(door: Flask, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """Its pages fail in a way that nobody thought of."""

    def fail(**_names: object) -> str:
        raise RuntimeError("a fault")

    for endpoint in PAGES:
        monkeypatch.setitem(door.view_functions, endpoint, fail)
    return door


def test_a_page_that_fails_says_so_in_the_language_of_its_reader(failing: Flask) -> None:
    for path in PAGES.values():
        answer = failing.test_client().get(path, headers={"Accept-Language": "ru"})
        assert (answer.status_code, answer.mimetype) == (500, "text/html"), path
        assert "Сейчас это не работает" in answer.text
        assert "a fault" not in answer.text


def test_a_body_that_is_too_large_is_refused_by_a_page(door: Flask) -> None:
    whole = {"contact": "x" * 3_000_000, "email": "x"}
    for path in ("/my", "/console/invitation"):  # who signs in may bring a list that waited for them
        answer = door.test_client().post(
            path, data=whole, headers={"Accept-Language": "uk", "Origin": "http://localhost"}
        )
        assert (answer.status_code, answer.mimetype) == (413, "text/html"), path
        assert 'lang="uk"' in answer.text


def test_an_address_at_which_nothing_is_says_so_in_the_language_of_its_reader(door: Flask) -> None:
    for path, said in (("/console/nothing", "Такой страницы нет"), ("/my/nothing", "По этому адресу ничего нет")):
        answer = door.test_client().get(path, headers={"Accept-Language": "ru"})
        assert (answer.status_code, said in answer.text) == (404, True), path


def test_an_address_that_belongs_to_no_page_is_answered_in_the_language_of_its_reader(door: Flask) -> None:
    browser = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "Accept-Language": "uk"}
    web = door.test_client()
    for path, heading in (
        ("/nothing", "За цією адресою нічого немає"),
        ("/nothing?lang=ru", "По этому адресу ничего нет"),
    ):
        answer = web.get(path, headers=browser)
        assert (answer.status_code, answer.mimetype) == (404, "text/html"), path
        assert f"<h1>{heading}</h1>" in answer.text
        assert "governance.css" in answer.text
        assert ("Сведения об обработке" in answer.text) == ("ru" in path), "words for customers, not for officers"
        assert "Accept-Language" in answer.headers["Vary"]
    refused = web.post("/privacy", headers=browser)
    assert (refused.status_code, refused.mimetype, 'lang="uk"' in refused.text) == (405, "text/html", True)
    for path, headers in (("/nothing", {}), ("/nothing", {"Accept": "application/json"}), ("/v1/nothing", browser)):
        assert web.get(path, headers=headers).mimetype == "application/problem+json", (path, headers)


def test_pages_of_a_store_that_does_not_answer_say_so_in_the_language_of_their_reader(
    door: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(*_told: object) -> None:
        raise OperationalError("SELECT", {}, Exception("the server closed the connection"))

    monkeypatch.setattr(door.extensions[PORTAL].database.sessions, "begin", lost)
    said = {
        "/my": ("ru", "Сейчас это не работает", "через несколько минут"),
        "/privacy": ("uk", "Зараз це не працює", "за кілька хвилин"),
        "/my/data": ("en", "This does not work at the moment", "in a few minutes"),
        "/console/audit": ("ru", "Хранилище сейчас не отвечает", "Подождите минуту"),
    }
    for path, (language, heading, remedy) in said.items():
        web = door.test_client()
        web.set_cookie("governance-session", "x" * 40, path="/console")
        web.set_cookie("governance-visit", "x" * 40, path="/my")
        answer = web.get(path, headers={"Accept-Language": language})
        assert (answer.status_code, answer.mimetype) == (503, "text/html"), path
        assert (f"<h1>{heading}</h1>" in answer.text, remedy in answer.text) == (True, True), path
        assert (int(answer.headers["Retry-After"]) > 0, "server closed" in answer.text) == (True, False), path


def test_pages_of_a_disturbance_have_words_in_each_language(door: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    said = {
        DiskFullError(): (507, "На диске нет места"),
        SchemaOutdatedError("Migrate."): (503, "другой версии"),
        BusyError("Rotating."): (503, "Идёт работа с ключами"),
        TooManyError("Too fast.", retry_after_seconds=7): (429, "Слишком много"),
    }
    for error, (status, words) in said.items():

        def fail(error: Exception = error, **_names: object) -> str:
            raise error

        monkeypatch.setitem(door.view_functions, "console.sign_in", fail)
        answer = door.test_client().get("/console/sign-in", headers={"Accept-Language": "ru"})
        assert (answer.status_code, words in answer.text) == (status, True), error.slug
        assert answer.headers["Retry-After"] == ("7" if status == 429 else "60"), error.slug


def test_too_many_forms_are_refused_by_a_page_in_the_language_of_their_sender(door: Flask) -> None:
    door.extensions[PORTAL] = replace(door.extensions[PORTAL], forms_per_minute=0)
    try:
        answer = door.test_client().post(
            "/certificate", data={"number": "1"}, headers={"Accept-Language": "ru", "Origin": "http://localhost"}
        )
    finally:
        door.extensions[PORTAL] = replace(door.extensions[PORTAL], forms_per_minute=20)
    assert (answer.status_code, answer.mimetype) == (429, "text/html")
    assert "Из вашей сети отправлено слишком много форм" in answer.text
    assert int(answer.headers["Retry-After"]) > 0
