"""Checkpoints as signed notes: what is accepted, and all that is not."""

import base64
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.audit import notes

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
CHECKPOINT = notes.Checkpoint("example.com/log", 20852163, bytes(range(100, 132)))
VERIFIER = notes.verifier_of(CHECKPOINT.origin, KEY)
NOTE = notes.sign_checkpoint(CHECKPOINT, KEY)

# The example in the documentation of golang.org/x/mod/sumdb/note, the reference implementation.
GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "\N{EM DASH} PeterNeumann "
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
    "\n"
)


def test_a_note_signed_by_the_reference_implementation_is_accepted():
    notes.Note.parse(GO_NOTE.encode()).require(notes.Verifier.parse(GO_KEY))


def test_signatures_are_judged_as_in_the_published_vectors(shared: Path):
    vectors = json.loads((shared / "vectors/wycheproof/ed25519_test.json").read_text())
    judged = 0
    for group in vectors["testGroups"]:
        verifier = notes.Verifier("example.com/log", bytes.fromhex(group["publicKey"]["pk"]))
        for case in group["tests"]:
            stands = verifier.verify(bytes.fromhex(case["msg"]), bytes.fromhex(case["sig"]))
            assert stands == (case["result"] == "valid"), case["tcId"]
            judged += 1
    assert judged == vectors["numberOfTests"]


def test_a_checkpoint_survives_signing_and_opening():
    assert notes.open_checkpoint(NOTE, VERIFIER) == CHECKPOINT
    assert notes.open_checkpoint(NOTE, notes.Verifier.parse(VERIFIER.vkey() + "\n")) == CHECKPOINT


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_any_changed_byte_of_a_checkpoint_is_refused(data: st.DataObject):
    changed = bytearray(NOTE)
    at = data.draw(st.integers(min_value=0, max_value=len(NOTE) - 1))
    changed[at] ^= data.draw(st.integers(min_value=1, max_value=255))
    with pytest.raises(notes.NoteError):
        notes.open_checkpoint(bytes(changed), VERIFIER)


@given(st.binary(max_size=200))
def test_bytes_that_are_no_note_are_refused_by_name(garbage: bytes):
    with pytest.raises(notes.NoteError):
        notes.open_checkpoint(garbage, VERIFIER)


def test_a_signature_by_an_unknown_key_is_passed_over_but_does_not_suffice():
    stranger = Ed25519PrivateKey.generate()
    foreign = notes.sign_checkpoint(CHECKPOINT, stranger)
    with pytest.raises(notes.NoteError, match="not signed by the expected key"):
        notes.open_checkpoint(foreign, VERIFIER)
    both = NOTE + foreign.rpartition(b"\n\n")[2]
    assert notes.open_checkpoint(both, VERIFIER) == CHECKPOINT


def test_of_two_signatures_by_the_same_key_both_must_stand():
    other = notes.sign_checkpoint(notes.Checkpoint(CHECKPOINT.origin, 1, bytes(32)), KEY)
    with pytest.raises(notes.NoteError, match="does not stand"):
        notes.open_checkpoint(NOTE + other.rpartition(b"\n\n")[2], VERIFIER)


def test_a_checkpoint_of_another_log_is_refused():
    text = notes.Checkpoint("example.com/other", 1, bytes(32)).text()
    of_our_key = base64.b64encode(VERIFIER.key_id + KEY.sign(text.encode())).decode()
    note = f"{text}\n{notes.SIGNATURE_PREFIX}{VERIFIER.name} {of_our_key}\n".encode()
    notes.Note.parse(note).require(VERIFIER)
    with pytest.raises(notes.NoteError, match="of another log"):
        notes.open_checkpoint(note, VERIFIER)
    ours = notes.sign_checkpoint(CHECKPOINT, KEY).rpartition(b"\n\n")[2]
    with pytest.raises(notes.NoteError, match="does not stand"):
        notes.open_checkpoint(text.encode() + b"\n" + ours, VERIFIER)


@pytest.mark.parametrize(
    "vkey",
    ["", "name", "name+00000000", GO_KEY.replace("c74f", "c74e"), GO_KEY.replace("+AR", "+BR"), "a b" + GO_KEY],
)
def test_a_malformed_verifier_key_is_refused(vkey: str):
    with pytest.raises(notes.NoteError):
        notes.Verifier.parse(vkey)


@pytest.mark.parametrize(
    "text",
    ["", "log\n", "log\n1\n", "log\n01\n" + "A" * 43 + "=\n", "log\n-1\n" + "A" * 43 + "=\n", "log\n1\nAAAA\n",
     "log\n" + "9" * 5000 + "\n" + "A" * 43 + "=\n", "\n1\n" + "A" * 43 + "=\n",
     "log\n1\n" + "A" * 43 + "=\n\n"],
)  # fmt: skip
def test_a_text_that_is_no_checkpoint_is_refused(text: str):
    with pytest.raises(notes.NoteError):
        notes.Checkpoint.parse_text(text)


def test_extension_lines_are_let_stand():
    assert notes.Checkpoint.parse_text(CHECKPOINT.text() + "an extension\n") == CHECKPOINT
