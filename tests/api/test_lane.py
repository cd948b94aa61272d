"""The express lane: it answers as the ordinary way does, waits for nobody, and lets nobody in between."""

import json
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client import REGISTRY
from sqlalchemy.orm import Session
from structlog.testing import capture_logs

from governance.accounts import operations as accounts
from governance.api import consent_saying
from governance.api.lane import ARRIVAL_SECONDS
from governance.api.limits import Limiter
from governance.policies.permissions import Permission
from tests.api.conftest import Bearer, service_of
from tests.api.serving import Line, Serving, alike, post, serving
from tests.factories.recording import an_email

CHECKS, EVENTS = "/v1/consent/checks", "/v1/consent/events"
Headers = dict[str, str]


@pytest.fixture
def served(door: Flask, web: FlaskClient) -> Iterator[Serving]:
    """The service behind its own gunicorn worker; nobody has spent a call yet."""
    with serving(door) as worker:
        yield worker


@pytest.fixture
def mailer(bearer: Bearer) -> Headers:
    return bearer(Permission.CONSENT_CHECK, Permission.CONSENT_RECORD)


def question(*contacts: object, **more: object) -> bytes:
    told = {"purpose": "newsletter", "channel": "email", "contacts": list(contacts), **more}
    return json.dumps(told).encode()


def event(address: str, kind: str = "withdrawn", **more: object) -> bytes:
    contact = {"kind": "email", "value": address}
    told = {"kind": kind, "purpose": "newsletter", "channel": "email", "contact": contact, **more}
    return json.dumps(told).encode()


def check(bearer: Headers, *contacts: object, **more: object) -> bytes:
    return post(CHECKS, bearer, question(*contacts, **more))


def in_lane(worker: Serving, bearer: Headers) -> Line:
    """A connection that has asked once, and is in the lane since."""
    line = Line(worker.port)
    before = worker.answered_in_the_lane
    assert line.ask(check(bearer, "a@example.org")).startswith(b"HTTP/1.1 200")
    deadline = time.monotonic() + 10
    while worker.answered_in_the_lane == before:
        assert line.ask(check(bearer, "a@example.org")).startswith(b"HTTP/1.1 200")
        assert time.monotonic() < deadline
    return line


def both(worker: Serving, bearer: Headers, request: bytes) -> tuple[bytes, bytes, int]:
    """The answers of the ordinary way and of the lane, and how many the lane gave by itself."""
    ordinary = Line(worker.port)
    plain = ordinary.ask(request)
    line = in_lane(worker, bearer)
    before = worker.answered_in_the_lane
    express = line.ask(request)
    for one in (ordinary, line):
        one.close()
    return plain, express, worker.answered_in_the_lane - before


def test_good_requests_are_answered_in_the_lane_byte_for_byte_as_elsewhere(
    served: Serving, system: Headers, subscriber: str
) -> None:
    given = event(subscriber, "given", method="paper", language="uk", valid_at="2020-01-01")
    for request in (
        check(system, subscriber),
        check(system, subscriber, "nobody@example.org", None, 7, "nonsense"),
        check(system, subscriber, details=True, campaign="autumn"),
        check(system, subscriber, unsubscribe=True),
        check(system, "+4915112345678", channel="sms", region="DE"),
        check(system, subscriber, purpose="no_such_purpose"),
        post(CHECKS, system, question(subscriber), "X-Request-Id: not one of ours".replace(" ", "-")),
        post(CHECKS, system, question(subscriber), "X-Forwarded-Proto: https"),
        post(CHECKS, system, question(subscriber), "Idempotency-Key: 4711"),
        post(CHECKS, system, question(subscriber), "Accept: text/html", "User-Agent: x/1"),
        post(CHECKS, system, question(subscriber), media_type="application/json; charset=utf-8"),
        post(EVENTS, system, event(subscriber)),
        post(EVENTS, system, given),
        post(EVENTS, system, event(an_email())),
    ):
        plain, express, answered = both(served, system, request)
        assert alike(express) == alike(plain), request
        assert plain.startswith(b"HTTP/1.1 20"), plain
        assert answered == 1, request


