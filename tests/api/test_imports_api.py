"""Files brought in over the API: tried, kept, handed to the worker, and never put down in the clear."""

import io
import tempfile
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient

from governance.audit.sequencer import drain
from governance.intake.bounds import Bounds
from governance.kernel.work import OPERATOR, open_work
from governance.policies.permissions import Permission
from governance.reference.operations import set_controller
from tests.api.conftest import Bearer, service_of
from tests.conftest import Store

ROWS = (
    "ФИО;Телефон;E-mail\n"
    "Воробьёва Ирина Семёновна;+7 933 455 20 61;irina.{n}@example.org\n"
    "Кривой Пётр;нет;petrov(at)example.ru\n"
)


@pytest.fixture
def importer(door: Flask, bearer: Bearer) -> dict[str, str]:
    """A client that may import, in a store whose controller is known."""
    with open_work(service_of(door).database, OPERATOR) as work:
        set_controller(work, legal_name="ООО Ромашка", address="Москва", country="RU")
    return bearer(Permission.INTAKE_IMPORT, Permission.INTAKE_READ)


def _large(content: bytes) -> dict[str, Any]:
    """A form that werkzeug's test client would put into a temporary file."""
    head = b'--edge\r\nContent-Disposition: form-data; name="file"; filename="big.csv"\r\n\r\n'
    return {"data": head + content + b"\r\n--edge--\r\n", "content_type": "multipart/form-data; boundary=edge"}


def _form(**fields: str) -> dict[str, object]:
    rows = ROWS.format(n=uuid4().hex).encode("cp1251")
    return {"file": (io.BytesIO(rows), "клиенты.csv"), **fields}


def test_a_file_is_tried_without_writing_anything(web: FlaskClient, importer: dict[str, str]) -> None:
    answer = web.post("/v1/imports/trials", data=_form(), headers=importer)

    assert answer.status_code == 200
    assert (answer.json["rows"], answer.json["good"], answer.json["refused"]) == (2, 1, 1)
    assert answer.json["file"]["encoding"] == "cp1251"
    assert {one["row"] for one in answer.json["refusals"]} == {3}
    assert "petrov" not in answer.text
    assert web.get("/v1/imports", headers=importer).json["items"] == []


def test_a_file_is_kept_and_handed_to_the_worker(web: FlaskClient, importer: dict[str, str], door_store: Store) -> None:
    answer = web.post("/v1/imports", data=_form(source="till", ground="contract"), headers=importer)

    assert answer.status_code == 202
    batch = UUID(answer.json["id"])
    assert answer.json["state"] == "staged"
    with psycopg.connect(door_store.admin_url) as connection:
        jobs = connection.execute(
            "SELECT task_name, args FROM procrastinate_jobs WHERE queueing_lock = %s", (f"import {batch}",)
        ).fetchall()
    assert jobs == [("intake.resume", {"batch": str(batch)})]
    assert web.get(f"/v1/imports/{batch}", headers=importer).json["good"] == 1


def test_the_notice_that_people_were_shown_makes_consents_of_their_yes(
    web: FlaskClient, importer: dict[str, str], bearer: Bearer
) -> None:
    allowed = bearer(Permission.INTAKE_IMPORT, Permission.CONSENT_RECORD, Permission.CONSENT_CONFIGURE)
    words = {"en": {"title": "Newsletter", "body": "I agree."}}
    notice = {"kind": "consent", "key": "newsletter", "texts": words, "material": False}
    version = web.post("/v1/consent/notices", json=notice, headers=allowed).json["version"]["version"]
    rows = "ФИО;E-mail;Согласие на рассылку\nВоробьёва Ирина;irina@example.org;да 12.03.2024\n"

    def tried(headers: dict[str, str], **told: str) -> Any:
        form = {"file": (io.BytesIO(rows.encode()), "a.csv"), **told}
        return web.post("/v1/imports/trials", data=form, headers=headers)

    assert tried(importer).json["consents_given"] == 0
    for told in ({"notices": f'{{"newsletter": {version}}}'}, {"mapping": f'{{"notice:newsletter": "{version}:en"}}'}):
        assert tried(allowed, **told).json["consents_given"] == 1
        assert tried(importer, **told).status_code == 403
    wrong = tried(allowed, notices='{"newsletter": "soon"}')
    assert (wrong.status_code, len(wrong.json["errors"])) == (422, 1)
    for unread in ("[]", "{", '{"newsletter": 1, "newsletter": 2}'):
        answer = tried(allowed, notices=unread)
        assert (answer.status_code, list(answer.json["errors"])) == (422, ["notices"])


