"""Every word of every page stands in every language, and no page has words outside the catalogues."""

import re
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir, extract_from_file
from babel.messages.pofile import read_po

import governance.console
import governance.portal
from governance.app import FACES
from governance.audit.actions import Action
from governance.pages.languages import NAMES, SOURCE, catalogue

PLACES = {one.__name__: Path(one.__file__).parent for one in (governance.console, governance.portal)}
METHODS = [("**.py", "python"), ("templates/**.html", "jinja2")]
TRANSLATED = [name for name in NAMES if name != SOURCE]
SAME = {"SMS", "ID"}
"""Words that are the same in all languages."""
DOCUMENTS = ("documents", "retention_reader", "deadline_reader", "periods", "segments")
"""Readers of what officers may write as text; what they say of it is told on pages by these calls."""
COMPLAINTS = {"wrong": None, "_wrong": (2,), "_KeyError": None, "DocumentError": (3,), "RuleError": (2,)}
TEMPLATES = [one for place in PLACES.values() for one in sorted((place / "templates").rglob("*.html"))]


@cache
def written(place: str) -> frozenset[str | tuple[str, ...]]:
    """Messages in code and templates of a face; of the console, also what it shows of what lies below it."""
    found = {found[2] for found in extract_from_dir(PLACES[place], method_map=METHODS)}
    return frozenset(found | {one.label for one in Action} | below() if place == "governance.console" else found)


def below() -> frozenset[str]:
    """Sentences of operations that pages say in other languages."""
    root = PLACES["governance.console"].parent
    asked = [(one, {"Sentence": None}) for one in root.rglob("*.py") if "Sentence(" in one.read_text("utf-8")]
    asked += [(root / "policies" / f"{name}.py", COMPLAINTS) for name in DOCUMENTS]
    return frozenset(found[1] for place, keywords in asked for found in extract_from_file("python", place, keywords))


@cache
def read(place: str, name: str) -> Catalog:
    with (PLACES[place] / "translations" / name / "messages.po").open("rb") as source:
        return read_po(source, locale=name)


def test_every_face_has_its_catalogues() -> None:
    assert set(FACES) == set(PLACES)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", TRANSLATED)
def test_no_message_is_missing_or_unused_or_left_in_english(name: str, place: str) -> None:
    messages = [message for message in read(place, name) if message.id]
    told = {message.id for message in messages}
    words = {
        message.id: message.string if isinstance(message.string, tuple) else (message.string,) for message in messages
    }

    assert told - written(place) == set()
    assert written(place) - told == set()
    left = {said for said, several in words.items() for one in several if not re.search("[А-Яа-яІіЇїЄєҐґ]", one)}
    assert left <= SAME
    assert not any(message.fuzzy for message in messages)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", TRANSLATED)
def test_every_translation_fills_in_the_same_things(name: str, place: str) -> None:
    for message in read(place, name):
        if message.id:
            ids = message.id if isinstance(message.id, tuple) else (message.id,)
            strings = message.string if isinstance(message.string, tuple) else (message.string,)
            assert {frozenset(re.findall(r"%\(\w+\)\w", one)) for one in (*ids, *strings)} == {
                frozenset(re.findall(r"%\(\w+\)\w", ids[0]))
            }


@pytest.mark.parametrize(("name", "days"), [("ru", ["день", "дня", "дней"]), ("uk", ["день", "дні", "днів"])])
def test_plurals_follow_the_language(name: str, days: list[str]) -> None:
    said = [
        catalogue(name, FACES).ungettext("The link works for %(num)d day.", "The link works for %(num)d days.", number)
        for number in (1, 3, 7)
    ]

    assert [one.split()[-1].rstrip(".") for one in said] == days


def test_whoever_asks_too_often_is_told_how_long_to_wait_in_the_form_of_the_number() -> None:
    wait = "This was asked for too often. Wait %(num)d minute, then try again."
    waits = wait.replace("minute", "minutes")
    for name, forms in {"ru": ["минуту", "минуты", "минут"], "uk": ["хвилину", "хвилини", "хвилин"]}.items():
        said = [catalogue(name, FACES).ungettext(wait, waits, number).split() for number in (1, 3, 15)]
        assert [one for one, words in zip(forms, said, strict=True) if one not in words] == [], name


def test_words_of_pages_and_titles_keep_to_the_glossary() -> None:
    """One word for each thing (docs/translating.md), and the apostrophe of Ukrainian."""
    root = Path(governance.console.__file__).parents[1]
    places = [*root.glob("*/translations/*/messages.po"), *(root / "policies").rglob("*.yaml")]
    unwanted = r"[^\W\d_]'[а-яіїєґ]|[Сс]півробітни|[Зз]литт|[Сс]лияни"
    unwanted += r"|[Пп]олитик[аи] хран|[Пп]олітик[аи] збер|заборон\w* на видал|[Сс]видетельств"
    found = {
        str(place.relative_to(root)): left
        for place in places
        if (left := re.findall(unwanted, place.read_text("utf-8")))
    }
    assert found == {}


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda one: one.name)
def test_no_template_holds_plain_text_or_style_or_script(template: Path) -> None:
    source = template.read_text("utf-8")
    bare = re.sub(r"{%.*?%}|{{.*?}}|{#.*?#}", "", source, flags=re.DOTALL)
    text = re.sub(r"<[^>]*>", " ", re.sub(r'\s[a-z-]+="[^"]*"', " ", bare))

    assert re.findall(r"[^\W\d_]{2,}", text) == []
    assert not re.search(r"<style|\sstyle=|\son\w+=|\shx-on|javascript:", source)
    assert set(re.findall(r"<script.*", source)) <= {'<script src="{{ one }}" defer></script>'}
