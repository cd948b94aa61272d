"""A program of its own that gathers an export and is killed on the way: `killed.py URL KEYRING EXPORT PARTS`."""

import os
import signal
import sys
from pathlib import Path
from uuid import UUID

from governance.custody.tombstones import INFO, Tombstones
from governance.disclosures import making
from governance.disclosures.making import Progress
from governance.disclosures.records import ExportId
from governance.kernel.db import Database
from governance.vault.keyring import Keyring
from governance.vault.runtime import Vault


def main() -> None:
    """Gather, and die without a word after so many parts."""
    url, ring, export, parts = sys.argv[1:]
    making.PEOPLE = 2  # type: ignore[misc]  # small parts
    database = Database(url, pool_size=2)
    Vault.install(database, Keyring(Path(ring)))
    database.remember(**{INFO: Tombstones(Path(ring).with_name("tombstones.jsonl"))})
    seen: list[Progress] = []

    def die(progress: Progress) -> None:
        seen.append(progress)
        if len(seen) == int(parts):
            os.kill(os.getpid(), signal.SIGKILL)

    making.make(database, export=ExportId(UUID(export)), on_progress=die)


main()
