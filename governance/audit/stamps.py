"""What time stamps are called, and whom they are trusted by; making and verifying them (`stamping`) takes more."""

from hashlib import sha256
from pathlib import Path

from cryptography.x509 import Certificate, load_pem_x509_certificates

from governance.kernel.errors import ConfigurationError


def read_trusted(path: Path) -> list[Certificate]:
    """Certificates (PEM) of the authority that stamps are trusted by, up to its root.

    Raises:
        ConfigurationError: where the file cannot be read or holds none.
    """
    try:
        return load_pem_x509_certificates(path.read_bytes())
    except (OSError, ValueError):
        raise ConfigurationError(f"{path} holds no certificates (PEM) of a time-stamping authority.") from None


def stamp_name(note: bytes, size: int) -> str:
    """Name under which the stamp of a checkpoint is kept: its size, and what tells two trees apart."""
    return f"{size}-{sha256(note).hexdigest()[:16]}"
