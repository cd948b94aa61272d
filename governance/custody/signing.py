"""The signer of a store's audit log: its key, the folder outside the database, and the anchors that are told."""

from contextlib import suppress
from pathlib import Path

from governance.audit.anchors import FileAnchor
from governance.audit.checkpoints import Signer
from governance.audit.errors import SignerBusyError
from governance.audit.outside import KEY_FILE, Outside, load_signing_key
from governance.audit.sequencer import drain
from governance.custody.opening import Store

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
    return Signer(store.database, key, outside, [FileAnchor(outside.anchor_path)])


def bring_up_to_date(store: Store) -> None:
    """Place and sign what waits, where no worker does it just now and this host is the one that signs."""
    drain(store.database)
    if has_signing_key(store.settings.secrets_dir):
        with suppress(SignerBusyError):
            signer_of(store).sign()


def public_key_of(secrets_dir: Path) -> bytes:
    """The public half of the signing key.

    Raises:
        SigningKeyError: the key is missing, open to others, or no Ed25519 key.
    """
    return load_signing_key(secrets_dir).public_key().public_bytes_raw()
