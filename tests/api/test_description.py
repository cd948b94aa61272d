"""The description of the interface: true OpenAPI 3.1, complete, and without a foreign host."""

import json
import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openapi_spec_validator import OpenAPIV31SpecValidator

HOST = re.compile(r"https?://[^\s\"'<>]+|(?:src|href)=[\"']//")

OWN = ("/v1/sessions", "/v1/invitations", "/v1/portal")
"""What is nobody's but one's own, whatever one is permitted."""
SIGN_IN = {
    ("post", "/v1/sessions"),
    ("post", "/v1/sessions/current/confirmations"),
    ("post", "/v1/sessions/current/password-changes"),
    ("post", "/v1/invitations/acceptances"),
    ("post", "/v1/portal/codes"),
    ("post", "/v1/portal/sessions"),
}


@pytest.fixture
def document(web: FlaskClient) -> dict[str, Any]:
    """The description."""
    found: dict[str, Any] = web.get("/v1/openapi.json").json
    return found


def test_the_description_is_valid_openapi_3_1(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    assert [str(error) for error in OpenAPIV31SpecValidator(document).iter_errors()] == []


def test_every_guarded_route_is_described_with_its_scope(door: Flask, document: dict[str, Any]) -> None:
    described = {
        (method.upper(), path)
        for path, item in document["paths"].items()
        for method in item
        if method in {"get", "post", "put", "patch", "delete"}
    }
    served = {
        (method, re.sub(r"<(?:[^<>:]+:)?(\w+)>", r"{\1}", rule.rule))
        for rule in door.url_map.iter_rules()
        if rule.rule.startswith("/v1/") and rule.endpoint.partition(".")[0] != "description"
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }

    assert described == served
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method != "parameters":
                assert ("x-permission" in operation) == (not path.startswith(OWN))
                assert operation.get("security") == (None if (method, path) in SIGN_IN else [{"client_key": []}])
                assert operation["summary"]
                assert "default" in operation["responses"]


def test_posts_that_change_something_take_a_key(document: dict[str, Any]) -> None:
    parameters = document["paths"]["/v1/notes"]["post"]["parameters"]

    assert [one["name"] for one in parameters] == ["Idempotency-Key"]


def test_patterns_are_of_the_whole_text_in_words_that_every_language_knows(document: dict[str, Any]) -> None:
    written = re.findall(r'"pattern": "((?:[^"\\]|\\.)*)"', json.dumps(document))

    assert written
    assert [one for one in written if not one.startswith("^") or not one.endswith("$") or r"\\Z" in one] == []


def test_what_is_described_is_what_is_taken_and_given(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]

    assert schemas["Purchase"]["properties"]["total"]["type"] == ["string"]
    assert schemas["PurchaseNew"]["properties"]["total"]["type"] == ["string", "number"]
    [cursor] = [one for one in document["paths"]["/v1/customers"]["get"]["parameters"] if one["name"] == "cursor"]
    assert cursor["schema"]["type"] == ["string", "null"]
    taken = ["unsubscribed", "complaint", "hard_bounce", "do_not_contact"]
    assert schemas["SuppressionsNew"]["properties"]["reason"]["enum"] == taken


@pytest.mark.parametrize("path", ["/v1/docs", "/v1/openapi.json", "/v1/static/reference.css"])
def test_no_foreign_host_is_named(web: FlaskClient, path: str) -> None:
    with web.get(path) as answer:
        assert answer.status_code == 200
        assert HOST.findall(answer.text) == []


def test_the_page_needs_neither_script_nor_inline_style(web: FlaskClient, document: dict[str, Any]) -> None:
    page = web.get("/v1/docs").text

    assert "<script" not in page
    assert "style=" not in page
    for path in document["paths"]:
        assert path in page


def test_every_link_of_the_page_leads_somewhere(web: FlaskClient) -> None:
    page = web.get("/v1/docs").text
    anchors = set(re.findall(r'id="([^"]+)"', page))

    assert set(re.findall(r'href="#([^"]+)"', page)) <= anchors


def test_what_has_not_changed_is_not_sent_again(web: FlaskClient) -> None:
    tag = web.get("/v1/openapi.json").headers["ETag"]

    assert web.get("/v1/openapi.json", headers={"If-None-Match": tag}).status_code == 304
