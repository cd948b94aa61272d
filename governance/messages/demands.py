"""What words of a message must have, so that it still does what it is for, and says what a law wants said."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from governance.kernel.errors import InvalidError
from governance.messages.texts import NAME, SMS, SUBJECT, Template, names_in, shipped

LONGEST: Final = 8000
LONGEST_SUBJECT: Final = 200
SECRET: Final = frozenset({"code", "token", "link"})
"""What opens something: never in a subject, which lock screens show."""

_REQUEST: Final = frozenset({"number", "what", "received", "due", "office", "controller"})
NEEDED: Final[Mapping[Template, frozenset[str]]] = {
    Template.CONFIRM_SUBSCRIPTION: frozenset({"controller", "purpose_list", "link", "days"}),
    Template.STAFF_INVITED: frozenset({"token", "until"}),
    Template.PROPOSAL_WAITS: frozenset({"act", "proposal", "until"}),
    Template.ALERT_RAISED: frozenset({"happened", "alert"}),
    Template.PORTAL_CODE: frozenset({"controller", "code", "minutes"}),
    Template.SPOKEN_CODE: frozenset({"controller", "code", "minutes"}),
    Template.RETENTION_WARNING: frozenset({"controller", "days", "link"}),
    Template.RETENTION_ANONYMISING: frozenset({"controller", "days", "link"}),
    Template.REQUEST_RECEIVED: frozenset({"controller", "number", "due", "office"}),
    Template.REQUEST_IDENTITY: frozenset({"controller", "number", "until", "office"}),
    Template.REQUEST_QUESTION: frozenset({"controller", "number", "question", "until", "office"}),
    Template.REQUEST_EXTENDED: frozenset({"controller", "number", "due", "reason", "remedies"}),
    Template.REQUEST_REFUSED: frozenset({"controller", "number", "grounds", "reason", "remedies", "office"}),
    Template.REQUEST_COMPLETED: frozenset({"controller", "number", "answer", "complaint"}),
    Template.REQUEST_NOTHING_HELD: frozenset({"controller", "number", "complaint"}),
    Template.REQUEST_EXPIRED: frozenset({"controller", "number", "office", "complaint"}),
    Template.REQUEST_LIFTING: frozenset({"controller", "number", "until", "complaint"}),
}
"""By template, what may not be left out: what it is about, what opens it, whom to turn to, and what a law wants said.

Complaint and remedies: GDPR Art. 12(4), 12(3); ICO guidance asks the same of whoever answers.
"""


def known_in(template: Template) -> frozenset[str]:
    """What words of a template may name."""
    found = names_in(shipped(template, "en")[0]) | NEEDED[template]
    return found | _REQUEST if template.value.startswith("request_") else found


class Fault(StrEnum):
    """What can be wrong with words of a message; each with a sentence in English."""

    LONG = f"Write at most {LONGEST} characters."
    SUBJECT = f"The first line begins with {SUBJECT.strip()} and says what the message is about."
    SUBJECT_LONG = f"The subject has at most {LONGEST_SUBJECT} characters."
    BRACES = "Names of what is filled in stand in double braces, and nothing else does."
    CONTROL = "Control characters cannot be sent."
    MISSING = "This has to stay in the text:"
    UNKNOWN = "This message does not know:"
    SHOWN = "The subject must not show this, since lock screens do:"
    LINK = "The link stands on a line of its own, so that it becomes a button."
    SMS = f"The second line begins with {SMS} and has the code; it goes to phones."


Found = tuple[Fault, tuple[str, ...]]
"""A fault, and the names that it is about."""


def check_words(template: Template, words: str) -> str:
    """Words of a message as they are kept, once nothing is wrong with them.

    Raises:
        InvalidError: `errors` says under `words` what is missing or cannot be.
    """
    told = _tidy(words)
    if found := faults(template, told):
        wrong = [" ".join((fault.value, *(", ".join(f"{{{{ {name} }}}}" for name in named),))).strip()
                 for fault, named in found]  # fmt: skip
        raise InvalidError("The words cannot be used.", errors={"words": wrong})
    return told


def faults(template: Template, words: str) -> list[Found]:
    """All that is wrong with words of a message."""
    told = _tidy(words)
    return [*((one, ()) for one in _form(template, told)), *_names(template, told)]


def _tidy(words: str) -> str:
    return words.replace("\r\n", "\n").strip() + "\n"


def _form(template: Template, words: str) -> list[Fault]:
    first, _, rest = words.partition("\n")
    sms = [line for line in rest.split("\n")[:1] if line.startswith(SMS)]
    has_sms = shipped(template, "en")[0].split("\n")[1].startswith(SMS)
    found = {
        Fault.LONG: len(words) > LONGEST,
        Fault.SUBJECT: not first.startswith(SUBJECT) or not first.removeprefix(SUBJECT).strip(),
        Fault.SUBJECT_LONG: len(first) > LONGEST_SUBJECT,
        Fault.BRACES: "{" in NAME.sub("", words) or "}" in NAME.sub("", words),
        Fault.CONTROL: any(not one.isprintable() and one not in "\n\t" for one in words),
        Fault.SMS: has_sms and (not sms or "code" not in names_in(sms[0])),
        Fault.LINK: "link" in NEEDED[template] and not any(NAME.fullmatch(line.strip()) and names_in(line) == {"link"}
                                                           for line in rest.split("\n")),
    }  # fmt: skip
    return [fault for fault, wrong in found.items() if wrong]


def _names(template: Template, words: str) -> list[Found]:
    first, _, rest = words.partition("\n")
    body = names_in("\n".join(line for line in rest.split("\n") if not line.startswith(SMS)))
    found = {
        Fault.MISSING: NEEDED[template] - body - (names_in(first) & frozenset({"controller", "number"})),
        Fault.UNKNOWN: names_in(words) - known_in(template),
        Fault.SHOWN: names_in(first) & SECRET,
    }
    return [(fault, tuple(sorted(names))) for fault, names in found.items() if names]
