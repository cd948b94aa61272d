"""Cookies of the portal: the token of a session, and a mark by which a form from before the sign-in is known.

Out of reach of scripts. Other sites can lead here with them (a link in a mail), but send no form (`SameSite=Lax`).
Over https their names begin with `__Host-`, so that no neighbour under the same domain can set them. The public pages
set none.
"""

import re
import secrets
from typing import Final
from uuid import UUID

from flask import Response, request

from governance.portal.pages import OWN_PATH
from governance.portal.place import current_portal

PATH: Final = OWN_PATH
SESSION: Final = "governance-visit"
STRANGER: Final = "governance-visitor"
_MARK_BYTES: Final = 16
_LONGEST: Final = 256
_STRANGER: Final = re.compile(r"([A-Za-z0-9_-]{22})(?:\.([0-9a-f-]{36}))?")


def is_secure() -> bool:
    """Whether browsers reach this service over https."""
    return request.is_secure or (current_portal().settings.public_url or "").startswith("https:")


def session_token() -> str:
    """What the browser presents as a session; empty where it presents nothing."""
    return request.cookies.get(_name(SESSION), "")[:_LONGEST]


def stranger() -> tuple[str, UUID | None]:
    """The mark of a browser that has not signed in, and the code that it asked for last; empty where it has none."""
    found = _STRANGER.fullmatch(request.cookies.get(_name(STRANGER), ""))
    return ("", None) if found is None else (found[1], None if found[2] is None else UUID(found[2]))


def make_mark() -> str:
    """A new mark."""
    return secrets.token_urlsafe(_MARK_BYTES)


def keep_session(response: Response, token: str) -> None:
    """Have the browser keep a session until it is closed; how long it lasts is decided on the server."""
    _set(response, SESSION, token)


def keep_stranger(response: Response, mark: str, code: UUID | None = None) -> None:
    """Have the browser keep its mark, and which code it waits for; the code's number is no secret."""
    _set(response, STRANGER, mark if code is None else f"{mark}.{code}")


def forget_session(response: Response) -> None:
    """Have the browser forget the session."""
    response.delete_cookie(_name(SESSION), path=_path(), secure=is_secure(), httponly=True, samesite="Lax")


def _set(response: Response, cookie: str, content: str) -> None:
    response.set_cookie(_name(cookie), content, path=_path(), secure=is_secure(), httponly=True, samesite="Lax")


def _path() -> str:
    return "/" if is_secure() else PATH


def _name(cookie: str) -> str:
    return f"__Host-{cookie}" if is_secure() else cookie