def test_a_part_of_a_form_that_stands_twice_is_refused(web: FlaskClient, importer: dict[str, str]) -> None:
    answer = web.post("/v1/imports/trials", data={**_form(), "region": ["DE", "UA"]}, headers=importer)

    assert (answer.status_code, answer.json["errors"]) == (422, {"region": ["Give this once."]})


def test_imports_are_listed_newest_first_by_pages(web: FlaskClient, importer: dict[str, str]) -> None:
    made = [
        web.post("/v1/imports", data=_form(source="till", ground="contract"), headers=importer).json["id"]
        for _ in range(3)
    ]

    first = web.get("/v1/imports?limit=2", headers=importer).json
    second = web.get(f"/v1/imports?limit=1&cursor={first['next_cursor']}", headers=importer).json

    assert [one["id"] for one in first["items"]] == made[:0:-1]
    assert second["items"][0]["id"] == made[0]


def test_source_and_ground_must_be_said(web: FlaskClient, importer: dict[str, str]) -> None:
    answer = web.post("/v1/imports", data=_form(), headers=importer)

    assert answer.status_code == 422
    assert set(answer.json["errors"]) == {"source", "ground"}


def test_without_a_file_there_is_nothing_to_import(web: FlaskClient, importer: dict[str, str]) -> None:
    missing = web.post(
        "/v1/imports",
        data={"source": "till", "ground": "contract"},
        headers=importer,
        content_type="multipart/form-data",
    )

    assert (missing.status_code, set(missing.json["errors"])) == (422, {"file"})
    assert web.post("/v1/imports", json={}, headers=importer).status_code == 415


def test_a_file_that_is_no_table_is_refused_in_words(web: FlaskClient, importer: dict[str, str]) -> None:
    form = {"file": (io.BytesIO(b""), "empty.csv"), "source": "till", "ground": "contract"}

    answer = web.post("/v1/imports", data=form, headers=importer)

    assert answer.status_code == 422
    assert answer.json["detail"]


def test_no_upload_touches_the_disk(
    web: FlaskClient, importer: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_args: object, **_options: object) -> None:
        raise AssertionError("a temporary file was opened")

    for name in ("TemporaryFile", "NamedTemporaryFile", "SpooledTemporaryFile", "mkstemp"):
        monkeypatch.setattr(tempfile, name, refuse)
    rows = ROWS.format(n="x") + "".join(f"Имя Фамилия;{'нет ' * 1_000};one{n}@example.org\n" for n in range(140))
    assert len(rows.encode()) > 600_000

    assert web.post("/v1/imports/trials", **_large(rows.encode()), headers=importer).status_code == 200


def test_an_upload_beyond_the_limit_is_refused(web: FlaskClient, importer: dict[str, str]) -> None:
    answer = web.post("/v1/imports/trials", **_large(b"x" * 17_000_000), headers=importer)

    assert (answer.status_code, answer.json["type"]) == (413, "too-large")


def test_the_log_is_searched_and_the_search_is_on_record(web: FlaskClient, bearer: Bearer) -> None:
    auditor = bearer(Permission.AUDIT_READ)
    before = web.get("/v1/audit/entries?action=audit:trail:searched&limit=1", headers=auditor).json

    after = web.get("/v1/audit/entries?action=audit:trail:searched&limit=2", headers=auditor).json

    assert after["items"][0]["actor"]["kind"] == "client"
    assert before["items"] == [] or before["items"][0]["id"] != after["items"][0]["id"]


