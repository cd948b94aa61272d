"""Checkpoints: signed notes that say how large a tree is and what its root is.

A note is text, a blank line, and signature lines (c2sp.org/signed-note); a checkpoint is a note whose text is origin,
size and root (c2sp.org/tlog-checkpoint). Signatures are Ed25519 (RFC 8032), their type byte being 0x01.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ED25519 = b"\x01"
SIGNATURE_PREFIX = "\N{EM DASH} "
MAX_NOTE_BYTES = 1 << 20  # "verifiers SHOULD apply a maximum limit" (signed-note); 16 post-quantum signatures fit


class NoteError(ValueError):
    """A note, a checkpoint or a verifier key is malformed, or its signature does not stand."""


@dataclass(frozen=True, slots=True)
class Verifier:
    """A public key under the name that it signs with."""

    name: str
    public_key: bytes

    def __post_init__(self) -> None:
        """Refuse what could not be told apart in a note."""
        if not self.name or "+" in self.name or any(character.isspace() for character in self.name):
            raise NoteError("the name of a key is empty or holds a space or a plus")
        if len(self.public_key) != 32:
            raise NoteError("an Ed25519 public key is 32 bytes long")

    @classmethod
    def parse(cls, vkey: str) -> Verifier:
        """Read a verifier key, `name+id+base64(type, key)`; its id must be the one that follows from the rest."""
        name, plus, rest = vkey.strip().partition("+")
        key_id, second, encoded = rest.partition("+")
        material = _from_base64(encoded)
        if not (plus and second) or material[:1] != ED25519:
            raise NoteError("this is no verifier key for Ed25519")
        verifier = cls(name, material[1:])
        if verifier.key_id.hex() != key_id:
            raise NoteError("the id in the verifier key does not belong to its name and key")
        return verifier

    @property
    def key_id(self) -> bytes:
        """Four bytes that say which key a signature line is by."""
        return sha256(self.name.encode() + b"\n" + ED25519 + self.public_key).digest()[:4]

    def vkey(self) -> str:
        """The one-line form in which a verifier key is handed around."""
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(ED25519 + self.public_key).decode()}"

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Whether *signature* over *message* is by this key."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public_key).verify(signature, message)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line: by whom, by which key, and the signature itself."""

    name: str
    key_id: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Note:
    """A parsed note. Its text says nothing until `require` has found a signature of a known key on it."""

    text: str
    signatures: tuple[Signature, ...]

    @classmethod
    def parse(cls, note: bytes) -> Note:
        """Split a note into text and signatures, strictly by c2sp.org/signed-note."""
        if len(note) > MAX_NOTE_BYTES:
            raise NoteError("the note is too long")
        try:
            decoded = note.decode("utf-8")
        except UnicodeDecodeError:
            raise NoteError("the note is not UTF-8") from None
        if any(character < " " and character != "\n" for character in decoded):
            raise NoteError("the note holds control characters")
        text, blank, tail = decoded.rpartition("\n\n")
        if not blank or not tail.endswith("\n"):
            raise NoteError("the note has no signatures")
        return cls(text + "\n", tuple(_parse_signature(line) for line in tail[:-1].split("\n")))

    def require(self, verifier: Verifier) -> None:
        """Insist on a signature of *verifier*; signatures of keys that are not known prove nothing and are passed over.

        Raises NoteError where there is none, or where one is but does not stand.
        """
        theirs = [one for one in self.signatures if (one.name, one.key_id) == (verifier.name, verifier.key_id)]
        if not theirs:
            raise NoteError("the note is not signed by the expected key")
        if not all(verifier.verify(self.text.encode(), one.signature) for one in theirs):
            raise NoteError("the signature on the note does not stand")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a tree is at one size."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """The text that is signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    @classmethod
    def parse_text(cls, text: str) -> Checkpoint:
        """Read the text of a note as a checkpoint; extension lines are let stand but mean nothing here."""
        origin, _, rest = text.partition("\n")
        size, _, rest = rest.partition("\n")
        root, end, extensions = rest.partition("\n")
        decoded = _from_base64(root)
        if not origin or not end or len(decoded) != 32 or "\n\n" in "\n" + extensions:
            raise NoteError("the note is no checkpoint")
        if not (size.isascii() and size.isdigit() and len(size) < 20) or str(int(size)) != size:
            raise NoteError("the size in the checkpoint is no decimal number")
        return cls(origin, int(size), decoded)


def open_checkpoint(note: bytes, verifier: Verifier) -> Checkpoint:
    """Read a checkpoint that *verifier* signed and whose origin is the name of that key.

    Raises NoteError where it is malformed, signed by another, or speaks of another log.
    """
    parsed = Note.parse(note)
    parsed.require(verifier)
    checkpoint = Checkpoint.parse_text(parsed.text)
    if checkpoint.origin != verifier.name:
        raise NoteError("the checkpoint is of another log")
    return checkpoint


def sign_checkpoint(checkpoint: Checkpoint, private_key: Ed25519PrivateKey) -> bytes:
    """The signed note of a checkpoint; the name of the key is the origin, as tlog-checkpoint recommends."""
    verifier = verifier_of(checkpoint.origin, private_key)
    signed = base64.b64encode(verifier.key_id + private_key.sign(checkpoint.text().encode())).decode()
    return f"{checkpoint.text()}\n{SIGNATURE_PREFIX}{verifier.name} {signed}\n".encode()


def verifier_of(name: str, private_key: Ed25519PrivateKey) -> Verifier:
    """The public half of a key under *name*."""
    return Verifier(name, private_key.public_key().public_bytes_raw())


def _parse_signature(line: str) -> Signature:
    name, space, encoded = line.removeprefix(SIGNATURE_PREFIX).partition(" ")
    material = _from_base64(encoded)
    if not line.startswith(SIGNATURE_PREFIX) or not name or not space or len(material) <= 4:
        raise NoteError("a signature line is malformed")
    return Signature(name, material[:4], material[4:])


def _from_base64(encoded: str) -> bytes:
    try:
        decoded = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise NoteError("what should be base64 is not") from None
    if base64.b64encode(decoded).decode() != encoded:  # one value has one spelling, or two notes could say the same
        raise NoteError("what should be base64 is not")
    return decoded
