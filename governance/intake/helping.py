"""A second process that applies parts of a long import beside the one that runs it.

Sealing keeps a processor busy, and Python keeps to one. The helper opens the same store with the same keys, which it
reads for itself; what it is told goes through a pipe, since arguments of a process can be seen by others.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import func, select

from governance.intake.batches import batch_row
from governance.intake.headings import FileKind
from governance.intake.tables import ImportChunkRow
from governance.kernel.db import Database
from governance.kernel.ids import BatchId
from governance.kernel.work import Actor, ActorKind, Work
from governance.vault.keyring import Keyring
from governance.vault.runtime import vault_of

HELP_FROM_ROWS = 12_000
"""An import of fewer rows is done before a second process is of use."""
_ROOT = Path(__file__).resolve().parents[2]

log = structlog.get_logger(__name__)


def errand(work: Work, *, batch: BatchId) -> dict[str, Any] | None:
    """What a helper of this import must know; None where none is worth its while, or can be had."""
    keys = vault_of(work.session).keys
    if not isinstance(keys, Keyring) or len(os.sched_getaffinity(0)) < 2:
        return None
    if batch_row(work, batch).kind != FileKind.CUSTOMERS:
        return None
    waiting = select(func.coalesce(func.sum(ImportChunkRow.rows), 0)).where(
        ImportChunkRow.batch_id == batch, ImportChunkRow.state == "pending"
    )
    if work.session.execute(waiting).scalar_one() < HELP_FROM_ROWS:
        return None
    actor = work.actor
    return {"batch": str(batch), "keyring": str(keys.path.resolve()), "actor": _told(actor)}


def _told(actor: Actor) -> dict[str, Any]:
    """What an import asks of its actor."""
    return {
        "kind": actor.kind.value,
        "id": None if actor.id is None else str(actor.id),
        "permissions": sorted(actor.permissions),
        "roles": actor.roles,
        "name": actor.name,
    }


def actor_of(told: dict[str, Any]) -> Actor:
    """The actor of an errand."""
    return Actor(
        kind=ActorKind(told["kind"]),
        id=None if told["id"] is None else UUID(told["id"]),
        permissions=frozenset(told["permissions"]),
        roles=tuple(told["roles"]),
        name=told["name"],
    )


@contextmanager
def helped(database: Database, told: dict[str, Any] | None) -> Iterator[None]:
    """Have a helper meanwhile; it ends by itself when nothing is left, and with this process, however that ends."""
    if told is None:
        yield
        return
    command = [sys.executable, "-P", "-m", "governance.intake.helper"]
    helper = subprocess.Popen(
        command,
        cwd=_ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        # An error of the driver may quote what it was given.
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(_ROOT)},
    )
    errand = {**told, "url": database.url.render_as_string(hide_password=False)}
    try:
        if helper.stdin is not None:
            helper.stdin.write(json.dumps(errand).encode() + b"\n")
            helper.stdin.flush()
        yield
        if code := helper.poll():
            log.warning("import.helper_failed", batch_id=told["batch"], exit_code=code)
    finally:
        helper.kill()
        helper.wait()
        if helper.stdin is not None:
            helper.stdin.close()
