"""Refusals of the vault."""

from collections.abc import Mapping, Sequence

from governance.kernel.errors import ConfigurationError, GovernanceError
from governance.vault.unreadable import Place


class SealError(GovernanceError):
    """A sealed value does not open: changed, moved to another place, or sealed under another key."""

    slug = "seal-broken"


class UnreadableError(SealError):
    """One stored value does not open, and it is known which.

    Attributes:
        place: table, column and row.
    """

    slug = "unreadable"

    def __init__(self, place: Place, *, errors: Mapping[str, Sequence[str]] | None = None) -> None:
        super().__init__(
            f"The sealed value {place} does not open: it was changed or moved, or its keys were lost. Restore a backup "
            "from before that, or record the value anew.",
            errors=errors or {place.column: ["It does not open; restore a backup, or record it anew."]},
        )
        self.place = place


class ShreddedError(GovernanceError):
    """The key of this data was destroyed; the value can never be read again (crypto-shredding)."""

    slug = "shredded"


class KeyringError(ConfigurationError):
    """The keyring is missing, unreadable, or not the one that this database was sealed with."""

    slug = "keyring"


class UnsealedWriteError(GovernanceError):
    """Something tried to write a plain value into a sealed column, past the attribute that seals."""

    slug = "unsealed-write"
