"""The words of messages: a template for each kind and language, first line `Subject: …`, then plain text.

The HTML beside it is made of the same paragraphs; one that is an address and nothing else becomes a button. So both say
the same, and nothing is fetched when the mail is opened.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Final, TypeAlias

from jinja2 import Environment, FunctionLoader, StrictUndefined

LANGUAGES: Final = ("en", "ru", "uk")
"""Languages that every template is written in; the first one where none fits."""
SUBJECT: Final = "Subject: "
SMS: Final = "SMS:"
"""Begins the second line of a template that goes to phones, too."""

Values: TypeAlias = "Mapping[str, str | int | Sequence[str]]"
"""What a template is filled in with."""

_ADDRESS: Final = re.compile(r"https?://\S+")
_HERE: Final = files("governance.messages") / "templates"


class Template(StrEnum):
    """Kinds of messages; each is a file `KIND.LANGUAGE.txt`."""

    CONFIRM_SUBSCRIPTION = "confirm_subscription"
    STAFF_INVITED = "staff_invited"
    PROPOSAL_WAITS = "proposal_waits"
    ALERT_RAISED = "alert_raised"
    PORTAL_CODE = "portal_code"
    RETENTION_WARNING = "retention_warning"
    REQUEST_RECEIVED = "request_received"
    REQUEST_IDENTITY = "request_identity"
    REQUEST_QUESTION = "request_question"
    REQUEST_EXTENDED = "request_extended"
    REQUEST_REFUSED = "request_refused"
    REQUEST_COMPLETED = "request_completed"
    REQUEST_NOTHING_HELD = "request_nothing_held"
    REQUEST_EXPIRED = "request_expired"
    REQUEST_LIFTING = "request_lifting"


@dataclass(frozen=True, slots=True)
class Rendered:
    """A message in words.

    Attributes:
        subject: one line; never what opens something, since lock screens show it.
        sms: the same for a phone, in one line; the subject where the template has no other.
        text: plain text.
        html: the same as a page without images, scripts and links to styles.
    """

    subject: str
    sms: str
    text: str
    html: str


def language_of(wanted: str | None) -> str:
    """The language that a message is written in, where *wanted* (ISO 639, maybe with a country) is wished for."""
    short = (wanted or "").partition("-")[0].lower()
    return short if short in LANGUAGES else LANGUAGES[0]


def render(template: Template, language: str, values: Values) -> Rendered:
    """Fill a template in.

    Raises:
        jinja2.UndefinedError: where *values* lack something that the template names.
    """
    written = _environment().get_template(f"{template.value}.{language_of(language)}.txt").render(values)
    first, _, text = written.partition("\n")
    subject = " ".join(first.removeprefix(SUBJECT).split())
    second, _, rest = text.partition("\n")
    text, sms = (rest, " ".join(second.removeprefix(SMS).split())) if second.startswith(SMS) else (text, subject)
    text = text.strip() + "\n"
    page = _pages().get_template("mail.html")
    html = page.render(subject=subject, language=language_of(language), paragraphs=_paragraphs(text))
    return Rendered(subject, sms, text, html)


@dataclass(frozen=True, slots=True)
class _Paragraph:
    """One paragraph: its lines, and whether it is an address and nothing else."""

    lines: tuple[str, ...]
    is_address: bool


def _paragraphs(text: str) -> list[_Paragraph]:
    found = [tuple(block.strip().split("\n")) for block in re.split(r"\n\s*\n", text.strip())]
    return [_Paragraph(lines, len(lines) == 1 and bool(_ADDRESS.fullmatch(lines[0]))) for lines in found]


def _source(name: str) -> str | None:
    place = _HERE / name
    return place.read_text("utf-8") if place.is_file() else None


@cache
def _environment() -> Environment:
    return Environment(  # noqa: S701 - plain text: nothing in it is markup
        loader=FunctionLoader(_source), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )


@cache
def _pages() -> Environment:
    return Environment(loader=FunctionLoader(_source), undefined=StrictUndefined, autoescape=True)
