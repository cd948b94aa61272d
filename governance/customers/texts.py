"""Words that may be kept: in normal form, without control characters, not too long, and no mask."""

import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager

from governance.kernel.errors import InvalidError
from governance.policies.masking import DOTS

SHORT_TEXT = 200
LONG_TEXT = 4000
_LINES = frozenset("\n\t")
_REORDERING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Explicit formatting of direction (UAX 9): it makes what follows look like something else; names need none of it."""


class Wrong(ValueError):  # noqa: N818 (it is no failure: it is what is said of a field)
    """Why a value cannot be kept: a sentence with the remedy, which repeats nothing of the value."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def noted(before: str | None, further: str | None) -> str | None:
    """A note with the lines of another one below, but for those that stand in it; as it was where both are too long."""
    if not before or not further:
        return before or further
    standing = before.splitlines()
    whole = "\n".join([before, *(line for line in further.splitlines() if line not in standing)])
    return whole if len(whole) <= LONG_TEXT else before


def words(value: object, *, longest: int = SHORT_TEXT, lines: bool = False) -> str:
    """*value* as text that may be kept: NFC, trimmed; white space collapsed unless it may have several *lines*.

    Raises:
        Wrong: where it is no text, empty, too long, masked, or holds what no text holds.
    """
    if not isinstance(value, str):
        raise Wrong("Give text.")
    text = unicodedata.normalize("NFC", value)
    text = text.replace("\r\n", "\n").strip() if lines else " ".join(text.split())
    if not text:
        raise Wrong("Give some text, or null to empty the field.")
    if len(text) > longest:
        raise Wrong(f"At most {longest} characters.")
    if DOTS in text:
        raise Wrong("This is a masked value, and keeping it would destroy the real one; leave the field out.")
    for character in text:
        if unicodedata.category(character) in ("Cc", "Cs") and character not in _LINES:
            raise Wrong("Control characters cannot be kept.")
        if character in _REORDERING:
            raise Wrong("Characters that turn the direction of writing (U+202A-202E, U+2066-2069) cannot be kept.")
    return text


class Complaints:
    """Collects what is wrong, so that a document is sent back once with all of it."""

    def __init__(self) -> None:
        self.errors: dict[str, list[str]] = {}

    def add(self, field: str, sentence: str) -> None:
        """Note what is wrong with *field*."""
        self.errors.setdefault(field, []).append(sentence)

    @contextmanager
    def at(self, field: str) -> Iterator[None]:
        """A block in which `Wrong` is what is wrong with *field*."""
        try:
            yield
        except Wrong as wrong:
            self.add(field, wrong.sentence)

    def end(self, detail: str) -> None:
        """Refuse if anything is wrong.

        Raises:
            InvalidError: where anything was noted.
        """
        if self.errors:
            raise InvalidError(detail, errors=self.errors)
