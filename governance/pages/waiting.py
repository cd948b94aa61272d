"""Fields of a form that wait in a page for their sender to sign in: sealed, so that nobody else there has them.

A session may end in mid-form, and the next to sign in there may be somebody else. So the page that asks to sign in
holds what was typed under a key of the store, bound to the sender; whoever else signs in gets nothing of it.
"""

import base64
import binascii
import hmac
import json
import os
import zlib
from collections.abc import Sequence
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_LABEL: Final = b"pages/waiting"
_NONCE: Final = 12
FIELD: Final = "kept"
"""Of a form in which such fields wait."""
Fields = Sequence[tuple[str, str]]


def put_by(secret: bytes, fields: Fields, *, sender: str) -> str:
    """Seal *fields* for *sender*, whom the caller names as it likes; empty where there are none, or nobody is named."""
    if not fields or not sender:
        return ""
    nonce = os.urandom(_NONCE)
    told = zlib.compress(json.dumps([*fields]).encode("utf-8"))
    return base64.urlsafe_b64encode(nonce + _cipher(secret).encrypt(nonce, told, sender.encode())).decode("ascii")


def take_up(secret: bytes, sealed: str, *, sender: str) -> Fields:
    """What was put by for *sender*; nothing where it was for another, or was not put by here."""
    try:
        raw = base64.urlsafe_b64decode(sealed.encode("utf-8", "surrogatepass"))
        told = _cipher(secret).decrypt(raw[:_NONCE], raw[_NONCE:], sender.encode())
    except (binascii.Error, ValueError, InvalidTag):
        return ()
    return [(name, said) for name, said in json.loads(zlib.decompress(told))]


def _cipher(secret: bytes) -> AESGCM:
    return AESGCM(hmac.digest(secret, _LABEL, "sha256"))
