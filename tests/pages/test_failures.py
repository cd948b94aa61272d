"""What browsers read where a page fails, or a body is too large: a page in their language, no document for machines."""

import pytest
from flask import Flask

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
    for path in PAGES.values():
        answer = door.test_client().post(
            path, data=whole, headers={"Accept-Language": "uk", "Origin": "http://localhost"}
        )
        assert (answer.status_code, answer.mimetype) == (413, "text/html"), path
        assert 'lang="uk"' in answer.text


def test_an_address_at_which_nothing_is_says_so_in_the_language_of_its_reader(door: Flask) -> None:
    for path, said in (("/console/nothing", "Такой страницы нет"), ("/my/nothing", "По этому адресу ничего нет")):
        answer = door.test_client().get(path, headers={"Accept-Language": "ru"})
        assert (answer.status_code, said in answer.text) == (404, True), path
