"""The words of pages: English in the code, other languages in `translations/LANGUAGE/messages.po` of each face.

Catalogues (GNU gettext) are read as they stand, so that nothing compiled can be older than its source.
"""

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from io import BytesIO
from typing import Final

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask import Flask, current_app, g, request
from flask_babel import Babel, Domain, get_locale

SOURCE: Final = "en"
NAMES: Final = {"en": "English", "ru": "Русский", "uk": "Українська"}
"""Languages of pages, each by its own name."""
PARAMETER: Final = "lang"
COOKIE: Final = "governance-language"
"""What somebody chose; console and portal set it, each under its own path."""
FACES: Final = "governance.faces"


class Catalogues(Domain):  # type: ignore[misc]  # Flask-Babel has no types
    """Catalogues read from their sources."""

    def get_translations(self) -> NullTranslations:
        """That of the language of the present page, of the face that it belongs to: each has its own words."""
        faces: tuple[str, ...] = current_app.extensions[FACES]
        own = tuple(one for one in faces if one.rpartition(".")[2] == request.blueprint)
        return catalogue(language(), own or faces)


@cache
def catalogue(name: str, faces: tuple[str, ...]) -> NullTranslations:
    """The words of a language for these packages; the source language needs none, since its words stand in the code."""
    if name == SOURCE:
        return NullTranslations()
    read = [_read(name, face) for face in faces]
    for further in read[1:]:
        read[0].merge(further)
    return read[0]


def _read(name: str, face: str) -> Translations:
    with (files(face) / "translations" / name / "messages.po").open("rb") as source:
        read = read_po(source, locale=name)
    compiled = BytesIO()
    write_mo(compiled, read)
    compiled.seek(0)
    return Translations(compiled)


def register(app: Flask, faces: Sequence[str]) -> None:
    """Let the templates of *app* speak, with the catalogues of these packages."""
    app.extensions[FACES] = tuple(faces)
    babel = Babel(app, default_locale=SOURCE, locale_selector=_wanted, timezone_selector=_zone)
    babel.domain_instance = Catalogues()


def language() -> str:
    """ISO 639 code of the language of the present page."""
    locale = get_locale()
    return SOURCE if locale is None else str(locale.language)


def _wanted() -> str:
    """What the visitor chose, else what the browser asks for."""
    for chosen in (request.values.get(PARAMETER, ""), request.cookies.get(COOKIE, "")):
        if chosen in NAMES:
            return chosen
    return request.accept_languages.best_match(list(NAMES)) or SOURCE


def _zone() -> str:
    """IANA zone that instants are shown in: the controller's, where a page has looked it up."""
    zone: str = g.get("zone", "UTC")
    return zone
