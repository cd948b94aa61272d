"""Words of a closed set in three languages: consents claimed by a list, sex, source, kind of talk."""

import re
from enum import StrEnum

from governance.customers.codes import InteractionKind, MaritalStatus, Sex, Source
from governance.intake.cells import Cell, text_of
from governance.intake.dates import PartialDate, Reader, Use
from governance.intake.values import Flaw, codes, folded_word, is_nothing, words
from governance.kernel.records import frozen

_WITH_DATE = re.compile(
    r"(?P<word>[^\d(]*?)[\s,:(]*(?:от|від|from|с|з)?\s*(?P<date>\d[\d./\-\s:T]*)\)?(?:\s*[гр]\.?)?", re.IGNORECASE
)


class ConsentScope(StrEnum):
    """What the heading of a column of consents speaks of; `any` where it names no channel."""

    ANY = "any"
    EMAIL = "email"
    SMS = "sms"
    PHONE = "phone"
    MESSENGER = "messenger"
    POST = "post"
    PROCESSING = "processing"


@frozen
class ClaimedConsent:
    """What a list claims about a consent; a claim is no proof, and blank cells claim nothing.

    Attributes:
        scope: a `ConsentScope`, or purposes and channels as a mapping names them (`newsletter+surveys/email`).
        given: yes or no.
        on: the day named in the cell or in the column of consent dates.
    """

    scope: str
    given: bool
    on: PartialDate | None


def read_consent(cell: Cell, *, scope: str, dates: Reader) -> ClaimedConsent | Flaw | None:
    """A yes or no, with its date where one stands beside it."""
    if isinstance(cell, bool):
        return ClaimedConsent(scope, cell, None)
    text = text_of(cell)
    if not text:
        return None
    answer = read_yes_no(text)
    if answer is not None:
        return ClaimedConsent(scope, answer, None)
    if is_nothing(text):
        return None
    return _dated(text, scope, dates)


def read_yes_no(text: str) -> bool | None:
    """Whether *text* is a word for yes or for no; None where it is neither."""
    folded = folded_word(text).rstrip(".")
    if folded in words("yes"):
        return True
    return False if folded in words("no") else None


def _dated(text: str, scope: str, dates: Reader) -> ClaimedConsent | Flaw:
    found = _WITH_DATE.fullmatch(text)
    answer = read_yes_no(found["word"]) if found and found["word"] else None
    if found is None or answer is None:
        if found and not found["word"]:
            return Flaw("consent-only-date", "Only a date stands here; write yes or no beside it.")
        return Flaw("consent-word", "This says neither yes nor no; write yes, no, or leave the cell empty.")
    on = dates.read_date(found["date"].strip(), use=Use.PAST)
    return on if isinstance(on, Flaw) else ClaimedConsent(scope, answer, on)


def read_sex(cell: Cell) -> Sex | Flaw | None:
    """Male or female by word or letter."""
    text = text_of(cell)
    if is_nothing(text):
        return None
    code = codes("sex").get(folded_word(text))
    return (
        Sex(code) if code else Flaw("sex-word", "This word names no sex that is known; write male, female or nothing.")
    )


def read_marital_status(cell: Cell) -> MaritalStatus | Flaw | None:
    """Family status by word."""
    text = text_of(cell)
    if is_nothing(text):
        return None
    code = codes("marital_status").get(folded_word(text))
    if code:
        return MaritalStatus(code)
    return Flaw("marital-word", "This word names no family status that is known; write single, married or another.")


def read_source(text: str) -> Source | None:
    """The closed list's source for a firm's own word; None where the word tells nothing of it."""
    code = codes("source").get(folded_word(text))
    return Source(code) if code else None


def read_interaction_kind(cell: Cell) -> InteractionKind | Flaw | None:
    """Call, meeting, letter, message, feedback or note."""
    text = text_of(cell)
    if is_nothing(text):
        return None
    code = codes("interaction").get(folded_word(text))
    if code:
        return InteractionKind(code)
    return Flaw("kind-word", "This word names no kind of talk that is known; write call, meeting, letter or message.")
