"""Drafts of notices: the words that are shipped, filled in for this controller. Data, in `notices.yaml`."""

import contextlib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from string import Formatter
from typing import Final

from governance.consent.codes import NoticeKind
from governance.consent.errors import UnknownPurposeError
from governance.consent.notices import BLANK, NoticeText
from governance.consent.purposes import book
from governance.consent.terms import NoticeVersion, terms_of
from governance.kernel import packs
from governance.kernel.records import frozen
from governance.kernel.work import Work
from governance.policies import shipped
from governance.policies.documents import DocumentError, Node, Titles, parse, titles
from governance.policies.purposes import Channel, Purpose, PurposeBook
from governance.reference.operations import controller
from governance.reference.record import Controller

LANGUAGES: Final = tuple(packs.SHIPPED)
PRIVACY_KEY: Final = "privacy"
NOTICES: Final = "notices.yaml"
"""Notices of a further language, in its folder."""


@frozen
class Draft:
    """A notice that could be published.

    Attributes:
        texts: by ISO 639 code.
        has_blanks: whether it holds places that only the controller can fill.
        in_force: the version that people are shown now, where one is published.
    """

    kind: NoticeKind
    key: str
    texts: Mapping[str, NoticeText]
    has_blanks: bool
    in_force: NoticeVersion | None


@frozen
class _Shipped:
    """The document: every word by language, with places for what is filled in."""

    channels: Mapping[Channel, Titles]
    words: Mapping[str, Titles]
    frame: Mapping[str, NoticeText]
    acts: Mapping[str, Titles]
    other_act: Titles
    privacy: Mapping[str, NoticeText]


@cache
def _shipped() -> _Shipped:
    top = parse(files("governance.consent").joinpath("notices.yaml").read_bytes(), name="notices.yaml")
    parts = top.fields(required=("words", "consent", "privacy"))
    words = parts["words"].entries()
    consent = parts["consent"].fields(required=("frame", "acts", "other_act"))
    return _Shipped(
        channels={Channel(key): titles(node) for key, node in words.pop("channels").entries().items()},
        words={key: titles(node) for key, node in words.items()},
        frame=_texts(consent["frame"]),
        acts={key: titles(node) for key, node in consent["acts"].entries().items()},
        other_act=titles(consent["other_act"]),
        privacy=_texts(parts["privacy"]),
    )


def _texts(node: Node) -> Mapping[str, NoticeText]:
    found = {code: text.fields(required=("title", "body")) for code, text in node.fields(required=LANGUAGES).items()}
    return {code: NoticeText(text["title"].text(), text["body"].text()) for code, text in found.items()}


@frozen
class Frames:
    """The words of both kinds of notices in one language, with places for what is filled in."""

    consent: NoticeText
    privacy: NoticeText


def frames() -> Mapping[str, Frames]:
    """By language, of those that are shipped, and of further ones that have notices of the same places."""
    said = _shipped()
    found = {code: Frames(said.frame[code], said.privacy[code]) for code in LANGUAGES}
    for code, pack in packs.packs().items():
        place = pack.folder / NOTICES
        with contextlib.suppress(DocumentError, OSError):
            found[code] = parse_frames(place.read_bytes(), name=f"{code}/{NOTICES}")
    return found


def parse_frames(source: bytes, *, name: str) -> Frames:
    """Read the notices of a further language.

    Raises:
        DocumentError: the document is malformed, or lacks a place that is filled in.
    """
    top, english = parse(source, name=name).fields(required=("consent", "privacy")), _shipped()
    return Frames(_frame(top["consent"], english.frame["en"]), _frame(top["privacy"], english.privacy["en"]))


def _frame(node: Node, english: NoticeText) -> NoticeText:
    said = node.fields(required=("title", "body"))
    for part, like in (("title", english.title), ("body", english.body)):
        try:
            places = _places(said[part].text())
        except ValueError:
            said[part].wrong("a brace is not closed")
        if places != _places(like):
            said[part].wrong("must have these places: " + ", ".join(f"{{{one}}}" for one in sorted(_places(like))))
    return NoticeText(said["title"].text(), said["body"].text())


