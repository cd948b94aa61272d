"""Blind indexes: find a sealed value again by equality, without the database ever knowing it.

digest = ``version(1) | HMAC-SHA-256(key, normalised value)[:16]`` with a key of its own for every index, derived from
the index root by HKDF(deployment, index name, version, normaliser version).
"""

import hmac
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import idna

from governance.vault.keyring import KeyProvider, derive

NORMALISER_VERSION = 1
DIGEST_BYTES = 17
"""One byte of version and sixteen of HMAC."""


def normal_text(value: str) -> str:
    """NFKC, casefolded, white space collapsed."""
    return " ".join(unicodedata.normalize("NFKC", value).casefold().split())


def normal_email(value: str) -> str:
    """NFKC, casefolded, trimmed; the domain in its ASCII form (IDNA 2008)."""
    text = unicodedata.normalize("NFKC", value).strip().casefold()
    local, at, domain = text.rpartition("@")
    if not at or domain.isascii():
        return text
    try:
        return f"{local}@{idna.encode(domain, uts46=True).decode('ascii')}"
    except idna.IDNAError:
        return text


def normal_phone(value: str) -> str:
    """Digits of an E.164 number behind a plus sign; the caller has found the region already."""
    return "+" + "".join(character for character in unicodedata.normalize("NFKC", value) if character.isdecimal())


@dataclass(frozen=True, slots=True)
class BlindIndex:
    """An index over one sealed column, or over one kind of value within it.

    Attributes:
        name: frozen logical name, for example `contact.value/email`; part of the key derivation.
        normalise: brings two spellings of the same value to the same text.
    """

    name: str
    normalise: Callable[[str], str] = normal_text


class Indexer:
    """Makes digests; which versions are written and asked follows the states in `index_version`."""

    def __init__(self, keys: KeyProvider, *, live: int, incoming: int | None = None, asked: Iterable[int] = ()) -> None:
        self._keys = keys
        self._derived: dict[tuple[str, int], bytes] = {}
        self.set_versions(live=live, incoming=incoming, asked=asked)

    def set_versions(self, *, live: int, incoming: int | None, asked: Iterable[int] = ()) -> None:
        """Write *live* (and *incoming* beside it), ask these and *asked*."""
        self.live, self.incoming = live, incoming
        self.asked = tuple(sorted({live, *asked, *(() if incoming is None else (incoming,))}))

    def digest(self, index: BlindIndex, value: str, *, version: int | None = None) -> bytes:
        """Digest of *value* under one version, the live one by default."""
        return self.digest_normal(index, index.normalise(value), version=version)

    def digest_normal(self, index: BlindIndex, normal: str, *, version: int | None = None) -> bytes:
        """Digest of a value that is in its normal form already."""
        chosen = self.live if version is None else version
        key = self._derived.get((index.name, chosen)) or self._derive(index.name, chosen)
        return bytes((chosen,)) + hmac.digest(key, normal.encode(), "sha256")[:16]

    def ask(self, index: BlindIndex, values: Iterable[str]) -> list[bytes]:
        """Digests under which any of *values* may be found, of all versions in use."""
        normal = [index.normalise(value) for value in values]
        return [self.digest_normal(index, value, version=version) for version in self.asked for value in normal]

    def _derive(self, name: str, version: int) -> bytes:
        key = derive(
            self._keys.index_root(version),
            b"governance/blind-index",
            self._keys.deployment.bytes,
            name.encode(),
            str(version).encode(),
            str(NORMALISER_VERSION).encode(),
        )
        self._derived[(name, version)] = key
        return key
