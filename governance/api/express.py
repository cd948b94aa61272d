"""What the express lane answers: a few small requests that are asked very often, many at a time, without Flask.

Only what goes well is answered here, by the same functions that answer on the ordinary way. Whatever is refused goes
back to the ordinary way, which refuses it as it refuses everything.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus
from typing import Any, Final, NamedTuple, TypeAlias

from flask import Flask, Request
from gunicorn import SERVER
from webargs import core
from werkzeug.middleware.proxy_fix import ProxyFix

from governance.accounts import operations as accounts
from governance.api import metrics, requests
from governance.api.auth import key_in
from governance.api.heads import Arrived
from governance.api.service import EXTENSION, Service
from governance.kernel.errors import UnauthenticatedError
from governance.kernel.ids import uuid7
from governance.kernel.logs import get_logger

NAME: Final = "governance.express"
"""Of the extension of the application."""
_STATUS: Final = {code: f"{code} {HTTPStatus(code).phrase.upper()}" for code in (200, 201)}

log = get_logger(__name__)


class Caller(NamedTuple):
    """What the head of a request says.

    Attributes:
        path: what is asked for.
        key: of an API client.
        is_secure: whether it came encrypted, as far as a trusted proxy says so.
    """

    path: str
    key: str
    is_secure: bool


Call: TypeAlias = Arrived[Caller]


class Answered(NamedTuple):
    """An answer.

    Attributes:
        status: of HTTP.
        actor: who asked, for the log.
        body: JSON.
    """

    status: int
    actor: str
    body: bytes


class UnknownOutcomeError(Exception):
    """Whether something was done is not known, so that it must not be done again; the cause says what happened."""

    def __init__(self, cause: Exception) -> None:
        super().__init__("whether it was done is not known")
        self.cause = cause


Route: TypeAlias = Callable[[Service, Sequence[Call]], Sequence[Answered | None]]
"""Answers calls together; None for one that is to be answered on the ordinary way, where nothing has been done for it.

Raises:
    UnknownOutcomeError: where it cannot say whether something was done.
"""


class Express:
    """The routes of an application that are answered in the lane.

    Args:
        app: the application.
        routes: by path.
    """

    def __init__(self, app: Flask, routes: Mapping[str, Route]) -> None:
        self._app = app
        self._routes = routes

    @property
    def paths(self) -> frozenset[str]:
        """What may be asked for."""
        return frozenset(self._routes)

    def recognise(self, environ: Mapping[str, Any]) -> Caller | None:
        """Who asks for what; None where it is no call of a system with a key for one of these routes, in JSON."""
        request = Request(_behind_proxies(self._app, dict(environ)))
        header = request.headers.get("Authorization", "")
        try:
            key = key_in(header)
        except UnauthenticatedError:
            return None
        if request.method != "POST" or request.path not in self._routes or request.query_string:
            return None
        if accounts.is_session_token(key) or not core.is_json(request.mimetype):
            return None
        return Caller(request.path, key, request.is_secure)

    def answer(self, calls: Sequence[Call]) -> list[bytes | None]:
        """The whole answers to calls, in their order; None for one that is to be answered on the ordinary way."""
        began = time.perf_counter()
        service: Service = self._app.extensions[EXTENSION]
        answers: list[bytes | None] = [None] * len(calls)
        with self._app.app_context():
            for path, route in self._routes.items():
                places = [place for place, call in enumerate(calls) if call.caller.path == path]
                if places:
                    asked = [calls[place] for place in places]
                    for place, answer in zip(places, self._of_route(service, route, asked, began), strict=True):
                        answers[place] = answer
        return answers

    def _of_route(self, service: Service, route: Route, calls: Sequence[Call], began: float) -> Sequence[bytes | None]:
        try:
            answered = route(service, calls)
        except UnknownOutcomeError as error:
            return [self._failed(call, error.cause) for call in calls]
        except Exception as error:  # noqa: BLE001 - each is told of where it is answered alone
            log.warning("http.lane_refused", error_type=type(error).__name__, calls=len(calls))
            return [None] * len(calls)
        lines: list[requests.Line] = []
        answers = [
            None if one is None else _written(call, one, time.perf_counter() - began, lines)
            for call, one in zip(calls, answered, strict=True)
        ]
        if lines:
            requests.tell(lines)
        return answers

    def _failed(self, call: Call, error: Exception) -> bytes:
        """The answer of the ordinary way to an error, without asking again."""
        scheme = "https" if call.caller.is_secure else "http"
        told = {requests.HEADER: call.request_id} if call.request_id else {}
        with self._app.test_request_context(call.caller.path, method="POST", headers=told, base_url=f"{scheme}://lane"):
            self._app.preprocess_request()
            response = self._app.make_response(self._app.handle_user_exception(error))
            response = self._app.process_response(response)
            fields = "".join(f"{name}: {value}\r\n" for name, value in response.headers)
            head = f"{_first_lines(response.status, int(time.time()))}{fields}\r\n"
            return head.encode("latin-1") + response.get_data()


def _behind_proxies(app: Flask, environ: dict[str, Any]) -> dict[str, Any]:
    """*environ* as the application sees it, behind the proxies that it trusts."""
    outer = app.wsgi_app
    if isinstance(outer, ProxyFix):
        # The same proxies, around nothing.
        ProxyFix(lambda *_: (), x_for=outer.x_for, x_proto=outer.x_proto, x_host=outer.x_host)(environ, _nothing)
    return environ


def _nothing(*_told: object) -> Any:  # noqa: ANN401 - WSGI's own protocol
    return None


def _written(call: Call, answered: Answered, seconds: float, lines: list[requests.Line]) -> bytes:
    request_id = requests.accepted(call.request_id) or str(uuid7())
    told = (request_id, "POST", call.caller.path, answered.status, round(seconds * 1000, 1), answered.actor)
    lines.append(requests.Line(*told))
    metrics.count("POST", call.caller.path, answered.status, seconds)
    head = (
        f"{_first_lines(_STATUS[answered.status], int(time.time()))}Content-Type: application/json\r\n"
        f"Content-Length: {len(answered.body)}\r\n{_standing(call.caller.is_secure)}"
        f"{requests.HEADER}: {request_id}\r\n\r\n"
    )
    return head.encode("latin-1") + answered.body


@lru_cache(maxsize=8)
def _first_lines(status: str, at: int) -> str:
    """What gunicorn writes before the headers of an application, in this second."""
    return f"HTTP/1.1 {status}\r\nServer: {SERVER}\r\nDate: {formatdate(at, usegmt=True)}\r\nConnection: keep-alive\r\n"


@lru_cache(maxsize=2)
def _standing(is_secure: bool) -> str:  # noqa: FBT001 - the key of the cache
    return "".join(f"{name}: {content}\r\n" for name, content in requests.standing_headers(is_secure=is_secure))
