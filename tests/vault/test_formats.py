"""The bytes of sealed values and wrapped keys: fixed for ever, and refused where a single bit of them differs."""

import json
from pathlib import Path
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from governance.policies.classification import Compartment
from governance.vault import formats
from governance.vault.compartments import SealedColumn
from governance.vault.derivation import Mac, derive, hkdf, mac
from governance.vault.errors import SealError

DEPLOYMENT = UUID("00000000-0000-4000-8000-000000000001")
ROW = UUID("01890000-0000-7000-8000-000000000002")
OWNER = UUID("10000000-0000-4000-8000-000000000003")
KEY = bytes(range(32))
COLUMN = SealedColumn("person", "family_name", Compartment.PROFILE)
WHERE = formats.place(DEPLOYMENT.bytes, COLUMN)
ROW_BINDING = formats.bound_to(ROW, OWNER)
PLACES = formats.KeyPlaces(DEPLOYMENT.bytes, "profile")


def _vectors(shared: Path, name: str) -> list[dict]:
    return json.loads((shared / "vectors" / "wycheproof" / f"{name}_test.json").read_text())["testGroups"]


GOLDEN_VALUE = bytes.fromhex(
    "0101000000076465666768696a6b6c6d6e6f98800ed6a95b8625eed78f510be4a41912ac93f58fc36f15d3973b5ac4ef"
)
GOLDEN_KEY = bytes.fromhex(
    "0101"
    "6465666768696a6b6c6d6e6f"
    "481bde6679e9569e3e625fe8da656afd42c2060a8b6cf372a7d1ac48fba3a548"
    "3fa68277ee231143397e8a5264bd1412"
)


def test_a_sealed_value_of_version_1_opens_for_ever():
    assert formats.generation_of(GOLDEN_VALUE) == 7
    assert formats.open_sealed(AESGCM(KEY), WHERE, ROW_BINDING, GOLDEN_VALUE).decode() == "Лавлейс"


def test_a_sealed_value_is_made_as_version_1_says():
    sealed = formats.seal(AESGCM(KEY), 7, WHERE, ROW_BINDING, "Лавлейс".encode())

    nonce = sealed[6:18]
    assert sealed[:6] == bytes((1, 1, 0, 0, 0, 7))
    assert sealed[18:] == AESGCM(KEY).encrypt(nonce, "Лавлейс".encode(), sealed[:6] + WHERE + ROW_BINDING)


def test_the_binding_of_a_value_has_these_bytes_for_ever():
    """deployment, table, column, row and owner, each behind its length as two bytes."""
    spelled = [DEPLOYMENT.bytes, b"person", b"family_name", ROW.bytes, OWNER.bytes]
    assert b"".join(len(part).to_bytes(2, "big") + part for part in spelled) == WHERE + ROW_BINDING
    assert formats.ROW_PREFIX + ROW.bytes + formats.ROW_PREFIX + OWNER.bytes == ROW_BINDING


def test_a_wrapped_key_of_version_1_opens_for_ever():
    assert formats.unwrap(AESGCM(KEY), GOLDEN_KEY, PLACES.of(OWNER.bytes, 1, 9)) == bytes(32)
    assert len(formats.wrap(AESGCM(KEY), bytes(32), PLACES.of(OWNER.bytes, 1, 9))) == len(GOLDEN_KEY)


def _read(cipher: AESGCM, sealed: bytes) -> bytes:
    formats.generation_of(sealed)  # as every reader does, to choose the key
    return formats.open_sealed(cipher, WHERE, ROW_BINDING, sealed)


def test_every_single_bit_of_a_sealed_value_matters():
    cipher = AESGCM(KEY)
    sealed = formats.seal(cipher, 1, WHERE, ROW_BINDING, b"petrov@example.ru")

    assert _read(cipher, sealed) == b"petrov@example.ru"
    for bit in range(len(sealed) * 8):
        changed = bytearray(sealed)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(SealError):
            _read(cipher, bytes(changed))


def test_every_single_bit_of_a_wrapped_key_matters():
    kek, where = AESGCM(KEY), PLACES.of(OWNER.bytes, 1, 1)
    wrapped = formats.wrap(kek, bytes(32), where)

    for bit in range(len(wrapped) * 8):
        changed = bytearray(wrapped)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(SealError):
            formats.unwrap(kek, bytes(changed), where)


@given(st.binary(max_size=200), st.data())
def test_a_value_that_is_cut_or_prolonged_does_not_open(plaintext, data):
    cipher = AESGCM(KEY)
    sealed = formats.seal(cipher, 1, WHERE, ROW_BINDING, plaintext)
    length = data.draw(st.integers(0, len(sealed) - 1))

    for wrong in (sealed[:length], sealed + b"\0"):
        with pytest.raises(SealError):
            _read(cipher, wrong)


OTHER = UUID("20000000-0000-4000-8000-000000000004")


