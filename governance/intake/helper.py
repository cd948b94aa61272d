"""The helper of an import (see `helping`): run as a process of its own, told on standard input what to do."""

import json
import os
import sys
import threading
from pathlib import Path
from uuid import UUID

from governance.intake.applying import help_next
from governance.intake.helping import actor_of
from governance.intake.turns import OutOfTurnError
from governance.kernel.collecting import uncollected
from governance.kernel.db import Database
from governance.kernel.ids import BatchId
from governance.kernel.work import open_work
from governance.vault.keyring import Keyring
from governance.vault.runtime import Vault

ATTEMPTS = 3
"""Parts that may be out of turn one after the other: whoever runs the import is in trouble then, and tells of it."""


def main() -> int:
    """Apply parts of the import that is told on standard input until none is left."""
    told = json.loads(sys.stdin.buffer.readline())
    threading.Thread(target=_end_with_caller, daemon=True).start()
    database = Database(told["url"], pool_size=1)
    Vault.install(database, Keyring(Path(told["keyring"])))
    actor, batch = actor_of(told["actor"]), BatchId(UUID(told["batch"]))
    attempts = 0
    while attempts < ATTEMPTS:
        try:
            with uncollected(), open_work(database, actor) as work:
                if not help_next(work, batch=batch):
                    return 0
            attempts = 0
        except OutOfTurnError:
            attempts += 1
    return 1


def _end_with_caller() -> None:
    """Whoever runs the import holds the other end of the pipe as long as they live."""
    sys.stdin.buffer.read()
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
