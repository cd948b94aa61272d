"""The client that mailing systems copy: what it asks, what it makes of answers, and what it does without one."""

import ast
import base64
import hmac
import socket
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from governance import client as module
from governance.audit import sequencer
from governance.client import (
    Client,
    ForgedError,
    RefusedError,
    UnreachableError,
    WhenUnreachable,
    verify_webhook,
)
from governance.policies.permissions import Permission
from tests.api.conftest import Bearer, service_of
from tests.client.conftest import Gate, answer, answer_and_lose, hang_up
from tests.factories.recording import an_email, make


@pytest.fixture
def key(web: FlaskClient, system: dict[str, str]) -> str:
    return system["Authorization"].removeprefix("Bearer ")


@pytest.fixture
def mailer(gate: Gate, key: str) -> Iterator[Client]:
    with Client(gate.url, key, patience_seconds=4, timeout_seconds=2) as found:
        yield found


@pytest.fixture
def buyer(web: FlaskClient, system: dict[str, str]) -> str:
    """The address of a customer whose contract asks for service messages."""
    address = an_email()
    make(web, system, contacts=[{"kind": "email", "value": address}])
    return address


def test_every_contact_gets_an_answer_in_the_order_of_the_question(mailer: Client, buyer: str) -> None:
    contacts = [buyer, "nobody@example.org", "not an address", buyer]
    answers = mailer.may_send("service", "email", contacts, campaign="order-7")

    assert [one.contact for one in answers] == contacts
    assert [(one.allowed, one.reason) for one in answers] == [
        (True, "ok"),
        (False, "no_ground"),
        (False, "invalid"),
        (True, "ok"),
    ]
    assert answers.allowed == [buyer, buyer]
    assert answers.complete
    assert len(answers.decisions) == 1


def test_customers_are_asked_about_by_id(web: FlaskClient, system: dict[str, str], mailer: Client) -> None:
    customer = make(web, system, contacts=[{"kind": "email", "value": an_email()}])["id"]
    answers = mailer.may_send_to("service", "email", [customer])
    assert [(one.contact, one.allowed) for one in answers] == [(customer, True)]


def test_long_lists_are_asked_about_in_batches(mailer: Client, gate: Gate, buyer: str, monkeypatch) -> None:
    monkeypatch.setattr(module, "BATCH", 3)
    contacts = [f"{number}@example.org" for number in range(7)] + [buyer]
    answers = mailer.may_send("service", "email", contacts)
    assert [one.contact for one in answers] == contacts
    assert answers.allowed == [buyer]
    assert len(answers.decisions) == len(gate.seen) == 3


def test_a_stream_reads_no_further_than_it_has_asked(mailer: Client, monkeypatch) -> None:
    monkeypatch.setattr(module, "BATCH", 2)
    read = []

    def contacts():
        for number in range(1000):
            read.append(number)
            yield f"{number}@example.org"

    answers = mailer.stream("service", "email", contacts())
    next(answers)
    assert len(read) == 2


def test_one_contact_given_as_text_is_a_mistake_and_not_a_list_of_letters(mailer: Client) -> None:
    with pytest.raises(TypeError):
        mailer.may_send("service", "email", "anna@example.org")


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_what_may_fare_better_later_is_tried_again_after_the_pause_that_is_asked_for(
    mailer: Client, gate: Gate, buyer: str, status: int
) -> None:
    gate.mischief = [answer(status, b"<html>busy</html>", Retry_After="1")]
    began = time.monotonic()
    assert mailer.may_send("service", "email", [buyer]).allowed == [buyer]
    assert 1 <= time.monotonic() - began < 3


def test_broken_connections_are_made_anew(mailer: Client, gate: Gate, buyer: str) -> None:
    assert mailer.may_send("service", "email", [buyer]).complete
    gate.mischief = [hang_up, hang_up, hang_up]
    assert mailer.may_send("service", "email", [buyer]).allowed == [buyer]


@pytest.mark.parametrize(
    "mischief",
    [
        answer(503),
        answer(503, Retry_After="3600"),
        answer(200, b"<html>Please sign in to the network</html>"),
        answer(200, b'{"decision_id": "x", "items": []}'),
        answer(200, b'{"decision_id": "x", "items": [{"allowed": "yes", "reason": "ok"}]}'),
        hang_up,
    ],
)
def test_without_an_answer_of_the_service_the_answer_is_no(gate: Gate, key: str, buyer: str, mischief: object) -> None:
    gate.mischief = [mischief] * 50  # type: ignore[list-item]  # parameters are objects
    with Client(gate.url, key, patience_seconds=0.5) as mailer:
        (one,) = mailer.may_send("service", "email", [buyer])
    assert (one.allowed, one.reason, one.decision, one.answered) == (False, "unreachable", None, False)


