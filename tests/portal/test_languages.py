"""Every word of every page stands in every language, and no page has words outside the catalogues."""

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import governance.portal
from governance.portal.languages import NAMES, SOURCE, catalogue

HERE = Path(governance.portal.__file__).parent
METHODS = [("**.py", "python"), ("templates/**.html", "jinja2")]
TRANSLATED = [name for name in NAMES if name != SOURCE]


def written() -> set[str | tuple[str, ...]]:
    """Messages in code and templates."""
    return {found[2] for found in extract_from_dir(HERE, method_map=METHODS)}


def read(name: str) -> Catalog:
    with (HERE / "translations" / name / "messages.po").open("rb") as source:
        return read_po(source, locale=name)


@pytest.mark.parametrize("name", TRANSLATED)
def test_no_message_is_missing_or_unused_or_left_in_english(name: str) -> None:
    catalogue_read = read(name)
    told = {message.id for message in catalogue_read if message.id}
    words = [message.string if isinstance(message.string, tuple) else (message.string,) for message in catalogue_read]

    assert told - written() == set()
    assert written() - told == set()
    assert all(one and re.search("[А-Яа-яІіЇїЄєҐґ]", one) for several in words[1:] for one in several)
    assert not any(message.fuzzy for message in catalogue_read if message.id)


@pytest.mark.parametrize("name", TRANSLATED)
def test_every_translation_fills_in_the_same_things(name: str) -> None:
    for message in read(name):
        if message.id:
            ids = message.id if isinstance(message.id, tuple) else (message.id,)
            strings = message.string if isinstance(message.string, tuple) else (message.string,)
            assert {frozenset(re.findall(r"%\(\w+\)\w", one)) for one in (*ids, *strings)} == {
                frozenset(re.findall(r"%\(\w+\)\w", ids[0]))
            }


@pytest.mark.parametrize(("name", "days"), [("ru", ["день", "дня", "дней"]), ("uk", ["день", "дні", "днів"])])
def test_plurals_follow_the_language(name: str, days: list[str]) -> None:
    said = [
        catalogue(name).ungettext("The link works for %(num)d day.", "The link works for %(num)d days.", number)
        for number in (1, 3, 7)
    ]

    assert [one.split()[-1].rstrip(".") for one in said] == days


@pytest.mark.parametrize("template", sorted((HERE / "templates").rglob("*.html")), ids=lambda one: one.name)
def test_no_template_holds_plain_text_or_style_or_script(template: Path) -> None:
    source = template.read_text("utf-8")
    bare = re.sub(r"{%.*?%}|{{.*?}}|{#.*?#}", "", source, flags=re.DOTALL)
    text = re.sub(r"<[^>]*>", " ", bare)

    assert re.findall(r"[^\W\d_]{2,}", text) == []
    assert not re.search(r"<script|<style|\sstyle=|\son\w+=|javascript:", source)
