"""Where custody keeps things in the data folder, and files that are whole at every instant."""

from pathlib import Path
from typing import Final

from governance.kernel.records import frozen

PRIVATE: Final = 0o700
SECRET: Final = 0o600


@frozen
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
    def unreadable(self) -> Path:
        """Places of sealed values that did not open when they were last met."""
        return self.folder / "unreadable.jsonl"

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
