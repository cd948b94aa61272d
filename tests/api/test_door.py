"""Who gets in, what every answer carries, and what becomes of the unit of work."""

import re
import uuid
from dataclasses import replace

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient

from governance.api.limits import Limiter
from governance.policies.permissions import Permission
from tests.api.conftest import Bearer, bearer_for, service_of
from tests.conftest import Store

NOTE = {"text": "called back"}


def _jobs(store: Store) -> int:
    with psycopg.connect(store.admin_url) as connection:
        row = connection.execute("SELECT count(*) FROM procrastinate_jobs").fetchone()
    return int(row[0]) if row else -1


def _refusals(store: Store) -> list[bytes]:
    with psycopg.connect(store.admin_url) as connection:
        rows = connection.execute(
            "SELECT bytes FROM audit_body WHERE action = 'accounts:access:refused' ORDER BY at"
        ).fetchall()
    return [bytes(row[0]) for row in rows]


def test_without_a_key_nobody_gets_in_and_is_told_how(web: FlaskClient) -> None:
    answer = web.get("/v1/notes")

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.json["type"] == "unauthenticated"


@pytest.mark.parametrize(
    "header", ["Basic Z292OnRlc3Q=", "Bearer", "Bearer ", "Bearer gov_x_y", "Bearer " + "a" * 400, "gov_a_b"]
)
def test_what_is_no_key_of_ours_is_refused(web: FlaskClient, header: str) -> None:
    assert web.get("/v1/notes", headers={"Authorization": header}).status_code == 401


def test_nothing_of_a_strangers_body_is_looked_at(web: FlaskClient) -> None:
    answer = web.post("/v1/notes", data=b"{ not json", content_type="application/json")

    assert answer.status_code == 401


def test_a_client_with_the_scope_gets_in(web: FlaskClient, recorder: dict[str, str], door_store: Store) -> None:
    before = _jobs(door_store)
    answer = web.post("/v1/notes", json=NOTE, headers=recorder)

    assert answer.status_code == 201
    assert uuid.UUID(answer.json["id"]).version == 7
    assert _jobs(door_store) == before + 1


def test_a_client_without_the_scope_is_refused_and_that_is_on_record(
    web: FlaskClient, bearer: Bearer, door_store: Store
) -> None:
    jobs, refusals = _jobs(door_store), len(_refusals(door_store))
    answer = web.post("/v1/notes", json=NOTE, headers=bearer(Permission.INTERACTIONS_READ))

    assert answer.status_code == 403
    assert answer.json["type"] == "forbidden"
    assert _jobs(door_store) == jobs
    assert len(_refusals(door_store)) == refusals + 1
    assert b"interactions:record" in _refusals(door_store)[-1]


def test_a_refusal_within_the_work_rolls_it_back_and_is_on_record(
    web: FlaskClient, recorder: dict[str, str], door_store: Store
) -> None:
    jobs, refusals = _jobs(door_store), len(_refusals(door_store))
    answer = web.post("/v1/notes", json={**NOTE, "refuse": True}, headers=recorder)

    assert answer.status_code == 403
    assert _jobs(door_store) == jobs
    assert len(_refusals(door_store)) == refusals + 1


def test_a_revoked_client_is_out_at_once(web: FlaskClient, recorder: dict[str, str], door_store: Store) -> None:
    assert web.get("/v1/notes", headers=recorder).status_code == 200
    with psycopg.connect(door_store.admin_url) as connection:
        newest = "SELECT id FROM api_client ORDER BY id DESC LIMIT 1"
        connection.execute(f"UPDATE api_client SET revoked_at = now() WHERE id = ({newest})")

    assert web.get("/v1/notes", headers=recorder).status_code == 401


