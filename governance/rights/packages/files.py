"""The files of a package, written piece by piece as rows come: a page, JSON, and a table for each section."""

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from html import escape
from types import MappingProxyType
from typing import Final, Protocol, TypeAlias
from zoneinfo import ZoneInfo

from governance.customers.whole import Cell
from governance.disclosures.formats import harmless
from governance.kernel.late import load
from governance.messages.times import written
from governance.policies.documents import Node
from governance.policies.periods import parse_period
from governance.rights.packages.gathering import Gathered, Section
from governance.rights.packages.sealing import SealedFile, Sealing
from governance.rights.packages.words import Words, style

PAGE: Final = "index.html"
DOCUMENT: Final = "package.json"
PAGE_ROWS: Final = 1_000
"""Rows of a section on the page; a browser and a printer bear no more. All are in the tables."""
FORMAT: Final = "governance-package"
VERSION: Final = 1
CODED: Final = frozenset(
    (
        *("item", "field", "category", "source", "ground", "purposes", "purpose", "rule", "kind", "label", "channel"),
        *("standing", "method", "reason", "scope", "act", "role", "compartments", "compartment", "side", "fate"),
        *("clock", "anchor", "safeguard", "state"),
    )
)
"""Columns of codes, for which the page has words."""
PERIODS: Final = frozenset({"period", "minimum"})
_ENCODE: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d(T[\d:.]+Z)?\Z", re.ASCII)
"""A day or an instant, which no spreadsheet takes for a formula."""
OF_PERSON: Final = frozenset({"kind", "source", "ground", "sex", "marital_status", "not_mailable"})
"""Fields of a person whose values are codes."""
_PLACES: Final = {"country": "territories", "region": "territories", "language": "languages"}
"""Codes that have names in each language, by column, or field of a person: where the names stand."""


Block: TypeAlias = "Sequence[Sequence[Cell]]"
Told: TypeAlias = "Sequence[Sequence[object]]"


class Writer(Protocol):
    """Takes sections in their order."""

    def begin(self, section: Section, /) -> None:
        """A section begins."""

    def rows(self, section: Section, block: Block, told: Told, /) -> None:
        """Some of its rows, as they are and as JSON has them."""

    def end(self, section: Section, /) -> None:
        """It is over."""

    def finish(self) -> None:
        """All of them are over."""


def writers_of(found: Gathered, sealing: Sealing, keys: Sequence[str]) -> list[Writer]:
    """The page first, then JSON, then the tables."""
    return [Page(found, sealing.file(PAGE), keys), Document(found, sealing.file(DOCUMENT)), Tables(sealing)]


class Page:
    """`index.html`: readable and printable, without anything from elsewhere."""

    def __init__(self, found: Gathered, file: SealedFile, keys: Sequence[str]) -> None:
        self._file = file
        self._words = found.words
        self._zone = found.keeping.zone
        self._planned = not found.keeping.in_force
        self._shown = 0
        self._all = 0
        texts, kind = found.words.texts, found.kind.value
        links = "".join(f'<li><a href="#{one}">{escape(found.words.sections[one])}</a></li>' for one in keys)
        file.write(
            f'<!doctype html>\n<html lang="{found.words.language}"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"<title>{escape(texts[kind])}: {escape(found.controller.legal_name)}</title>"
            f"<style>{style()}</style></head>\n<body><header><h1>{escape(texts[kind])}</h1>"
            f"<p>{escape(found.controller.legal_name)}. {escape(texts['made'])}: "
            f"{escape(as_text(found.work.now, found.words, self._zone))}</p><p>{escape(texts[f'{kind}_intro'])}</p>"
            f'</header>\n<nav aria-label="{escape(texts["contents"])}"><ul>{links}</ul></nav>\n<main>\n'
        )

    def begin(self, section: Section) -> None:
        """A heading."""
        self._shown = self._all = 0
        intro = self._words.intros.get(section.key)
        if section.key == "rules" and self._planned:
            intro = self._words.texts["planned"]
        self._file.write(f'<section id="{section.key}"><h2>{escape(self._words.sections[section.key])}</h2>\n')
        if intro:
            self._file.write(f"<p>{escape(intro)}</p>\n")

    def rows(self, section: Section, block: Block, _told: Told) -> None:
        """The first rows; the rest is in the table."""
        self._all += len(block)
        for row in block[: PAGE_ROWS - self._shown]:
            if self._shown == 0:
                heads = "".join(f'<th scope="col">{escape(self._words.columns[one])}</th>' for one in section.columns)
                self._file.write(f'<div class="wide"><table><thead><tr>{heads}</tr></thead><tbody>\n')
            self._shown += 1
            cells = zip(section.columns, row, strict=True)
            told = "".join(f"<td>{escape(self._cell(section, row, name, value))}</td>" for name, value in cells)
            self._file.write(f"<tr>{told}</tr>\n")

    def end(self, section: Section) -> None:
        """The end of the table, or that there is none."""
        texts = self._words.texts
        self._file.write("</tbody></table></div>\n" if self._shown else f"<p>{escape(texts['nothing'])}</p>\n")
        if self._all > self._shown:
            told = texts["shortened"].format(count=self._shown)
            self._file.write(f"<p>{escape(told)} csv/{section.key}.csv.</p>\n")
        self._file.write("</section>\n")

    def finish(self) -> None:
        """The end of the page."""
        self._file.write("</main></body></html>\n")
        self._file.end()

    def _cell(self, section: Section, row: Sequence[Cell], name: str, value: Cell) -> str:
        coded = name in CODED or (section.key == "person" and name == "value" and row[1] in OF_PERSON)
        if isinstance(value, str) and name in PERIODS:
            return self._words.period(parse_period(Node("rule", name, value)))
        named = _PLACES.get(str(row[1]) if section.key == "person" and name == "value" else name)
        if isinstance(value, str) and named:
            return name_of(value, named, self._words.language)
        if coded and isinstance(value, list):
            return ", ".join(self._code(section.codes, str(one)) for one in value)
        if coded and isinstance(value, str):
            return ", ".join(self._code(section.codes, one) for one in value.split(", "))
        return as_text(value, self._words, self._zone, section.codes)

    def _code(self, own: Mapping[str, str], code: str) -> str:
        return own.get(code) or self._words.codes.get(code, code)