def test_what_is_refused_is_refused_by_the_ordinary_way_alone(
    served: Serving, system: Headers, mailer: Headers, bearer: Bearer, subscriber: str
) -> None:
    stranger = {"Authorization": mailer["Authorization"][:-1] + ("a" if mailer["Authorization"][-1] != "a" else "b")}
    reader = bearer(Permission.INTERACTIONS_READ)
    full = post(CHECKS, mailer, question(subscriber))
    requests = {
        b"401": [
            check(stranger, subscriber),
            post(CHECKS, {}, question(subscriber)),
            post(CHECKS, {"Authorization": "Basic eDp5"}, question(subscriber)),
            post(EVENTS, stranger, event(subscriber)),
        ],
        b"403": [
            check(reader, subscriber),
            check(mailer, subscriber, details=True),
            post(EVENTS, reader, event(subscriber)),
        ],
        b"400": [
            post(CHECKS, mailer, b"{"),
            post(CHECKS, mailer, b'{"a": 1, "a": 2}'),
            post(EVENTS, mailer, b"[]]"),
            post(EVENTS, mailer, event(subscriber), "Idempotency-Key: ä".encode().decode("latin-1")),
        ],
        b"422": [
            check(mailer),
            check(mailer, subscriber, colour="red"),
            post(EVENTS, mailer, event(subscriber, "expired")),
            post(EVENTS, mailer, event("nobody@example.org", "given")),
            post(CHECKS + "?a=1", mailer, question(subscriber)),
        ],
        b"404": [post(EVENTS, mailer, event(subscriber, purpose="none")), full.replace(b"/checks", b"/czechs", 1)],
        b"405": [full.replace(b"POST", b"PUT", 1)],
        b"415": [post(CHECKS, mailer, question(subscriber), media_type="text/plain")],
    }
    for status, each in requests.items():
        for request in each:
            plain, express, answered = both(served, system, request)
            assert alike(express) == alike(plain), request
            assert plain.startswith(b"HTTP/1.1 " + status), plain
            assert answered == 0, request


def test_a_withdrawal_in_the_lane_is_heeded_by_the_next_check(
    served: Serving, mailer: Headers, subscriber: str
) -> None:
    line = in_lane(served, mailer)
    before = served.answered_in_the_lane
    assert b'"allowed":true' in line.ask(check(mailer, subscriber))
    assert b'"withdrawn"' in line.ask(post(EVENTS, mailer, event(subscriber)))
    assert b'"reason":"opted_out"' in line.ask(check(mailer, subscriber))
    assert served.answered_in_the_lane == before + 3
    line.close()


def test_an_event_with_a_key_is_recorded_once_however_often_it_is_sent(
    served: Serving, web: FlaskClient, mailer: Headers, system: Headers, subscriber: str
) -> None:
    request = post(EVENTS, mailer, event(subscriber), "Idempotency-Key: 0815")
    line = in_lane(served, mailer)
    before = served.answered_in_the_lane
    first, again = line.ask(request), line.ask(request)
    assert first.startswith(b"HTTP/1.1 201")
    assert served.answered_in_the_lane == before + 1, "the first in the lane, its repetition not"
    assert b"Idempotency-Replayed: true" in again
    found = json.loads(first.partition(b"\r\n\r\n")[2])
    events = web.get(f"/v1/customers/{found['customer_id']}/consent-events", headers=system).json
    assert [one["kind"] for one in events["items"]] == ["withdrawn", "confirmed"]
    assert json.loads(again.partition(b"\r\n\r\n")[2]) == {"id": found["id"]}
    line.close()
    line = in_lane(served, mailer)
    other = event(subscriber, "objected")
    assert line.ask(post(EVENTS, mailer, other, "Idempotency-Key: 0815")).startswith(b"HTTP/1.1 422")
    line.close()