def test_it_answers_otherwise_only_where_it_was_told_to(gate: Gate, key: str, buyer: str) -> None:
    gate.mischief = [hang_up] * 200
    with pytest.raises(UnreachableError):
        Client(gate.url, key, patience_seconds=0.3, when_unreachable="raise").may_send("service", "email", [buyer])
    allowing = Client(gate.url, key, patience_seconds=0.3, when_unreachable=WhenUnreachable.ALLOW)
    (one,) = allowing.may_send("service", "email", [buyer])
    assert (one.allowed, one.reason, one.answered) == (True, "unreachable", False)
    with pytest.raises(ValueError, match="perhaps"):
        Client(gate.url, key, when_unreachable="perhaps")


def test_once_it_cannot_be_reached_the_rest_of_a_list_is_not_waited_for(gate: Gate, key: str, monkeypatch) -> None:
    monkeypatch.setattr(module, "BATCH", 1)
    gate.mischief = [answer(503)] * 200
    began = time.monotonic()
    with Client(gate.url, key, patience_seconds=0.5) as mailer:
        answers = mailer.may_send("service", "email", ["a@example.org"] * 50)
    assert {one.reason for one in answers} == {"unreachable"}
    assert len(answers) == 50
    assert time.monotonic() - began < 5


def test_what_trying_again_cannot_mend_is_raised_at_once(gate: Gate, mailer: Client, bearer: Bearer) -> None:
    with pytest.raises(RefusedError) as refused:
        mailer.may_send("service", "pigeon", ["a@example.org"])
    assert (refused.value.status, set(refused.value.errors)) == (422, {"channel"})
    with pytest.raises(RefusedError) as stranger, Client(gate.url, "gov_wrong", patience_seconds=2) as wrong:
        wrong.may_send("service", "email", ["a@example.org"])
    assert stranger.value.status == 401
    scopeless = bearer(Permission.CUSTOMERS_READ)["Authorization"].removeprefix("Bearer ")
    with pytest.raises(RefusedError) as forbidden, Client(gate.url, scopeless, patience_seconds=2) as narrow:
        narrow.may_send("service", "email", ["a@example.org"])
    assert (forbidden.value.status, forbidden.value.slug) == (403, "forbidden")
    assert len(gate.seen) == 3


def test_no_redirect_is_followed_with_the_key(gate: Gate, mailer: Client) -> None:
    gate.mischief = [answer(307, Location="http://example.org/")]
    with pytest.raises(RefusedError) as refused:
        mailer.may_send("service", "email", ["a@example.org"])
    assert refused.value.status == 307


def test_a_report_of_opt_outs_is_never_lost_nor_made_twice(mailer: Client, gate: Gate, buyer: str) -> None:
    gate.mischief = [answer_and_lose(gate)]
    mailer.suppress("email", [buyer], reason="complaint", scope="everything")
    keys = {headers["idempotency-key"] for _, _, headers in gate.seen}
    assert len(gate.seen) == 2
    assert len(keys) == 1
    assert [one.reason for one in mailer.may_send("service", "email", [buyer])] == ["opted_out"]
    gate.mischief = [hang_up] * 50
    with pytest.raises(UnreachableError):
        Client(gate.url, "gov_x", patience_seconds=0.3).suppress("email", [buyer])


def test_what_is_no_contact_of_the_channel_is_given_back(mailer: Client, buyer: str, monkeypatch) -> None:
    monkeypatch.setattr(module, "SUPPRESSIONS", 2)
    assert mailer.suppress("email", ["not an address", buyer, "+4930901820"]) == ["not an address", "+4930901820"]


@pytest.mark.parametrize("said", [b"", b"{}", b'{"status": "ok"}', b'{"items": []}'])
def test_a_report_is_not_taken_for_made_where_something_else_answers(mailer: Client, gate: Gate, said: bytes) -> None:
    gate.mischief = [answer(200, said)]
    with pytest.raises(UnreachableError):
        mailer.suppress("email", ["a@example.org"])


