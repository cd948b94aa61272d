"""What is kept of whoever is signed in to the portal, why and until when (GDPR Art. 15).

The same rows as a package tells, less what staff wrote: that may be about others too, and an officer looks through it
before it is handed out (Art. 15(4)).
"""

import re
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from itertools import takewhile
from typing import Final

from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.customers.codes import ExtraType
from governance.customers.extras import known
from governance.customers.reach import allow
from governance.customers.records import Json
from governance.customers.visiting import Visitor
from governance.customers.whole import Cell
from governance.kernel.errors import ForbiddenError
from governance.kernel.ids import SubjectId
from governance.kernel.records import frozen
from governance.kernel.work import Work
from governance.policies import shipped
from governance.policies.classification import Visibility
from governance.policies.permissions import Permission
from governance.policies.purposes import PurposeBook
from governance.rights.corrections import EXTRA, GRAVE, LOW_RISK
from governance.rights.packages.circumstances import categories
from governance.rights.packages.files import as_text
from governance.rights.packages.gathering import NOTES, Gathered, Section, category_titles, gather
from governance.rights.packages.records import PackageKind
from governance.rights.packages.sections import sections_of

MOST_ROWS: Final = 50
"""Of a table, the newest; all of them are in the package."""
_TABLES: Final[Mapping[str, tuple[str, ...]]] = {
    "contacts": ("kind", "value", "verified_at", "kept_until"),
    "purchases": ("paid_at", "number", "total", "currency", "items", "kept_until"),
    "interactions": ("at", "kind", "kept_until"),
    "activity": ("at", "kind", "kept_until"),
}
"""Columns that the portal shows."""
_OF_FIELDS: Final = frozenset({"person", "extras"})
_NAMES: Final = {"contacts": "contact", "purchases": "purchase", "interactions": "interaction", "activity": "activity"}
_UNSURE: Final = "It is not sure yet who you are; tell a second fact, or write to us."
_WHOLE_DAY: Final = re.compile(r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])")
_ADDRESS: Final = "user.contact.address"
_RECORD: Final = "user"
_ORDER: Final = ("user.name", "user.demographic", "user.contact", _ADDRESS)
"""Categories that people look for first."""
Shown = str | date | datetime | None


@frozen
class OwnField:
    """One detail.

    Attributes:
        key: of the field, `extra.KEY` of one of the controller's own. title: what it is called. category: of the data.
        value: as people read it. plain: as it is kept, for a form that corrects it.
        kept_until: the last day; None where no rule names one. rule: what it goes by.
        correctable: whether it can be corrected here.
    """

    key: str
    title: str
    category: str
    value: Shown
    plain: Json
    kept_until: date | None
    rule: str
    correctable: bool


@frozen
class Why:
    """What data are used for, and what makes it lawful."""

    purposes: tuple[str, ...]
    grounds: tuple[str, ...]


@frozen
class OwnCategory:
    """Details of one category and those below it.

    Attributes:
        kept_alike: whether all of them are kept until the same day by the same rule.
    """

    key: str
    title: str
    why: Why
    fields: tuple[OwnField, ...]
    kept_alike: bool

    @property
    def kept_until(self) -> date | None:
        """Of all of them, where it is the same."""
        return self.fields[0].kept_until if self.kept_alike else None

    @property
    def rule(self) -> str:
        """What that goes by."""
        return self.fields[0].rule


@frozen
class OwnTable:
    """Rows of one sort, the newest last; *count* of them in all. *keys* are those of the columns."""

    key: str
    title: str
    keys: tuple[str, ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[Shown, ...], ...]
    count: int
    why: Why

    @property
    def is_open(self) -> bool:
        """Whether no rule names a day for some of the rows."""
        return not all(row[self.keys.index("kept_until")] for row in self.rows)


@frozen
class OwnData:
    """All of it.

    Attributes:
        planned: whether the retention rules are only planned yet.
    """

    categories: tuple[OwnCategory, ...]
    tables: tuple[OwnTable, ...]
    planned: bool


def own_data(work: Work, *, visitor: Visitor, language: str) -> OwnData:
    """What is kept of the visitor; told in the log.

    Raises:
        ForbiddenError: where it is not sure who this is.
    """
    found = gathered(work, visitor, language)
    why = _why(found)
    fields: list[OwnField] = []
    tables: list[OwnTable] = []
    for section in sections_of(found):
        if section.key in _OF_FIELDS:
            fields += _fields(found, section)
        elif section.key in _TABLES:
            tables.append(_table(found, section, why))
        elif section.key == "consents":
            break
    told = tuple(_categories(found, fields, why))
    facts = {"categories": len(told), "tables": len(tables)}
    audit.append(work, Action.OWN_DATA_READ, subject=found.records[0].ref, facts=facts)
    return OwnData(told, tuple(one for one in tables if one.count), not found.keeping.in_force)


def own_fields(work: Work, *, visitor: Visitor, language: str) -> list[OwnField]:
    """The details that can be corrected; told in the log.

    Raises:
        ForbiddenError: where it is not sure who this is.
    """
    found = gathered(work, visitor, language)
    told: list[OwnField] = []
    for section in takewhile(lambda one: one.key != "consents", sections_of(found)):
        if section.key in _OF_FIELDS:
            told += [one for one in _fields(found, section) if one.correctable]
    audit.append(work, Action.OWN_DATA_READ, subject=found.records[0].ref, facts={"fields": len(told)})
    return told


