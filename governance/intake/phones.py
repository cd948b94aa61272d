"""Telephone numbers to E.164 by the region of the list.

The usual forms of Russia, Ukraine, Belarus and Kazakhstan are cut by rule and checked against the numbering plans that
`phonenumbers` ships; all else goes through its parser. Both ways accept the same numbers.
"""

import re
from functools import cache

import phonenumbers
from phonenumbers import PhoneMetadata

from governance.customers.phone_notes import without_notes
from governance.intake.cells import Cell, lines_of
from governance.intake.values import Flaw, folded_word, is_nothing, words
from governance.kernel.records import frozen

_PLAIN = re.compile(r"\+?[\d ()./\-–—‑−]{7,30}")
_EXTENSION = re.compile(r"[\s,;(]*(?:доб|вн|внутр|внутренний|ext|extension|x|#)[.:\s]*(\d{1,6})\)?\s*$", re.IGNORECASE)
_EXTENSION_COMMA = re.compile(r"[,;]\s*((?:доб|вн|внутр|ext|x)\b|#)", re.IGNORECASE)
_BETWEEN = re.compile(r"[,;/|\n]|\s+(?:и|та|і|или|або|and|or)\s+")
_FOLDED = re.compile(r"(\d)[.,](\d+)e\+?(\d{1,2})", re.IGNORECASE)
_FRACTION = re.compile(r"\d{9,15}[.,]0")
_ZEROS = re.compile(r"\d{4,5}[1-9]0{5,}")
"""What is left of a number that was shortened to its first six digits (five, where the sixth is 0): 380671000000."""
_NOT_DIGITS = re.compile(r"\D")
_SHORT = Flaw("phone-shortened", "The spreadsheet shortened this number and digits are lost; type it as text.")
MOST_NATIONAL = 10
"""Digits of a number without its country code, at most, where these lists come from."""
FEWEST_WHOLE = 9
"""Digits of a number that is written out in full, at least."""
_SEVEN = frozenset(("RU", "KZ"))


@frozen
class Phone:
    """One number.

    Attributes:
        number: E.164.
        extension: digits behind the number, or empty.
    """

    number: str
    extension: str = ""


def read_phones(cell: Cell, *, region: str) -> tuple[list[Phone], list[Flaw]]:
    """All numbers of a cell, each once, and a flaw for every one that is none.

    Args:
        cell: text, or a number as a spreadsheet keeps it.
        region: ISO 3166 code of the country whose numbers are written without a country code.
    """
    text = lines_of(cell)
    if text[-1:] == "0" or "e" in text or "E" in text:
        unfolded = _unfolded(cell, text)
        if unfolded is None:
            return [], [_SHORT]
        text = unfolded
    if _PLAIN.fullmatch(text) and "/" not in text:
        number = to_e164(text, region=region)
        if isinstance(number, str):
            return [Phone(number)], []
        two = _side_by_side(text, region)
        return (two, []) if two else ([], [number])
    if is_nothing(text) or folded_word(text) in words("no_contact"):
        return [], []
    return _several(text, region)


def _unfolded(cell: Cell, text: str) -> str | None:
    """A number as it was before a spreadsheet wrote it as 3.80671234567E+11 or 380671234567.0.

    None where digits are lost.
    """
    folded = _FOLDED.fullmatch(text)
    if folded:
        return folded[1] + folded[2] if len(folded[2]) == int(folded[3]) else None
    if _is_rounded(cell, text):
        return None
    return text[:-2] if _FRACTION.fullmatch(text) else text


def _is_rounded(cell: Cell, text: str) -> bool:
    """Whether a number ends in so many zeros that they stand for digits which are lost.

    In text only where a country code begins it, with nothing between the digits, as it was never typed.
    """
    return _ZEROS.fullmatch(text) is not None and (not isinstance(cell, str) or len(text) > MOST_NATIONAL)


def _side_by_side(text: str, region: str) -> list[Phone]:
    """Two whole numbers with mere spaces between them; none where that can be read in no way, or in several."""
    words_ = text.split()
    ways = [(" ".join(words_[:at]), " ".join(words_[at:])) for at in range(1, len(words_))]
    read = [[to_e164(part, region=region) for part in way] for way in ways if min(map(_digits, way)) >= FEWEST_WHOLE]
    found = [way for way in read if all(isinstance(number, str) for number in way)]
    return [Phone(number) for number in dict.fromkeys(map(str, found[0]))] if len(found) == 1 else []


