"""Where custody keeps things in the data folder, and files that are whole at every instant."""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PRIVATE: Final = 0o700
SECRET: Final = 0o600


@dataclass(frozen=True, slots=True)
class Places:
    """Paths below one data folder."""

    data_dir: Path

    @property
    def folder(self) -> Path:
        """What custody knows outside the database."""
        return self.data_dir / "custody"

    @property
    def tombstones(self) -> Path:
        """Who was shredded; replayed after a restore."""
        return self.folder / "tombstones.jsonl"

    @property
    def recovery(self) -> Path:
        """Public half of the recovery sheet, and whether it was confirmed."""
        return self.folder / "recovery.json"

    @property
    def backups(self) -> Path:
        """A folder per backup."""
        return self.data_dir / "backups"

    @property
    def keyring_copy(self) -> Path:
        """The keyring, sealed to the recovery sheet; lies with the backups, so that it is copied away with them."""
        return self.backups / "keyring.sealed"

    @property
    def lock(self) -> Path:
        """Held by whoever makes, removes or restores backups."""
        return self.data_dir / "run" / "backups"


def private_folder(path: Path) -> Path:
    """Make a folder that only this user may enter."""
    path.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
    return path


def replace_file(path: Path, content: bytes) -> None:
    """Put *content* in place of a file in one step; it is on disk before this returns."""
    private_folder(path.parent)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, SECRET)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in *folder* durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
