"""Refusals of custody."""

from governance.kernel.errors import ConfigurationError, ConflictError, GovernanceError, InvalidError, UnavailableError


class RecoveryError(InvalidError):
    """Sheet, passphrase and sealed copy of the keyring do not fit each other."""

    slug = "recovery"


class BackupError(GovernanceError):
    """A backup could not be made, or is not what it should be."""

    slug = "backup"


class RestoreError(ConflictError):
    """A restore was refused, or stopped before anything was replaced."""

    slug = "restore"


class BusyError(UnavailableError):
    """Another process is at the same work, or a transaction stays open for too long."""

    slug = "custody-busy"


class TombstoneError(ConfigurationError):
    """The list of tombstones cannot be written or read."""

    slug = "tombstones"