def _digits(text: str) -> int:
    return len(_NOT_DIGITS.sub("", text))


def _several(text: str, region: str) -> tuple[list[Phone], list[Flaw]]:
    phones: dict[str, Phone] = {}
    flaws: list[Flaw] = []
    for part in _BETWEEN.split(_EXTENSION_COMMA.sub(r" \1", text)):
        bare = without_notes(part)
        if not bare:
            continue
        found = _EXTENSION.search(bare)
        number = to_e164(bare[: found.start()] if found else bare, region=region)
        if isinstance(number, Flaw):
            flaws.append(number)
        else:
            phones.setdefault(number, Phone(number, found.group(1) if found else ""))
    if not phones and not flaws:
        flaws.append(_no_number())
    return list(phones.values()), flaws


def to_e164(text: str, *, region: str) -> str | Flaw:
    """One number, however it is punctuated, to E.164."""
    digits = _NOT_DIGITS.sub("", text) if not text.isdigit() else text
    if len(digits) < 5:
        return (
            _no_number() if len(digits) < 3 else Flaw("phone-short", "This number is too short; write it out in full.")
        )
    if any(character.isalpha() for character in text):
        return Flaw("phone-words", "Words stand among the digits; leave the number alone in this column.")
    international = _by_rule(digits, plus=text.lstrip(" (").startswith("+"), region=region)
    if international and _is_valid(international):
        return f"+{international}"
    return _by_library(text, digits, region)


def _no_number() -> Flaw:
    return Flaw("phone-missing", "No number stands here; write digits such as +380441234567, or leave the cell empty.")


def _by_rule(digits: str, *, plus: bool, region: str) -> str | None:
    """Digits with the country code in front, by the trunk prefixes that people write; None where no rule fits."""
    length = len(digits)
    if region in _SEVEN:
        if length == 11 and digits[0] in "78":
            return "7" + digits[1:]
        return "7" + digits if length == 10 and not plus else None
    if region == "UA":
        if length == 12 and digits.startswith("380"):
            return digits
        if length == 11 and digits.startswith("80"):
            return "3" + digits
        return "38" + digits if length == 10 and digits[0] == "0" else None
    if region == "BY":
        if length == 12 and digits.startswith("375"):
            return digits
        if length == 11 and digits.startswith("80"):
            return "375" + digits[2:]
        return "375" + digits if length == 9 and not plus else None
    return digits if plus else None


@cache
def _plan(country_code: int) -> re.Pattern[str] | None:
    """One expression for all national numbers that `is_valid_number` takes under *country_code*.

    A country with leading digits of its own within a shared code (Kazakhstan in 7) is covered by its own patterns.
    """
    patterns: list[str] = []
    for region in phonenumbers.region_codes_for_country_code(country_code):
        metadata = PhoneMetadata.metadata_for_region(region)
        if metadata is None:
            return None
        for kind in (
            "fixed_line",
            "mobile",
            "toll_free",
            "premium_rate",
            "shared_cost",
            "personal_number",
            "voip",
            "uan",
        ):
            described = getattr(metadata, kind)
            if described is not None and described.national_number_pattern and described.possible_length != (-1,):
                lengths = "|".join(f".{{{length}}}" for length in described.possible_length)
                patterns.append(f"(?=(?:{lengths})$)(?:{described.national_number_pattern})")
    return re.compile("|".join(patterns)) if patterns else None


def _is_valid(international: str) -> bool:
    code = 7 if international[0] == "7" else int(international[:3]) if international[:3] in ("380", "375") else None
    if code is None:
        return False
    plan = _plan(code)
    return plan is not None and plan.fullmatch(international[len(str(code)) :]) is not None


def region_of(number: str) -> str | None:
    """ISO 3166 country of an E.164 number; None where a plan belongs to no country."""
    if number.startswith("+7"):
        return "KZ" if number[2:3] in ("6", "7") else "RU"
    if number.startswith("+380"):
        return "UA"
    region = phonenumbers.region_code_for_number(phonenumbers.parse(number))
    return region if region and region.isalpha() else None


def _by_library(text: str, digits: str, region: str) -> str | Flaw:
    for candidate, home in ((text, region), (f"+{digits}", None)):
        if home is None and len(digits) < 11:
            break
        try:
            parsed = phonenumbers.parse(candidate, home)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(parsed):
            return str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))
    return Flaw(
        "phone-plan",
        f"No numbering plan has this number ({len(digits)} digits, read as one of {region}); check the digits, or write"
        " it with + and its country code.",
    )
