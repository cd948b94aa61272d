"""The folder of a further language: what is to be translated, written once and renewed with each release."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from typing import Final

import yaml
from babel.core import Locale, UnknownLocaleError
from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po

from governance.consent.drafts import NOTICES, frames
from governance.custody.tongues import TITLES
from governance.kernel import packs
from governance.kernel.durable import replace_file
from governance.kernel.errors import InvalidError
from governance.messages.texts import PASSAGES, Template
from governance.pages.languages import ALL, added, shipped, words_of
from governance.rights.wording import called

MODEL: Final = "uk"
"""The shipped language by whose catalogues it is known what there is to translate: tests keep it complete."""
MESSAGES: Final = "messages"
_NOT_SHOWN: Final = frozenset({"cli"})
"""Packages whose documents hold nothing that pages show."""


def write_skeleton(data_dir: Path, *, code: str, name: str | None = None) -> Path:
    """Write the folder of a further language, or add to it what it lacks; what is translated stays.

    Args:
        data_dir: the data folder.
        code: ISO 639, two or three letters.
        name: what the language calls itself; as CLDR knows it, where nothing is said.

    Raises:
        InvalidError: there is no such language, or it is shipped.
    """
    if not packs.is_code(code):
        raise InvalidError("This can be no further language.", errors={"code": ["Give a code of ISO 639, such as pl."]})
    try:
        locale = Locale.parse(code)
    except (UnknownLocaleError, ValueError):
        raise InvalidError(
            "There is no such language.", errors={"code": ["Give a code of ISO 639, such as pl."]}
        ) from None
    folder = data_dir / packs.FOLDER / code
    if name is not None or not (folder / packs.NAME).is_file():
        told = name or (locale.get_language_name(code) or code).capitalize()
        replace_file(folder / packs.NAME, f"{told}\n".encode())
    for face in ALL:
        replace_file(folder / f"{face.rpartition('.')[2]}.po", _catalogue(code, face, folder))
    replace_file(folder / TITLES, _titles(folder))
    for kind, source in english_messages().items():
        if not (folder / MESSAGES / f"{kind}.txt").is_file():
            replace_file(folder / MESSAGES / f"{kind}.txt", source.encode())
    if not (folder / NOTICES).is_file():
        replace_file(folder / NOTICES, _notices().encode())
    return folder


@cache
def english_titles() -> tuple[str, ...]:
    """Titles of what documents call by name: roles, purposes, laws, fields, policies."""
    found: dict[str, None] = {}
    for place in _documents(Path(str(files("governance")))):
        for english in _titles_in(yaml.load(place.read_bytes(), Loader=_LOADER)):  # noqa: S506 - a safe loader
            found[english] = None
    found.update({one.en: None for one in called()})
    return tuple(found)


_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _documents(root: Path) -> Iterable[Path]:
    return (one for one in sorted(root.rglob("*.yaml")) if one.relative_to(root).parts[0] not in _NOT_SHOWN)


def _titles_in(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        if set(value) == {"en", "ru", "uk"} and all(isinstance(one, str) for one in value.values()):
            yield value["en"].strip()
        else:
            for one in value.values():
                yield from _titles_in(one)
    elif isinstance(value, list):
        for one in value:
            yield from _titles_in(one)


@cache
def english_messages() -> Mapping[str, str]:
    """Words of messages in English, and passages that they share, by the name of their file."""
    root = files("governance.messages")
    written = {one.value: root / "templates" / f"{one.value}.en.txt" for one in Template}
    written |= {f"passages/{name}": root / "passages" / f"{name}.en.txt" for name in PASSAGES}
    return {kind: place.read_text("utf-8") for kind, place in written.items()}


def _catalogue(code: str, face: str, folder: Path) -> bytes:
    made, standing = Catalog(locale=code, project="governance", fuzzy=False), added(code, face, folder)
    for message in shipped(MODEL, face):
        if not message.id:
            continue
        before = standing.get(words_of(message.id)[0])
        empty = ("",) * made.num_plurals if message.pluralizable else ""
        same = before is not None and before.id == message.id
        made.add(message.id, before.string if same and before is not None else empty)
    written = BytesIO()
    write_po(written, made, width=0, omit_header=False, sort_output=False)
    return written.getvalue()


def _titles(folder: Path) -> bytes:
    place = folder / TITLES
    standing = yaml.load(place.read_bytes(), Loader=_LOADER) if place.is_file() else {}  # noqa: S506 - a safe loader
    known = standing if isinstance(standing, dict) else {}
    told = {english: known.get(english, "") for english in english_titles()}
    return yaml.safe_dump(told, allow_unicode=True, sort_keys=False, width=1000).encode()


def _notices() -> str:
    english = frames()["en"]
    told = {
        kind: {"title": text.title, "body": text.body}
        for kind, text in (("consent", english.consent), ("privacy", english.privacy))
    }
    return yaml.dump(told, Dumper=_Blocks, allow_unicode=True, sort_keys=False, width=1000)


class _Blocks(yaml.SafeDumper):
    """Writes texts of several lines as blocks."""


def _block(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Blocks.add_representer(str, _block)