def test_an_error_that_nobody_named_tells_nothing_and_rolls_back(
    web: FlaskClient, recorder: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    answer = web.delete(f"/v1/notes/{uuid.uuid4()}", headers=recorder)

    assert answer.status_code == 500
    assert answer.mimetype == "application/problem+json"
    assert "petrov" not in answer.text
    assert "RuntimeError" in caplog.text
    assert "petrov" not in caplog.text


@pytest.mark.parametrize("offered", ["0b7b1f2c-5b43-4f5e-9d5e-2f6a3a1f0b11", "0b7b1f2c5b434f5e9d5e2f6a3a1f0b11"])
def test_a_request_id_that_is_an_id_is_kept(web: FlaskClient, offered: str) -> None:
    answer = web.get("/v1/unknown", headers={"X-Request-Id": offered})

    assert answer.headers["X-Request-Id"] == offered
    assert answer.json["request_id"] == offered


@pytest.mark.parametrize("offered", ["79161234567", "petrov@example.org", "x" * 300, "a\tb"])
def test_a_request_id_that_could_be_somebodys_is_replaced(web: FlaskClient, offered: str) -> None:
    given = web.get("/v1/unknown", headers={"X-Request-Id": offered}).headers["X-Request-Id"]

    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", given)


@pytest.mark.parametrize("path", ["/healthz", "/v1/docs", "/v1/openapi.json", "/v1/unknown", "/v1/notes"])
def test_every_answer_narrows_what_a_browser_may_do(web: FlaskClient, path: str) -> None:
    headers = web.get(path).headers

    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "frame-ancestors 'none'" in policy


def test_answers_with_personal_data_are_kept_in_no_cache(web: FlaskClient, recorder: dict[str, str]) -> None:
    assert web.get("/v1/notes", headers=recorder).headers["Cache-Control"] == "no-store"


def test_over_tls_browsers_are_told_to_stay_there(web: FlaskClient) -> None:
    assert "Strict-Transport-Security" not in web.get("/healthz").headers
    assert "Strict-Transport-Security" in web.get("/healthz", base_url="https://localhost").headers


def test_an_edit_names_the_version_that_was_read(web: FlaskClient, recorder: dict[str, str]) -> None:
    path = f"/v1/notes/{uuid.uuid4()}"
    read = web.get(path, headers=recorder).headers["ETag"]

    assert web.patch(path, json=NOTE, headers={**recorder, "If-Match": read}).status_code == 200
    assert web.patch(path, json=NOTE, headers={**recorder, "If-Match": '"v2"'}).status_code == 412
    assert web.patch(path, json=NOTE, headers={**recorder, "If-Match": 'W/"v3"'}).status_code == 412
    assert web.patch(path, json=NOTE, headers=recorder).status_code == 428


def test_whoever_is_too_fast_is_told_when_to_come_back(web: FlaskClient, recorder: dict[str, str]) -> None:
    answer = web.get("/v1/busy", headers=recorder)

    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "7"


def test_a_client_that_spent_its_calls_waits_while_others_go_on(
    door: Flask, web: FlaskClient, recorder: dict[str, str], bearer: Bearer
) -> None:
    door.extensions["governance"] = replace(service_of(door), limiter=Limiter(2))
    other = bearer(Permission.INTERACTIONS_READ)

    spent = [web.get("/v1/notes", headers=recorder) for _ in range(3)]

    assert [answer.status_code for answer in spent] == [200, 200, 429]
    assert int(spent[2].headers["Retry-After"]) >= 1
    assert web.get("/v1/notes", headers=other).status_code == 200


def test_guessing_keys_is_slowed_down_by_address(web: FlaskClient, recorder: dict[str, str]) -> None:
    wrong = {"Authorization": "Bearer gov_guess_guess"}
    statuses = [web.get("/v1/notes", headers=wrong).status_code for _ in range(70)]

    assert statuses[0] == 401
    assert statuses[-1] == 429
    # Others behind the same address are not shut out by it.
    assert web.get("/v1/notes", headers=recorder).status_code == 200


def test_readiness_says_which_check_fails(own_web: FlaskClient, fresh_store: Store) -> None:
    assert own_web.get("/readyz").json == {
        "status": "ready",
        "checks": {"database": "ok", "keyring": "ok", "audit_log": "ok"},
        "alarms": [],
    }
    with psycopg.connect(fresh_store.admin_url) as connection:
        connection.execute("ALTER TABLE audit_entry DISABLE TRIGGER audit_no_change")

    answer = own_web.get("/readyz")

    assert answer.status_code == 503
    assert answer.json["checks"]["audit_log"] == "audit-unprotected"


def test_an_older_schema_is_not_ready(own_web: FlaskClient, fresh_store: Store) -> None:
    with psycopg.connect(fresh_store.admin_url) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0001'")

    answer = own_web.get("/readyz")

    assert (answer.status_code, answer.json["checks"]["database"]) == (503, "schema-outdated")


def test_a_database_that_is_gone_is_told_as_such(own_web: FlaskClient, fresh_store: Store, server_url: str) -> None:
    recorder = bearer_for(own_web.application, Permission.INTERACTIONS_READ)
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f'ALTER DATABASE "{fresh_store.name}" ALLOW_CONNECTIONS false')
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (fresh_store.name,)
        )

    answer = own_web.get("/v1/notes", headers=recorder)

    assert answer.status_code == 503
    assert answer.json["type"] == "unavailable"
    assert "Retry-After" in answer.headers
    assert own_web.get("/healthz").status_code == 200
    assert own_web.get("/readyz").status_code == 503


def test_figures_tell_requests_by_route_and_backlogs(web: FlaskClient, recorder: dict[str, str]) -> None:
    web.get("/v1/unknown/petrov@example.org", headers=recorder)
    web.get(f"/v1/notes/{uuid.uuid4()}", headers=recorder)

    text = web.get("/metrics").text

    assert 'governance_http_requests_total{method="GET",route="/v1/notes/<uuid:note>",status="200"}' in text
    assert "petrov" not in text
    assert "governance_audit_pending " in text
    assert 'governance_jobs{state="failed"} 0.0' in text
