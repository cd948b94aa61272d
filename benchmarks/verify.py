"""How fast an exported log is verified offline, in one process, beside nothing but SHA-256 over the same bytes."""

import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from benchmarks.figures import Figure
from governance.audit import merkle, notes
from governance.audit.actions import Action
from governance.audit.entries import NewEntry, ObjectRef, encode
from governance.audit.verify import verify_export
from governance.kernel.ids import SubjectRef, uuid4, uuid7
from governance.kernel.work import SYSTEM

ENTRIES = 500_000
RUNS = 3
BAR = 300_000


def run() -> list[Figure]:
    entries = make_entries()
    with tempfile.TemporaryDirectory(prefix="governance-bench-") as folder:
        note, vkey = publish(Path(folder), entries)
        seconds = best(lambda: check(Path(folder), note, vkey))
    verified, hashed = ENTRIES / seconds, ENTRIES / best(lambda: only_hash(entries))
    limit = "SHA-256 of the same leaves and nodes in memory"
    return [
        Figure("offline verification", verified, "entries/s", f">= {BAR:,}", verified >= BAR, limit, hashed,
               verified / hashed),
    ]  # fmt: skip


def make_entries() -> list[bytes]:
    """Real entries, each with an id of its own."""
    new = NewEntry(
        Action.INTERACTION_RECORDED, SubjectRef(uuid4()), ObjectRef("interaction", uuid7()), {"seconds": 120}
    )
    made = encode(new, actor=SYSTEM, at=datetime.now(UTC))
    eid = str(made.eid).encode()
    return [made.leaf.replace(eid, str(uuid7()).encode()) for _ in range(ENTRIES)]


def publish(folder: Path, entries: list[bytes]) -> tuple[bytes, str]:
    """Write *entries* as an export; answers its checkpoint and verifier key."""
    edge = merkle.Edge()
    tiles = edge.append(b"".join([merkle.leaf_hash(entry) for entry in entries]))
    files = {merkle.tile_path(tile.level, tile.index): tile.hashes for tile in tiles}
    for level, width in enumerate(merkle.partial_widths(edge.size)):
        if width:
            files[merkle.tile_path(level, edge.size >> merkle.TILE_HEIGHT * (level + 1), width)] = edge.row(level)
    for first in range(0, len(entries), merkle.TILE_WIDTH):
        group = entries[first : first + merkle.TILE_WIDTH]
        files[merkle.tile_path(None, first // merkle.TILE_WIDTH, len(group))] = merkle.write_bundle(group)
    key = Ed25519PrivateKey.generate()
    checkpoint = notes.Checkpoint("governance/benchmark", edge.size, edge.root())
    note, vkey = notes.sign_checkpoint(checkpoint, key), notes.verifier_of(checkpoint.origin, key).vkey()
    for path, content in {**files, "checkpoint": note}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return note, vkey


def check(folder: Path, note: bytes, vkey: str) -> None:
    report = verify_export(folder, kept=note, vkey=vkey)
    if not report.whole or report.verified != ENTRIES:
        raise RuntimeError("the export of the benchmark was not found whole")


def only_hash(entries: list[bytes]) -> None:
    node = bytes(64)
    for entry in entries:
        sha256(b"\x00" + entry).digest()
        sha256(b"\x01" + node).digest()


def best(act: Callable[[], None]) -> float:
    """The shortest of several runs, in seconds."""
    seconds = []
    for _ in range(RUNS):
        started = time.perf_counter()
        act()
        seconds.append(time.perf_counter() - started)
    return min(seconds)
