"""The words of messages: a template for each kind and language, first line `Subject: …`, then plain text.

A template is words with `{{ names }}` in them and nothing else, so that a controller may write its own. What depends on
the case, and what a law wants to be said, are passages: named as other values are, written once, and never left out by
whoever writes a template. A paragraph that comes out empty is left out. The HTML beside it is made of the same
paragraphs; one that is an address and nothing else becomes a button. So both say the same, and nothing is fetched when
the mail is opened.
"""

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import cache, lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final, TypeAlias

import jinja2
from jinja2 import FunctionLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from governance.kernel import packs
from governance.kernel.records import frozen

LANGUAGES: Final = tuple(packs.SHIPPED)
"""Languages that every template is shipped in; the first one where none fits."""
SUBJECT: Final = "Subject: "
SMS: Final = "SMS:"
"""Begins the second line of a template that goes to phones, too."""

Values: TypeAlias = "Mapping[str, str | int | Sequence[str]]"
"""What a template is filled in with."""

_ADDRESS: Final = re.compile(r"https?://\S+")
NAME: Final = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_GAP: Final = re.compile(r"\n\s*\n\s*\n")
_HERE: Final = files("governance.messages") / "templates"
_PASSAGES: Final = files("governance.messages") / "passages"
PASSAGES: Final = (
    "act", "certificate", "complaint", "grounds", "happened", "proving", "ready", "remedies", "days_word",
    "minutes_word",
)  # fmt: skip
"""What is written once for all templates that name it."""
COUNTED: Final = frozenset({"days_word", "minutes_word"})
"""What a number is of, in the form that the number wants; words of one's own may do without."""
PURPOSES: Final = "purpose_list"
"""The value `purposes`, a line each."""


class Template(StrEnum):
    """Kinds of messages; each is a file `KIND.LANGUAGE.txt`."""

    CONFIRM_SUBSCRIPTION = "confirm_subscription"
    STAFF_INVITED = "staff_invited"
    PROPOSAL_WAITS = "proposal_waits"
    ALERT_RAISED = "alert_raised"
    PORTAL_CODE = "portal_code"
    SPOKEN_CODE = "spoken_code"
    RETENTION_WARNING = "retention_warning"
    RETENTION_ANONYMISING = "retention_anonymising"
    REQUEST_RECEIVED = "request_received"
    REQUEST_IDENTITY = "request_identity"
    REQUEST_QUESTION = "request_question"
    REQUEST_EXTENDED = "request_extended"
    REQUEST_REFUSED = "request_refused"
    REQUEST_COMPLETED = "request_completed"
    REQUEST_NOTHING_HELD = "request_nothing_held"
    REQUEST_EXPIRED = "request_expired"
    REQUEST_LIFTING = "request_lifting"


@frozen
class Paragraph:
    """One paragraph: its lines, and whether it is an address and nothing else."""

    lines: tuple[str, ...]
    is_address: bool


@frozen
class Rendered:
    """A message in words.

    Attributes:
        subject: one line; never what opens something, since lock screens show it.
        sms: the same for a phone, in one line; the subject where the template has no other.
        text: plain text.
        html: the same as a page without images, scripts and links to styles.
        parts: the paragraphs of the text.
        language: that it is in.
    """

    subject: str
    sms: str
    text: str
    html: str
    parts: tuple[Paragraph, ...]
    language: str


def language_of(wanted: str | None) -> str:
    """The language that a message is written in, where *wanted* (ISO 639, maybe with a country) is wished for."""
    short = (wanted or "").partition("-")[0].lower()
    return short if short in packs.names() else LANGUAGES[0]


def shipped(template: Template, language: str) -> tuple[str, str]:
    """A template as it came, and the language that it is in: English where a further language lacks it."""
    chosen = language_of(language)
    english = _read(_HERE, f"{template.value}.{LANGUAGES[0]}.txt") or ""
    if chosen in LANGUAGES:
        return _read(_HERE, f"{template.value}.{chosen}.txt") or english, chosen
    source = added(chosen, template.value)
    return (source, chosen) if source is not None and is_like(source, english) else (english, LANGUAGES[0])


def is_like(source: str, english: str) -> bool:
    """Whether a template of a further language names what the English one does, in the same form."""
    same_form = [line.startswith(SMS) for line in source.split("\n")[1:2]] == [
        line.startswith(SMS) for line in english.split("\n")[1:2]
    ]
    return source.startswith(SUBJECT) and same_form and names_in(source) - COUNTED == names_in(english) - COUNTED


def names_in(source: str) -> frozenset[str]:
    """What a template names."""
    return frozenset(NAME.findall(source))


def render(template: Template, language: str, values: Values, *, own: str | None = None) -> Rendered:
    """Fill a template in.

    Args:
        template: which.
        language: of the reader.
        values: what it is filled in with.
        own: the controller's own words, instead of those shipped.

    Raises:
        KeyError: where *values* lack something that the template names.
    """
    source, chosen = shipped(template, language) if own is None else (own, language_of(language))
    filled = {name: _said(name, chosen, values) for name in names_in(source)}
    written = NAME.sub(lambda found: filled[found[1]], source)
    first, _, text = written.partition("\n")
    subject = " ".join(first.removeprefix(SUBJECT).split())
    second, _, rest = text.partition("\n")
    text, sms = (rest, " ".join(second.removeprefix(SMS).split())) if second.startswith(SMS) else (text, subject)
    text = _GAP.sub("\n\n", text).strip() + "\n"
    page = _pages().get_template("mail.html")
    parts = tuple(paragraphs(text))
    return Rendered(subject, sms, text, page.render(subject=subject, language=chosen, paragraphs=parts), parts, chosen)


def _said(name: str, language: str, values: Values) -> str:
    if name == PURPOSES and "purposes" in values:
        listed = values["purposes"]
        return "\n".join(f"- {one}" for one in (listed if isinstance(listed, list | tuple) else (listed,)))
    if name in PASSAGES:
        return passage(name, language, values)
    return str(values[name])


def passage(name: str, language: str, values: Values) -> str:
    """What is written once, in a language; in English where a further language lacks it, or it cannot be used."""
    written = language in LANGUAGES
    source = _read(_PASSAGES, f"{name}.{language}.txt") if written else added(language, f"passages/{name}")
    if source is not None:
        try:
            return _compiled(source).render(values).strip()
        except jinja2.TemplateError:
            if written:
                raise
    return _compiled(_read(_PASSAGES, f"{name}.{LANGUAGES[0]}.txt") or "").render(values).strip()


def added(language: str, name: str) -> str | None:
    """A file of words for messages of a further language; None where it has none."""
    pack = packs.packs().get(language)
    return None if pack is None else _read(pack.folder / "messages", f"{name}.txt")


def paragraphs(text: str) -> list[Paragraph]:
    """The paragraphs of a text."""
    found = [tuple(block.strip().split("\n")) for block in re.split(r"\n\s*\n", text.strip())]
    return [Paragraph(lines, len(lines) == 1 and bool(_ADDRESS.fullmatch(lines[0]))) for lines in found]


def _read(folder: Traversable, name: str) -> str | None:
    place = folder / name
    return place.read_bytes().decode("utf-8", "replace") if place.is_file() else None


@lru_cache(maxsize=256)
def _compiled(source: str) -> jinja2.Template:
    return ImmutableSandboxedEnvironment(undefined=StrictUndefined).from_string(source)


@cache
def _pages() -> ImmutableSandboxedEnvironment:
    loader = FunctionLoader(lambda name: _read(_HERE, name))
    return ImmutableSandboxedEnvironment(loader=loader, undefined=StrictUndefined, autoescape=True)
