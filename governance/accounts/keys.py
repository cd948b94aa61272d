"""The form of an API key: `gov_<id>_<secret>`, the id to look it up by, the secret of 256 random bits.

One that opens demonstrations only begins with `gov_test_`. The secret is kept as SHA-256 only. A password hash would
add nothing: 256 random bits are not guessed (NIST SP 800-63B, 5.1.2.2 asks for a salted hash only below 112 bits).
"""

import base64
import hashlib
import hmac
import re
import secrets
from dataclasses import field
from enum import StrEnum

from governance.kernel.records import frozen

PREFIX = "gov"
"""Lets secret scanners recognise a leaked key."""
ID_BYTES = 10
SECRET_BYTES = 32
TEST = "test_"
"""Stands behind the prefix in keys that open demonstrations only."""
_ID = re.compile(r"[a-z2-7]{16}")
_FORM = re.compile(r"gov_(test_)?(?P<id>[a-z2-7]{16})_[a-z2-7]{52}")
_TOKEN = re.compile(r"gov_(?P<kind>[a-z]+)_(?P<id>[a-z2-7]{16})_[a-z2-7]{52}")
_NO_DIGEST = bytes(hashlib.sha256().digest_size)
"""Digest of nothing that anybody can present; compared with where there is no such key."""


@frozen
class NewKey:
    """A key just made.

    Attributes:
        id: names it, no secret.
        presented: what the client presents; shown once.
        digest: what is kept.
    """

    id: str
    presented: str = field(repr=False)
    digest: bytes = field(repr=False)


def make_key(*, test: bool = False) -> NewKey:
    """A new key; one for a *test* opens demonstrations only, and says so."""
    key_id = _base32(secrets.token_bytes(ID_BYTES))
    presented = f"{PREFIX}_{TEST if test else ''}{key_id}_{_base32(secrets.token_bytes(SECRET_BYTES))}"
    return NewKey(key_id, presented, digest_of(presented))


class Token(StrEnum):
    """What has the form of a key and opens something else: `gov_<what>_<id>_<secret>`."""

    INVITATION = "invitation"
    SESSION = "session"
    SETUP = "setup"
    VISIT = "visit"


def make_token(kind: Token) -> NewKey:
    """A new token; kept as SHA-256, as keys are."""
    token_id = _base32(secrets.token_bytes(ID_BYTES))
    presented = f"{PREFIX}_{kind.value}_{token_id}_{_base32(secrets.token_bytes(SECRET_BYTES))}"
    return NewKey(token_id, presented, digest_of(presented))


def token_id_of(kind: Token, presented: str) -> str:
    """The id in what was presented; empty, which no token has, where it is none of this *kind*."""
    parts = _TOKEN.fullmatch(presented)
    return parts["id"] if parts and parts["kind"] == kind else ""


def id_of(presented: str) -> str:
    """The id in what was presented; empty, which no key has, where it is no key at all."""
    parts = _FORM.fullmatch(presented)
    return parts["id"] if parts else ""


def is_key_id(text: str) -> bool:
    """Whether *text* has the form of the id of a key."""
    return _ID.fullmatch(text) is not None


def is_test_key(presented: str) -> bool:
    """Whether what was presented has the form of a key for demonstrations."""
    return presented.startswith(f"{PREFIX}_{TEST}") and bool(id_of(presented))


def digest_of(presented: str) -> bytes:
    """SHA-256 of all that was presented."""
    return hashlib.sha256(presented.encode("utf-8", "surrogatepass")).digest()


def matches(presented: str, kept: bytes | None) -> bool:
    """Whether *presented* is the key whose digest is *kept*, in the same time whether or not there is such a key."""
    same = hmac.compare_digest(digest_of(presented), _NO_DIGEST if kept is None else kept)
    return same and kept is not None


def _base32(raw: bytes) -> str:
    return base64.b32encode(raw).decode("ascii").rstrip("=").lower()
