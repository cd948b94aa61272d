"""A connected system that is kept to its own purposes and channels, over HTTP."""

import pytest
from flask.testing import FlaskClient

from governance.accounts import operations as accounts
from governance.accounts.operations import Limits
from governance.kernel.errors import InvalidError
from governance.kernel.ids import uuid4
from governance.kernel.work import OPERATOR, open_work
from governance.policies.permissions import Permission
from tests.api.conftest import service_of


@pytest.fixture
def mailer(web: FlaskClient) -> dict[str, str]:
    """A mailing system that asks about surveys by e-mail."""
    with open_work(service_of(web.application).database, OPERATOR) as work:
        new = accounts.create_client(
            work,
            name=f"mailer {uuid4()}",
            scopes=["consent:check", "consent:record", "customers:list"],
            limits=Limits(["surveys"], ["email"]),
        )
    return {"Authorization": f"Bearer {new.secret}"}


@pytest.mark.parametrize(
    ("purpose", "channel", "status"),
    [("surveys", "email", 200), ("newsletter", "email", 403), ("surveys", "sms", 403)],
)
@pytest.mark.parametrize("count", [1, 60])
def test_questions_are_answered_for_its_own_purposes_only(
    web: FlaskClient, mailer: dict[str, str], purpose: str, channel: str, status: int, count: int
) -> None:
    question = {"purpose": purpose, "channel": channel, "contacts": ["+380501234567"] * count}

    answer = web.post("/v1/consent/checks", json=question, headers=mailer)

    assert answer.status_code == status


def test_a_stream_for_other_purposes_is_refused_before_it_begins(web: FlaskClient, mailer: dict[str, str]) -> None:
    body = '{"purpose": "newsletter", "channel": "email"}\n"a@example.org"'

    answer = web.post("/v1/consent/checks/stream", data=body, content_type="application/x-ndjson", headers=mailer)

    assert (answer.status_code, answer.json["type"]) == (403, "forbidden")


@pytest.mark.parametrize(("purpose", "status"), [("surveys", 201), ("newsletter", 403)])
def test_events_are_recorded_for_its_own_purposes_only(
    web: FlaskClient, mailer: dict[str, str], purpose: str, status: int
) -> None:
    contact = {"kind": "email", "value": f"{uuid4().hex}@example.org"}
    event = {"kind": "withdrawn", "purpose": purpose, "channel": "email", "contact": contact}

    answer = web.post("/v1/consent/events", json=event, headers=mailer)

    assert answer.status_code == status


@pytest.mark.parametrize(
    "told",
    [
        Permission.CONSENT_READ,
        Permission.CONSENT_EXPLAIN,
        Permission.CONSENT_TRANSFER,
        Permission.WEBHOOKS_EDIT,
    ],
)
def test_it_holds_no_scope_that_tells_of_all_purposes(web: FlaskClient, told: Permission) -> None:
    with (
        open_work(service_of(web.application).database, OPERATOR) as work,
        pytest.raises(InvalidError) as refused,
    ):
        accounts.create_client(work, name="mailer", scopes=[told.value], limits=Limits(["surveys"], None))

    assert told.value in refused.value.errors["scopes"][0]


@pytest.mark.parametrize(("purpose", "status"), [("surveys", 200), ("newsletter", 403)])
def test_it_is_told_whom_to_ask_for_its_own_purposes_only(
    web: FlaskClient, mailer: dict[str, str], purpose: str, status: int
) -> None:
    for channel in ("email", "sms"):
        answer = web.get(f"/v1/reports/askable?purpose={purpose}&channel={channel}", headers=mailer)
        assert answer.status_code == (status if channel == "email" else 403)


def test_a_test_key_is_told_so_by_a_real_store(web: FlaskClient) -> None:
    key = f"gov_test_{'a' * 16}_{'b' * 52}"

    answer = web.get("/v1/consent/changes", headers={"Authorization": f"Bearer {key}"})

    assert (answer.status_code, "test key" in answer.json["detail"]) == (401, True)