def test_a_key_that_is_sent_many_times_at_once_records_once_and_what_is_refused_takes_no_key(
    served: Serving, web: FlaskClient, mailer: Headers, system: Headers, subscriber: str
) -> None:
    lines = [in_lane(served, mailer) for _ in range(5)]
    request = post(EVENTS, mailer, event(subscriber), "Idempotency-Key: 0816")
    with ThreadPoolExecutor(5) as pool:
        answers = list(pool.map(lambda line: line.ask(request), lines))
    assert {answer[:12] for answer in answers} == {b"HTTP/1.1 201"}
    assert sum(b"Idempotency-Replayed: true" in answer for answer in answers) == 4
    assert len({json.loads(answer.partition(b"\r\n\r\n")[2])["id"] for answer in answers}) == 1
    for line in lines:
        line.close()
    line = in_lane(served, mailer)
    unknown = event(subscriber, purpose="nothing_like_it")
    assert line.ask(post(EVENTS, mailer, unknown, "Idempotency-Key: 0817")).startswith(b"HTTP/1.1 404")
    line.close()
    line = in_lane(served, mailer)
    answer = line.ask(post(EVENTS, mailer, event(subscriber), "Idempotency-Key: 0817"))
    assert answer.startswith(b"HTTP/1.1 201")
    assert b"Replayed" not in answer
    line.close()


def test_many_are_answered_together_each_for_themselves(
    served: Serving, mailer: Headers, bearer: Bearer, subscriber: str
) -> None:
    lines = [in_lane(served, mailer) for _ in range(8)]
    stranger = bearer(Permission.INTERACTIONS_READ)
    requests = [check(mailer, subscriber), check(stranger, subscriber), post(EVENTS, mailer, event(an_email()))]

    def ask(number: int) -> list[bytes]:
        return [lines[number].ask(requests[number % 3])[:12] for _ in range(20)]

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(8)))
    expected = [b"HTTP/1.1 200", b"HTTP/1.1 403", b"HTTP/1.1 201"]
    for line in lines:
        line.close()
    assert answers == [[expected[number % 3]] * 20 for number in range(8)]
    assert max(size for size, _ in served.express) > 1


def test_the_limit_of_calls_counts_each_call_once(
    door: Flask, served: Serving, mailer: Headers, bearer: Bearer, subscriber: str
) -> None:
    limited = bearer(Permission.CONSENT_CHECK)
    line = in_lane(served, mailer)
    door.extensions["governance"] = replace(service_of(door), limiter=Limiter(10, monotonic=lambda: 0.0))
    refused = check(limited, subscriber, details=True)
    statuses = [line.ask(one)[9:12] for one in [check(limited, subscriber)] * 4 + [refused] * 4]
    statuses += [line.ask(check(limited, subscriber))[9:12] for _ in range(4)]
    assert statuses == [b"200"] * 4 + [b"403"] * 4 + [b"200"] * 2 + [b"429"] * 2
    line.close()


def test_what_is_answered_is_logged_and_counted_as_elsewhere(served: Serving, mailer: Headers, subscriber: str) -> None:
    def counted() -> float:
        labels = {"method": "POST", "route": CHECKS, "status": "200"}
        return REGISTRY.get_sample_value("governance_http_requests_total", labels) or 0.0

    line = in_lane(served, mailer)
    request_id = "0190a1b2-c3d4-7000-8000-000000000001"
    before, lane = counted(), served.answered_in_the_lane
    with capture_logs() as logs:
        answer = line.ask(post(CHECKS, mailer, question(subscriber), f"X-Request-Id: {request_id}"))
    assert f"X-Request-Id: {request_id}\r\n".encode() in answer
    assert served.answered_in_the_lane == lane + 1
    assert counted() == before + 1
    (told,) = [one for one in logs if one["event"] == "http.answered"]
    assert {name: told[name] for name in ("request_id", "method", "route", "status")} == {
        "request_id": request_id,
        "method": "POST",
        "route": CHECKS,
        "status": 200,
    }
    assert told["actor"]
    assert told["milliseconds"] >= 0
    line.close()


def test_a_request_in_pieces_is_answered_and_keeps_nobody_waiting(
    served: Serving, mailer: Headers, subscriber: str
) -> None:
    slow, quick = in_lane(served, mailer), in_lane(served, mailer)
    request = check(mailer, subscriber)
    for cut in (1, 30, request.index(b"\r\n\r\n") + 2, request.index(b"\r\n\r\n") + 4, len(request) - 1):
        slow.socket.sendall(request[:cut])
        began = time.monotonic()
        assert quick.ask(request).startswith(b"HTTP/1.1 200")
        assert time.monotonic() - began < ARRIVAL_SECONDS
        slow.socket.sendall(request[cut:])
        assert slow.answer().startswith(b"HTTP/1.1 200")
    for line in (slow, quick):
        line.close()


