"""Webhooks and the feed over HTTP."""

from flask import Flask
from flask.testing import FlaskClient

from governance.audit import sequencer
from governance.kernel.ids import uuid4
from governance.policies.permissions import Permission
from tests.api.conftest import Bearer, service_of
from tests.factories.recording import make


def set_up(web: FlaskClient, system: dict[str, str], **said: object) -> dict[str, object]:
    order = {"name": f"mailer {uuid4()}", "url": "https://mailer.example/hooks/s3cret", **said}
    answer = web.post("/v1/webhooks", json=order, headers=system)
    assert answer.status_code == 201, answer.text
    return answer.json  # type: ignore[no-any-return]  # as the door wrote it


def test_a_webhook_is_set_up_shown_without_its_secret_and_removed(web: FlaskClient, system: dict[str, str]) -> None:
    made = set_up(web, system)
    path = f"/v1/webhooks/{made['id']}"
    shown = web.get(path, headers=system)

    assert str(made["secret"]).startswith("whsec_")
    assert "s3cret" not in shown.text
    assert shown.json == {name: value for name, value in made.items() if name != "secret"}
    assert shown.json["host"] == "mailer.example"
    assert shown.json in web.get("/v1/webhooks", headers=system).json
    assert web.delete(path, headers=system).status_code == 204
    assert web.get(path, headers=system).status_code == 404


def test_a_new_secret_is_another_one(web: FlaskClient, system: dict[str, str]) -> None:
    made = set_up(web, system)
    renewed = web.post(f"/v1/webhooks/{made['id']}/secrets", headers=system)
    assert renewed.status_code == 201
    assert renewed.json["secret"] != made["secret"]


def test_messages_are_listed_and_what_was_given_up_is_sent_again(web: FlaskClient, system: dict[str, str]) -> None:
    path = f"/v1/webhooks/{set_up(web, system)['id']}"
    tried = web.post(f"{path}/tests", headers=system)
    listed = web.get(f"{path}/messages?state=waiting", headers=system).json

    assert (tried.status_code, tried.json["kind"]) == (201, "test")
    assert listed == {"items": [tried.json], "next_cursor": None}
    assert web.get(f"{path}/messages?state=failed", headers=system).json["items"] == []
    assert web.post(f"{path}/resendings", json={}, headers=system).json == {"messages": 0}


def test_an_address_that_cannot_be_used_is_refused_by_field(web: FlaskClient, system: dict[str, str]) -> None:
    answer = web.post("/v1/webhooks", json={"name": "m", "url": "http://10.1.2.3/s3cret"}, headers=system)
    assert (answer.status_code, set(answer.json["errors"])) == (422, {"url"})
    assert "10.1.2.3" not in answer.text


def test_who_may_see_webhooks_may_not_change_them(web: FlaskClient, bearer: Bearer) -> None:
    reader = bearer(Permission.WEBHOOKS_READ)
    assert web.get("/v1/webhooks", headers=reader).status_code == 200
    assert web.post("/v1/webhooks", json={"name": "m", "url": "https://m.example"}, headers=reader).status_code == 403


def test_the_feed_goes_on_from_its_cursor(door: Flask, web: FlaskClient, system: dict[str, str]) -> None:
    sequencer.drain(service_of(door).database)
    start = web.get("/v1/consent/changes?cursor=latest", headers=system).json
    customer = make(web, system)["id"]
    restricted = web.post(f"/v1/customers/{customer}/restrictions", json={"reason": "asked_for"}, headers=system)
    assert restricted.status_code == 201, restricted.text
    sequencer.drain(service_of(door).database)
    page = web.get(f"/v1/consent/changes?cursor={start['next_cursor']}", headers=system).json

    assert (start["items"], start["more"]) == ([], False)
    assert [(one["kind"], one["effect"], one["customers"]) for one in page["items"]] == [
        ("restricted", "stop", [customer])
    ]
    assert page["items"][0]["cursor"] <= page["next_cursor"]
    rest = web.get(f"/v1/consent/changes?cursor={page['next_cursor']}", headers=system).json
    assert rest["items"] == []


def test_a_cursor_of_another_kind_is_refused(web: FlaskClient, system: dict[str, str]) -> None:
    answer = web.get("/v1/consent/changes?cursor=%27", headers=system)
    assert (answer.status_code, set(answer.json["errors"])) == (422, {"cursor"})
