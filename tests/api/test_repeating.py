"""A request that is repeated with its Idempotency-Key does its work once."""

import threading
from datetime import timedelta
from uuid import uuid4

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient

from governance.kernel import idempotency
from governance.kernel.work import SYSTEM, open_work
from governance.policies.permissions import Permission
from tests.api.conftest import Bearer, service_of
from tests.conftest import Store

NOTE = {"text": "called petrov@example.org back"}


@pytest.fixture
def keyed(recorder: dict[str, str]) -> dict[str, str]:
    """Headers with a new key."""
    return {**recorder, "Idempotency-Key": str(uuid4())}


def _jobs(store: Store) -> int:
    with psycopg.connect(store.admin_url) as connection:
        row = connection.execute("SELECT count(*) FROM procrastinate_jobs").fetchone()
    return int(row[0]) if row else -1


def test_a_repeated_request_is_answered_with_what_the_first_made(
    web: FlaskClient, keyed: dict[str, str], door_store: Store
) -> None:
    before = _jobs(door_store)
    first = web.post("/v1/notes", json=NOTE, headers=keyed)
    again = web.post("/v1/notes", json=NOTE, headers=keyed)

    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert (again.status_code, again.json) == (201, {"id": first.json["id"]})
    assert again.headers["Location"].endswith(f"/v1/notes/{first.json['id']}")
    assert _jobs(door_store) == before + 1


def test_without_a_key_each_request_does_its_work(
    web: FlaskClient, recorder: dict[str, str], door_store: Store
) -> None:
    before = _jobs(door_store)
    for _ in range(2):
        assert web.post("/v1/notes", json=NOTE, headers=recorder).status_code == 201

    assert _jobs(door_store) == before + 2


def test_the_same_key_for_another_body_is_refused(web: FlaskClient, keyed: dict[str, str]) -> None:
    web.post("/v1/notes", json=NOTE, headers=keyed)

    answer = web.post("/v1/notes", json={"text": "something else"}, headers=keyed)

    assert (answer.status_code, answer.json["type"]) == (422, "idempotency-key-reused")


def test_each_client_has_keys_of_its_own(web: FlaskClient, bearer: Bearer, door_store: Store) -> None:
    before = _jobs(door_store)
    key = str(uuid4())
    for _ in range(2):
        headers = {**bearer(Permission.INTERACTIONS_RECORD), "Idempotency-Key": key}
        assert web.post("/v1/notes", json=NOTE, headers=headers).status_code == 201

    assert _jobs(door_store) == before + 2


def test_a_request_that_was_refused_may_be_sent_again_corrected(web: FlaskClient, keyed: dict[str, str]) -> None:
    assert web.post("/v1/notes", json={"text": ""}, headers=keyed).status_code == 422

    assert web.post("/v1/notes", json=NOTE, headers=keyed).status_code == 201


@pytest.mark.parametrize("key", ["", "has space", "ключ", "x" * 256])
def test_a_key_that_is_none_is_refused(web: FlaskClient, recorder: dict[str, str], key: str) -> None:
    answer = web.post("/v1/notes", json=NOTE, headers={**recorder, "Idempotency-Key": key.encode().decode("latin-1")})

    assert answer.status_code == 400


def test_requests_with_one_key_at_the_same_time_do_the_work_once(
    door: Flask, web: FlaskClient, keyed: dict[str, str], door_store: Store
) -> None:
    before = _jobs(door_store)
    start = threading.Barrier(4)
    answers: list[tuple[int, str]] = []

    def send() -> None:
        with door.test_client() as client:
            start.wait()
            answer = client.post("/v1/notes", json=NOTE, headers=keyed)
            answers.append((answer.status_code, answer.json["id"]))

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(answers)) == 1
    assert len(answers) == 4
    assert _jobs(door_store) == before + 1


def test_nothing_of_the_request_is_kept(web: FlaskClient, keyed: dict[str, str], door_store: Store) -> None:
    web.post("/v1/notes", json=NOTE, headers=keyed)

    with psycopg.connect(door_store.admin_url) as connection:
        rows = connection.execute("SELECT t::text, key_digest, request_digest FROM idempotent_request t").fetchall()

    assert rows
    for text, key_digest, request_digest in rows:
        assert keyed["Idempotency-Key"] not in text
        assert "petrov" not in text
        assert (len(key_digest), len(request_digest)) == (32, 32)


def test_keys_are_forgotten_after_a_day(
    door: Flask, web: FlaskClient, keyed: dict[str, str], door_store: Store
) -> None:
    web.post("/v1/notes", json=NOTE, headers=keyed)
    with psycopg.connect(door_store.admin_url) as connection:
        connection.execute("UPDATE idempotent_request SET created_at = created_at - %s", (timedelta(hours=25),))
    before = _jobs(door_store)

    # A key that is too old is free even before the purge has come by.
    assert web.post("/v1/notes", json=NOTE, headers=keyed).status_code == 201
    assert _jobs(door_store) == before + 1
    with psycopg.connect(door_store.admin_url) as connection:
        connection.execute("UPDATE idempotent_request SET created_at = created_at - %s", (timedelta(hours=25),))
    with open_work(service_of(door).database, SYSTEM) as work:
        assert idempotency.purge(work) >= 1
    with psycopg.connect(door_store.admin_url) as connection:
        assert connection.execute("SELECT count(*) FROM idempotent_request").fetchone() == (0,)