@pytest.mark.parametrize(
    "query",
    ["actor=petrov", "action=Петров", "since=yesterday", "outcome=maybe", "cursor=petrov@example.org", "email=x"],
)
def test_a_search_that_makes_no_sense_is_refused(web: FlaskClient, bearer: Bearer, query: str) -> None:
    answer = web.get(f"/v1/audit/entries?{query}", headers=bearer(Permission.AUDIT_READ))

    assert answer.status_code == 422
    assert "petrov" not in answer.text


def test_an_entry_is_read_and_its_proof_waits_for_a_checkpoint(door: Flask, web: FlaskClient, bearer: Bearer) -> None:
    auditor = bearer(Permission.AUDIT_READ, Permission.AUDIT_PROVE)
    web.get("/v1/audit/entries", headers=auditor)
    entry = web.get("/v1/audit/entries?limit=1", headers=auditor).json["items"][0]["id"]
    drain(service_of(door).database)

    read = web.get(f"/v1/audit/entries/{entry}", headers=auditor).json
    proof = web.get(f"/v1/audit/entries/{entry}/proof", headers=auditor)

    assert (read["id"], read["tree"]) == (entry, 1)
    assert read["index"] is not None
    assert (proof.status_code, proof.json["type"]) == (409, "audit-not-yet")
    assert web.get(f"/v1/audit/entries/{uuid4()}", headers=auditor).status_code == 404


def test_a_list_too_long_for_a_request_is_tried_in_part_and_refused_as_an_import(
    web: FlaskClient, importer: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("governance.api.imports.TRIAL_BOUNDS", Bounds(rows=1, seconds=60))
    monkeypatch.setattr("governance.api.imports.IMPORT_BOUNDS", Bounds(rows=1, seconds=60))

    tried = web.post("/v1/imports/trials", data=_form(), headers=importer).json
    refused = web.post("/v1/imports", data=_form(source="till", ground="contract"), headers=importer)

    assert (tried["rows"], tried["complete"]) == (1, False)
    assert (refused.status_code, refused.json["type"]) == (413, "oversized-file")
    assert "governance import" in refused.json["detail"]


def test_a_form_sent_again_with_its_key_is_the_same_request_whatever_its_boundary(
    web: FlaskClient, importer: dict[str, str]
) -> None:
    keyed = {**importer, "Idempotency-Key": str(uuid4())}
    rows = ROWS.format(n=uuid4().hex).encode("cp1251")

    def send(content: bytes, name: str = "clients.csv", source: str = "till") -> Any:
        form = {"file": (io.BytesIO(content), name), "source": source, "ground": "contract"}
        return web.post("/v1/imports", data=form, headers=keyed)

    first, again = send(rows), send(rows)

    assert (first.status_code, again.status_code) == (202, 202)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.json == {"id": first.json["id"]}
    for other in (send(rows + b";;"), send(rows, name="others.csv"), send(rows, source="bought")):
        assert other.json["type"] == "idempotency-key-reused"


@pytest.mark.parametrize("keys", [{}, {"Idempotency-Key": "chunked"}])
def test_a_body_of_unannounced_length_beyond_the_limit_is_too_large_with_a_key_and_without(
    web: FlaskClient, importer: dict[str, str], keys: dict[str, str]
) -> None:
    form = _large(b"x" * (17 << 20))
    sent = io.BytesIO(form.pop("data"))

    answer = web.post(
        "/v1/imports",
        input_stream=sent,
        headers={**importer, **keys},
        environ_overrides={"wsgi.input_terminated": True},
        **form,
    )

    assert (answer.status_code, answer.json["type"]) == (413, "too-large")
