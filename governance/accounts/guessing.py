"""How soon a password is guessed; its lists of words are loaded where somebody chooses one."""

from collections.abc import Sequence

from zxcvbn import zxcvbn


def guesses(password: str, *, known: Sequence[str]) -> int:
    """In how many guesses somebody finds it who tries common words, keyboards, dates, and what is *known* first."""
    return int(zxcvbn(password, user_inputs=list(known))["guesses"])
