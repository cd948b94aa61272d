"""The words of pages: English in the code, other languages in `translations/LANGUAGE/messages.po` (GNU gettext).

Catalogues are read as they stand, so that nothing compiled can be older than its source.
"""

from functools import cache
from importlib.resources import files
from io import BytesIO
from typing import Final

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask import Flask, request
from flask_babel import Babel, Domain, get_locale

SOURCE: Final = "en"
NAMES: Final = {"en": "English", "ru": "Русский", "uk": "Українська"}
"""Languages of pages, each by its own name."""
PARAMETER: Final = "lang"
_HERE: Final = files("governance.portal") / "translations"


class Catalogues(Domain):  # type: ignore[misc]  # Flask-Babel has no types
    """Catalogues read from their sources."""

    def get_translations(self) -> NullTranslations:
        """That of the language of the present page."""
        return catalogue(language())


@cache
def catalogue(name: str) -> NullTranslations:
    """The catalogue of a language; that of the source language holds nothing, since its words stand in the code."""
    if name == SOURCE:
        return NullTranslations()
    with (_HERE / name / "messages.po").open("rb") as source:
        read = read_po(source, locale=name)
    compiled = BytesIO()
    write_mo(compiled, read)
    compiled.seek(0)
    return Translations(compiled)


def register(app: Flask) -> None:
    """Let the templates of *app* speak."""
    babel = Babel(app, default_locale=SOURCE, locale_selector=_wanted)
    babel.domain_instance = Catalogues()


def language() -> str:
    """ISO 639 code of the language of the present page."""
    locale = get_locale()
    return SOURCE if locale is None else str(locale.language)


def _wanted() -> str:
    """What the visitor chose, else what the browser asks for."""
    chosen = request.values.get(PARAMETER, "")
    return chosen if chosen in NAMES else request.accept_languages.best_match(list(NAMES)) or SOURCE
