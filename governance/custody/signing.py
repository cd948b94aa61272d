"""The signer of a store's audit log: its key, the folder outside the database, and the anchors that are told."""

from contextlib import suppress
from pathlib import Path

from governance.audit.anchors import FileAnchor, LogAnchor
from governance.audit.checkpoints import Signer
from governance.audit.errors import AuditBrokenError, AuditRollbackError, SignerBusyError
from governance.audit.outside import KEY_FILE, Outside, load_signing_key, replace_signing_key
from governance.audit.sequencer import drain
from governance.custody.opening import Store
from governance.kernel.work import Actor

FOLDER = "audit"


def outside_of(data_dir: Path) -> Outside:
    """What is kept of the log outside the database."""
    return Outside(data_dir / FOLDER)


def has_signing_key(secrets_dir: Path) -> bool:
    """Whether this host is the one that signs."""
    return (secrets_dir / KEY_FILE).exists()


def signer_of(store: Store) -> Signer:
    """The signer of an open store.

    Raises:
        SigningKeyError: the key is missing, open to others, or no Ed25519 key.
    """
    outside = outside_of(store.settings.data_dir)
    key = load_signing_key(store.settings.secrets_dir)
    return Signer(store.database, key, outside, [FileAnchor(outside.anchor_path), LogAnchor()])


def place_entries(store: Store) -> None:
    """Give entries that wait their place in the tree; what hinders that raises an alarm in the data folder."""
    drain(store.database, outside=outside_of(store.settings.data_dir))


def sign_where_due(store: Store) -> None:
    """Sign what has grown, on the host that has the key. The key is read each time, since it may be replaced."""
    if has_signing_key(store.settings.secrets_dir):
        signer_of(store).sign()


def bring_up_to_date(store: Store) -> None:
    """Place and sign what waits, where no worker does it just now and this host is the one that signs."""
    place_entries(store)
    with suppress(SignerBusyError):
        sign_where_due(store)


def succeed(store: Store, actor: Actor) -> str:
    """Make a new signing key in the place of one that is lost, or no longer to be used, and open a tree for it.

    The former key, where it is still here, signs for a last time before it is destroyed. Should this be interrupted,
    signing is refused until it is done again.

    Returns:
        The origin of the new tree, which auditors must be told.

    Raises:
        ConflictError: entries are being placed, or checkpoints signed, at this moment.
    """
    with suppress(AuditBrokenError, AuditRollbackError):  # then the log stays as far behind as it is
        bring_up_to_date(store)
    replace_signing_key(store.settings.secrets_dir)
    return signer_of(store).open_tree(actor)


def public_key_of(secrets_dir: Path) -> bytes:
    """The public half of the signing key.

    Raises:
        SigningKeyError: the key is missing, open to others, or no Ed25519 key.
    """
    return load_signing_key(secrets_dir).public_key().public_bytes_raw()
