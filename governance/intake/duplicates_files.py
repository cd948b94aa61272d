"""Duplicates within one file of customers, by row numbers; nothing is imported, kept, or looked up in a store."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import BinaryIO

from governance.intake.duplicates_pairs import Comparison, OnPairs
from governance.intake.duplicates_profiles import Profile, Told, profile_of
from governance.intake.duplicates_scores import Reason
from governance.intake.files import CustomerFile, FileOptions
from governance.intake.headings import FileKind
from governance.intake.records import CustomerRow
from governance.kernel.errors import InvalidError
from governance.kernel.records import frozen

CYRILLIC_REGION = "RU"
"""Country of numbers in lists with Cyrillic headings that no letter tells to be of another."""
_CYRILLIC = re.compile("[А-Яа-я]")

OnRows = Callable[[int], None]


@frozen
class RowPair:
    """Two rows that are probably one person.

    Attributes:
        rows: row numbers as a spreadsheet shows them, ascending.
        score: probability in percent.
        reasons: what speaks for it, and what against.
    """

    rows: tuple[int, int]
    score: int
    reasons: tuple[Reason, ...]


@frozen
class FileDuplicates:
    """What a comparison of the rows of a file came to.

    Attributes:
        rows: how many were compared.
        refused: how many hold nothing that an import would take, and were not compared.
        phone_region: ISO 3166 country that numbers without a country code were read as of; None where none is known.
        clusters: row numbers of those who are one person each.
        pairs: the surest first; in a cluster or, where two fit who contradict each other, in none.
        crowded: values shared by so many rows that not all of these were compared.
    """

    rows: int
    refused: int
    phone_region: str | None
    clusters: tuple[tuple[int, ...], ...]
    pairs: tuple[RowPair, ...]
    crowded: int


@frozen
class _Nowhere:
    """No controller: what a file does not say of itself stays unread."""

    region: str = ""
    zone: str = "UTC"


def duplicates_in(
    file: BinaryIO,
    *,
    options: FileOptions,
    now: datetime,
    on_rows: OnRows | None = None,
    on_pairs: OnPairs | None = None,
) -> FileDuplicates:
    """Find the rows of a file that are probably one person.

    Args:
        file: seekable bytes, left open.
        options: what it does not say of itself.
        now: the present instant, which tells the century of `12/11/65`.
        on_rows: told now and then how many rows were read.
        on_pairs: told now and then how many comparisons are done, and of how many.

    Raises:
        UnreadableFileError, HeadingsNotFoundError, MappingError: where it cannot be read.
        InvalidError: where its rows are no customers.
    """
    opened = _opened(file, options, now)
    if opened.plan.kind is not FileKind.CUSTOMERS:
        raise InvalidError("The rows of this file are no customers; duplicates are looked for among customers only.")
    numbers: list[int] = []
    profiles: list[Profile] = []
    refused = 0
    for row in opened.rows():
        if row.read is None:
            continue
        record = row.read.record
        if not isinstance(record, CustomerRow):
            refused += 1
            continue
        numbers.append(record.number)
        profiles.append(profile_of(told_by(record), [(one.kind, one.value) for one in record.contacts]))
        if on_rows is not None and len(numbers) % 1000 == 0:
            on_rows(len(numbers))
    compared = Comparison(profiles, on_pairs=on_pairs)
    return FileDuplicates(
        rows=len(numbers),
        refused=refused,
        phone_region=opened.region or None,
        clusters=tuple(tuple(numbers[place] for place in one) for one in compared.clusters()),
        pairs=tuple(
            RowPair((numbers[pair.first], numbers[pair.second]), pair.score.percent, pair.score.reasons)
            for pair in compared.pairs()
        ),
        crowded=compared.crowded,
    )


def _opened(file: BinaryIO, options: FileOptions, now: datetime) -> CustomerFile:
    opened = CustomerFile(file, options, controller=_Nowhere(), now=now)
    headings = "".join(column.heading for column in opened.plan.columns)
    if opened.region or not _CYRILLIC.search(headings):
        return opened
    # No letter tells the language; the command says how the numbers were read, and how to say otherwise.
    return CustomerFile(file, replace(options, region=CYRILLIC_REGION), controller=_Nowhere(), now=now)


def told_by(row: CustomerRow) -> Told:
    """What a row tells of a person, besides contacts."""
    return Told(
        family_name=row.family_name,
        given_name=row.given_name,
        patronymic=row.patronymic,
        organisation=row.organisation,
        birth_date=None if row.birth_date is None else str(row.birth_date),
        sex=row.sex,
        city=row.city,
        street=row.street,
    )
