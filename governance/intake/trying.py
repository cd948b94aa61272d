"""The dry run: all that an import of a file would do, without doing it."""

from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import BinaryIO

from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.intake.bounds import BoundedRows, Bounds
from governance.intake.claims import Claims
from governance.intake.doubles import DoubleFinder
from governance.intake.files import FileOptions, ReadRow, fingerprint, open_file
from governance.intake.folding import fold_person
from governance.intake.lookup import held_by
from governance.intake.people import keys_of, new_person, same_person
from governance.intake.reading import SkippedRow
from governance.intake.records import CustomerRow, Record, RowRead
from governance.intake.reports import AgainstStore, DryRun, FlawCount, RefusalShown
from governance.intake.starting import OnRows, earlier_batch
from governance.kernel.ids import BatchId
from governance.kernel.work import Work

REFUSALS_SHOWN = 1000
"""More of them are counted and not listed: the report stays readable, and memory constant."""
WINDOW = 1000


def dry_run(
    work: Work,
    *,
    file: BinaryIO,
    options: FileOptions | None = None,
    bounds: Bounds | None = None,
    on_rows: OnRows | None = None,
) -> DryRun:
    """Tell what an import of *file* would do; nothing is written but the entry that somebody tried.

    Args:
        work: its actor is told in the audit log, since the answer says who is in the store.
        file: seekable bytes, left open; read in a stream, in constant memory.
        options: what the file does not say of itself.
        bounds: where somebody waits for the answer; what lies beyond is not tried, and the report says so.
        on_rows: told how many rows were read.

    Raises:
        UnreadableFileError, HeadingsNotFoundError, MappingError: where the file cannot be read.
    """
    chosen = options or FileOptions()
    earlier = earlier_batch(work, fingerprint(file, chosen))
    reading = BoundedRows(bounds)
    opened = open_file(work, file, chosen, seconds=None if bounds is None else bounds.seconds)
    trial = _Trial(work, Claims(work, chosen.notices))
    rows = reading.of(opened.rows())
    while window := list(islice(rows, WINDOW)):
        trial.take(window)
        if on_rows is not None:
            on_rows(trial.rows)
    facts = opened.facts
    answer = DryRun(
        file=facts,
        rows=trial.rows,
        good=trial.good,
        refused=trial.refused,
        skipped=dict(trial.skipped),
        refusals=tuple(trial.shown),
        refusal_counts=tuple(FlawCount(*place, rows=count) for place, count in trial.flaws.most_common()),
        doubles=trial.doubles.found(),
        store=AgainstStore(**trial.store),
        consents_yes=trial.consents[True],
        consents_no=trial.consents[False],
        consents_given=trial.given,
        complete=not reading.cut,
        already=None if earlier is None else BatchId(earlier.id),
    )
    audit.append(
        work,
        Action.IMPORT_TRIED,
        facts={"kind": facts.kind.value, "good": answer.good, "refused": answer.refused, "known": answer.store.known},
    )
    return answer


class _Trial:
    """Counts, window by window."""

    def __init__(self, work: Work, claims: Claims) -> None:
        self._work = work
        self._claims = claims
        self.given = 0
        self.rows = self.good = self.refused = 0
        self.skipped: Counter[str] = Counter()
        self.shown: list[RefusalShown] = []
        self.flaws: Counter[tuple[str, str]] = Counter()
        self.doubles = DoubleFinder()
        self.store: Counter[str] = Counter()
        self.consents: Counter[bool] = Counter()

    def take(self, window: list[ReadRow]) -> None:
        """Some rows of the file."""
        records = list(self._records(window))
        people = [record for record in records if isinstance(record, CustomerRow)]
        for person in people:
            self.consents.update(claim.given for claim in person.consents)
            self.given += sum(self._claims.is_given(person, claim) for claim in person.consents)
            keys = (":".join(key) for key in keys_of(person.contacts))
            named = bool(person.family_name or person.given_name)
            folded = fold_person(person.family_name if named else person.organisation, person.given_name)
            self.doubles.add(person.number, contacts=keys, person=folded)
        self._compare(records)

    def _records(self, window: list[ReadRow]) -> Iterator[Record]:
        for row in window:
            if isinstance(row.row, SkippedRow):
                self.rows += row.row.times
                self.skipped[row.row.why.value] += row.row.times
            elif row.read is not None:
                self._count(row.read)
                if row.read.record is not None:
                    yield row.read.record

    def _count(self, read: RowRead) -> None:
        whole = read.record is None
        self.rows += 1
        self.refused += whole
        self.good += not whole
        for refusal in read.refusals:
            self.flaws[(refusal.column, refusal.code)] += 1
            if len(self.shown) < REFUSALS_SHOWN:
                self.shown.append(RefusalShown(read.number, refusal.column, refusal.code, refusal.reason, whole))

    def _compare(self, records: list[Record]) -> None:
        held = held_by(self._work, (key for record in records for key in keys_of(record.contacts)))
        for record in records:
            found = {one.id: one for key in keys_of(record.contacts) for one in held.get(key, ())}
            if isinstance(record, CustomerRow):
                person = new_person(record)
                known = any(same_person(person, one) for one in found.values())
                self.store["known"] += known
                self.store["possible_doubles"] += bool(found) and not known
            else:
                self.store["unknown_person"] += not found
                self.store["several_people"] += len(found) > 1
