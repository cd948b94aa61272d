"""Full names to family, given and patronymic."""

import re
from dataclasses import replace
from functools import cache

from governance.intake.duplicates_names import known_names
from governance.intake.folding import fold_name
from governance.intake.values import Flaw, is_nothing, vocabulary
from governance.kernel.records import frozen

LONGEST = 200
_PATRONYMIC = re.compile(
    r".{2,}(?:ович|евич|ёвич|йович|ьович|івич|овна|евна|ёвна|ївна|івна|ична|инична|ович|ovich|evich|ovych|evych|yovych"
    r"|ovna|evna|ivna|yivna|ichna)|(?:иль|лук|кузьм|фом|ник|сав|іл|лук|хом|кузьм|яков)(?:ич|іч|ична|івна|ович)",
    re.IGNORECASE,
)
_SONS = re.compile(r"(?:оглы|кызы|оглу|кизи|огли|угли|улы|ұлы|қызы|ogly|oglu|kyzy|gizi|uly|qyzy)", re.IGNORECASE)
_OF_FATHER = re.compile(rf"(?:.+\s|.{{3,}}){_SONS.pattern}", re.IGNORECASE)
_OF_FAMILY = re.compile(
    r".{2,}(?:ов|ова|ев|ева|ёв|ёва|єв|єва|їв|ин|ина|ін|іна|їн|їна|ский|ская|цкий|цкая|ський|ська|цький|цька|енко|чук|щук|швили|дзе)",
    re.IGNORECASE,
)
"""Endings that family names have and given names that are not in the list have not."""
_OF_MEN = re.compile(r".+(?:ович|евич|ёвич|йович|ьович|івич|ич|ovich|evich|ovych|evych)", re.IGNORECASE)
_MEN_IN_A = frozenset(
    (
        "илья",
        "ілля",
        "никита",
        "микита",
        "микола",
        "лука",
        "фома",
        "хома",
        "кузьма",
        "данила",
        "савва",
        "сава",
        "гаврила",
    )
)
_BRACKETED = re.compile(r"\s*\(([^()]*)\)\s*")
_BEHIND_COMMA = re.compile(r"(.*?[^\s,])\s*,\s*([^\W\d_][^,]*)")
_MAIDEN = re.compile(
    r"(?:дев(?:ичья)?|в девичестве|урожд(?:[её]нная)?|нар|уроджена|до шлюбу|до брака|née|nee|born)\b[.:]?\s*",
    re.IGNORECASE,
)
# fmt: off
_PARTICLES = frozenset((
    "фон", "де", "да", "ди", "дю", "дер", "ван", "ла", "ле", "дос", "эль", "аль", "бен", "ібн", "ибн",
    "von", "van", "de", "da", "di", "du", "der", "den", "la", "le", "dos", "del", "al", "el",
    "bin", "ibn", "ter", "ten",
))
# fmt: on
_INITIALS = re.compile(r"([^\W\d_])\.\s*(?:([^\W\d_])\.?)?")
_GLUED_INITIALS = re.compile(r"(?<=[^\W\d_]\.)(?=[^\W\d_]\.)")
_ORGANISATION = re.compile(
    r"(?:ооо|оао|зао|пао|ао|тов|пат|прат|ват|зат|тоо|жшс|осоо|тдв|кфх|гуп|муп|llc|ltd|inc|gmbh|corp|jsc)(?:[\s\"«“„.]|$)"
    r"|.*\b(?:llc|ltd|inc|gmbh|ооо|оао|зао|пао|тов|тоо|жшс|прат)\.?$",
    re.IGNORECASE,
)
_TRADER = re.compile(
    r"(?:ип|чп|фоп|пп|сп|гр\.|г-н|г-жа|пан|пані|д-р|доктор|проф\.?|профессор|професор|[кд]\.\s?\w{1,3}\.\s?н\.|mr\.?|mrs\.?|ms\.?|dr\.?)\s+",
    re.IGNORECASE,
)
_FORBIDDEN = re.compile(r"[\d@<>{}=+*/\\|^~$%&_\[\]:;?!\ufffd]")
_HYPHENATED = re.compile(r"([-–—’ʼ'`])")
_SOFT = frozenset("яюєїЯЮЄЇ")


@frozen
class Name:
    """A person's name; absent parts are None.

    Attributes:
        remark: what stood behind the name and is no part of it: "(сестра Ольги)", ", директор".
    """

    family: str | None
    given: str | None
    patronymic: str | None
    remark: str | None = None


def split_name(text: str, *, given_first: bool = False) -> Name | Flaw | None:
    """Split a full name as it stands in one cell.

    Order is family, given, patronymic unless the words say otherwise: a patronymic in the middle, or a known given
    name in front of a word that is none.

    Args:
        text: tidied cell.
        given_first: the heading promises the given name in front, as English ones do.

    Returns:
        None where the cell says that there is no name.
    """
    if is_nothing(text):
        return None
    flaw = _flaw(text)
    if flaw:
        return flaw
    bare, maiden, remark = _apart(text)
    name = _split(bare, given_first=given_first)
    if isinstance(name, Name) and (maiden or remark):
        family = f"{name.family} ({maiden})" if maiden and name.family else name.family
        return replace(name, family=family, remark=remark or (None if name.family else maiden))
    return name


def _apart(text: str) -> tuple[str, str | None, str | None]:
    """The name, a former family name in brackets, and a remark in brackets or behind a comma."""
    if "(" in text:
        parts = _BRACKETED.split(text)
        bare = " ".join(filter(None, parts[::2]))
        if len(parts) != 3 or not any(map(str.isalpha, bare)):
            return text, None, None
        said = _MAIDEN.sub("", parts[1].strip(), count=1)
        is_maiden = said.isalpha() and not said.islower() and not _rank(said)
        return (bare, _cased(said), None) if is_maiden else (bare, None, parts[1].strip() or None)
    found = _BEHIND_COMMA.fullmatch(text) if "," in text else None
    # Behind a comma a capital begins the rest of the name: "Иваненко, Петро".
    if found and found[2][0].islower() and not text.islower():
        return found[1], None, found[2]
    return text, None, None


