"""Refusals of the vault."""

from governance.kernel.errors import ConfigurationError, GovernanceError


class SealError(GovernanceError):
    """A sealed value does not open: changed, moved to another place, or sealed under another key."""

    slug = "seal-broken"


class ShreddedError(GovernanceError):
    """The key of this data was destroyed; the value can never be read again (crypto-shredding)."""

    slug = "shredded"


class KeyringError(ConfigurationError):
    """The keyring is missing, unreadable, or not the one that this database was sealed with."""

    slug = "keyring"


class UnsealedWriteError(GovernanceError):
    """Something tried to write a plain value into a sealed column, past the attribute that seals."""

    slug = "unsealed-write"
