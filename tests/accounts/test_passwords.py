"""Passwords: which are taken, and how dear they are to try."""

import pytest
from argon2 import PasswordHasher, Type

from governance.accounts.passwords import check_password, hash_password, matches_password
from governance.kernel.errors import InvalidError


def test_in_production_a_password_costs_what_rfc_9106_asks_where_memory_is_scarce(
    production_hasher: PasswordHasher,
) -> None:
    made = production_hasher.hash("long words that do not belong")

    assert production_hasher.type is Type.ID
    assert "$m=65536,t=3,p=4$" in made
    assert (production_hasher.salt_len, production_hasher.hash_len) == (16, 32)


def test_a_hash_of_other_parameters_is_still_known(production_hasher: PasswordHasher) -> None:
    made = production_hasher.hash("long words that do not belong")

    assert matches_password("long words that do not belong", made)
    assert not matches_password("other words that do not belong", made)
    assert matches_password("long words that do not belong", hash_password("long words that do not belong"))


@pytest.mark.parametrize(
    "password", ["correcthorsebatterystaple", "correct horse battery staple", "слава україні", "солнышко2024"]
)
def test_what_many_people_would_think_of_in_our_languages_is_not_taken(password: str) -> None:
    with pytest.raises(InvalidError):
        check_password(password, about=("Anna",))
    check_password("лодка плывёт к берегу", about=("Anna",))
