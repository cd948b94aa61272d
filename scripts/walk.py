"""Walks the pages as a visitor does: from a few addresses along the links, until each route was seen.

What walks the route table - the benchmark of pages, the tests of all pages - goes by it, so that a new page is looked
at without a word, or is named as one that nothing leads to.
"""

import re
from collections import deque
from collections.abc import Iterable
from html import unescape
from typing import Final
from urllib.parse import urlsplit

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.exceptions import HTTPException

FACES: Final = ("console", "portal")
"""Blueprints whose routes are pages."""
NOT_PAGES: Final = frozenset(
    {"console.static", "console.front", "console.nowhere", "portal.brand_logo", "portal.brand_style"}
)
"""Files, and addresses at which nothing is."""
_LINK: Final = re.compile(r'<a\b[^>]*?\shref="([^"]+)"')


def pages_of(app: Flask) -> frozenset[str]:
    """Endpoints of all pages that are opened by GET."""
    return frozenset(
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if rule.endpoint.split(".")[0] in FACES and "GET" in (rule.methods or ()) and rule.endpoint not in NOT_PAGES
    )


def walk(client: FlaskClient, starts: Iterable[str], *, each: int = 1) -> dict[str, list[str]]:
    """Addresses of the pages that links lead to.

    Args:
        client: a browser, signed in as somebody.
        starts: addresses to begin with.
        each: how many addresses of a route to open; the first ones that are met.

    Returns:
        By endpoint the addresses that answered with a page (HTML, 200).
    """
    matcher = client.application.url_map.bind("localhost")
    waiting, met, seen, found = deque(starts), set[str](), dict[str, int](), dict[str, list[str]]()
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
        if endpoint.split(".")[0] not in FACES or endpoint in NOT_PAGES or seen.get(endpoint, 0) >= each:
            continue
        answer = client.get(address)
        if answer.status_code != 200 or answer.mimetype != "text/html":
            continue
        seen[endpoint] = seen.get(endpoint, 0) + 1
        found.setdefault(endpoint, []).append(address)
        waiting.extend(unescape(one) for one in _LINK.findall(answer.text) if not one.startswith(("#", "?")))
    return found
