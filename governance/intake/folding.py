"""Names folded so that spellings of one name meet; only for finding doubles, never for identity or display.

Everything ends as a coarse Latin skeleton: ё and е, и and і and й, Cyrillic and its usual transliterations, letters
that only look alike. Two different names may meet, too, so a double needs the same contact besides.
"""

import re
import unicodedata

_TO_CYRILLIC = str.maketrans("aceopxyikmhtbABCEHKMOPTXI", "асеорхуікмнтвАВСЕНКМОРТХІ")
_LOOKALIKES = frozenset("aceopxyikmhtbABCEHKMOPTXI")
_TO_LATIN = str.maketrans(
    {
        "а": "a", "б": "b", "в": "v", "г": "g", "ґ": "g", "д": "d", "е": "e", "ё": "e", "є": "e", "э": "e", "ж": "zh",
        "з": "z", "и": "i", "і": "i", "ї": "i", "й": "i", "ы": "i", "к": "k", "л": "l", "м": "m", "н": "n", "о": "o",
        "п": "p", "р": "r", "с": "s", "т": "t", "у": "u", "ў": "u", "ф": "f", "х": "h", "ц": "c", "ч": "ch", "ш": "sh",
        "щ": "sh", "ъ": "", "ь": "", "ю": "u", "я": "a",
        "ә": "a", "ғ": "g", "қ": "k", "ң": "n", "ө": "o", "ұ": "u", "ү": "u", "һ": "h",
    }
)  # fmt: skip
_ONE_ALPHABET = str.maketrans("ёіїєґйўәғқңөұүһ", "еииегиуагкноуух")
_NOT_LETTERS = re.compile(r"[^a-z]+")
_CYRILLIC = re.compile("[а-яёіїєґўәғқңөұүһ]")
# Order matters: longer spellings first.
_SPELLINGS = (
    ("shch", "sh"),
    ("sch", "sh"),
    ("kh", "h"),
    ("ts", "c"),
    ("tz", "c"),
    ("cz", "c"),
    ("x", "ks"),
    ("w", "v"),
    ("q", "k"),
    ("y", "i"),
    ("j", "i"),
)
_SOFTENED = (("iu", "u"), ("ia", "a"), ("ie", "e"), ("io", "e"))
_REPEATED = re.compile(r"(.)\1+")


def fold_name(name: str) -> str:
    """The skeleton of one name or of several words; words stay apart and keep their order."""
    words = unicodedata.normalize("NFKC", name).replace("-", " ").split()
    cyrillic = any(_CYRILLIC.search(word.casefold()) for word in words)
    return " ".join(filter(None, (_fold_word(word, among_cyrillic=cyrillic) for word in words)))


def fold_person(family: str | None, given: str | None) -> str:
    """Skeleton of family and given name, the one order that comparisons use."""
    return f"{fold_name(family or '')}|{fold_name(given or '')}"


def plain_name(name: str) -> str:
    """One name as it was meant, letter by letter: lookalikes put right, no case, ё as е, і as и, no marks inside.

    Finer than `fold_name`: Яна and Анна stay two.
    """
    word = unicodedata.normalize("NFKC", name).strip()
    meant = _meant(word, among_cyrillic=_CYRILLIC.search(word.casefold()) is not None)
    return "".join(filter(str.isalpha, meant.casefold().translate(_ONE_ALPHABET)))


def _meant(word: str, *, among_cyrillic: bool) -> str:
    """*word* with Cyrillic letters in place of Latin ones that look the same and stand among Cyrillic ones."""
    letters = [character for character in word if character.isalpha()]
    mixed = _CYRILLIC.search(word.casefold()) is not None
    if among_cyrillic and (mixed or all(letter in _LOOKALIKES for letter in letters)):
        return word.translate(_TO_CYRILLIC)
    return word


def _fold_word(word: str, *, among_cyrillic: bool) -> str:
    latin = _meant(word, among_cyrillic=among_cyrillic).casefold().translate(_TO_LATIN)
    if not latin.isascii():
        latin = unicodedata.normalize("NFD", latin)
    skeleton = _NOT_LETTERS.sub("", latin)
    for spelling, folded in _SPELLINGS:
        if spelling in skeleton:
            skeleton = skeleton.replace(spelling, folded)
    skeleton = _REPEATED.sub(r"\1", skeleton)
    for spelling, folded in _SOFTENED:
        if spelling in skeleton:
            skeleton = skeleton.replace(spelling, folded)
    return _REPEATED.sub(r"\1", skeleton)
