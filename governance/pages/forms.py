"""Forms: sealed so that no other site can send one, numbered so that one sent twice acts once, kept where they fail.

Whose seal it is, is for each face to say: the token of a session, or the mark of a browser that has none yet.
"""

import hmac
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import field
from hashlib import sha256
from typing import Final
from urllib.parse import urlsplit

from flask import request
from werkzeug.datastructures import FileStorage

from governance.kernel.ids import uuid4
from governance.kernel.records import frozen

SEAL: Final = "seal"
NUMBER: Final = "form"
SESSION: Final = "of."
"""Begins the name of a field that every form has first, and no two sessions have in common.

By the names of the first fields browsers know a form again when somebody goes back to it, and fill in what was typed
there before: for the same session it may be so, for the next person at that browser it must not.
"""
LONGEST_NUMBER: Final = 64
_NO_ADDRESS: Final = re.compile(r"[\x00-\x20\x7f\\]")
"""What no address of ours has, and browsers or headers take for something else."""
_WHOLE: Final = re.compile(r"\d{1,9}", re.ASCII)


@frozen
class Typed:
    """What was typed into a form that was not taken, and what is wrong with it, by name of the field."""

    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)

    def get(self, name: str, default: str = "") -> str:
        """What was typed into a field."""
        return self.values.get(name, default)


EMPTY: Final = Typed()


def seal(secret: bytes, label: bytes, of: str) -> str:
    """The seal on forms of whoever holds *of*, under a label of the face's own."""
    return hmac.digest(secret, label + b"\x00" + of.encode(), "sha256").hex()


def is_sealed(expected: str, *, given: str | None = None) -> bool:
    """Whether the form of the present request carries this seal; or what was *given* is it."""
    mine = request.form.get(SEAL, "") if given is None else given
    return hmac.compare_digest(mine.encode("utf-8", "surrogatepass"), expected.encode())


def new_number() -> str:
    """The number of a form that is about to be shown."""
    return str(uuid4())


def number_with_content() -> tuple[str, bytes]:
    """What a form that comes twice is known by, and all that it says: sent again with other words it is another one."""
    number = request.form.get(NUMBER, "")[:LONGEST_NUMBER]
    whole = repr((request.path, sorted(request.form.items(multi=True)))).encode("utf-8", "surrogatepass")
    return f"{number}:{sha256(whole).hexdigest()}", whole


def is_from_here() -> bool:
    """Whether the browser says that the form was on a page of ours."""
    try:
        return urlsplit(request.headers.get("Origin", "")).netloc == request.host
    except ValueError:  # it is no address at all
        return False


def is_readable() -> bool:
    """Whether what was sent is text that can be kept and searched for: no browser sends the character 0."""
    sent = (request.args, request.form, request.files)
    texts = (text for one in sent for name, said in one.items(multi=True) for text in (name, _name_or_text(said)))
    return "\0" not in request.path and not any("\0" in text for text in texts)


def _name_or_text(said: str | FileStorage) -> str:
    return said if isinstance(said, str) else said.filename or ""


def waiting_fields(secret: Collection[str]) -> Sequence[tuple[str, str]]:
    """Fields of the present form that may wait in a page for its sender to sign in; those named *secret* never do."""
    never, sent = {SEAL, NUMBER, *secret}, request.form.items(multi=True)
    return [(name, said) for name, said in sent if name not in never and not name.startswith(SESSION)]


def whole_number(said: str) -> int | None:
    """A whole number of nine digits at most, as a form or an address has it; None where it is none."""
    return int(said) if _WHOLE.fullmatch(said) else None


def own_path(offered: str, *, below: str) -> str:
    """A path that was *offered* as a place to go on at, where it lies below one of ours; else that one."""
    path = offered.partition("#")[0].partition("?")[0]
    inside = path == below or (path.startswith(f"{below}/") and ".." not in path.split("/"))
    return offered if inside and not _NO_ADDRESS.search(offered) else below