def test_a_request_that_dawdles_goes_to_the_ordinary_threads(served: Serving, mailer: Headers, subscriber: str) -> None:
    line, request = in_lane(served, mailer), check(mailer, subscriber)
    before = served.answered_in_the_lane
    line.socket.sendall(request[:-1])
    time.sleep(ARRIVAL_SECONDS + 0.8)
    line.socket.sendall(request[-1:])
    assert line.answer().startswith(b"HTTP/1.1 200")
    assert served.answered_in_the_lane == before
    line.close()


def test_requests_sent_in_one_go_are_answered_in_their_order(served: Serving, mailer: Headers, subscriber: str) -> None:
    line = in_lane(served, mailer)
    ids = [f"0190a1b2-c3d4-7000-8000-00000000000{number}" for number in range(5)]
    asked = [post(CHECKS, mailer, question(subscriber), f"X-Request-Id: {one}") for one in ids]
    line.socket.sendall(b"".join(asked))
    for one in ids:
        assert one.encode() in line.answer()
    line.close()


def test_whoever_hangs_up_leaves_nothing_behind(served: Serving, mailer: Headers, subscriber: str) -> None:
    request = check(mailer, subscriber)
    for cut in (0, 40, len(request) - 1, len(request)):
        line = in_lane(served, mailer)
        line.socket.sendall(request[:cut])
        line.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        line.close()
    deadline = time.monotonic() + 10
    while served.nr_conns:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert served.lane is not None
    assert not served.lane._kept


def test_a_connection_on_which_nothing_comes_is_closed(door: Flask, web: FlaskClient, mailer: Headers) -> None:
    with serving(door, keepalive=1) as worker:
        line = in_lane(worker, mailer)
        assert line.is_closed()
        line.close()


def test_while_the_service_stops_the_last_answer_says_so(
    door: Flask, web: FlaskClient, mailer: Headers, subscriber: str
) -> None:
    with serving(door) as worker:
        line = in_lane(worker, mailer)
        worker.alive = False
        worker.method_queue.defer(lambda: None)
        time.sleep(0.8)
        answer = line.ask(check(mailer, subscriber))
    assert answer.startswith(b"HTTP/1.1 200")
    assert b"Connection: close" in answer
    assert line.is_closed()
    line.close()


