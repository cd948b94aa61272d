"""Verify a certificate of an erasure, or of a run of retention, offline: `governance audit verify-certificate`.

Needs no database, and nothing of this package beyond `audit/merkle.py` and `audit/notes.py`. Steps: the file is in the
one form that it can have; the kept checkpoint is of the tree that the proofs are for; the entry that issued the
certificate is in that tree and names its digest; so are the receipts of all that was destroyed, each naming its step.
"""

import hashlib
import json
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

from governance.audit.merkle import ProofError, leaf_hash, verify_inclusion
from governance.audit.notes import Checkpoint, Note, NoteError, Verifier, open_checkpoint
from governance.kernel.records import frozen

VERSION: Final = 1
ISSUED: Final = "erasure:certificate:issued"
STEP_DONE: Final = "erasure:step:done"
RUN_ISSUED: Final = "retention:certificate:issued"
BATCH_DONE: Final = "retention:batch:done"

Json: TypeAlias = "str | int | bool | list[Json] | dict[str, Json] | None"


@frozen
class Verified:
    """What was found.

    Attributes:
        findings: what is wrong; empty where all holds.
        body: what the certificate says; empty where it could not be read.
    """

    findings: tuple[str, ...]
    body: Mapping[str, Json]

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings


class _WrongError(ValueError):
    """Something does not hold."""


def canonical(told: Mapping[str, Json]) -> bytes:
    """JSON as RFC 8785 writes it, of texts, whole numbers, marks and collections."""
    return json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode("utf-8")


def verify_certificate(content: bytes, *, checkpoint: bytes, vkey: str | None = None) -> Verified:
    """Verify a certificate against a checkpoint that was kept elsewhere.

    Args:
        content: the file.
        checkpoint: the signed note.
        vkey: the verifier key, where the signature of the checkpoint is to be verified as well.
    """
    body: dict[str, Json] = {}
    try:
        told = _read(content)
        body = _mapping(told["certificate"])
        kept = _checkpoint(checkpoint, vkey)
        _require_whole(told, body, kept, checkpoint)
    except _WrongError as wrong:
        return Verified((str(wrong),), body)
    except (KeyError, TypeError, ValueError, RecursionError, ProofError, NoteError, Base64Error) as error:
        return Verified((f"The certificate is not in the form of one ({type(error).__name__}).",), body)
    return Verified((), body)


def _read(content: bytes) -> dict[str, Json]:
    told = _mapping(json.loads(content))
    if canonical(told) != content or set(told) != {"certificate", "checkpoint", "issued", "receipts"}:
        raise _WrongError("The file is not in the one form that a certificate has: something in it was changed.")
    return told


def _checkpoint(note: bytes, vkey: str | None) -> Checkpoint:
    try:
        if vkey is not None:
            return open_checkpoint(note, Verifier.parse(vkey.strip()))
        return Checkpoint.parse_text(Note.parse(note).text)
    except NoteError as error:
        raise _WrongError(f"The checkpoint cannot be used: {error}") from None


def _require_whole(told: Mapping[str, Json], body: Mapping[str, Json], kept: Checkpoint, note: bytes) -> None:
    if body["v"] != VERSION:
        raise _WrongError("The certificate is of a version that this release cannot read.")
    own = Checkpoint.parse_text(Note.parse(str(told["checkpoint"]).encode("utf-8")).text)
    if own.origin != kept.origin:
        raise _WrongError("The kept checkpoint is of another log.")
    if own.size != kept.size:
        raise _WrongError(
            f"The proofs are for the checkpoint of {own.size} entries, the kept one is of {kept.size}; ask for the "
            "certificate again when a checkpoint is taken, or keep the checkpoint that it names."
        )
    if own.root != kept.root or str(told["checkpoint"]).encode("utf-8") != note:
        raise _WrongError("The checkpoint in the certificate is not the one that was kept: one of them is forged.")
    issued = _entry(_mapping(told["issued"]), kept)
    digest = hashlib.sha256(canonical(body)).hexdigest()
    facts = _mapping(issued["facts"])
    of_run = "run" in body
    about = body["run"] if of_run else body["erasure"]
    action = RUN_ISSUED if of_run else ISSUED
    if issued["action"] != action or facts["digest"] != digest or _mapping(issued["object"])["id"] != about:
        raise _WrongError("What the certificate says is not what the log says it said: it was changed.")
    named = (BATCH_DONE, _OF_BATCH) if of_run else (STEP_DONE, _OF_STEP)
    _require_receipts(_list(told["receipts"]), _list(body["destroyed"]), str(about), kept, named)


_OF_STEP: Final = ("step",)
_OF_BATCH: Final = ("digest", "people", "policy", "rows", "version")
"""Facts of a receipt that the certificate repeats."""


def _require_receipts(
    receipts: Sequence[Json], destroyed: Sequence[Json], about: str, kept: Checkpoint, form: tuple[str, Sequence[str]]
) -> None:
    """That each receipt is an entry of the action, and with the facts, that its *form* names."""
    action, same = form
    if len(receipts) != len(destroyed):
        raise _WrongError("The certificate has not one receipt for each step.")
    for receipt, told in zip(receipts, destroyed, strict=True):
        entry, said = _entry(_mapping(receipt), kept), _mapping(told)
        named = (entry["eid"], entry["action"], _mapping(entry["object"])["id"])
        facts = _mapping(entry["facts"])
        if named != (said["entry"], action, about) or any(facts[one] != said[one] for one in same):
            raise _WrongError("A receipt is not of the step that it stands for.")


def _entry(proof: Mapping[str, Json], kept: Checkpoint) -> dict[str, Json]:
    if set(proof) != {"index", "leaf", "path", "size"} or proof["size"] != kept.size:
        raise _WrongError("A proof is for another checkpoint.")
    leaf = str(proof["leaf"]).encode("utf-8")
    index = proof["index"]
    if not isinstance(index, int):
        raise TypeError("index")
    path = [_decoded(str(one)) for one in _list(proof["path"])]
    try:
        verify_inclusion(index=index, size=kept.size, leaf=leaf_hash(leaf), path=path, root=kept.root)
    except ProofError:
        raise _WrongError("An entry is not in the log that the kept checkpoint is of.") from None
    return _mapping(json.loads(leaf))


def _decoded(said: str) -> bytes:
    """Of one form alone: the last character has bits to spare."""
    found = b64decode(said, validate=True)
    if b64encode(found).decode("ascii") != said:
        raise _WrongError("The file is not in the one form that a certificate has: something in it was changed.")
    return found


def _mapping(value: Json) -> dict[str, Json]:
    if not isinstance(value, dict):
        raise TypeError("not an object")
    return value


def _list(value: Json) -> list[Json]:
    if not isinstance(value, list):
        raise TypeError("not a list")
    return value
