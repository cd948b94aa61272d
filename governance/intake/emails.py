"""E-mail addresses, checked by their form (RFC 5321, 6531); nothing is asked of the network."""

import re
import unicodedata

from governance.intake.cells import Cell, lines_of
from governance.intake.values import Flaw, folded_word, is_nothing, words
from governance.kernel.emails import normalized

# What this takes, email-validator takes unchanged; it is the common case and thirty times faster.
_PLAIN = re.compile(
    r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*@(?:[a-z0-9](?:[a-z0-9]|-(?!-)){0,61}(?<!-)\.)+"
    r"(?!arpa$|invalid$|local$|localhost$|onion$|test$)[a-z]{2,24}"
)
_LOCAL_LONGEST, _LONGEST = 64, 254
_ANGLED = re.compile(r"^[^<>]*<([^<>]+)>$")
_BETWEEN = re.compile(r"[,;|\n]+|\s*/\s*|\s+(?:и|та|і|или|або|and|or)\s+")
_REMARK = re.compile(r"^(?:e-?mail|mail|почта|пошта)\s*[:\-–]\s*|\s*\([^()@]*\)$", re.IGNORECASE)
_WORDED_AT = re.compile(r"[(\[{]\s*(?:at|собака|at sign|эт|ет)\s*[)\]}]|\s(?:at|собака)\s", re.IGNORECASE)
_CYRILLIC = re.compile("[а-яёіїєґўәғқңөұүһ]", re.IGNORECASE)
_LATIN = re.compile("[a-z]", re.IGNORECASE)


def read_emails(cell: Cell) -> tuple[list[str], list[Flaw]]:
    """All addresses of a cell, each once, and a flaw for every one that is none.

    The local part keeps its case, the domain is lower case, an international domain stays in letters.
    """
    text = lines_of(cell)
    address = _plain(text)
    if address:
        return [address], []
    if is_nothing(text) or folded_word(text) in words("no_contact"):
        return [], []
    found: dict[str, None] = {}
    flaws: list[Flaw] = []
    for part in _parts(unicodedata.normalize("NFKC", text)):
        read = _plain(part) or _one(part)
        if isinstance(read, Flaw):
            flaws.append(read)
        else:
            found[read] = None
    return list(found), flaws


def _plain(text: str) -> str | None:
    local, at, domain = text.partition("@")
    address = f"{local}@{domain.lower()}" if at else text
    if _PLAIN.fullmatch(address) and len(local) <= _LOCAL_LONGEST and len(address) <= _LONGEST:
        return address
    return None


def _parts(text: str) -> list[str]:
    parts: list[str] = []
    for part in _BETWEEN.split(text):
        angled = _ANGLED.match(part.strip())
        bare = _REMARK.sub("", angled.group(1) if angled else part.strip())
        bare = bare.strip(" ,;:<>\"'()").rstrip(".").removeprefix("mailto:")
        # Several addresses with mere spaces between them.
        words_ = bare.split(" ")
        parts.extend(words_ if len(words_) > 1 and all(word.count("@") == 1 for word in words_) else [bare])
    return [part for part in parts if part]


def _one(text: str) -> str | Flaw:
    flaw = _flaw(text)
    if flaw:
        return flaw
    try:
        return normalized(text)
    except ValueError:
        return Flaw("email-form", "This is not in the form name@domain.tld; correct the address.")


def _flaw(text: str) -> Flaw | None:
    if "@" not in text:
        if _WORDED_AT.search(text):
            return Flaw("email-worded-at", "A word stands in place of the sign @; write @ itself.")
        return Flaw("email-without-at", "The sign @ is missing; write the address as name@domain.tld.")
    if text.count("@") > 1:
        return Flaw("email-two-at", "There is more than one @; separate several addresses by commas.")
    if " " in text:
        return Flaw("email-space", "There is a space within the address; remove it.")
    local, _, domain = text.partition("@")
    if "." not in domain.strip("."):
        return Flaw("email-domain", "The part behind @ has no dot; write the whole domain, such as example.org.")
    if any(_CYRILLIC.search(part) and _LATIN.search(part) for part in (local, *domain.split("."))):
        return Flaw("email-alphabets", "Cyrillic and Latin letters are mixed in one word; type the address anew.")
    if ".." in text or local.startswith(".") or local.endswith("."):
        return Flaw("email-dots", "A dot stands at the edge or twice in a row; correct the address.")
    return None
