"""Further languages: folders that an operator adds below `languages` in the data folder, one for each language.

They are registered once, when a process opens its store; whoever writes words asks here which languages there are
beside those that are shipped. What a folder lacks is said in English.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from governance.kernel.records import frozen

FOLDER: Final = "languages"
SHIPPED: Final[Mapping[str, str]] = MappingProxyType({"en": "English", "ru": "Русский", "uk": "Українська"})
"""Languages that all words are shipped in, each by its own name."""
NAME: Final = "name.txt"
"""File of a folder that says what the language calls itself."""
_CODE: Final = re.compile(r"[a-z]{2,3}")
_LONGEST_NAME: Final = 40


@frozen
class Pack:
    """A further language.

    Attributes:
        code: ISO 639, the name of its folder.
        name: what the language calls itself.
    """

    code: str
    name: str
    folder: Path


_installed: dict[str, Pack] = {}


def found_in(data_dir: Path) -> Mapping[str, Pack]:
    """The further languages of a data folder, by code; one without a name is not one yet."""
    found: dict[str, Pack] = {}
    for folder in sorted((data_dir / FOLDER).glob("*")):
        if not _CODE.fullmatch(folder.name) or folder.name in SHIPPED or not (folder / NAME).is_file():
            continue
        name = " ".join((folder / NAME).read_text("utf-8", errors="replace").split())[:_LONGEST_NAME]
        found[folder.name] = Pack(folder.name, name or folder.name, folder)
    return MappingProxyType(found)


def install(data_dir: Path) -> None:
    """Take up the further languages of a data folder, in place of those that were taken up before."""
    found = found_in(data_dir)
    _installed.clear()
    _installed.update(found)


def packs() -> Mapping[str, Pack]:
    """The further languages of this process, by code."""
    return MappingProxyType(_installed)


def names() -> Mapping[str, str]:
    """All languages, each by its own name: those shipped, and further ones."""
    return {**SHIPPED, **{code: one.name for code, one in _installed.items()}}


def is_code(code: str) -> bool:
    """Whether this can be a further language: two or three letters, and none that is shipped."""
    return bool(_CODE.fullmatch(code)) and code not in SHIPPED
