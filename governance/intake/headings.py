"""Columns get a meaning: by headings known in three languages (`headings.yaml`), corrected by a mapping."""

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import NamedTuple

import yaml

from governance.intake.errors import MappingError
from governance.kernel.records import frozen
from governance.policies.purposes import Channel

_APOSTROPHES = re.compile("[’ʼ'`ʹ‘]")
_PUNCTUATION = re.compile(r"[^\w]+|_")
_COURTESY = re.compile(
    r"(?:(?:укажите|введите|напишите|вкажіть|введіть|напишіть|please enter|enter)\s+)?"
    r"(?:ваш(?:[еаиіу]|ого|его)?|сво[йею]|свій|your)\s+(?=\w)"
)
"""How forms ask for what the column of their answers is called by."""
_EXTRA_KEY = re.compile(r"[a-z][a-z0-9_]{0,49}")
_TARGET = re.compile(r"consent:(?P<purposes>[a-z0-9_+]+)/(?P<channels>[a-z+]+)")
IGNORE = "ignore"
EXTRA = "extra:"
NOTICE = "notice:"
"""Begins the keys of a mapping that name the notices which people were shown, and no columns."""
MANY = frozenset({"email", "phone", "messenger", "social", "loyalty_card", "tags", "interests", "note", "street"})
"""Fields that several columns may fill."""


class FileKind(StrEnum):
    """What the rows of a file are."""

    CUSTOMERS = "customers"
    PURCHASES = "purchases"
    INTERACTIONS = "interactions"


@frozen
class Column:
    """One column.

    Attributes:
        index: from 0.
        heading: as it stands in the file, tidied; `#3` for a third column without one.
        field: key of the field it fills, `extra:KEY`, or None where it fills none.
        ignored: the mapping says to leave it out, or another column already fills the field.
    """

    index: int
    heading: str
    field: str | None
    ignored: bool = False


@frozen
class Plan:
    """The meaning of all columns of a file."""

    kind: FileKind
    columns: tuple[Column, ...]

    @property
    def unknown(self) -> tuple[str, ...]:
        """Headings without a meaning that no mapping told to ignore."""
        return tuple(column.heading for column in self.columns if column.field is None and not column.ignored)

    @property
    def repeated(self) -> tuple[str, ...]:
        """Headings whose field an earlier column fills; they are not read."""
        return tuple(column.heading for column in self.columns if column.field is not None and column.ignored)

    @property
    def filled(self) -> tuple[Column, ...]:
        """Columns that are read."""
        return tuple(column for column in self.columns if column.field is not None and not column.ignored)


@frozen
class _Kind:
    fields: Mapping[str, str]
    keys: frozenset[str]
    telling: tuple[frozenset[str], ...]


def folded(heading: str) -> str:
    """*heading* without case, punctuation, apostrophes and what forms say before it ("Your phone"), ё as е."""
    text = _APOSTROPHES.sub("", unicodedata.normalize("NFKC", heading).casefold()).replace("ё", "е")
    plain = _PUNCTUATION.sub(" ", text).strip()
    asked = _COURTESY.match(plain)
    return plain[asked.end() :] if asked else plain


_OTHER_NAMES = frozenset({"family_name", "patronymic", "full_name", "full_name_given_first"})
_UKRAINIAN = frozenset("іїєґ")
_RUSSIAN = frozenset("ыэъё")
_WRITE_RUSSIAN = frozenset({"RU", "UA", "BY", "KZ", "KG", "UZ", "MD", "AM", "AZ", "GE", "TJ", "TM"})


def phone_region(headings: Sequence[str], *, home: str) -> str:
    """Country whose numbers stand without a country code in a list with these headings.

    Letters that only Ukrainian has mean Ukraine, whosever list it is. Letters that only Russian has mean Russia, unless
    *home* (the controller's country) is one where lists are kept in Russian, too; all else means *home*.
    """
    letters = frozenset("".join(headings).casefold())
    if letters & _UKRAINIAN:
        return "UA"
    if letters & _RUSSIAN and home not in _WRITE_RUSSIAN:
        return "RU"
    return home


@cache
def _kinds() -> dict[FileKind, _Kind]:
    content = yaml.safe_load(resources.files("governance.intake").joinpath("headings.yaml").read_bytes())
    kinds = {}
    for kind in FileKind:
        fields = {folded(name): key for key, names in content[kind]["fields"].items() for name in names}
        kinds[kind] = _Kind(fields, frozenset(content[kind]["fields"]), tuple(map(frozenset, content[kind]["telling"])))
    return kinds


def known_count(headings: Sequence[str], mapping: Mapping[str, str] | None = None) -> int:
    """How many of *headings* are known to the kind that knows most of them."""
    told = {folded(heading) for heading in mapping or {}}
    names = [folded(heading) for heading in headings]
    return max(
        sum(name in kind.fields or (name != "" and name in told) for name in names) for kind in _kinds().values()
    )


def customer_field(heading: str) -> str | None:
    """The field of a customer that a heading is known to name."""
    return _kinds()[FileKind.CUSTOMERS].fields.get(folded(heading))


