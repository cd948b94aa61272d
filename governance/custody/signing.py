"""The signer of a store's audit log: its key, the folder outside the database, and the anchors that are told."""

from pathlib import Path

from governance.audit.anchors import FileAnchor
from governance.audit.checkpoints import Signer
from governance.audit.outside import KEY_FILE, Outside, load_signing_key
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