def test_a_list_that_is_too_large_is_refused_in_the_words_of_the_service(key: str) -> None:
    said = b'{"type": "too-large", "status": 413, "detail": "Too large."}'
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def refuse() -> None:
            caller, _ = listener.accept()
            with caller:
                caller.recv(1000)
                caller.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: %d\r\n\r\n%s" % (len(said), said))

        threading.Thread(target=refuse, daemon=True).start()
        with (
            Client(f"http://127.0.0.1:{listener.getsockname()[1]}", key, patience_seconds=2) as client,
            pytest.raises(RefusedError) as refused,
        ):
            client.may_send("service", "email", ["a" * 1000] * 10_000)
    assert (refused.value.status, refused.value.slug) == (413, "too-large")


def test_changes_are_followed_by_their_cursor(
    door: Flask, web: FlaskClient, system: dict[str, str], mailer: Client
) -> None:
    sequencer.drain(service_of(door).database)
    cursor = mailer.changes("latest").next_cursor
    customer = make(web, system)["id"]
    web.post(f"/v1/customers/{customer}/restrictions", json={"reason": "asked_for"}, headers=system)
    sequencer.drain(service_of(door).database)
    page = mailer.changes(cursor)

    assert [(one.kind, one.effect, one.customers) for one in page.items] == [("restricted", "stop", (customer,))]
    assert mailer.changes(page.next_cursor).items == ()


def test_many_threads_share_a_client(mailer: Client, buyer: str) -> None:
    found: list[bool] = []

    def ask() -> None:
        found.extend(mailer.may_send("service", "email", [buyer]).allowed == [buyer] for _ in range(3))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert found == [True] * 12


@pytest.mark.parametrize(
    "url", ["consent.example.com", "ftp://consent.example.com", "http://consent.example.com", "https://x/?a=b", ""]
)
def test_an_address_over_which_the_key_would_leak_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"https|address"):
        Client(url, "gov_x")
    Client("http://consent.example.com", "gov_x", plain_http=True)


def test_a_key_that_would_break_the_header_is_refused() -> None:
    with pytest.raises(ValueError, match="key"):
        Client("https://consent.example.com", "gov_x\r\nX: y")


SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()


def signed(body: bytes, *, at: int = 1_800_000_000, secret: str = SECRET) -> dict[str, str]:
    raw = hmac.digest(base64.b64decode(secret.removeprefix("whsec_")), f"msg_1.{at}.".encode() + body, "sha256")
    signature = "v1," + base64.b64encode(raw).decode()
    return {"Webhook-Id": "msg_1", "Webhook-Timestamp": str(at), "Webhook-Signature": f"v1,AAAA v2,x {signature}"}


def test_a_webhook_is_believed_only_signed_fresh_and_unchanged() -> None:
    body = b'{"type":"consent.changed"}'
    good, other = signed(body), "whsec_" + base64.b64encode(b"x" * 32).decode()

    assert verify_webhook(SECRET, good, body, now=1_800_000_100) == {"type": "consent.changed"}
    for secret, headers, content, now in (
        (SECRET, good, body + b" ", 1_800_000_000),
        (SECRET, {**good, "Webhook-Id": "msg_2"}, body, 1_800_000_000),
        (SECRET, {**good, "Webhook-Timestamp": "1800000001"}, body, 1_800_000_000),
        (SECRET, good, body, 1_800_000_301),
        (SECRET, good, body, 1_799_999_699),
        (SECRET, {}, body, 1_800_000_000),
        (SECRET, {**good, "Webhook-Timestamp": "x"}, body, 1_800_000_000),
        (other, good, body, 1_800_000_000),
        ("whsec_", good, body, 1_800_000_000),
        ("whsec_*", good, body, 1_800_000_000),
    ):
        with pytest.raises(ForgedError):
            verify_webhook(secret, headers, content, now=now)


def test_the_client_is_one_file_of_the_standard_library() -> None:
    tree = ast.parse(Path(str(module.__file__)).read_text("utf-8"))
    names = {one.module for one in ast.walk(tree) if isinstance(one, ast.ImportFrom)}
    names |= {alias.name for one in ast.walk(tree) if isinstance(one, ast.Import) for alias in one.names}
    assert {str(name).partition(".")[0] for name in names} <= sys.stdlib_module_names
