"""What the sections of a package are made of: the person, their clocks and rules, and what officers said of notes."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from governance.consent.purposes import book
from governance.customers.whole import Cell, Record, Row, records
from governance.kernel.ids import SubjectId
from governance.kernel.work import Work
from governance.policies import shipped
from governance.policies.purposes import PurposeBook
from governance.reference.operations import controller
from governance.reference.record import Controller
from governance.rights.packages.keeping import Keeping, keeping
from governance.rights.packages.records import PackageKind
from governance.rights.packages.words import Words, words

Instead = Mapping[tuple[UUID, str], str | None]
"""By row and field, what is told in the place of a note; None where it is withheld."""
NOTES: Final[Mapping[str, tuple[str, ...]]] = {
    "person": ("note", "source_note"),
    "purchase": ("note",),
    "interaction": ("note", "result"),
}
"""Free text about the person that somebody else wrote, by table."""


@dataclass(frozen=True)
class Section:
    """A table of a package.

    Attributes:
        key: its name in files.
        columns: keys of its columns.
        blocks: rows, each with the cells of the columns, block by block.
        codes: words for codes that only this section has.
    """

    key: str
    columns: tuple[str, ...]
    blocks: Iterable[Sequence[Sequence[Cell]]]
    codes: Mapping[str, str]


@dataclass(frozen=True)
class Gathered:
    """What all sections share."""

    work: Work
    kind: PackageKind
    person: SubjectId
    records: Sequence[Record]
    controller: Controller
    keeping: Keeping
    purposes: PurposeBook
    words: Words
    instead: Instead

    def told(self, row: UUID, field: str, text: Cell) -> Cell:
        """A note as it may be told."""
        if text is None or (row, field) not in self.instead:
            return text
        return self.instead[row, field] or self.words.texts["withheld"]


def gather(work: Work, *, person: SubjectId, kind: PackageKind, language: str, instead: Instead) -> Gathered:
    """Fetch what all sections share.

    Raises:
        NoControllerError: where nobody has said yet whose store this is.
    """
    return Gathered(
        work=work,
        kind=kind,
        person=person,
        records=records(work, person=person),
        controller=controller(work),
        keeping=keeping(work, person=person),
        purposes=book(work),
        words=words(language),
        instead=instead,
    )


def section(
    key: str, columns: Sequence[str], rows: Iterable[Row], *, codes: Mapping[str, str] | None = None
) -> Section:
    """A section of few rows."""
    return streamed(key, columns, iter([list(rows)]), codes=codes)


def streamed(
    key: str, columns: Sequence[str], blocks: Iterator[Sequence[Row]], *, codes: Mapping[str, str] | None = None
) -> Section:
    """A section whose rows come block by block."""
    names = tuple(columns)
    told = ([[row.get(name) for name in names] for row in block] for block in blocks)
    return Section(key, names, told, codes or {})


def moment(at: Cell, whole_day: Cell, keeping_zone: Keeping) -> Cell:
    """An instant, or the day where no more is known."""
    return at.astimezone(keeping_zone.zone).date() if whole_day and isinstance(at, datetime) else at


def instant_of(value: Cell) -> datetime | None:
    """A cell as an instant."""
    return value if isinstance(value, datetime) else None


def rule_titles(found: Gathered) -> dict[str, str]:
    """What the rules are called."""
    return {key: found.words.of(rule.titles) for key, rule in found.keeping.rules.items()}


def category_titles(found: Gathered) -> dict[str, str]:
    """What the categories are called."""
    return {key: found.words.of(one.titles) for key, one in shipped.categories().items()}


def purpose_titles(found: Gathered) -> dict[str, str]:
    """What the purposes are called."""
    return {key: found.words.of(one.titles) for key, one in found.purposes.purposes.items()}
