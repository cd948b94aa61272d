"""Encrypted streams: whatever goes in comes out, and nothing that was touched does."""

import io
import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.custody.errors import BackupError
from governance.custody.streams import CHUNK_BYTES, Header, StreamWriter, read_stream

KEY = secrets.token_bytes(32)
HEADER = {"file": "a", "number": 1}
SEALED_CHUNK = CHUNK_BYTES + 16


def sealed(content: bytes, *, step: int = 50_000) -> bytes:
    file = io.BytesIO()
    writer = StreamWriter(file, KEY, HEADER)
    for start in range(0, len(content), step):
        writer.write(content[start : start + step])
    writer.finish()
    return file.getvalue()


def opened(stream: bytes, key: bytes = KEY) -> bytes:
    return b"".join(read_stream(io.BytesIO(stream), lambda _: key))


def body_of(stream: bytes) -> int:
    """Where the chunks begin."""
    return 24 + int.from_bytes(stream[20:24], "big")


@given(st.integers(-2, 2), st.integers(0, 3), st.integers(1, 3 * CHUNK_BYTES))
def test_any_length_around_the_chunks_survives_whatever_the_steps(off: int, chunks: int, step: int) -> None:
    content = secrets.token_bytes(max(0, chunks * CHUNK_BYTES + off))
    assert opened(sealed(content, step=step)) == content


@given(st.integers(0), st.integers(0, 7))
def test_no_changed_bit_goes_unseen(position: int, bit: int) -> None:
    stream = bytearray(sealed(b"x" * (CHUNK_BYTES + 100)))
    stream[position % len(stream)] ^= 1 << bit
    with pytest.raises(BackupError):
        opened(bytes(stream))


@pytest.mark.parametrize("kept", [0, 10, 23, 24, 60])
def test_a_header_that_was_cut_is_found(kept: int) -> None:
    with pytest.raises(BackupError):
        opened(sealed(b"content")[:kept])


def test_an_end_that_was_cut_off_or_added_is_found_also_between_chunks() -> None:
    stream = sealed(b"x" * (2 * CHUNK_BYTES + 100))
    start = body_of(stream)
    for shorter in (start, start + SEALED_CHUNK, start + 2 * SEALED_CHUNK, len(stream) - 1):
        with pytest.raises(BackupError):
            opened(stream[:shorter])
    for longer in (stream + b"\0", stream + stream[start : start + SEALED_CHUNK]):
        with pytest.raises(BackupError):
            opened(longer)


def test_chunks_that_were_reordered_repeated_or_left_out_are_found() -> None:
    stream = sealed(secrets.token_bytes(3 * CHUNK_BYTES))
    start = body_of(stream)
    head, one, two, three = (
        stream[:start],
        *(stream[start + at * SEALED_CHUNK : start + (at + 1) * SEALED_CHUNK] for at in range(3)),
    )
    assert opened(head + one + two + three)
    for chunks in (two + one + three, one + one + two + three, one + three, three):
        with pytest.raises(BackupError):
            opened(head + chunks)


def test_a_chunk_of_another_stream_under_the_same_key_does_not_fit() -> None:
    one, other = sealed(b"a" * 100), sealed(b"a" * 100)
    with pytest.raises(BackupError):
        opened(one[: body_of(one)] + other[body_of(other) :])


def test_a_wrong_key_opens_nothing() -> None:
    with pytest.raises(BackupError):
        opened(sealed(b"content"), secrets.token_bytes(32))


def test_the_header_is_told_in_the_clear() -> None:
    told: list[Header] = []

    def key_of(header: Header) -> bytes:
        told.append(header)
        return KEY

    assert list(read_stream(io.BytesIO(sealed(b"")), key_of)) == [b""]
    assert told[0].items() >= HEADER.items()
