"""Browsers tell what the policy of content refused; the log hears of it without anybody's address."""

import json
from dataclasses import replace

import pytest

from governance.api.limits import Limiter
from governance.pages import reporting
from governance.pages.reporting import LARGEST, PLACE, Violation
from governance.pages.serving import REPORTS, policy
from tests.api.conftest import door, door_store

__all__ = ["door", "door_store"]

PAGE = "http://localhost/my/data/seen?own=yes"


@pytest.fixture
def heard(door):
    """What was heard, in a service that counts senders anew."""
    told = []
    before = door.extensions[PLACE]
    door.extensions[PLACE] = replace(before, count_sender=Limiter(5).take, hear=told.append)
    yield told
    door.extensions[PLACE] = before


def tell(client, **said):
    told = {"document-uri": PAGE, "effective-directive": "script-src-elem", "blocked-uri": "inline", **said}
    body = json.dumps({"csp-report": told})
    return client.post(REPORTS, data=body, content_type="application/csp-report").status_code


def test_every_page_says_where_to_tell():
    assert f"report-uri {REPORTS}" in policy()


def test_what_was_refused_is_heard_by_route_and_kind_without_addresses(door, heard):
    client = door.test_client()

    assert tell(client) == 204
    assert tell(client, **{"blocked-uri": "https://evil.example/x.js?who=olga@example.org"}) == 204
    own = "http://localhost/keep/secret"
    assert tell(client, **{"blocked-uri": "http://localhost/x.js", "document-uri": own}) == 204
    assert tell(client, **{"effective-directive": "olga@example.org", "document-uri": "https://else.example/my"}) == 204
    assert heard == [
        Violation("script-src-elem", "inline", "portal.sights"),
        Violation("script-src-elem", "elsewhere", "portal.sights"),
        Violation("script-src-elem", "self", "portal.keeping"),
        Violation("other", "inline", ""),
    ]


def test_what_is_no_report_is_refused_and_nothing_heard(door, heard):
    client = door.test_client()
    large = b'{"csp-report": {"a": "%s"}}' % (b"a" * LARGEST)
    for body in (b"", b"[]", b'{"csp-report": 1}', b"\xff", b"[" * 10_000):
        assert client.post(REPORTS, data=body).status_code == 400, body[:20]
    door.extensions[PLACE] = replace(door.extensions[PLACE], count_sender=lambda _sender: None)
    assert client.post(REPORTS, data=large).status_code == 400
    assert heard == []


def test_whoever_tells_too_much_is_not_heard(door, heard):
    client = door.test_client()

    assert [tell(client) for _ in range(7)] == [204] * 5 + [429] * 2
    assert len(heard) == 5


def test_the_log_gets_a_warning(monkeypatch):
    told = []
    monkeypatch.setattr(reporting.log, "warning", lambda name, **said: told.append((name, said)), raising=False)
    reporting.write_down(Violation("img-src", "elsewhere", "portal.start"))

    assert told == [("pages.refused_by_policy", {"rule": "img-src", "what": "elsewhere", "page": "portal.start"})]
