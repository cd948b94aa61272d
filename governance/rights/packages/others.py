"""Whether a note may be about somebody else too: an e-mail, a phone or a name in it that is not the person's own.

It finds what is written plainly, and errs on the side of asking: an officer decides (GDPR Art. 15(4)).
"""

import re
from collections.abc import Iterable
from dataclasses import field
from typing import Final

from governance.intake.folding import fold_name
from governance.intake.names import is_given_name
from governance.kernel.records import frozen
from governance.rights.packages.records import Doubt

_EMAIL: Final = re.compile(r"[^\s@<>,;:()\"']+@[^\s@<>,;:()\"']+\.[^\W\d_]{2,}")
_PHONE: Final = re.compile(r"(?<![\w.,])\+?\d(?:[\s().-]{0,2}\d){8,14}(?!\w)")
_WORD: Final = re.compile(r"[^\W\d_]+(?:[-'’ʼ][^\W\d_]+)*")
_ENDINGS: Final = ("", "а", "я", "й", "ь")
"""What a name had before its case took it: Иваном, Наташе, Андрея."""
SHARED_DIGITS: Final = 9
"""The last digits of a number, which the ways of writing its country leave alone."""
SHORTEST_NAME: Final = 3


@frozen
class Own:
    """What of a note is the person's own.

    Attributes:
        emails: in small letters; phones: last digits; names: skeletons of words.
    """

    emails: frozenset[str] = field(default_factory=frozenset)
    phones: frozenset[str] = field(default_factory=frozenset)
    names: frozenset[str] = field(default_factory=frozenset)


def own(*, emails: Iterable[str], phones: Iterable[str], names: Iterable[str]) -> Own:
    """What is the person's own, from values as they are kept."""
    return Own(
        frozenset(one.casefold() for one in emails),
        frozenset(_digits(one) for one in phones),
        frozenset(stem for one in names for word in _WORD.findall(one) for stem in _stems(word)),
    )


def doubts(text: str, mine: Own) -> list[Doubt]:
    """Why a note may be about somebody else; nothing where no reason is seen."""
    found: list[Doubt] = []
    if any(one.casefold().rstrip(".") not in mine.emails for one in _EMAIL.findall(text)):
        found.append(Doubt.EMAIL)
    if any(_digits(one) not in mine.phones for one in _PHONE.findall(text)):
        found.append(Doubt.PHONE)
    if any(_names_another(one, mine) for one in _WORD.findall(text)):
        found.append(Doubt.NAME)
    return found


def _digits(phone: str) -> str:
    return re.sub(r"\D", "", phone)[-SHARED_DIGITS:]


def _names_another(word: str, mine: Own) -> bool:
    if len(word) < SHORTEST_NAME or not word[0].isupper():
        return False
    return not mine.names.intersection(_stems(word)) and any(is_given_name(form) for form in _forms(word))


def _forms(word: str) -> list[str]:
    """The word, and what it may be a case of."""
    cut = [word[:-1], word[:-2]] if len(word) > SHORTEST_NAME + 1 else []
    return [word, *(stem + ending for stem in cut if len(stem) >= SHORTEST_NAME for ending in _ENDINGS)]


def _stems(word: str) -> list[str]:
    """The skeleton of a word and of what remains of it in most cases."""
    skeleton = fold_name(word)
    return [skeleton, skeleton[:-1], skeleton[:-2]] if len(skeleton) > SHORTEST_NAME + 1 else [skeleton]
