"""The form of API keys."""

from hypothesis import given
from hypothesis import strategies as st

from governance.accounts.keys import digest_of, id_of, make_key, matches


def test_a_key_names_itself_and_is_known_by_its_digest_only():
    key = make_key()
    assert key.presented.startswith(f"gov_{key.id}_")
    assert id_of(key.presented) == key.id
    assert matches(key.presented, key.digest)
    assert len(key.digest) == 32
    assert key.presented not in repr(key)
    assert key.digest.hex() not in repr(key)


def test_no_two_keys_share_an_id_or_a_secret():
    keys = [make_key() for _ in range(500)]
    assert len({key.id for key in keys}) == len({key.presented.rpartition("_")[2] for key in keys}) == 500


def test_the_secret_has_256_bits():
    secret = make_key().presented.rpartition("_")[2]
    assert len(secret) == 52  # base32 of 32 bytes, without padding
    assert set(secret) <= set("abcdefghijklmnopqrstuvwxyz234567")


@given(st.text())
def test_what_is_no_key_has_no_id_and_matches_nothing(text):
    assert id_of(text) == ""
    assert not matches(text, None)
    assert not matches(text, make_key().digest)


def test_a_key_with_one_letter_changed_does_not_match():
    key = make_key()
    for place in range(len(key.presented)):
        other = "a" if key.presented[place] != "a" else "b"
        assert not matches(key.presented[:place] + other + key.presented[place + 1 :], key.digest)


def test_where_there_is_no_such_key_the_comparison_is_made_all_the_same(monkeypatch):
    compared = []
    monkeypatch.setattr(
        "governance.accounts.keys.hmac.compare_digest", lambda one, other: compared.append((one, other))
    )
    presented = make_key().presented
    matches(presented, None)
    assert compared == [(digest_of(presented), bytes(32))]
