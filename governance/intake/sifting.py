"""Send checks for mailers that only speak files: a list in, the same list out with the rows that may be sent to."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from datetime import datetime
from itertools import islice
from typing import BinaryIO, Final

from governance.consent import operations as consent
from governance.consent.operations import Asked
from governance.consent.sentences import RULES
from governance.customers.reach import allow
from governance.intake.contact_lists import ContactList, ListOptions, ListRow
from governance.intake.errors import EmptyFileError
from governance.intake.list_writing import REASON_HEADINGS, KeptRows, ReasonRows
from governance.kernel.clock import Clock
from governance.kernel.db import Database
from governance.kernel.errors import InvalidError
from governance.kernel.ids import EntryId
from governance.kernel.records import frozen
from governance.kernel.work import Actor, open_work
from governance.policies.consent_facts import WORDS, Reason, Word
from governance.policies.permissions import Permission
from governance.policies.purposes import Channel
from governance.reference.operations import controller

PART: Final = consent.MOST_CONTACTS
"""Rows that one decision is about."""


@frozen
class Sifted:
    """What became of a list.

    Attributes:
        at: when the first part was decided.
        column: heading of the column that was looked at, or its place.
        rows: rows with anything in them.
        allowed: rows that may be sent to.
        reasons: how often each reason kept a row out.
        malformed: numbers of rows that hold no contact of the channel, the first thousand of them.
        decisions: audit entries, one for each 10,000 rows.
    """

    at: datetime
    column: str
    rows: int
    allowed: int
    reasons: Mapping[Reason, int]
    malformed: Sequence[int]
    decisions: Sequence[EntryId]


@frozen
class ReasonWords:
    """What the file of the rows that were left out says, in the language of whoever asked; in English by itself.

    Attributes:
        headings: over number, answer, code of the reason, and sentence.
        answers: each answer in words.
        sentences: why, by reason.
    """

    headings: Sequence[str] = REASON_HEADINGS
    answers: Mapping[Word, str] = field(default_factory=lambda: {one: one.value for one in Word})
    sentences: Mapping[Reason, str] = field(default_factory=lambda: {one: rule.sentence for one, rule in RULES.items()})


MALFORMED_SHOWN: Final = 1000


def sift(
    database: Database,
    *,
    actor: Actor,
    file: BinaryIO,
    asked: Asked,
    options: ListOptions,
    allowed: BinaryIO,
    reasons: BinaryIO,
    words: ReasonWords | None = None,
    clock: Clock | None = None,
    on_rows: Callable[[int], None] | None = None,
) -> Sifted:
    """Check all rows of a list, one decision and one transaction for each 10,000.

    Args:
        database: of the store.
        actor: who asks.
        file: the list, seekable; CSV is read and written in constant memory.
        asked: what is to be sent.
        options: what the list does not say of itself.
        allowed: takes the list with nothing but the rows that may be sent to, as they stood.
        reasons: takes the other rows as CSV (UTF-8), each with its number and why it was left out.
        words: what that file says; English where none are given.
        clock: of the transactions.
        on_rows: told how many rows were decided.

    Raises:
        ForbiddenError: where the actor may not check.
        UnreadableFileError, HeadingsNotFoundError, MappingError: where the list cannot be read.
        InvalidError: where no contact belongs to the channel.
    """
    with open_work(database, actor, clock=clock) as work:
        allow(work, Permission.CONSENT_CHECK)
        home = controller(work).region
    listed = ContactList(file, channel=asked.channel, options=options, home=home)
    told, said = _Told(), words or ReasonWords()
    kept, left = KeptRows(listed, allowed), ReasonRows(listed, reasons, headings=said.headings)
    rows = listed.rows()
    while part := list(islice(rows, PART)):
        with open_work(database, actor, clock=clock) as work:
            found = consent.check(work, question=asked, contacts=[row.contact for row in part])
        if found.used:
            with open_work(database, actor, clock=clock) as work:
                consent.note_use(work, purpose=asked.purpose, channel=asked.channel, people=found.used)
        told.decided(found)
        for row, verdict in zip(part, found.verdicts, strict=True):
            if verdict.allowed:
                kept.add(row)
            else:
                why = verdict.reason
                left.add(row, said.answers[WORDS[why]], why, said.sentences[why])
            told.take(row, verdict.reason, allowed=verdict.allowed)
        if on_rows is not None:
            on_rows(told.rows)
    kept.finish()
    left.finish()
    return told.result(listed)


def prove(
    database: Database,
    *,
    actor: Actor,
    file: BinaryIO,
    channel: Channel,
    options: ListOptions,
    decisions: Sequence[EntryId],
    clock: Clock | None = None,
) -> list[bool]:
    """Whether each of *decisions* was about its part of the list, 10,000 rows each, in this order and spelling.

    Raises:
        ForbiddenError: where the actor may not see decisions in full.
        NotFoundError: where there is no such decision, or what it was salted with is gone.
        InvalidError: where the list has another number of parts than there are decisions.
        UnreadableFileError, HeadingsNotFoundError, MappingError: where the list cannot be read.
    """
    with open_work(database, actor, clock=clock) as work:
        allow(work, Permission.CONSENT_DETAILS)
        home = controller(work).region
    rows = ContactList(file, channel=channel, options=options, home=home).rows()
    proved: list[bool] = []
    while part := list(islice(rows, PART)):
        if len(proved) == len(decisions):
            raise _another_number(len(decisions))
        with open_work(database, actor, clock=clock) as work:
            said = [row.contact for row in part]
            proved.append(consent.is_about(work, decision=decisions[len(proved)], inputs=said))
    if len(proved) != len(decisions):
        raise _another_number(len(decisions))
    return proved


def _another_number(decisions: int) -> InvalidError:
    why = f"Each {PART} rows of a list are one decision; the list does not come to {decisions}."
    return InvalidError(why, errors={"decisions": [why]})


class _Told:
    """Counts, part by part."""

    def __init__(self) -> None:
        self.rows = 0
        self._allowed = 0
        self._reasons: Counter[Reason] = Counter()
        self._malformed: list[int] = []
        self._decisions: list[EntryId] = []
        self._at: datetime | None = None

    def decided(self, found: consent.Checked) -> None:
        self._decisions.append(found.decision)
        self._at = self._at or found.at

    def take(self, row: ListRow, reason: Reason, *, allowed: bool) -> None:
        self.rows += 1
        if allowed:
            self._allowed += 1
            return
        self._reasons[reason] += 1
        if reason is Reason.MALFORMED and len(self._malformed) < MALFORMED_SHOWN:
            self._malformed.append(row.number)

    def result(self, listed: ContactList) -> Sifted:
        if self._at is None:
            raise EmptyFileError("The list has no row with anything in it.")
        return Sifted(
            at=self._at,
            column=column_name(listed),
            rows=self.rows,
            allowed=self._allowed,
            reasons=dict(self._reasons),
            malformed=tuple(self._malformed),
            decisions=tuple(self._decisions),
        )


def column_name(listed: ContactList) -> str:
    """What the column that was looked at is called, or its place."""
    headings = listed.headings
    named = headings[listed.column] if listed.column < len(headings) else ""
    return named or f"#{listed.column + 1}"