def _split(text: str, *, given_first: bool) -> Name | Flaw | None:
    words = _words(_TRADER.sub("", text, count=1) if _TRADER.match(text) else text)
    if not words:
        return None
    if len(words) > 3:
        return Flaw("name-words", "This has more words than a name; put family, given and patronymic into columns.")
    return _ordered([_cased(word) for word in words], given_first=given_first)


def part_of_name(text: str) -> str | Flaw | None:
    """One part of a name that has a column of its own; None where there is none."""
    if is_nothing(text):
        return None
    return _flaw(text) or " ".join(_cased(word) for word in text.split(" "))


def is_given_name(word: str) -> bool:
    """Whether a word is one of the given names that are known, in one of their forms."""
    return fold_name(word) in _given_names()


def _rank(word: str) -> int:
    """How surely a word is a given name: 2 for a whole one, 1 for a short form, which may be a family name, too."""
    return 2 if is_given_name(word) else int(bool(known_names(word)))


def looks_like_organisation(text: str) -> bool:
    """Whether *text* begins with a legal form and so names a firm."""
    return _ORGANISATION.match(text) is not None


def _flaw(text: str) -> Flaw | None:
    if len(text) > LONGEST:
        return Flaw("name-long", "This is longer than a name; move what is no name into a column of its own.")
    if "@" in text:
        return Flaw("name-is-email", "An e-mail address stands in place of the name; move it to the column of e-mails.")
    if _FORBIDDEN.search(text):
        return Flaw("name-signs", "A name has no digits or such signs; leave the name alone here.")
    if not (text[0].isalpha() or any(character.isalpha() for character in text)):
        return Flaw("name-letters", "There is no letter in this name; write the name or leave the cell empty.")
    return None


def _words(text: str) -> list[str]:
    """Words of a name: particles, `-оглы` and a bracketed former name belong to their neighbour."""
    joined: list[str] = []
    pending = ""
    for word in _GLUED_INITIALS.sub(" ", text.replace(",", " ")).split():
        if joined and (word.startswith("(") or _is_open(joined[-1]) or _SONS.fullmatch(word)):
            joined[-1] += f" {word}"
        elif word.casefold() in _PARTICLES:
            pending += f"{word} "
        else:
            joined.append(pending + word)
            pending = ""
    if pending:
        joined.append(pending.strip())
    return joined


def _is_open(words: str) -> bool:
    return words.count("(") > words.count(")")


def _ordered(words: list[str], *, given_first: bool) -> Name:
    if len(words) == 1:
        return Name(None, words[0], None) if _rank(words[0]) else Name(words[0], None, None)
    if len(words) == 2:
        return _two(words[0], words[1], given_first=given_first)
    first, second, third = words
    if _is_patronymic(second) and is_given_name(first) and not is_given_name(second):
        # Рабинович behind "Анна Сергеевна" is a family name, whatever it ends in.
        return Name(third, first, second)
    if _is_patronymic(third):
        return Name(first, second, third)
    if _is_patronymic(second):
        return Name(third, first, second)
    if _INITIALS.fullmatch(first) and _INITIALS.fullmatch(second):
        return Name(third, first, second)
    if given_first:
        return Name(third, first, second)
    return Name(first, second, third)


def _two(first: str, second: str, *, given_first: bool) -> Name:
    if _is_patronymic(second) and is_given_name(first) and not (_OF_MEN.fullmatch(second) and _is_womans(first)):
        return Name(None, first, second)
    if _INITIALS.fullmatch(first) and not _INITIALS.fullmatch(second):
        return Name(second, first, None)
    rank_first, rank_second = _rank(first), _rank(second)
    if rank_first != rank_second:
        given_first = rank_first > rank_second
    elif not rank_first:
        family_first, family_second = (_OF_FAMILY.fullmatch(word) is not None for word in (first, second))
        given_first = family_second if family_first != family_second else given_first
    return Name(second, first, None) if given_first else Name(first, second, None)


def _is_patronymic(word: str) -> bool:
    return _PATRONYMIC.fullmatch(word) is not None or _OF_FATHER.fullmatch(word) is not None


def _is_womans(given: str) -> bool:
    """Whether a known given name is one that women bear, by its ending."""
    return given[-1:].casefold() in ("а", "я") and given.casefold() not in _MEN_IN_A


@cache
def _given_names() -> frozenset[str]:
    return frozenset(fold_name(name) for name in vocabulary()["given_names"].split())


def _cased(word: str) -> str:
    """Title case for what is all capitals or all small; mixed case was meant (МакДональд)."""
    if len(word) > 1 and (word.isupper() or word.islower()) and not _INITIALS.fullmatch(word):
        return " ".join(
            part.casefold() if part.casefold() in _PARTICLES or _SONS.fullmatch(part) else _titled(part)
            for part in word.split(" ")
        )
    return word


def _titled(word: str) -> str:
    parts = _HYPHENATED.split(word)
    cased: list[str] = []
    for index, part in enumerate(parts):
        if index and parts[index - 1] not in "-–—" and (part[:1] in _SOFT or len(parts[index - 2]) > 2):
            # The Ukrainian apostrophe stands inside a word (Дем'яненко), the Irish one before a name (О'Коннор).
            cased.append(part.lower())
        else:
            start = 1 if part[:1] in '(«"' else 0
            cased.append(part[: start + 1].upper() + part[start + 1 :].lower())
    return "".join(cased)
