"""What the verbs of this package answer."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from governance.customers.codes import Ground, Source
from governance.intake.doubles import FileDoubles
from governance.intake.files import FileFacts
from governance.intake.headings import FileKind
from governance.kernel.ids import BatchId, SubjectId
from governance.kernel.records import frozen


class BatchState(StrEnum):
    """Life of an import."""

    STAGED = "staged"
    RUNNING = "running"
    FINISHED = "finished"
    UNDOING = "undoing"
    UNDONE = "undone"


@frozen
class RefusalShown:
    """A refusal of the report: place and reason, never the value.

    Attributes:
        row: row number as a spreadsheet shows it.
        column: heading, or empty where the whole row is meant.
        code: stable name of the flaw.
        reason: a sentence with the remedy.
        whole: whether the row is refused, or this cell alone.
    """

    row: int
    column: str
    code: str
    reason: str
    whole: bool


@frozen
class FlawCount:
    """How often a column was refused for the same reason."""

    column: str
    code: str
    rows: int


@frozen
class AgainstStore:
    """What the rows come to against the people who are there already.

    Attributes:
        known: rows whose person is in the store: same contact, same name.
        possible_doubles: rows that share a contact with a person of another name.
        unknown_person: purchases or interactions of nobody in the store.
        several_people: purchases or interactions whose contacts lead to several people; the earliest gets them.
    """

    known: int = 0
    possible_doubles: int = 0
    unknown_person: int = 0
    several_people: int = 0


@frozen
class DryRun:
    """What an import of a file would do; nothing was written.

    Attributes:
        rows: rows under the headings, blank ones included.
        good: rows that would be imported.
        refused: rows that would not.
        skipped: rows that are no data, by why.
        refusals: the first of them, in the order of rows.
        refusal_counts: all of them, counted.
        consents_yes, consents_no: cells that say so.
        consents_given: of the yes, those whose day and notice are known; the others are claims, and permit nothing.
        complete: whether all rows were tried; else all counts are of the first rows, as many as a request may take.
        already: the import that brought this very file before, if any.
    """

    file: FileFacts
    rows: int
    good: int
    refused: int
    skipped: Mapping[str, int]
    refusals: tuple[RefusalShown, ...]
    refusal_counts: tuple[FlawCount, ...]
    doubles: FileDoubles
    store: AgainstStore
    consents_yes: int
    consents_no: int
    consents_given: int
    complete: bool
    already: BatchId | None


@frozen
class BatchReport:
    """An import as it stands.

    Attributes:
        file_name: name given with the file.
        done: rows applied of `good`.
        good, refused, skipped: rows by what the file alone decides.
        incomplete: of `good`, rows without some cell, which was refused.
        created: people, purchases or interactions that it made.
        enriched: people to whom it added something.
        unchanged: rows that told nothing new.
        refused_late: rows refused against the store (a purchase of nobody).
        possible_doubles: people who share a contact with somebody of another name.
        to_inform: rows whose people did not give their data themselves, by the row's own source or that of the file.
        inform_by: until when those are to be told (GDPR Art. 14(3)(a)); None where there are none.
        refused_until: until when the refused rows can be downloaded; None once they are gone.
    """

    id: BatchId
    state: BatchState
    kind: FileKind
    source: Source
    ground: Ground
    file_name: str
    file: FileFacts
    created_at: datetime
    finished_at: datetime | None
    undone_at: datetime | None
    done: int
    good: int
    refused: int
    skipped: int
    incomplete: int
    created: int
    enriched: int
    unchanged: int
    refused_late: int
    possible_doubles: int
    to_inform: int
    inform_by: datetime | None
    refused_until: datetime | None


@frozen
class Started:
    """An import that waits to be run.

    Attributes:
        again: this file was brought before; nothing was staged, and the report is that of the earlier import.
    """

    batch: BatchReport
    again: bool


@frozen
class Progress:
    """How far an import, or its undoing, has come.

    Attributes:
        done, total: rows.
    """

    done: int
    total: int


@frozen
class Undone:
    """What became of an undoing.

    Attributes:
        removed: records that the import had made and that are gone.
        restored: people whom it had enriched and who are as they were.
        edited_since: people left as they are, because somebody worked on them after the import.
    """

    batch: BatchReport
    removed: int
    restored: int
    edited_since: tuple[SubjectId, ...]