def _places(text: str) -> frozenset[str]:
    return frozenset(name for _text, name, _spec, _conversion in Formatter().parse(text) if name is not None)


def drafts(work: Work) -> list[Draft]:
    """Every notice that this controller needs: one for each purpose that asks for consent, and one on privacy.

    Raises:
        NoControllerError: where it has not been said whose store this is.
    """
    known = book(work)
    keys = [key for key, purpose in sorted(known.purposes.items()) if purpose.asks_consent]
    return [
        *(draft(work, kind=NoticeKind.CONSENT, key=key) for key in keys),
        draft(work, kind=NoticeKind.PRIVACY, key=PRIVACY_KEY),
    ]


def draft(work: Work, *, kind: NoticeKind, key: str) -> Draft:
    """The words of one notice as they are proposed.

    Raises:
        UnknownPurposeError: where there is no such purpose, or it asks nobody for consent.
        NoControllerError: where it has not been said whose store this is.
    """
    whose, known = controller(work), book(work)
    if kind is NoticeKind.PRIVACY:
        texts = {code: _privacy(code, frame.privacy, whose, known) for code, frame in frames().items()}
    else:
        purpose = known.purposes.get(key)
        if purpose is None or not purpose.asks_consent:
            raise UnknownPurposeError("There is no purpose of this key that asks for consent.")
        texts = {code: _consent(code, frame.consent, whose, purpose) for code, frame in frames().items()}
    blanks = any(BLANK in text.title + text.body for text in texts.values())
    return Draft(kind, key, texts, blanks, terms_of(work).notice_in_force(kind, key, work.now))


def _consent(code: str, frame: NoticeText, whose: Controller, purpose: Purpose) -> NoticeText:
    said = _shipped()
    act = said.acts.get(purpose.key)
    description = purpose.descriptions.get(code)
    filled = {
        **_who(code, whose),
        "purpose": purpose.titles.get(code),
        "act": said.other_act.get(code).format(description=description) if act is None else act.get(code),
        "data": _listed(shipped.categories()[key].titles.get(code) for key in purpose.categories),
        "channels": _listed(said.channels[channel].get(code) for channel in Channel if channel in purpose.channels),
        "term": _term(code, purpose),
    }
    return NoticeText(frame.title.format(**filled), frame.body.format(**filled))


def _privacy(code: str, text: NoticeText, whose: Controller, known: PurposeBook) -> NoticeText:
    said = _shipped()
    home = known.by_country.get(whose.country)
    lines: list[str] = []
    for purpose in known.purposes.values():
        bases = [basis for basis, _ in purpose.bases if home is not None and basis.jurisdiction == home.key]
        cited = "; ".join(dict.fromkeys(basis.citation for basis in bases)) or said.words["no_ground"].get(code)
        lines.append(f"- {purpose.titles.get(code)}: {purpose.descriptions.get(code)} ({cited})")
    return NoticeText(text.title, text.body.format(**_who(code, whose), purposes="\n".join(lines)))


def _who(code: str, whose: Controller) -> dict[str, str]:
    """Who is responsible; the officer by contact, not by name (Art. 13(1)(b)), for what is published stays readable."""
    words, officer = _shipped().words, whose.officer
    reached = [] if officer is None else [one for one in (officer.email, officer.phone) if one]
    write_to = words["write_to"].get(code)
    return {
        "controller": whose.legal_name,
        "address": " ".join(whose.address.split()),
        "contact": f"{write_to} ({', '.join(reached)})" if reached else write_to,
        "officer": ", ".join(reached) or words["no_officer"].get(code),
        "authority": whose.authority or words["no_authority"].get(code),
    }


def _listed(words: Iterable[str]) -> str:
    """Words in one line, in small letters where they are no abbreviations."""
    return ", ".join(word if word.isupper() else word[:1].lower() + word[1:] for word in words)


def _term(code: str, purpose: Purpose) -> str:
    words, lasts = _shipped().words, purpose.valid_for
    if lasts is None:
        return words["without_end"].get(code)
    terms = [
        words[unit].get(code).format(count=count)
        for unit, count in (("months", lasts.months), ("days", lasts.days))
        if count
    ]
    return " + ".join(terms)
