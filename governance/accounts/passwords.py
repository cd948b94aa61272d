"""Passwords: which are taken, and how they are kept (NIST SP 800-63B, 5.1.1.2; argon2id, RFC 9106).

No rules on kinds of characters: length, and not being easily guessed, is what counts.
"""

import unicodedata
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from governance.kernel.errors import InvalidError
from governance.kernel.late import load

SHORTEST: Final = 12
LONGEST: Final = 256
FEWEST_GUESSES: Final = 10**8
"""A password that whoever knows common ones, keyboards and dates finds in fewer guesses is refused."""
LOOKED_AT: Final = 72
"""Characters that guessing is estimated over: more are not guessed sooner, and take long to look at."""
COMMON_HERE: Final = (
    "пароль",
    "привет",
    "йцукен",
    "йцукенг",
    "любовь",
    "наташа",
    "кохання",
    "україна",
    "россия",
    "gfhjkm",
    "ghbdtn",
    "слава",
    "слава україні",
    "славаукраїні",
    "героям",
    "солнышко",
    "сонечко",
    "спартак",
    "динамо",
    "correct horse battery staple",
    "correcthorsebatterystaple",
)
"""Common words that lists made elsewhere lack."""

_HASHER: Final = PasswordHasher()
_NOBODYS: Final = (
    f"$argon2id$v=19$m={_HASHER.memory_cost},t={_HASHER.time_cost},p={_HASHER.parallelism}"
    f"${'A' * 22}${'A' * 43}"  # salt and hash of nothing but zeros
)
"""What is verified where there is no password: as dear as any other, from the first time on."""


def check_password(password: str, *, about: tuple[str, ...], field: str = "password") -> None:
    """Make sure that a password is one to be taken.

    Args:
        password: as typed.
        about: what anybody who knows its holder would try: name and address.
        field: what it is called where errors are told.

    Raises:
        InvalidError: where it is too short, too long, or easily guessed.
    """
    said = _refusal(normal_password(password), about)
    if said is not None:
        raise InvalidError("The password cannot be taken.", errors={field: [said]})


def _refusal(password: str, about: tuple[str, ...]) -> str | None:
    if not SHORTEST <= len(password) <= LONGEST:
        return f"Take {SHORTEST} to {LONGEST} characters."
    known = [word for text in about for word in (text, *text.replace("@", " ").replace(".", " ").split())]
    guessed: int = load("governance.accounts.guessing:guesses")(password[:LOOKED_AT], known=[*known, *COMMON_HERE])
    if guessed < FEWEST_GUESSES:
        return "This is one of the passwords that are tried first. Take a few words that do not belong together."
    return None


def hash_password(password: str) -> str:
    """The hash to be kept, with its parameters and its salt."""
    return _HASHER.hash(normal_password(password))


def matches_password(password: str, kept: str | None) -> bool:
    """Whether *password* is the one whose hash is *kept*; as dear where nothing is kept."""
    try:
        _HASHER.verify(_NOBODYS if kept is None else kept, normal_password(password)[:LONGEST])
    except (VerificationError, InvalidHashError):
        return False
    return kept is not None


def normal_password(password: str) -> str:
    """One spelling of what is typed alike on different keyboards (NIST SP 800-63B: NFKC); surrogates are replaced."""
    return unicodedata.normalize("NFKC", password.encode("utf-8", "replace").decode("utf-8"))
