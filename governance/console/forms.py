"""Forms of the console: as all pages have them, under the seal of its sessions, and its own secrets and addresses."""

from typing import Final

from flask import request

from governance.console.cookies import session_token, stranger_mark
from governance.console.place import current_console
from governance.kernel.ids import StaffId
from governance.pages import forms, waiting

_LABEL: Final = b"console/form"
_SENDER: Final = b"console/sender"
_SECRET: Final = frozenset({"password", "code", "new_password", "passphrase", "again", "text"})
KEPT_OCTETS: Final = 11 * 1_048_576
"""That a form may have in which another waits: a list that is brought in is seven megabytes before it is sealed."""


def seal(of: str, *, staff: StaffId | str | None = None) -> str:
    """The seal on forms of whoever holds *of*: the token of a session, or the mark of a browser without one.

    Where it is known whose session that is, the seal tells, too: a form that outlives its session waits for them alone.
    """
    whole = forms.seal(current_console().secret, _LABEL, of)
    return whole if staff is None else f"{whole}.{_sender_of(staff)}"


def _sender_of(staff: StaffId | str) -> str:
    return forms.seal(current_console().secret, _SENDER, str(staff))


def is_sealed(*, before_sign_in: bool = False) -> bool:
    """Whether the form of the present request was shown to this very session, or to this browser before it had one."""
    mine = stranger_mark() if before_sign_in else session_token()
    return bool(mine) and forms.is_sealed(seal(mine), given=_given()[0])


def is_of(staff: StaffId | str) -> bool:
    """Whether the form of the present request was shown to a member of staff, in whichever session."""
    return forms.is_sealed(_sender_of(staff), given=_given()[1])


def _given() -> tuple[str, str]:
    of_session, _, of_sender = request.form.get(forms.SEAL, "").partition(".")
    return of_session, of_sender


def waiting_fields() -> waiting.Fields:
    """Fields of the present form that may wait for its sender; secrets never do."""
    return forms.waiting_fields(_SECRET)


def put_by() -> str:
    """The fields of the present form, sealed for whoever it was shown to; secrets never wait."""
    return waiting.put_by(current_console().secret, waiting_fields(), sender=_given()[1])


def take_up(kept: str, *, staff: StaffId) -> waiting.Fields:
    """What was put by for a member of staff; nothing where it was for another."""
    return waiting.take_up(current_console().secret, kept, sender=_sender_of(staff))


def kept() -> str:
    """What waits, still sealed, in the form of the present request."""
    return request.form.get(waiting.FIELD, "")


def own_path(offered: str) -> str:
    """A path of the console that was *offered* as a place to go on at; its front page where it is none."""
    return forms.own_path(offered, below="/console")
