"""Digests of the suppression ledger: layers that wrap each other."""

import hmac

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.vault.blind import NORMALISER_VERSION, BlindIndex
from governance.vault.errors import KeyringError
from governance.vault.keyring import Keyring
from governance.vault.ledger import MAC_BYTES, LedgerDigests
from governance.vault.runtime import Vault
from tests.conftest import NOW

EMAIL, PHONE = "suppression/email", "suppression/phone"


@pytest.fixture
def ledger(keyring: Keyring) -> LedgerDigests:
    return LedgerDigests(keyring)


def test_a_digest_tells_its_layers_and_differs_by_kind_of_contact(ledger: LedgerDigests) -> None:
    (email,), (phone,) = (ledger.of(name, [b"x"], layers=[1]) for name in (EMAIL, PHONE))

    assert (len(email), email[0]) == (1 + MAC_BYTES, 1)
    assert email != phone


def test_wrapping_what_is_kept_comes_to_the_same_as_making_it_anew(keyring: Keyring, ledger: LedgerDigests) -> None:
    (kept,) = ledger.of(EMAIL, [b"a@example.org"], layers=[1])
    for _ in range(3):
        keyring.add_ledger_root(now=NOW)

    assert ledger.layers == 4
    assert ledger.of(EMAIL, [b"a@example.org"], layers=[2, 4]) == [
        ledger.wrap(kept, layers=2),
        ledger.wrap(ledger.wrap(kept, layers=3), layers=4),
    ]


def test_a_further_layer_needs_its_own_key(keyring: Keyring, ledger: LedgerDigests) -> None:
    (kept,) = ledger.of(EMAIL, [b"a@example.org"], layers=[1])
    with pytest.raises(KeyringError, match="layer 2"):
        ledger.wrap(kept, layers=2)
    made = keyring.add_ledger_root(now=NOW)

    assert made.layer == 2
    assert hmac.compare_digest(ledger.wrap(kept, layers=2)[:1], b"\x02")


def test_another_process_finds_the_key_that_was_added(keyring: Keyring) -> None:
    other = LedgerDigests(Keyring(keyring.path))
    keyring.add_ledger_root(now=NOW)

    assert other.of(EMAIL, [b"x"], layers=[2]) == LedgerDigests(keyring).of(EMAIL, [b"x"], layers=[2])


@settings(max_examples=20)
@given(st.lists(st.binary(max_size=40), max_size=5), st.sets(st.integers(1, 3), max_size=3))
def test_digests_come_layer_by_layer_in_the_order_of_the_values(
    tmp_path_factory: pytest.TempPathFactory, values: list[bytes], layers: set[int]
) -> None:
    ring = Keyring.create(tmp_path_factory.mktemp("ring") / "keyring.json", now=NOW)
    for _ in range(2):
        ring.add_ledger_root(now=NOW)
    ledger, asked = LedgerDigests(ring), sorted(layers)

    alone = [ledger.of(EMAIL, [value], layers=[layer])[0] for layer in asked for value in values]
    assert ledger.of(EMAIL, values, layers=asked) == alone


def test_blind_digests_of_normal_values_are_those_of_the_index(keyring: Keyring) -> None:
    indexer, index = Vault(keyring).indexer, BlindIndex("test", str.casefold)

    assert NORMALISER_VERSION == 1
    assert indexer.of_normal(index, [b"abc", b"def"]) == indexer.ask(index, ["ABC", "DEF"])
