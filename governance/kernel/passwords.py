"""Passwords of database roles on the embedded server: one file, `secrets/database.json`, readable by its owner only."""

import contextlib
import fcntl
import json
import os
import secrets
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from governance.kernel.errors import ConfigurationError

FILE = "database.json"
PASSWORD_BYTES = 32


def new_password() -> str:
    """A random password of 256 bits, of letters, digits, `-` and `_`."""
    return secrets.token_urlsafe(PASSWORD_BYTES)


def read_passwords(data_dir: Path) -> dict[str, str]:
    """Passwords by role name; empty where none was ever kept.

    Raises:
        ConfigurationError: the file is damaged.
    """
    path = data_dir / "secrets" / FILE
    try:
        kept = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise ConfigurationError(f"{path} is damaged; restore it from a copy.") from error
    if not isinstance(kept, dict) or not all(isinstance(password, str) for password in kept.values()):
        raise ConfigurationError(f"{path} is damaged; restore it from a copy.")
    return kept


def keep_passwords(data_dir: Path, passwords: Mapping[str, str]) -> dict[str, str]:
    """Add or replace passwords by role name; the file is whole at every instant. Returns all that are kept now."""
    folder = data_dir / "secrets"
    with _locked(folder) as descriptor:
        kept = read_passwords(data_dir) | dict(passwords)
        handle, name = tempfile.mkstemp(prefix=f".{FILE}.", dir=folder)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(kept, file, indent=2, sort_keys=True)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(folder / FILE)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        os.fsync(descriptor)
    return kept


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[int]:
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)
