"""Forms of the console: as all pages have them, under the seal of its sessions, and its own secrets and addresses."""

from collections.abc import Sequence
from typing import Final

from governance.console.cookies import session_token, stranger_mark
from governance.console.place import current_console
from governance.pages import forms

_LABEL: Final = b"console/form"
_SECRET: Final = frozenset({"password", "code", "new_password", "content", "passphrase", "again", "text"})


def seal(of: str) -> str:
    """The seal on forms of whoever holds *of*: the token of a session, or the mark of a browser without one."""
    return forms.seal(current_console().secret, _LABEL, of)


def is_sealed(*, before_sign_in: bool = False) -> bool:
    """Whether the form of the present request was shown to this very session, or to this browser before it had one."""
    mine = stranger_mark() if before_sign_in else session_token()
    return bool(mine) and forms.is_sealed(seal(mine))


def waiting_fields() -> Sequence[tuple[str, str]]:
    """Fields of the present form that may wait in a page for its sender to sign in; secrets never do."""
    return forms.waiting_fields(_SECRET)


def own_path(offered: str) -> str:
    """A path of the console that was *offered* as a place to go on at; its front page where it is none."""
    return forms.own_path(offered, below="/console")
