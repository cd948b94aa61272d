"""Exports made by hand, without the exporter, so that the verifier is tested by itself."""

import json
from collections.abc import Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from governance.audit import merkle, notes

KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
ORIGIN = "governance.example/log"
VKEY = notes.verifier_of(ORIGIN, KEY).vkey()


def entries(size: int, prefix: str = "entry") -> list[bytes]:
    return [json.dumps({"v": 1, "name": f"{prefix}-{number}"}).encode() for number in range(size)]


def tree(given: Sequence[bytes]) -> tuple[merkle.Edge, list[merkle.Tile]]:
    edge = merkle.Edge()
    return edge, edge.append(b"".join(merkle.leaf_hash(entry) for entry in given))


def checkpoint(given: Sequence[bytes], key: Ed25519PrivateKey = KEY, origin: str = ORIGIN) -> bytes:
    edge, _ = tree(given)
    return notes.sign_checkpoint(notes.Checkpoint(origin, edge.size, edge.root()), key)


def write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def publish(directory: Path, given: Sequence[bytes], *, pruned: int = 0, earlier: Sequence[int] = ()) -> bytes:
    """Write the tree of *given* as tlog-tiles (bundles from *pruned* on); answers its checkpoint."""
    edge, tiles = tree(given)
    for tile in tiles:
        write(directory / merkle.tile_path(tile.level, tile.index), tile.hashes)
    for level, width in enumerate(merkle.partial_widths(edge.size)):
        if width:
            index = edge.size >> merkle.TILE_HEIGHT * (level + 1)
            write(directory / merkle.tile_path(level, index, width), edge.row(level))
    for first in range(pruned, edge.size, merkle.TILE_WIDTH):
        group = given[first : first + merkle.TILE_WIDTH]
        write(directory / merkle.tile_path(None, first // 256, len(group)), merkle.write_bundle(group))
    for size in earlier:
        write(directory / "checkpoints" / str(size), checkpoint(given[:size]))
    note = notes.sign_checkpoint(notes.Checkpoint(ORIGIN, edge.size, edge.root()), KEY)
    write(directory / "checkpoint", note)
    write(directory / "vkey", VKEY.encode() + b"\n")
    return note
