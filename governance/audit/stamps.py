"""What time stamps are called, and whom they are trusted by; making and verifying them (`stamping`) takes more."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from governance.kernel.errors import ConfigurationError, Sentence
from governance.kernel.late import load

if TYPE_CHECKING:
    from pathlib import Path

    from cryptography.x509 import Certificate


def read_trusted(path: Path) -> list[Certificate]:
    """Certificates (PEM) of the authority that stamps are trusted by, up to its root.

    Raises:
        ConfigurationError: where the file cannot be read or holds none.
    """
    try:
        found: list[Certificate] = load("cryptography.x509:load_pem_x509_certificates")(path.read_bytes())
    except (OSError, ValueError):
        raise ConfigurationError(
            Sentence("%(path)s holds no certificates (PEM) of a time-stamping authority.", {"path": str(path)})
        ) from None
    return found


def stamp_name(note: bytes, size: int) -> str:
    """Name under which the stamp of a checkpoint is kept: its size, and what tells two trees apart."""
    return f"{size}-{sha256(note).hexdigest()[:16]}"
