"""Cookies of the console: the token of a session, and a mark by which a form from before the sign-in is known.

Both are out of reach of scripts, and no other site can have them sent (`SameSite=Strict`). Over https their names begin
with `__Host-`, so that no neighbour under the same domain can set them.
"""

import secrets
from typing import Final

from flask import Response, request

from governance.console.place import current_console

SESSION: Final = "governance-session"
STRANGER: Final = "governance-door"
SETUP: Final = "governance-setup"
_MARK_BYTES: Final = 16
_LONGEST: Final = 256


def is_secure() -> bool:
    """Whether browsers reach this service over https."""
    return request.is_secure or (current_console().settings.public_url or "").startswith("https:")


def session_token() -> str:
    """What the browser presents as a session; empty where it presents nothing."""
    return request.cookies.get(_name(SESSION), "")[:_LONGEST]


def stranger_mark() -> str:
    """The mark of a browser that has not signed in; empty where it has none."""
    return request.cookies.get(_name(STRANGER), "")[:_LONGEST]


def setup_token() -> str:
    """What the browser presents as the link by which a store is set up; empty where it presents nothing."""
    return request.cookies.get(_name(SETUP), "")[:_LONGEST]


def make_mark() -> str:
    """A new mark."""
    return secrets.token_urlsafe(_MARK_BYTES)


def keep(response: Response, cookie: str, content: str) -> None:
    """Have the browser keep a cookie until it is closed; how long a session lasts is decided on the server."""
    path = "/" if is_secure() else "/console"
    response.set_cookie(_name(cookie), content, path=path, secure=is_secure(), httponly=True, samesite="Strict")


def forget(response: Response, cookie: str) -> None:
    """Have the browser forget a cookie."""
    path = "/" if is_secure() else "/console"
    response.delete_cookie(_name(cookie), path=path, secure=is_secure(), httponly=True, samesite="Strict")


def _name(cookie: str) -> str:
    return f"__Host-{cookie}" if is_secure() else cookie
