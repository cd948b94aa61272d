"""Forms: sealed so that no other site can send one, numbered so that one sent twice acts once, kept where they fail."""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from flask import request

from governance.console.cookies import session_token, stranger_mark
from governance.console.place import current_console
from governance.kernel.ids import uuid4

SEAL: Final = "seal"
NUMBER: Final = "form"
KEPT: Final = "kept."
"""Before the name of a field that waits in a page of ours for its sender to sign in."""
_SECRET: Final = frozenset({SEAL, "password", "code", "new_password", "content", "passphrase", "again", "text"})


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed into a form that was not taken, and what is wrong with it, by name of the field."""

    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)

    def get(self, name: str, default: str = "") -> str:
        """What was typed into a field."""
        return self.values.get(name, default)


EMPTY: Final = Typed()


def seal(of: str) -> str:
    """The seal on forms of whoever holds *of*: the token of a session, or the mark of a browser without one."""
    return hmac.digest(current_console().secret, b"console/form\x00" + of.encode(), "sha256").hex()


def new_number() -> str:
    """The number of a form that is about to be shown."""
    return str(uuid4())


def is_sealed(*, before_sign_in: bool = False) -> bool:
    """Whether the form of the present request was shown to this very session, or to this browser before it had one."""
    mine = stranger_mark() if before_sign_in else session_token()
    return bool(mine) and hmac.compare_digest(request.form.get(SEAL, "").encode(), seal(mine).encode())


def is_from_here() -> bool:
    """Whether the browser says that the form was on a page of ours."""
    return urlsplit(request.headers.get("Origin", "")).netloc == request.host


def waiting_fields() -> Sequence[tuple[str, str]]:
    """Fields of the present form that may wait in a page for its sender to sign in; secrets never do."""
    return [(name, value) for name, value in request.form.items(multi=True) if name not in _SECRET | {NUMBER}]


def kept_fields() -> Sequence[tuple[str, str]]:
    """Fields that waited in the form of the present request."""
    sent = request.form.items(multi=True)
    return [(name.removeprefix(KEPT), value) for name, value in sent if name.startswith(KEPT)]


def own_path(offered: str) -> str:
    """A path of the console that was *offered* as a place to go on at; its front page where it is none."""
    parts = urlsplit(offered)
    is_ours = not parts.scheme and not parts.netloc and parts.path.startswith("/console") and "\\" not in offered
    return offered if is_ours else "/console"
