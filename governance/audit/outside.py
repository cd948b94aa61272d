"""What lies outside the database, so that whoever commands the database cannot rewrite it.

In the data folder's `audit/`: the last signed checkpoint, the verifier keys to hand to auditors, the origin of a tree
that an operator opened, the alarms that stand, and the lock of the one signer. The private key lies in
`secrets/audit-signing.key`.
"""

from __future__ import annotations

import fcntl
import json
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from governance.audit.errors import SignerBusyError, SigningKeyError
from governance.kernel.durable import replace_file
from governance.kernel.errors import Sentence
from governance.kernel.records import frozen

KEY_FILE = "audit-signing.key"


class Watch(StrEnum):
    """Who watches over the log, and raises and clears an alarm of its own."""

    SIGNER = "signer"
    SEQUENCER = "sequencer"


_ALARM_FILES: Final = {Watch.SIGNER: "alarm.json", Watch.SEQUENCER: "alarm-sequencer.json"}


@frozen
class Alarm:
    """Why signing, or giving entries their place, is refused, and since when.

    Attributes:
        slug: of the error.
        detail: a sentence that is safe to show.
        since: ISO 8601 instant of the first refusal.
        pattern, values: of the sentence, by which pages say it in other languages; empty where it has none.
    """

    slug: str
    detail: str
    since: str
    pattern: str = ""
    values: Mapping[str, str] = field(default_factory=dict)

    def sentence(self) -> str:
        """The detail, as pages may translate it."""
        return Sentence(self.pattern, self.values) if self.pattern else self.detail


class Outside:
    """The folder `audit/` of a data folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def anchor_path(self) -> Path:
        """Where the file anchor writes."""
        return self.folder / "anchor.jsonl"

    def last(self) -> bytes | None:
        """The last signed checkpoint, if any was ever kept."""
        return self._read("checkpoint")

    def keep(self, note: bytes) -> None:
        """Keep *note* as the last one; it is on disk before this returns."""
        self._write("checkpoint", note)

    def vkey(self) -> str | None:
        """The verifier key of the tree that grows now, in the form that is handed to auditors."""
        found = self._read("vkey")
        return None if found is None else found.decode().strip()

    def vkeys(self) -> list[str]:
        """Verifier keys of all trees that were signed from here, oldest first; each names the tree that it is of."""
        listed, current = (self._read("vkeys") or b"").decode().split(), self.vkey()
        return listed if current is None or current in listed else [*listed, current]

    def keep_vkey(self, vkey: str) -> None:
        """Keep the verifier key of the tree that grows now, and add it to the list of all."""
        known = self.vkeys()
        if vkey not in known:
            self._write("vkeys", "".join(f"{one}\n" for one in [*known, vkey]).encode())
        if vkey != self.vkey():
            self._write("vkey", vkey.encode() + b"\n")

    def told(self, anchor: str) -> bytes | None:
        """What was written down when an anchor on another host was told last."""
        return self._read(f"told-{anchor}.json")

    def keep_told(self, anchor: str, record: bytes) -> None:
        """Write down what an anchor was told."""
        self._write(f"told-{anchor}.json", record)

    def keep_stamp(self, name: str, *, note: bytes, stamp: bytes) -> None:
        """Keep a time stamp (RFC 3161 response, DER) beside the checkpoint that it is of."""
        folder = self.folder / "stamps"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        replace_file(folder / f"{name}.note", note)
        replace_file(folder / f"{name}.tsr", stamp)

    def admitted(self) -> str | None:
        """The origin of the new tree that an operator last opened."""
        found = self._read("admitted-origin")
        return None if found is None else found.decode().strip()

    def admit(self, origin: str) -> None:
        """Let the signer go over to the tree of *origin*."""
        self._write("admitted-origin", origin.encode() + b"\n")

    def alarms(self) -> list[Alarm]:
        """The alarms that stand, that of the signer first."""
        found = [self._read(name) for name in _ALARM_FILES.values()]
        return [Alarm(**json.loads(one)) for one in found if one is not None]

    def alarm(self) -> Alarm | None:
        """The first alarm that stands, if one does."""
        return next(iter(self.alarms()), None)

    def raise_alarm(self, slug: str, detail: str, *, at: datetime, by: Watch = Watch.SIGNER) -> None:
        """Let an alarm stand until `clear_alarm`; a repeated one keeps its first instant."""
        name = _ALARM_FILES[by]
        before = self._read(name)
        standing = None if before is None else Alarm(**json.loads(before))
        since = standing.since if standing is not None and standing.slug == slug else at.isoformat()
        said = detail if isinstance(detail, Sentence) else Sentence(detail)
        values = {name: str(value) for name, value in said.values.items()}
        alarm = Alarm(slug, str(detail), since, said.pattern if isinstance(detail, Sentence) else "", values)
        if alarm != standing:  # the sequencer asks five times a second
            self._write(name, json.dumps(asdict(alarm)).encode())

    def clear_alarm(self, *, by: Watch = Watch.SIGNER) -> None:
        """Take down the alarm that *by* raised."""
        (self.folder / _ALARM_FILES[by]).unlink(missing_ok=True)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the lock of the one signer on this host.

        Raises:
            SignerBusyError: where another process holds it.
        """
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self.folder / "signer.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise SignerBusyError("Another process on this host is signing the audit log.") from None
            yield
        finally:
            os.close(descriptor)

    def _read(self, name: str) -> bytes | None:
        try:
            return (self.folder / name).read_bytes()
        except FileNotFoundError:
            return None

    def _write(self, name: str, content: bytes) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        replace_file(self.folder / name, content)


def create_signing_key(secrets_dir: Path) -> Ed25519PrivateKey:
    """Make the key that signs checkpoints, mode 0600; one that stands is never overwritten.

    Raises:
        SigningKeyError: where one stands already.
    """
    path = secrets_dir / KEY_FILE
    if path.exists():
        raise SigningKeyError(f"A signing key stands already at {path}; it is never overwritten.")
    return replace_signing_key(secrets_dir)


def replace_signing_key(secrets_dir: Path) -> Ed25519PrivateKey:
    """Put a new key in the place of the one that signs checkpoints, or that signed them and is lost; mode 0600.

    The tree that the former key signed cannot go on; `Signer.open_tree` opens one for the new key.
    """
    path = secrets_dir / KEY_FILE
    key = Ed25519PrivateKey.generate()
    secrets_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    replace_file(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return key


def load_signing_key(secrets_dir: Path) -> Ed25519PrivateKey:
    """Read the key that signs checkpoints.

    Raises:
        SigningKeyError: where it is missing, open to others, or no Ed25519 key.
    """
    path = secrets_dir / KEY_FILE
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        text = path.read_bytes()
    except OSError as error:
        raise SigningKeyError(
            Sentence(
                "The signing key %(path)s cannot be read (%(error)s); run: governance init",
                {"path": str(path), "error": str(error.strerror)},
            )
        ) from None
    if mode & 0o077:
        raise SigningKeyError(
            Sentence(
                "The signing key %(path)s is open to others (mode %(mode)s); run: chmod 600 '%(path)s'",
                {"path": str(path), "mode": f"{mode:04o}"},
            )
        )
    try:
        key = load_pem_private_key(text, password=None)
    except ValueError:
        raise SigningKeyError(
            Sentence("The signing key %(path)s is damaged; restore it from a copy.", {"path": str(path)})
        ) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise SigningKeyError(Sentence("The signing key %(path)s is no Ed25519 key.", {"path": str(path)}))
    return key