class Document:
    """`package.json`, in the form of `docs/schemas/package-1.json`; codes stay codes."""

    def __init__(self, found: Gathered, file: SealedFile) -> None:
        self._file = file
        self._between = ""
        head = {
            "format": FORMAT,
            "version": VERSION,
            "kind": found.kind.value,
            "language": found.words.language,
            "made_at": as_json(found.work.now),
        }
        self._file.write(json.dumps(head, ensure_ascii=False)[:-1] + ', "sections": {')

    def begin(self, section: Section) -> None:
        """Its name."""
        self._file.write(f'{self._between}\n"{section.key}": [')
        self._between = ""

    def rows(self, section: Section, _block: Block, told: Told) -> None:
        """An object a row."""
        for row in told:
            self._file.write(f"{self._between}\n{_ENCODE(dict(zip(section.columns, row, strict=True)))}")
            self._between = ","

    def end(self, _section: Section) -> None:
        """The end of its list."""
        self._file.write("]")
        self._between = ","

    def finish(self) -> None:
        """The end of the document."""
        self._file.write("\n}}\n")
        self._file.end()


class Tables:
    """`csv/SECTION.csv` for each section that has rows."""

    def __init__(self, sealing: Sealing) -> None:
        self._sealing = sealing
        self._file: SealedFile | None = None

    def begin(self, _section: Section) -> None:
        """Nothing, until there is a row."""
        self._file = None

    def rows(self, section: Section, block: Block, told: Told) -> None:
        """A line a row, as spreadsheets read it and none takes for a formula."""
        if self._file is None and block:
            self._file = self._sealing.file(f"csv/{section.key}.csv")
            self._file.write("\ufeff" + _lines([section.columns]))
        if self._file is not None:
            self._file.write(_lines([_plain(value) for value in row] for row in told))

    def end(self, _section: Section) -> None:
        """Its last part."""
        if self._file is not None:
            self._file.end()

    def finish(self) -> None:
        """Nothing more."""


def name_of(code: str, kind: str, language: str) -> str:
    """The name of a country or language by its code (CLDR); the code where there is none.

    Args:
        code: ISO 3166 or ISO 639.
        kind: `territories` or `languages`.
        language: of the package.
    """
    return str(_names(kind, language).get(code.upper() if kind == "territories" else code.lower(), code))


@cache
def _names(kind: str, language: str) -> Mapping[str, str]:
    if not load("babel.localedata:exists")(language):  # a further language that CLDR does not know
        return {}
    found: Mapping[str, str] = getattr(load("babel.core:Locale")(language), kind)
    return found


def as_json(value: Cell) -> object:
    """A cell as JSON: instants as RFC 3339 in UTC, days as ISO 8601, amounts as text."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def as_text(value: Cell, words: Words, zone: ZoneInfo, codes: Mapping[str, str] = MappingProxyType({})) -> str:
    """A cell as it is read by people."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return words.texts["yes" if value else "no"]
    if isinstance(value, datetime):
        there = value.astimezone(zone)
        return f"{written(there, words.language)}, {there:%H:%M}"
    if isinstance(value, date):
        return written(value, words.language)
    if isinstance(value, list):
        return "\n".join(as_text(one, words, zone, codes) for one in value)
    if isinstance(value, dict):
        named = ((codes.get(name) or words.codes.get(name, name), one) for name, one in value.items())
        return ", ".join(f"{name}: {as_text(one, words, zone, codes)}" for name, one in named)
    return str(value)


def _plain(told: object) -> str:
    """A cell that `as_json` gave, as a table has it."""
    if isinstance(told, str):
        return told if _DAY.match(told) else harmless(told)
    if told is None:
        return ""
    if isinstance(told, bool):
        return "true" if told else "false"
    return harmless(json.dumps(told, ensure_ascii=False) if isinstance(told, list | dict) else str(told))


def _lines(rows: Iterable[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows(rows)
    return text.getvalue()
