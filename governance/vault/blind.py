"""Blind indexes: find a sealed value again by equality, without the database ever knowing it.

digest = ``version(1) | HMAC-SHA-256(key, normalised value)[:16]`` with a key of its own for every index, derived from
the index root by HKDF(deployment, index name, version, normaliser version).
"""

import unicodedata
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import idna

from governance.kernel.records import frozen
from governance.vault.derivation import Mac, derive
from governance.vault.keyring import KeyProvider

NORMALISER_VERSION = 1
DIGEST_BYTES = 17
"""One byte of version and sixteen of HMAC."""
HIGHEST_VERSION = 31
"""No text begins with a byte of so low a value, so a plain text of seventeen bytes is not taken for a digest."""


def normal_text(value: str) -> str:
    """NFKC, casefolded, white space collapsed."""
    return " ".join(_folded(value).split())


def _folded(value: str) -> str:
    if value.isascii():
        return value.lower()
    # Twice, since folding may undo the normal form (Unicode 3.13, D145: compatibility caseless matching).
    for _ in range(2):
        value = unicodedata.normalize("NFKC", value).casefold()
    return unicodedata.normalize("NFKC", value)


def normal_email(value: str) -> str:
    """NFKC, casefolded, trimmed; the domain in its ASCII form (IDNA 2008)."""
    text = _folded(value).strip()
    local, at, domain = text.rpartition("@")
    if not at or domain.isascii():
        return text
    try:
        return f"{local}@{idna.encode(domain, uts46=True).decode('ascii')}"
    except UnicodeError:  # idna's own errors are such
        return text


def normal_phone(value: str) -> str:
    """Digits of an E.164 number behind a plus sign; the caller has found the region already."""
    if value[:1] == "+" and value.isascii() and value[1:].isdecimal():
        return value
    return "+" + "".join(str(unicodedata.decimal(one)) for one in value if one.isdecimal())


@frozen
class BlindIndex:
    """An index over one sealed column, or over one kind of value within it.

    Attributes:
        name: frozen logical name, for example `contact.value/email`; part of the key derivation.
        normalise: brings two spellings of the same value to the same text.
    """

    name: str
    normalise: Callable[[str], str] = normal_text


class IndexPlan(NamedTuple):
    """Which versions are in use; taken over as a whole, so that a row never gets half of two plans.

    Attributes:
        written: version of the digest in the index column.
        beside: version of the digest in the column for the next version, if any is written there.
        asked: versions that the index column may hold.
    """

    written: int
    beside: int | None
    asked: tuple[int, ...]


class Indexer:
    """Makes digests; which versions are written and asked follows the states in `index_version`."""

    def __init__(self, keys: KeyProvider, plan: IndexPlan) -> None:
        self._keys = keys
        self._derived: dict[tuple[str, int], Mac] = {}
        self.plan = plan

    def digest(self, index: BlindIndex, value: str, *, version: int | None = None) -> bytes:
        """Digest of *value* under one version, by default the one that is written."""
        return self._digest(index.name, index.normalise(value), self.plan.written if version is None else version)

    def both(self, index: BlindIndex, value: str) -> tuple[bytes, bytes | None]:
        """Digests of *value* for the index column and for the column beside it."""
        plan, normal = self.plan, index.normalise(value)
        beside = None if plan.beside is None else self._digest(index.name, normal, plan.beside)
        return self._digest(index.name, normal, plan.written), beside

    def ask(self, index: BlindIndex, values: Iterable[str]) -> list[bytes]:
        """Digests under which any of *values* may be found, of all versions in use."""
        normal = [index.normalise(value) for value in values]
        return [self._digest(index.name, value, version) for version in self.plan.asked for value in normal]

    def of_normal(self, index: BlindIndex, values: Sequence[bytes]) -> list[bytes]:
        """Digests of many values in their normal form: all of them in the first version asked, then in the next.

        Args:
            index: whose normal form they are in.
            values: as UTF-8.
        """
        made: list[bytes] = []
        for version in self.plan.asked:
            key = self._derived.get((index.name, version)) or self._derive(index.name, version)
            made += key.each(values, prefix=bytes((version,)), length=DIGEST_BYTES - 1)
        return made

    def _digest(self, name: str, normal: str, version: int) -> bytes:
        key = self._derived.get((name, version)) or self._derive(name, version)
        # Lone surrogates come out of broken files; they are found again like all else.
        return bytes((version,)) + key.of(normal.encode("utf-8", "surrogatepass"))[: DIGEST_BYTES - 1]

    def _derive(self, name: str, version: int) -> Mac:
        key = derive(
            self._keys.index_root(version),
            b"governance/blind-index",
            self._keys.deployment.bytes,
            name.encode(),
            str(version).encode(),
            str(NORMALISER_VERSION).encode(),
        )
        made = self._derived[(name, version)] = Mac(key)
        return made
