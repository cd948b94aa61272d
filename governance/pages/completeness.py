"""How complete a further language is, and what of it cannot be shown; what is neither is said in English."""

from collections.abc import Iterator, Sequence
from dataclasses import field
from pathlib import Path
from typing import Final

import jinja2
from jinja2 import meta
from jinja2.sandbox import ImmutableSandboxedEnvironment

from governance.consent.drafts import NOTICES, frames, parse_frames
from governance.custody.findings import Finding, Level
from governance.custody.tongues import TITLES
from governance.kernel import packs
from governance.kernel.errors import NotFoundError
from governance.kernel.records import frozen
from governance.messages.texts import is_like
from governance.pages.languages import ALL, added, is_sound, shipped, words_of
from governance.pages.skeletons import MESSAGES, MODEL, english_messages, english_titles
from governance.policies.documents import DocumentError, parse_further_titles

SHOWN: Final = 5


@frozen
class Part:
    """A part of a further language.

    Attributes:
        file: in its folder.
        wanted: how many messages it should have.
        missing: those that are not translated.
        broken: those that cannot be shown, each with what is wrong: placeholders, forms of numbers, form of the file.
        unused: those that this release does not know.
    """

    file: str
    wanted: int
    missing: Sequence[str] = field(default_factory=tuple)
    broken: Sequence[str] = field(default_factory=tuple)
    unused: Sequence[str] = field(default_factory=tuple)

    @property
    def done(self) -> int:
        """How many are translated and can be shown."""
        return max(0, self.wanted - len(self.missing) - len(self.broken))


@frozen
class Checked:
    """What was found of a further language."""

    pack: packs.Pack
    parts: Sequence[Part]

    @property
    def percent(self) -> int:
        """How much of it is translated and can be shown, rounded down."""
        wanted = sum(one.wanted for one in self.parts)
        return 100 * sum(one.done for one in self.parts) // max(1, wanted)

    @property
    def broken(self) -> int:
        """How many messages cannot be shown."""
        return sum(len(one.broken) for one in self.parts)


def check_language(data_dir: Path, *, code: str) -> Checked:
    """Look through a further language.

    Raises:
        NotFoundError: the data folder has none of this code.
    """
    pack = packs.found_in(data_dir).get(code)
    if pack is None:
        raise NotFoundError(f"There is no further language {code!r}; make its folder: governance languages new CODE")
    parts = [*(_face(pack, face) for face in ALL), _titles(pack), _messages(pack), _notices(pack)]
    return Checked(pack, parts)


def language_findings(data_dir: Path) -> list[Finding]:
    """What is not in order with further languages: for doctor."""
    return list(_findings(data_dir))


def _findings(data_dir: Path) -> Iterator[Finding]:
    for code in packs.found_in(data_dir):
        found, remedy = check_language(data_dir, code=code), f"governance languages check {code} names them"
        name, values = found.pack.name, {"language": found.pack.name, "code": code}
        if found.broken:
            said = f"The language {name} has messages that cannot be shown ({found.broken}); English stands there."
            more = {**values, "count": str(found.broken)}
            yield Finding("language-broken", Level.WARNING, said, remedy, more)
        if any(one.missing for one in found.parts):
            said = f"The language {name} is translated by {found.percent} percent; the rest is in English."
            more = {**values, "percent": str(found.percent)}
            yield Finding("language-incomplete", Level.WARNING, said, remedy, more)


def _face(pack: packs.Pack, face: str) -> Part:
    file = f"{face.rpartition('.')[2]}.po"
    standing = added(pack.code, face, pack.folder)
    wanted = {message.id for message in shipped(MODEL, face) if message.id}
    told = {message.id: message for message in standing if message.id}
    missing, broken = [], []
    for id_ in sorted(wanted, key=str):
        message = told.get(id_)
        if message is None or not any(words_of(message.string)):
            missing.append(words_of(id_)[0])
        elif not is_sound(message, plurals=standing.num_plurals):
            broken.append(f"{words_of(id_)[0]}: {_why(len(words_of(message.string)), standing.num_plurals)}")
    unused = [words_of(one)[0] for one in told.keys() - wanted]
    return Part(file, len(wanted), tuple(missing), tuple(broken), tuple(sorted(unused)))


def _why(forms: int, plurals: int) -> str:
    if forms not in (1, plurals):
        return f"it has {forms} forms of numbers, the language has {plurals}"
    return "what is filled in differs, a form of a number is missing, or it is marked fuzzy"


def _titles(pack: packs.Pack) -> Part:
    wanted = english_titles()
    try:
        told = parse_further_titles((pack.folder / TITLES).read_bytes(), name=TITLES)
    except FileNotFoundError:
        return Part(TITLES, len(wanted), wanted)
    except DocumentError as error:
        return Part(TITLES, len(wanted), (), (f"{error.path or TITLES}: {error.problem}",) * len(wanted))
    missing = tuple(one for one in wanted if one not in told)
    return Part(TITLES, len(wanted), missing, (), tuple(sorted(set(told) - set(wanted))))


def _messages(pack: packs.Pack) -> Part:
    english, missing, broken = english_messages(), [], []
    for kind, source in english.items():
        place = pack.folder / MESSAGES / f"{kind}.txt"
        said = place.read_bytes().decode("utf-8", "replace") if place.is_file() else source
        if said == source:
            missing.append(kind)
        elif wrong := _unlike(kind, said, source):
            broken.append(f"{kind}: {wrong}")
    root = pack.folder / MESSAGES
    there = {str(one.relative_to(root).with_suffix("")) for one in root.rglob("*.txt")}
    return Part(f"{MESSAGES}/", len(english), tuple(missing), tuple(broken), tuple(sorted(there - english.keys())))


def _unlike(kind: str, said: str, source: str) -> str:
    if not kind.startswith("passages/"):
        return "" if is_like(said, source) else "it must begin with Subject: and name what the English one names"
    try:
        names = [meta.find_undeclared_variables(ImmutableSandboxedEnvironment().parse(one)) for one in (said, source)]
    except jinja2.TemplateError as error:
        return f"it cannot be read: {error.message}"
    return "" if names[0] <= names[1] else "it names what is not filled in"


def _notices(pack: packs.Pack) -> Part:
    place, english = pack.folder / NOTICES, frames()["en"]
    try:
        told = parse_frames(place.read_bytes(), name=NOTICES)
    except FileNotFoundError:
        return Part(NOTICES, 2, ("consent", "privacy"))
    except DocumentError as error:
        return Part(NOTICES, 2, (), (f"{error.path or NOTICES}: {error.problem}",) * 2)
    same = [("consent", told.consent == english.consent), ("privacy", told.privacy == english.privacy)]
    return Part(NOTICES, 2, tuple(kind for kind, as_english in same if as_english))
