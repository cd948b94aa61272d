"""What every request gets: an id, headers that narrow what a browser may do, and one line in the log."""

import re
import time
from collections.abc import Sequence
from typing import Final, NamedTuple

import structlog
from flask import Flask, Response, g, request

from governance.kernel.errors import NotFoundError
from governance.kernel.ids import uuid7
from governance.kernel.logs import info_each

HEADER: Final = "X-Request-Id"
# Ids only: whatever else a caller might put there could be somebody's number, and it goes into the log.
_ACCEPTED: Final = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}", re.IGNORECASE)

SECURITY_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cache-Control": "no-store",
}
_LOWER: Final = {name.lower(): (name, content) for name, content in SECURITY_HEADERS.items()}
HSTS: Final = "max-age=31536000; includeSubDomains"


def standing_headers(*, is_secure: bool) -> list[tuple[str, str]]:
    """Headers that every answer has."""
    return [*SECURITY_HEADERS.items(), *([("Strict-Transport-Security", HSTS)] if is_secure else [])]


def accepted(offered: str) -> str | None:
    """The id that a caller *offered* for a request; None where it is not used."""
    return offered if _ACCEPTED.fullmatch(offered) else None


class Line(NamedTuple):
    """What the log tells of a request: its route, never its path, since an address may hold anything."""

    request_id: str
    method: str
    route: str | None
    status: int
    milliseconds: float
    actor: str | None


def tell(lines: Sequence[Line]) -> None:
    """Log that requests were answered."""
    info_each(__name__, "http.answered", [line._asdict() for line in lines])


def register(app: Flask) -> None:
    """Give every request of *app* its id, headers and log line."""
    app.before_request(_begin)
    app.after_request(_finish)


def _begin() -> None:
    g.request_id = accepted(request.headers.get(HEADER, "")) or str(uuid7())
    g.began = time.perf_counter()
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=g.request_id)
    if "\x00" in request.path or any("\x00" in value for values in request.args.listvalues() for value in values):
        # PostgreSQL keeps no such text, so nothing can be found by it.
        raise NotFoundError("There is nothing at this address.")


def _finish(response: Response) -> Response:
    # All at once: to look each up among the headers takes as long as the rest of this function.
    present = {name.lower() for name, _ in response.headers}
    response.headers.extend([header for name, header in _LOWER.items() if name not in present])
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", HSTS)
    response.headers[HEADER] = g.request_id
    route = request.url_rule.rule if request.url_rule is not None else None
    milliseconds = round((time.perf_counter() - g.began) * 1000, 1)
    tell([Line(g.request_id, request.method, route, response.status_code, milliseconds, g.get("actor"))])
    return response