def test_an_event_that_fails_unforeseen_in_the_lane_takes_none_with_it(
    served: Serving, mailer: Headers, subscriber: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    record, seen = consent_saying.consent.record_each, threading.Event()

    def stumbling(work: object, *, events: object, places: Sequence[int]) -> object:
        if not seen.is_set():
            seen.set()
            raise RuntimeError("stumbled")
        return record(work, events=events, places=places)  # type: ignore[arg-type]  # as it was called

    line = in_lane(served, mailer)
    monkeypatch.setattr(consent_saying.consent, "record_each", stumbling)
    assert line.ask(post(EVENTS, mailer, event(subscriber))).startswith(b"HTTP/1.1 201")
    assert seen.is_set()
    line.close()


def test_an_event_of_which_nobody_knows_whether_it_was_kept_is_not_recorded_again(
    served: Serving, web: FlaskClient, system: Headers, subscriber: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = Session.commit

    def lost(session: Session) -> None:
        commit(session)
        if threading.current_thread().name == "lane":
            raise psycopg.OperationalError("the connection is lost")

    line = in_lane(served, system)
    line.ask(post(EVENTS, system, event(subscriber)))
    monkeypatch.setattr(Session, "commit", lost)
    answer = line.ask(post(EVENTS, system, event(subscriber, "objected")))
    monkeypatch.undo()
    assert answer.startswith(b"HTTP/1.1 503")
    assert b"Retry-After: 5" in answer
    assert b'"type": "unavailable"' in answer
    found = web.post("/v1/customers/searches", json={"contact": {"kind": "email", "value": subscriber}}, headers=system)
    customer = found.json["items"][0]["id"]
    events = web.get(f"/v1/customers/{customer}/consent-events", headers=system).json["items"]
    assert [one["kind"] for one in events] == ["objected", "withdrawn", "confirmed"]
    assert line.ask(check(system, subscriber)).startswith(b"HTTP/1.1 200")
    line.close()


SMUGGLED = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.mark.parametrize(
    "fields",
    [
        "Content-Length: 5",
        "content-length : 5",
        "Content-Length: +5",
        "Content-Length: 5, 5",
        "Transfer-Encoding: chunked",
        "Transfer-Encoding: identity",
        "Transfer-Encoding : chunked",
        "Transfer-Encoding:\x0bchunked",
        "X-A: 1\r\n Transfer-Encoding: chunked",
        "X-A: 1\nTransfer-Encoding: chunked",
        "X-A: 1\rTransfer-Encoding: chunked",
        "Host: other",
        "Expect: 100-continue",
        "Expect: 200-ok",
        "Upgrade: h2c\r\nConnection: upgrade",
        "Connection: close",
        "X-A\x00: 1",
        "X A: 1",
        "X-Request-Id: 1\r\nX-Request-Id: 2",
        "X-Request-Id: a b",
        "TE: trailers",
        "SCRIPT_NAME: /v1",
        " folded",
        ": nothing",
    ],
)
def test_a_head_that_could_be_read_in_two_ways_is_left_to_the_one_reader(
    served: Serving, mailer: Headers, subscriber: str, fields: str
) -> None:
    request = post(CHECKS, mailer, question(subscriber), fields)

    def all_of(line: Line) -> list[bytes]:
        line.socket.sendall(request + SMUGGLED)
        line.socket.shutdown(socket.SHUT_WR)
        answers = []
        while answer := line.answer():
            answers.append(alike(answer))
        line.close()
        return answers

    line = in_lane(served, mailer)
    before = served.answered_in_the_lane
    express = all_of(line)
    assert served.answered_in_the_lane == before
    assert express == all_of(Line(served.port))
    line = in_lane(served, mailer)
    before = served.answered_in_the_lane
    line.socket.sendall(request)
    line.socket.shutdown(socket.SHUT_WR)
    line.answer()
    assert served.answered_in_the_lane == before
    line.close()


def test_a_head_longer_than_the_lane_reads_is_answered_elsewhere(
    served: Serving, mailer: Headers, subscriber: str
) -> None:
    line = in_lane(served, mailer)
    before = served.answered_in_the_lane
    long = post(CHECKS, mailer, question(subscriber), *[f"X-{number}: {'a' * 900}" for number in range(12)])
    assert line.ask(long).startswith(b"HTTP/1.1 200")
    assert served.answered_in_the_lane == before
    assert line.ask(check(mailer, *["a@example.org"] * 51)).startswith(b"HTTP/1.1 200")
    assert served.answered_in_the_lane == before
    line.close()


def test_the_lane_goes_on_after_a_failure_of_its_own(
    served: Serving, mailer: Headers, subscriber: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lane = served.lane
    assert lane is not None
    lines = [in_lane(served, mailer) for _ in range(3)]
    read = lane._heads.read

    def failing(received: bytes, connection: object) -> object:
        monkeypatch.setattr(lane._heads, "read", read)
        raise RuntimeError("of the lane itself")

    monkeypatch.setattr(lane._heads, "read", failing)
    for line in lines:
        assert line.ask(check(mailer, subscriber)).startswith(b"HTTP/1.1 200")
    before = served.answered_in_the_lane
    for line in lines:
        assert line.ask(check(mailer, subscriber)).startswith(b"HTTP/1.1 200")
    assert served.answered_in_the_lane > before
    for line in lines:
        line.close()


def test_a_lost_database_is_told_as_on_the_ordinary_way(
    served: Serving, mailer: Headers, subscriber: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(*_told: object, **_more: object) -> None:
        raise psycopg.OperationalError("the connection is lost")

    line = in_lane(served, mailer)
    with monkeypatch.context() as broken:
        for verb in ("authenticate_clients", "ask_clients"):
            broken.setattr(accounts, verb, lost)
        for request in (check(mailer, subscriber), post(EVENTS, mailer, event(subscriber))):
            answer = line.ask(request)
            assert answer.startswith(b"HTTP/1.1 503")
            assert b"Retry-After: 5" in answer
    assert line.ask(check(mailer, subscriber)).startswith(b"HTTP/1.1 200")
    line.close()
