"""What one transaction holds of keys, and how much of it outlives a savepoint: nothing outlives the transaction."""

from dataclasses import dataclass, field
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy.orm import Session

from governance.vault.ciphers import CipherCache, CipherName, OpenedKey

KeySlot = tuple[UUID, str]
"""Owner and compartment."""


@dataclass(slots=True)
class Held:
    """What one transaction holds: owners that it locked, and the newest key of each of their compartments.

    Attributes:
        cache: where the process keeps opened keys.
        made: keys that this transaction, or a savepoint of it, made: nobody else may use them before it commits.
        new: owners that this transaction made. Nobody else sees them before it commits, so they need no lock, and have
            no keys but those that it made itself.
    """

    cache: CipherCache
    made: set[CipherName] = field(default_factory=set)
    new: set[UUID] = field(default_factory=set)
    locked: set[UUID] = field(default_factory=set)
    sealing: dict[KeySlot, tuple[int, AESGCM]] = field(default_factory=dict)
    opening: dict[CipherName, OpenedKey] = field(default_factory=dict)
    shredded: set[KeySlot] = field(default_factory=set)


HELD = "vault.held"


SHREDDED = "vault.shredded"


def forget_rolled_back(session: Session) -> None:
    """Drop what the transaction held when it, or a savepoint of it, was rolled back: locks and keys may be gone.

    Loaded rows remember keys as long as the cache is not emptied, so it is, where keys had been made.
    """
    held: Held | None = session.info.get(HELD)
    if held is not None:
        session.info[HELD] = Held(held.cache, held.made)
        if held.made:
            held.cache.clear()


def forget_transaction(session: Session) -> None:
    """Drop all that the transaction held, now that it has ended; after shredding, the opened keys of the process too.

    Between the shredding and its commit another thread could have opened the old keys again.
    """
    session.info.pop(HELD, None)
    cache: CipherCache | None = session.info.pop(SHREDDED, None)
    if cache is not None:
        cache.clear()
