"""Rings that were replaced and kept aside: which of them are still worth something, and which only keep old keys alive.

A key that the ring lacks was destroyed if the ring has a younger one of its kind, since keys are numbered and the
youngest is never destroyed.
"""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

from governance.vault import keyfile
from governance.vault.errors import KeyringError
from governance.vault.keyfile import Contents, HeldKey

REPLACED: Final = ".replaced-"
"""Between the name of the keyring and the instant at which another one was put in its place."""


def replaced_rings(path: Path) -> list[Path]:
    """The rings that were kept aside when others took their place at *path*, oldest first."""
    return sorted(path.parent.glob(f"{path.name}{REPLACED}*"))


def sweep(path: Path, ring: Contents) -> tuple[Path, ...]:
    """Remove the replaced rings in which there is no key but those that *ring* has, or that were destroyed since.

    One that cannot be read, is of another store or holds younger keys is left where it is, for somebody to look at.
    """
    gone = []
    for copy in replaced_rings(path):
        try:
            held = keyfile.decode(copy.read_bytes(), source=str(copy))
        except KeyringError:
            continue
        if held.deployment == ring.deployment and not _only_in(held, ring):
            copy.unlink()
            gone.append(copy)
    return tuple(gone)


def name_for(path: Path, *, now: datetime) -> Path:
    """Where the ring at *path* is kept aside when another takes its place."""
    return path.with_name(f"{path.name}{REPLACED}{now:%Y%m%dT%H%M%S%fZ}")


def require_superseded(content: bytes, *, by: Contents, path: Path) -> None:
    """Check that nothing is lost when *by* takes the place of the ring in *content*, which may be damaged.

    Raises:
        KeyringError: that ring is of another store, or holds keys that are younger.
    """
    try:
        standing = keyfile.decode(content, source=str(path))
    except KeyringError:
        return
    if standing.deployment != by.deployment:
        raise KeyringError(
            f"The keyring at {path} is of another store. Look at GOVERNANCE_DATA_DIR; if that keyring is not wanted, "
            "move it away first."
        )
    younger = _only_in(standing, by)
    if younger:
        raise KeyringError(
            f"The keyring at {path} is newer: it holds {', '.join(younger)}, and what was sealed since would be "
            "unreadable. Bring the newest keyring.sealed (--copy); if that keyring is not wanted, move it away first."
        )


def _only_in(ring: Contents, other: Contents) -> list[str]:
    """Keys of *ring* that *other* lacks and that were not destroyed in it."""
    return [
        f"{kind} {held.number}"
        for kind, keys in _kinds(ring).items()
        for held in keys
        if all(_name(held) != _name(one) for one in _kinds(other)[kind])
        and held.number >= max(one.number for one in _kinds(other)[kind])
    ]


def _kinds(ring: Contents) -> Mapping[str, tuple[HeldKey, ...]]:
    return {
        "epoch": ring.epochs,
        "index root": ring.index_roots,
        "backup root": ring.backup_roots,
        "ledger root": ring.ledger_roots,
    }


def _name(held: HeldKey) -> tuple[int, bytes]:
    return held.number, held.check
