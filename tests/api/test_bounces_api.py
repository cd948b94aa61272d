"""Bounces that a mailing system reports."""

from flask.testing import FlaskClient

from governance.policies.permissions import Permission
from tests.api.conftest import bearer_for


def test_a_bounce_that_is_reported_marks_the_contact_and_stops_what_is_sent_to_it(own_web: FlaskClient) -> None:
    headers = bearer_for(
        own_web.application, Permission.CUSTOMERS_CREATE, Permission.CUSTOMERS_READ, Permission.CONSENT_SUPPRESS
    )
    said = {"family_name": "Воробьева", "contacts": [{"kind": "email", "value": "i@example.org"}]}
    customer = own_web.post("/v1/customers", json=said, headers=headers).json["id"]
    told = {"contacts": ["I@example.org", "no address", "nobody@example.org"], "at": "2026-01-02T03:04:05Z"}
    answer = own_web.post("/v1/contacts/bounces", json=told, headers=headers)
    assert (answer.status_code, [one["suppressed"] for one in answer.json["items"]]) == (200, [True, False, True])
    (contact,) = own_web.get(f"/v1/customers/{customer}", headers=headers).json["contacts"]
    assert contact["bounced_at"] == "2026-01-02T03:04:05Z"


def test_bounces_of_what_nobody_sends_back_are_refused(own_web: FlaskClient) -> None:
    headers = bearer_for(own_web.application, Permission.CONSENT_SUPPRESS)
    told = {"contacts": ["+79334552061"], "channel": "phone"}
    assert own_web.post("/v1/contacts/bounces", json=told, headers=headers).status_code == 422
