"""What browsers refused to load on our pages (CSP level 3, 5): a page that asks for what it must not, or an attack.

Of a report the log gets which rule was broken, on which route, and whether what was refused lay with us or elsewhere.
Addresses stay out of it: those of pages may hold the token of a mail, those of what was refused are anybody's words.
"""

import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, request
from werkzeug.exceptions import HTTPException

from governance.kernel.errors import TooManyError
from governance.kernel.logs import get_logger
from governance.kernel.records import frozen
from governance.pages.serving import REPORTS, blueprint

PLACE: Final = "governance.pages.reporting"
LARGEST: Final = 16_384
"""Octets of a report; browsers send a few hundred."""
RULES: Final = frozenset(
    {"default-src", "script-src", "script-src-elem", "script-src-attr", "style-src", "style-src-elem", "style-src-attr",
     "img-src", "font-src", "media-src", "object-src", "frame-src", "child-src", "worker-src", "manifest-src",
     "connect-src", "form-action", "base-uri", "frame-ancestors"}
)  # fmt: skip
_KEYWORDS: Final = frozenset({"inline", "eval", "wasm-eval", "data", "blob", "self"})
log = get_logger(__name__)


@frozen
class Violation:
    """What a browser refused.

    Attributes:
        rule: of the policy that was broken; `other` where we have none of that name.
        what: `inline`, `eval`, `data`, `blob`, `self` for what lies with us, else `elsewhere`.
        page: the route of the page; empty where it is none of ours.
    """

    rule: str
    what: str
    page: str


@frozen
class Reporting:
    """Who hears of violations.

    Attributes:
        count_sender: counts a report of an address; raises TooManyError where there were too many.
        hear: is told of each.
    """

    count_sender: Callable[[str], None]
    hear: Callable[[Violation], None]


def write_down(violation: Violation) -> None:
    """Log a violation, as a warning."""
    log.warning("pages.refused_by_policy", rule=violation.rule, what=violation.what, page=violation.page)


def attach(app: Flask, *, count_sender: Callable[[str], None]) -> None:
    """Take reports at *app*."""
    app.extensions[PLACE] = Reporting(count_sender, write_down)


@blueprint.post(REPORTS)
def report() -> Response:
    """Hear a browser out; it is answered alike whatever it said."""
    reporting: Reporting = current_app.extensions[PLACE]
    request.max_content_length = LARGEST
    try:
        reporting.count_sender(request.remote_addr or "")
        violation = _read(request.get_data(cache=False))
    except TooManyError as error:
        return Response(status=HTTPStatus.TOO_MANY_REQUESTS, headers={"Retry-After": str(error.retry_after_seconds)})
    except (HTTPException, ValueError, RecursionError):
        return Response(status=HTTPStatus.BAD_REQUEST)
    reporting.hear(violation)
    return Response(status=HTTPStatus.NO_CONTENT)


def _read(body: bytes) -> Violation:
    said = json.loads(body)
    told = said.get("csp-report") if isinstance(said, dict) else None
    if not isinstance(told, dict):
        raise ValueError("no report")  # noqa: TRY004 - as what cannot be read at all
    rule = str(told.get("effective-directive") or told.get("violated-directive") or "").split(" ")[0]
    blocked = str(told.get("blocked-uri") or "")
    return Violation(rule if rule in RULES else "other", _what(blocked), _route(str(told.get("document-uri") or "")))


def _what(blocked: str) -> str:
    kind = blocked.partition(":")[0]
    if kind in _KEYWORDS:
        return kind
    return "self" if urlsplit(blocked).netloc == request.host else "elsewhere"


def _route(address: str) -> str:
    parts = urlsplit(address)
    if parts.netloc != request.host:
        return ""
    try:
        endpoint, _names = current_app.url_map.bind(request.host).match(parts.path, method="GET")
    except HTTPException:
        return ""
    return str(endpoint)
