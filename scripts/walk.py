"""Walks the pages as a visitor does: from a few addresses along the links, until each route was seen.

What walks the route table - the benchmark of pages, the tests of all pages - goes by it, so that a new page is looked
at without a word, or is named as one that nothing leads to.
"""

import re
from collections import deque
from collections.abc import Callable, Iterable
from html import unescape
from typing import Final
from urllib.parse import urlsplit

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.exceptions import HTTPException

FACES: Final = ("console", "portal")
"""Blueprints whose routes are pages."""
NOT_PAGES: Final = frozenset(
    {
        *("console.static", "console.front", "console.nowhere", "portal.brand_logo", "portal.brand_style"),
        *("portal.front", "portal.nowhere"),
        *("console.erasure_certificate", "console.run_certificate", "console.import_refused"),
    }
)
"""Files, and addresses at which nothing is."""
_LINK: Final = re.compile(r'<a\b[^>]*?\shref="([^"]+)"')


def pages_of(app: Flask) -> frozenset[str]:
    """Endpoints of all pages that are opened by GET; addresses of forms at which a page is shown again are none."""
    return frozenset(
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if _is_page(rule.endpoint) and "GET" in (rule.methods or ()) and not rule.endpoint.endswith("_again")
    )


Opens = Callable[[str], str | None]
"""Opens an address as somebody; answers the page, or None where it is none for them."""


def walk(app: Flask, opens: Opens, starts: Iterable[str], *, each: int = 1) -> dict[str, list[str]]:
    """Addresses of the pages that links lead to.

    Args:
        app: whose routes they are.
        opens: how they are opened.
        starts: addresses to begin with.
        each: how many addresses of a route to open; the first ones that are met.

    Returns:
        By endpoint the addresses that answered with a page.
    """
    matcher = app.url_map.bind("localhost")
    waiting, met, found = deque(starts), set[str](), dict[str, list[str]]()
    while waiting:
        address = waiting.popleft()
        parts = urlsplit(address)
        if address in met or parts.netloc or not parts.path.startswith("/"):
            continue
        met.add(address)
        try:
            endpoint, _names = matcher.match(parts.path, method="GET")
        except HTTPException:
            continue
        if not _is_page(endpoint) or len(found.get(endpoint, ())) >= each:
            continue
        shown = opens(address)
        if shown is not None:
            found.setdefault(endpoint, []).append(address)
            waiting.extend(unescape(one) for one in _LINK.findall(shown) if not one.startswith(("#", "?")))
    return found


def opener(client: FlaskClient) -> Opens:
    """Opens addresses by a browser of the tests."""

    def opens(address: str) -> str | None:
        answer = client.get(address)
        return answer.text if (answer.status_code, answer.mimetype) == (200, "text/html") else None

    return opens


def _is_page(endpoint: str) -> bool:
    return endpoint.split(".", maxsplit=1)[0] in FACES and endpoint not in NOT_PAGES
