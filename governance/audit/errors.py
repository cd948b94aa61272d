"""Refusals of the audit log."""

from governance.kernel.errors import ConfigurationError, ConflictError, GovernanceError, InvalidError, UnavailableError


class EntryError(InvalidError):
    """What should be told cannot be told in an entry: too long, or not of closed codes, instants and counts."""

    slug = "audit-entry"


class AuditBrokenError(GovernanceError):
    """The log contradicts itself; `governance audit verify` says where."""

    slug = "audit-broken"


class AuditRollbackError(GovernanceError):
    """The log is no continuation of the checkpoint kept outside the database; nothing will be signed."""

    slug = "audit-rollback"


class SigningKeyChangedError(AuditRollbackError):
    """The signing key is not the one that the tree was signed with; nothing will be signed."""

    slug = "audit-key-changed"


class SignerBusyError(GovernanceError):
    """Another process is signing; there is one signer at a time."""

    slug = "audit-signer-busy"


class SigningKeyError(ConfigurationError):
    """The key that signs checkpoints is missing, unreadable, or open to others."""

    slug = "audit-signing-key"


class AnchorError(UnavailableError):
    """An anchor on another host could not be told a checkpoint, or answered with something that does not stand."""

    slug = "audit-anchor"


class RetentionError(InvalidError):
    """Bodies of this class are too young to be dropped."""

    slug = "audit-too-young"


class NotYetProvableError(ConflictError):
    """No signed checkpoint covers the entry yet."""

    slug = "audit-not-yet"
