"""The second factor: codes by time (TOTP, RFC 6238), and recovery codes that stand in for it once."""

import base64
import hashlib
import hmac
import secrets
from datetime import datetime
from typing import Final

import pyotp

from governance.kernel.qr import qr_of

STEP_SECONDS: Final = 30
DRIFT_STEPS: Final = 1
"""How far the clock of the other side may be off, in steps (RFC 6238, 5.2: one at most)."""
CODES: Final = 10
CODE_BYTES: Final = 15
"""120 random bits, above the 112 from which a plain digest is enough (NIST SP 800-63B, 5.1.2.2)."""
ISSUER: Final = "Governance"


def make_secret() -> str:
    """A new secret of 160 bits, in base32, as apps take it."""
    return pyotp.random_base32()


def setup_uri(secret: str, *, account: str) -> str:
    """The address that an app reads the secret from."""
    return pyotp.TOTP(secret, interval=STEP_SECONDS).provisioning_uri(name=account, issuer_name=ISSUER)


def setup_qr(uri: str) -> str:
    """The same address as a QR code in SVG, to be put into a page."""
    return qr_of(uri, scale=5, sized=True)


def step_of(code: str, *, secret: str, at: datetime, after: int | None) -> int | None:
    """The step that *code* is of; None where it is wrong, or no later than the last one taken (RFC 6238, 5.2).

    Args:
        code: six digits.
        secret: in base32.
        at: now.
        after: step of the last code taken.
    """
    made = pyotp.HOTP(secret)
    now = int(at.timestamp()) // STEP_SECONDS
    typed = code.encode("utf-8", "replace")
    found = None
    for step in range(now - DRIFT_STEPS, now + DRIFT_STEPS + 1):
        if hmac.compare_digest(made.at(step).encode(), typed) and (after is None or step > after):
            found = step
    return found


def make_recovery_codes() -> list[str]:
    """New recovery codes, in groups that people can copy."""
    codes = (base64.b32encode(secrets.token_bytes(CODE_BYTES)).decode("ascii").lower() for _ in range(CODES))
    return ["-".join(code[place : place + 6] for place in range(0, len(code), 6)) for code in codes]


def recovery_digest(code: str) -> bytes:
    """What is kept of a recovery code; dashes, blanks and capitals make no difference."""
    told = "".join(code.split()).replace("-", "").lower()
    return hashlib.sha256(told.encode("utf-8", "replace")).digest()