def field_keys(kind: FileKind) -> frozenset[str]:
    """All keys a mapping may name for *kind*, besides `ignore` and `extra:KEY`."""
    return _kinds()[kind].keys


def plan(headings: Sequence[str], *, mapping: Mapping[str, str] | None = None, kind: FileKind | None = None) -> Plan:
    """Give every column a meaning.

    Args:
        headings: one per column, tidied text.
        mapping: column heading (or `#3`) to field key, `ignore` or `extra:KEY`; goes before what is known.
        kind: None decides it by the headings.

    Raises:
        MappingError: where *mapping* names a column or field that is not there.
    """
    named = [heading or f"#{index + 1}" for index, heading in enumerate(headings)]
    told = _told(named, mapping or {})
    decided = kind or _decide(named, told)
    _check_fields(told.values(), decided)
    known = _kinds()[decided].fields
    columns: list[Column] = []
    taken: set[str] = set()
    meant = [told.get(index, known.get(folded(heading))) for index, heading in enumerate(named)]
    for index, heading in enumerate(named):
        field = meant[index]
        if field == "given_name" and index not in told and not _OTHER_NAMES.intersection(meant):
            # A list whose only name column is «Имя» holds whole names in it.
            field = "full_name_given_first"
        if field == IGNORE:
            columns.append(Column(index, heading, None, ignored=True))
            continue
        blank = field is None and not headings[index]
        columns.append(Column(index, heading, field, ignored=blank or (field in taken and field not in MANY)))
        if field is not None:
            taken.add(field)
    return Plan(decided, tuple(columns))


def _told(named: Sequence[str], mapping: Mapping[str, str]) -> dict[int, str]:
    places: dict[str, list[int]] = {}
    for index, heading in enumerate(named):
        places.setdefault(folded(heading), []).append(index)
        places.setdefault(f"#{index + 1}", []).append(index)
    told: dict[int, str] = {}
    missing: list[str] = []
    for heading, field in mapping.items():
        found = places.get(heading.strip()) or places.get(folded(heading))
        if not found:
            missing.append(heading)
        for index in found or ():
            told[index] = field
    if missing:
        raise MappingError(
            "The mapping names columns that the file does not have.",
            errors={heading: ["No column has this heading."] for heading in missing},
        )
    return told


def _check_fields(fields: Iterable[str], kind: FileKind) -> None:
    known = field_keys(kind)
    extras = kind is FileKind.CUSTOMERS
    wrong = [
        field
        for field in fields
        if field not in known and field != IGNORE and not (extras and (_is_extra(field) or is_consent_target(field)))
    ]
    if wrong:
        raise MappingError(
            f"The mapping names fields that a file of {kind} does not fill; known are: {', '.join(sorted(known))}.",
            errors={field: ["No field has this key."] for field in wrong},
        )


def _is_extra(field: str) -> bool:
    return field.startswith(EXTRA) and _EXTRA_KEY.fullmatch(field[len(EXTRA) :]) is not None


def _decide(named: Sequence[str], told: Mapping[int, str]) -> FileKind:
    """The kind that knows most columns among those whose telling fields are there; customers before others."""
    best, best_count = FileKind.CUSTOMERS, 0
    for kind, content in _kinds().items():
        fields = [told.get(index, content.fields.get(folded(heading))) for index, heading in enumerate(named)]
        known = {field for field in fields if field in content.keys}
        if len(known) > best_count and any(group <= known for group in content.telling):
            best, best_count = kind, len(known)
    return best


class Target(NamedTuple):
    """What a column of consents is about, as a mapping names it: `consent:newsletter+surveys/email+sms`."""

    purposes: tuple[str, ...]
    channels: tuple[Channel, ...]


def consent_target(field: str) -> Target | None:
    """The purposes and channels that a field key names; None where it names none."""
    found = _TARGET.fullmatch(field)
    if found is None or not set(found["channels"].split("+")) <= set(Channel):
        return None
    purposes = tuple(dict.fromkeys(found["purposes"].split("+")))
    return Target(purposes, tuple(dict.fromkeys(map(Channel, found["channels"].split("+")))))


def is_consent_target(field: str) -> bool:
    """Whether a field key names purposes and channels of consents."""
    return consent_target(field) is not None


def read_mapping(content: bytes) -> dict[str, str]:
    """A mapping file, YAML or JSON: column heading to field key, and `notice:PURPOSE` to what was shown.

    Raises:
        MappingError: where it is not one flat object of text.
    """
    try:
        read: object = json.loads(content) if content.lstrip().startswith(b"{") else yaml.safe_load(content)
    except (ValueError, yaml.YAMLError):
        raise MappingError("The mapping file is neither YAML nor JSON.") from None
    if isinstance(read, dict):
        # A version that stands alone is a number to YAML.
        read = {key: str(said) if _is_version(key, said) else said for key, said in read.items()}
    if not isinstance(read, dict) or not all(isinstance(part, str) for pair in read.items() for part in pair):
        raise MappingError("The mapping file must be one object: column heading to field key, both text.")
    return dict(read)


def _is_version(key: object, said: object) -> bool:
    return isinstance(key, str) and key.startswith(NOTICE) and type(said) is int