def own_person(work: Work, visitor: Visitor, permission: Permission) -> SubjectId:
    """The visitor, where what was proved opens an act.

    Raises:
        ForbiddenError: where it does not.
    """
    allow(replace(work, actor=visitor.actor), permission)
    if visitor.person is None:
        raise ForbiddenError(_UNSURE)
    return visitor.person


def gathered(work: Work, visitor: Visitor, language: str) -> Gathered:
    """What all that is told of the visitor shares.

    Raises:
        ForbiddenError: where it is not sure who this is.
    """
    person = own_person(work, visitor, Permission.PORTAL_READ)
    return gather(work, person=person, kind=PackageKind.ACCESS, language=language, instead={})


def _categories(found: Gathered, fields: Sequence[OwnField], why: Mapping[str, Why]) -> Iterator[OwnCategory]:
    titles = category_titles(found)
    groups: dict[str, list[OwnField]] = {}
    for one in fields:
        groups.setdefault(_group(one.category, titles), []).append(one)
    for key in sorted(
        groups, key=lambda one: (one == _RECORD, _ORDER.index(one) if one in _ORDER else len(_ORDER), one)
    ):
        kept = groups[key]
        alike = len({(one.kept_until, one.rule) for one in kept}) == 1
        yield OwnCategory(key, titles.get(key, key), _of(why, {one.category for one in kept}), tuple(kept), alike)


def _group(category: str, titles: Mapping[str, str]) -> str:
    """The category under which a detail is shown."""
    if category.startswith(_ADDRESS):
        return _ADDRESS
    short = ".".join(category.split(".")[:2])
    return short if short in titles else category


def _fields(found: Gathered, section: Section) -> Iterator[OwnField]:
    places = {name: place for place, name in enumerate(section.columns)}
    seen: set[tuple[str, str]] = set()
    extras = _changeable(found) if section.key == "extras" else None
    for block in section.blocks:
        for row in block:
            key, value = str(row[places["field"]]), row[places["value"]]
            told = _text(found, section, key, value)
            if key in NOTES["person"] or (key, told) in seen or not told:
                continue
            seen.add((key, told))
            until, rule = row[places["kept_until"]], str(row[places["rule"]] or "")
            yield OwnField(
                key=key if extras is None else f"{EXTRA}{key}",
                title=section.codes.get(key) or found.words.codes.get(key, key),
                category=str(row[places["category"]]),
                value=(_day(value) if extras is None or extras.get(key) is ExtraType.DATE else None) or told,
                plain=value if isinstance(value, str | list | bool | int | float) else told,
                kept_until=until if isinstance(until, date) else None,
                rule=section.codes.get(rule, rule),
                correctable=key in (LOW_RISK | GRAVE if extras is None else extras),
            )


def _changeable(found: Gathered) -> Mapping[str, ExtraType]:
    """The controller's own fields that people may correct, by key; one that staff never see is told and no more."""
    fields = known(found.work).values()
    return {one.key: one.type for one in fields if one.retired_at is None and one.visibility is not Visibility.HIDDEN}


def _day(value: Cell) -> date | None:
    """A day, of an instant or a day that is known in full, as a birth date need not be."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, str):
        return date.fromisoformat(value) if _WHOLE_DAY.fullmatch(value) else None
    return value if isinstance(value, date) else None


def _table(found: Gathered, section: Section, why: Mapping[str, Why]) -> OwnTable:
    columns = _TABLES[section.key]
    places = [section.columns.index(name) for name in columns]
    rows: deque[tuple[Shown, ...]] = deque(maxlen=MOST_ROWS)
    count = 0
    for block in section.blocks:
        for row in block:
            rows.append(tuple(_shown(found, section, columns[n], row[place]) for n, place in enumerate(places)))
            count += 1
    used = {one.category for one in shipped.catalogue().tables[_NAMES[section.key]].fields.values()}
    titles = tuple(found.words.columns[name] for name in columns)
    return OwnTable(section.key, found.words.sections[section.key], columns, titles, tuple(rows), count, _of(why, used))


def _shown(found: Gathered, section: Section, name: str, value: Cell) -> Shown:
    if isinstance(value, date | datetime):
        return value
    return _text(found, section, name, value)


def _text(found: Gathered, section: Section, name: str, value: Cell) -> str:
    if isinstance(value, list):
        return ", ".join(_text(found, section, name, one) for one in value)
    if isinstance(value, str) and name in {"kind", "sex", "source", "ground", "not_mailable", "marital_status"}:
        return section.codes.get(value) or found.words.codes.get(value, value)
    return as_text(value, found.words, found.keeping.zone, section.codes)


def _why(found: Gathered) -> dict[str, Why]:
    told: dict[str, Why] = {}
    purposes: PurposeBook = found.purposes
    for block in categories(found).blocks:
        for category, keys, grounds in block:
            if isinstance(keys, list) and isinstance(grounds, list):
                titles = tuple(found.words.of(purposes.purposes[str(key)].titles) for key in keys)
                told[str(category)] = Why(titles, tuple(str(one) for one in grounds))
    return told


def _of(why: Mapping[str, Why], used: set[str]) -> Why:
    found = [why[one] for one in sorted(used) if one in why]
    purposes = dict.fromkeys(purpose for one in found for purpose in one.purposes)
    return Why(tuple(purposes), tuple(dict.fromkeys(ground for one in found for ground in one.grounds)))


def titles_of_fields(keys: Sequence[str], language: str) -> dict[str, str]:
    """What fields of a person are called in a language."""
    fields = shipped.catalogue().tables["person"].fields
    return {key: fields[key].titles.get(language) if key in fields else key for key in keys}