@pytest.mark.parametrize(
    ("where", "row"),
    [
        pytest.param(formats.place(OTHER.bytes, COLUMN), ROW_BINDING, id="deployment"),
        pytest.param(
            formats.place(DEPLOYMENT.bytes, SealedColumn("staff", "family_name", Compartment.PROFILE)),
            ROW_BINDING,
            id="table",
        ),
        pytest.param(
            formats.place(DEPLOYMENT.bytes, SealedColumn("person", "given_name", Compartment.PROFILE)),
            ROW_BINDING,
            id="column",
        ),
        pytest.param(
            formats.place(DEPLOYMENT.bytes, SealedColumn("personf", "amily_name", Compartment.PROFILE)),
            ROW_BINDING,
            id="border between table and column",
        ),
        pytest.param(WHERE, formats.bound_to(OTHER, OWNER), id="row"),
        pytest.param(WHERE, formats.bound_to(ROW, OTHER), id="owner"),
        pytest.param(WHERE, formats.bound_to(OWNER, ROW), id="row and owner exchanged"),
    ],
)
def test_a_value_moved_elsewhere_does_not_open_even_under_its_own_key(where, row):
    sealed = formats.seal(AESGCM(KEY), 1, WHERE, ROW_BINDING, b"value")
    with pytest.raises(SealError):
        formats.open_sealed(AESGCM(KEY), where, row, sealed)


@pytest.mark.parametrize(
    "place",
    [
        PLACES.of(OTHER.bytes, 1, 1),
        PLACES.of(OWNER.bytes, 2, 1),
        PLACES.of(OWNER.bytes, 1, 2),
        formats.KeyPlaces(DEPLOYMENT.bytes, "contact").of(OWNER.bytes, 1, 1),
        formats.KeyPlaces(OTHER.bytes, "profile").of(OWNER.bytes, 1, 1),
    ],
    ids=["owner", "generation", "epoch", "compartment", "deployment"],
)
def test_a_wrapped_key_moved_elsewhere_does_not_open(place):
    wrapped = formats.wrap(AESGCM(KEY), bytes(32), PLACES.of(OWNER.bytes, 1, 1))
    with pytest.raises(SealError):
        formats.unwrap(AESGCM(KEY), wrapped, place)


def test_no_nonce_is_used_twice():
    sealed = {formats.seal(AESGCM(KEY), 1, WHERE, ROW_BINDING, b"same") for _ in range(2000)}
    assert len({value[6:18] for value in sealed}) == 2000


def test_values_sealed_by_others_open_and_forged_ones_do_not(shared):
    """Wycheproof AES-GCM, as far as a sealed value can take the form: 96-bit nonce, 128-bit tag, 256-bit key."""
    opened = refused = 0
    for group in _vectors(shared, "aes_gcm"):
        if (group["ivSize"], group["keySize"], group["tagSize"]) != (96, 256, 128):
            continue
        for case in group["tests"]:
            # The header is part of what is authenticated, so the vector's own data is split behind six bytes of it.
            aad = bytes.fromhex(case["aad"])
            cipher = AESGCM(bytes.fromhex(case["key"]))
            body = bytes.fromhex(case["iv"]) + bytes.fromhex(case["ct"]) + bytes.fromhex(case["tag"])
            if len(aad) < formats.HEADER_BYTES:
                # A header that is shorter than six bytes cannot stand before a value; the cipher is asked as it is.
                head, where = b"", aad
                value = bytes(formats.HEADER_BYTES) + body
                arguments = (_WithoutHeader(cipher), where, b"", value)
            else:
                head, where = aad[: formats.HEADER_BYTES], aad[formats.HEADER_BYTES :]
                arguments = (cipher, where, b"", head + body)
            if case["result"] == "valid":
                assert formats.open_sealed(*arguments) == bytes.fromhex(case["msg"]), case["tcId"]
                opened += 1
            else:
                with pytest.raises(SealError):
                    formats.open_sealed(*arguments)
                refused += 1
    assert opened > 30
    assert refused > 10


class _WithoutHeader:
    """A cipher that is given additional data without the header before it."""

    def __init__(self, cipher: AESGCM) -> None:
        self._cipher = cipher

    def decrypt(self, nonce: bytes, data: bytes, associated: bytes) -> bytes:
        return self._cipher.decrypt(nonce, data, associated[formats.HEADER_BYTES :])


def test_keys_are_derived_as_others_derive_them(shared):
    """Wycheproof HKDF-SHA-256."""
    derived = 0
    for group in _vectors(shared, "hkdf_sha256"):
        for case in group["tests"]:
            key, salt, info = (bytes.fromhex(case[name]) for name in ("ikm", "salt", "info"))
            if case["result"] == "valid":
                assert hkdf(key, info, salt=salt, length=case["size"]).hex() == case["okm"], case["tcId"]
                derived += 1
            else:
                with pytest.raises(ValueError, match="derive"):
                    hkdf(key, info, salt=salt, length=case["size"])
    assert derived > 60


def test_digests_are_made_as_others_make_them(shared):
    """Wycheproof HMAC-SHA-256, whole and truncated."""
    for group in _vectors(shared, "hmac_sha256"):
        for case in group["tests"]:
            made = mac(bytes.fromhex(case["key"]), bytes.fromhex(case["msg"]), length=group["tagSize"] // 8)
            assert (made.hex() == case["tag"]) == (case["result"] == "valid"), case["tcId"]


def test_purposes_that_join_to_the_same_bytes_give_different_keys():
    assert derive(KEY, b"ab", b"c") != derive(KEY, b"a", b"bc") != derive(KEY, b"abc")


@given(st.binary(min_size=1, max_size=64), st.binary(max_size=200))
def test_a_prepared_mac_answers_what_hmac_answers(key: bytes, message: bytes):
    prepared = Mac(key)
    assert prepared.of(message) == prepared.of(message) == mac(key, message)


def test_nonces_drawn_together_are_as_many_as_asked_for_and_all_different():
    drawn = list(formats.nonces(1000))
    assert {len(nonce) for nonce in drawn} == {12}
    assert len(set(drawn)) == 1000
