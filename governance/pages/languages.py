"""The words of pages: English in the code, other languages in `translations/LANGUAGE/messages.po` of each face.

Catalogues (GNU gettext) are read as they stand, so that nothing compiled can be older than its source. Those of further
languages lie in the data folder, one for each face; what they lack, or fill in wrongly, is said in English.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache, wraps
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from typing import Final, TypeVar

from babel.core import UnknownLocaleError
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask import Flask, current_app, g, has_request_context, request
from flask_babel import Babel, Domain, format_decimal, get_domain, get_locale
from werkzeug.exceptions import HTTPException

from governance.kernel import packs
from governance.pages import instants

SOURCE: Final = "en"
_ENGLISH: Final = "en_GB"
"""How English is written: `28 Feb 2026, 15:04`, as mails and the steps to a due date have it; `en` is American."""
NAMES: Final = packs.SHIPPED
"""Languages that pages are shipped in, each by its own name; `packs.names` tells of further ones, too."""
ALL: Final = ("governance.portal", "governance.console")
"""Packages whose pages have catalogues of words."""
PARAMETER: Final = "lang"
COOKIE: Final = "governance-language"
"""What somebody chose; console and portal set it, each under its own path."""
FACES: Final = "governance.faces"
_FACE: Final = "face"
_WRITTEN: Final[Mapping[str, Callable[..., str]]] = {
    "dateformat": instants.day,
    "moment": instants.moment,
    "counted": instants.counted,
    "shortened": instants.shortened,
}
"""Filters of the templates."""
Told = TypeVar("Told")
_PLACE: Final = re.compile(r"%\(\w+\)\w")


class Catalogues(Domain):  # type: ignore[misc]  # Flask-Babel has no types
    """Catalogues read from their sources."""

    def get_translations(self) -> NullTranslations:
        """That of the language of the present page, of the face that it belongs to: each has its own words."""
        spoken = language()
        held: tuple[str, NullTranslations] | None = g.get("catalogue")
        if held is None or held[0] != spoken:  # else a page of four hundred messages would look for it each time
            faces: tuple[str, ...] = current_app.extensions[FACES]
            g.catalogue = held = (spoken, catalogue(spoken, _own(faces, g.get(_FACE) or request.blueprint)))
        return held[1]

    def ngettext(self, singular: str, plural: str, num: int, **variables: object) -> str:
        """The form of a message for a number, which is written as the language of the page writes numbers."""
        return _ngettext(singular, plural, num) % {"num": num, **variables}


def _gettext(message: str) -> str:
    return str(get_domain().get_translations().gettext(message))


def _ngettext(singular: str, plural: str, num: int) -> str:
    said = str(get_domain().get_translations().ngettext(singular, plural, num))
    return said.replace("%(num)d", str(format_decimal(num)))


@cache
def _own(faces: tuple[str, ...], blueprint: str | None) -> tuple[str, ...]:
    """Of these packages the one that a page belongs to; all of them for a page of none."""
    return tuple(one for one in faces if one.rpartition(".")[2] == blueprint) or faces


def catalogue(name: str, faces: tuple[str, ...]) -> NullTranslations:
    """The words of a language for these packages; the source language needs none, since its words stand in the code."""
    pack = packs.packs().get(name)
    return _catalogue(name, faces, None if pack is None else pack.folder)


@cache
def _catalogue(name: str, faces: tuple[str, ...], folder: Path | None) -> NullTranslations:
    if name == SOURCE:
        return NullTranslations()
    read = [_compiled(shipped(name, face) if folder is None else _sound_ones(name, face, folder)) for face in faces]
    for further in read[1:]:
        read[0].merge(further)
    return read[0]


def shipped(name: str, face: str) -> Catalog:
    """The catalogue of a face in a language that is shipped."""
    with (files(face) / "translations" / name / "messages.po").open("rb") as source:
        return read_po(source, locale=name)


def added(name: str, face: str, folder: Path) -> Catalog:
    """The catalogue of a face in a further language; an empty one where it has none, or none that can be read."""
    place = folder / f"{face.rpartition('.')[2]}.po"
    try:
        with place.open("rb") as source:
            return read_po(source, locale=name)
    except (OSError, ValueError, UnknownLocaleError):
        return Catalog()


def _sound_ones(name: str, face: str, folder: Path) -> Catalog:
    read = added(name, face, folder)
    for message in read:
        if message.id and not is_sound(message, plurals=read.num_plurals):
            message.string = ("",) * read.num_plurals if message.pluralizable else ""
    return read


def is_sound(message: Message, *, plurals: int) -> bool:
    """Whether a translation can be shown: it fills in what the message does, and has a form for each number."""
    ids, said = words_of(message.id), words_of(message.string)
    if message.fuzzy or (len(said) != plurals if message.pluralizable else len(said) != 1):
        return False
    wanted = frozenset(_PLACE.findall(ids[0]))
    return all(frozenset(_PLACE.findall(one)) == wanted and _fills_in(one, wanted) for one in said)


def words_of(said: str | Sequence[str] | None) -> tuple[str, ...]:
    """The forms of a message: one, or one for each number."""
    return (said or "",) if isinstance(said, str) or said is None else tuple(said)


def _fills_in(said: str, wanted: frozenset[str]) -> bool:
    if not wanted:
        return True
    try:
        return bool(said % {one[2 : one.index(")")]: 1 for one in wanted}) or True
    except (ValueError, TypeError, KeyError):
        return False


def _compiled(read: Catalog) -> Translations:
    compiled = BytesIO()
    write_mo(compiled, read)
    compiled.seek(0)
    return Translations(compiled)


def register(app: Flask, faces: Sequence[str]) -> None:
    """Let the templates of *app* speak, with the catalogues of these packages."""
    app.extensions[FACES] = tuple(faces)
    babel = Babel(app, default_locale=_ENGLISH, locale_selector=_locale, timezone_selector=_zone)
    babel.domain_instance = Catalogues()
    app.jinja_env.install_gettext_callables(_gettext, _ngettext, newstyle=True)  # type: ignore[attr-defined]
    for name, written in _WRITTEN.items():
        app.add_template_filter(written, name)


def speak_as(face: str) -> None:
    """Let the page of an address that belongs to none of the faces have the words of one: `portal` or `console`."""
    g.pop("catalogue", None)
    setattr(g, _FACE, face)


def language() -> str:
    """ISO 639 code of the language of the present page."""
    locale = get_locale()
    return SOURCE if locale is None else str(locale.language)


def by_language(told: Callable[[], Told]) -> Callable[[], Told]:
    """Let a table of words be made once for each language and kind of page; nobody may change what it answers."""
    made: dict[tuple[str, str | None], Told] = {}

    @wraps(told)
    def wrapper() -> Told:
        key = (language(), request.blueprint if has_request_context() else None)
        if key not in made:
            made[key] = told()
        return made[key]

    return wrapper


def _locale() -> str:
    """By which the present page writes days, times and numbers."""
    wanted = _wanted()
    return _ENGLISH if wanted == SOURCE else wanted


def _wanted() -> str:
    """What the visitor chose, else what the browser asks for."""
    for chosen in (_asked_for(), request.cookies.get(COOKIE, "")):
        if chosen in packs.names():
            return chosen
    return request.accept_languages.best_match(list(packs.names())) or SOURCE


def _asked_for() -> str:
    try:
        return request.values.get(PARAMETER, "")
    except HTTPException:  # a body that is too large, say: the page that says so has a language, too
        return request.args.get(PARAMETER, "")


def _zone() -> str:
    """IANA zone that instants are shown in: the controller's, where a page has looked it up."""
    zone: str = g.get("zone", "UTC")
    return zone
