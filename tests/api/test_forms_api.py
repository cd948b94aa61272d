"""Subscription forms over HTTP."""

from flask import Flask
from flask.testing import FlaskClient

from governance.kernel.work import OPERATOR, open_work
from governance.policies.permissions import Permission
from tests.api.conftest import Bearer, service_of
from tests.factories.forms import DOCUMENT, publish


def test_a_form_is_published_read_and_listed(door: Flask, web: FlaskClient, bearer: Bearer) -> None:
    with open_work(service_of(door).database, OPERATOR) as work:
        publish(work, key="first")
    headers = bearer(Permission.CONSENT_CONFIGURE)
    document = {**DOCUMENT, "fields": ["given_name"], "frames": ["https://shop.example.org"]}
    made = web.post("/v1/consent/forms/second", json=document, headers=headers)
    read = web.get("/v1/consent/forms/second", headers=headers)
    listed = web.get("/v1/consent/forms", headers=headers)

    assert made.status_code == 201, made.json
    assert made.json is not None
    assert read.json == made.json
    assert made.json["document"] == {**document, "open": True}
    assert (made.json["version"], made.json["path"]) == (1, "/subscribe/second")
    assert listed.json is not None
    assert [one["key"] for one in listed.json["items"]] == ["first", "second"]
    assert web.get("/subscribe/second").status_code == 200


def test_a_form_that_cannot_be_served_is_refused_by_place(web: FlaskClient, bearer: Bearer) -> None:
    headers = bearer(Permission.CONSENT_CONFIGURE)
    document = {**DOCUMENT, "items": [{"purpose": "nothing", "channels": ["email"]}]}
    refused = web.post("/v1/consent/forms/third", json=document, headers=headers)

    assert refused.status_code == 422
    assert refused.json is not None
    assert set(refused.json["errors"]) == {"items.0"}
    assert (
        web.post("/v1/consent/forms/third", json=DOCUMENT, headers=bearer(Permission.CONSENT_CHECK)).status_code == 403
    )
    assert web.get("/v1/consent/forms/third", headers=headers).status_code == 404
