"""Bringing a file in: parsed in a stream and staged as sealed chunks, so that nothing of it lies in the clear."""

import hashlib
from collections.abc import Callable
from typing import BinaryIO

from sqlalchemy import select, text

from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import ObjectRef
from governance.customers.codes import NOT_FROM_THE_PERSON
from governance.intake.batches import OBJECT, REFUSED_KEPT, facts_to, report_of
from governance.intake.bounds import BoundedRows, Bounds
from governance.intake.errors import EmptyFileError, OversizedFileError
from governance.intake.files import CustomerFile, FileFacts, FileOptions, Provenance, ReadRow, fingerprint, open_file
from governance.intake.reading import SkippedRow
from governance.intake.recent import RecentContacts
from governance.intake.records import CustomerRow, Record
from governance.intake.reports import BatchReport, BatchState, Started
from governance.intake.staging import CHUNK_BYTES, CHUNK_ROWS, Json, encode_refused, encode_waiting, pack
from governance.intake.tables import ImportBatchRow, ImportChunkRow
from governance.intake.turns import many_objects
from governance.kernel.errors import ConflictError
from governance.kernel.ids import BatchId, OwnerId, uuid7
from governance.kernel.work import Work
from governance.vault.compartments import OwnerKind
from governance.vault.runtime import vault_of

OnRows = Callable[[int], None]
"""Called now and then with the number of rows read so far."""


def earlier_batch(work: Work, content: str) -> ImportBatchRow | None:
    """The import that brought this very content before and was not undone."""
    query = select(ImportBatchRow).where(ImportBatchRow.content == content, ImportBatchRow.state != BatchState.UNDONE)
    return work.session.scalars(query.order_by(ImportBatchRow.id.desc())).first()


def brought_before(work: Work, *, file: BinaryIO, options: FileOptions | None = None) -> BatchReport | None:
    """The import that `start` would answer for this file instead of staging it anew; None where it is new."""
    earlier = earlier_batch(work, fingerprint(file, options or FileOptions()))
    return None if earlier is None else report_of(work, earlier)


def start(
    work: Work,
    *,
    file: BinaryIO,
    provenance: Provenance,
    options: FileOptions | None = None,
    bounds: Bounds | None = None,
    on_rows: OnRows | None = None,
) -> Started:
    """Stage a file for import. Whoever brings the same file again gets the earlier import instead.

    So that a request repeated after an answer was lost does nothing twice. Whoever brings it otherwise (another source,
    ground, mapping, region ...) means something else and is refused: that import is undone first.

    The file is read in a stream; all of it is staged or, where anything fails, nothing.

    Args:
        work: the transaction that stages all of it.
        file: seekable bytes, left open.
        provenance: where the list came from, and the lawful ground; both must be told, no default is safe.
        options: what the file does not say of itself.
        bounds: where somebody waits for the answer.
        on_rows: told how many rows were read.

    Raises:
        UnreadableFileError, HeadingsNotFoundError, MappingError: where the file cannot be read.
        EmptyFileError: where there are headings and no row.
        OversizedFileError: where the file goes beyond *bounds*.
        ConflictError: where the same file was brought before and told otherwise; `errors` names what differs.
    """
    chosen = options or FileOptions()
    content = fingerprint(file, chosen)
    # Two people bringing the same file at once must not stage it twice.
    lock = int.from_bytes(hashlib.sha256(content.encode()).digest()[:8], "big", signed=True)
    work.session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": lock})
    earlier = earlier_batch(work, content)
    reading = BoundedRows(bounds)
    opened = open_file(work, file, chosen, seconds=None if bounds is None else bounds.seconds)
    if earlier is not None:
        before = report_of(work, earlier)
        _refuse_if_otherwise(earlier, before, opened.facts, provenance, chosen)
        return Started(before, again=True)
    row = _batch(work, opened, provenance, chosen, content)
    stage = _Stage(work, row, on_rows)
    with many_objects():
        for read in reading.of(opened.rows()):
            stage.take(read)
    if reading.cut:
        raise OversizedFileError(
            "This list is longer than what is read within a request; bring it in by the command line "
            "(governance import FILE), or cut it into shorter ones."
        )
    stage.finish()
    if not row.rows_read:
        raise EmptyFileError("There is no row under the headings of this file.")
    audit.append(
        work,
        Action.IMPORT_STARTED,
        object=ObjectRef(OBJECT, row.id),
        facts={
            "kind": row.kind,
            "source": row.source,
            "ground": row.ground,
            "format": opened.facts.format,
            "good": row.rows_good,
            "refused": row.rows_refused,
            "skipped": row.rows_skipped,
        },
        personal={"file_name": chosen.file_name} if chosen.file_name else {},
        owner=OwnerId(row.owner_id),
    )
    return Started(report_of(work, row), again=False)


def _refuse_if_otherwise(
    row: ImportBatchRow, before: BatchReport, facts: FileFacts, provenance: Provenance, options: FileOptions
) -> None:
    same = {
        "source": provenance.source == before.source,
        "ground": provenance.ground == before.ground,
        "kind": facts.kind == before.file.kind,
        "mapping": facts.columns == before.file.columns,
        "region": facts.phone_region == before.file.phone_region,
        **{name: value == (row.about or {}).get(name, value) for name, value in _told(options).items()},
    }
    if not all(same.values()):
        raise ConflictError(
            f"This file was imported before with other settings, as {before.id}. To import it anew, undo that first: "
            f"governance import undo {before.id}",
            errors={name: ["The earlier import was told otherwise."] for name, is_same in same.items() if not is_same},
        )


def _told(options: FileOptions) -> Json:
    """What decides how values are read and does not show in the facts of a file."""
    notices = {purpose: [shown.version, shown.language] for purpose, shown in sorted(options.notices.items())}
    return {"currency": (options.currency or "").upper(), "month_first": not options.day_first, "notices": notices}


def _batch(
    work: Work, opened: CustomerFile, provenance: Provenance, options: FileOptions, content: str
) -> ImportBatchRow:
    owner = uuid7()
    vault_of(work.session).owners.create(work.session, OwnerKind.BATCH, [owner])
    row = ImportBatchRow(
        id=BatchId(uuid7()),
        owner_id=owner,
        state=BatchState.STAGED,
        kind=opened.plan.kind,
        source=provenance.source,
        ground=provenance.ground,
        actor_kind=work.actor.kind,
        actor_id=work.actor.id,
        rows_read=0,
        rows_good=0,
        rows_refused=0,
        rows_skipped=0,
        undone_removed=0,
        undone_restored=0,
        created_at=work.now,
        refused_until=work.now + REFUSED_KEPT,
        content=content,
        about={"file_name": options.file_name, "file": facts_to(opened.facts), **_told(options)},
    )
    work.session.add(row)
    work.session.flush()
    return row


class _Stage:
    """Collects rows and seals them chunk by chunk; memory stays that of one chunk."""

    def __init__(self, work: Work, row: ImportBatchRow, on_rows: OnRows | None) -> None:
        self._work = work
        self._row = row
        self._on_rows = on_rows
        self._chunks = 0
        self._bytes = 0
        self._recent = RecentContacts()
        self._good: list[Json] = []
        self._refused: list[Json] = []
        self._counts = {"read": 0, "good": 0, "refused": 0, "skipped": 0}
        self._to_inform = 0
        self._incomplete = 0

    def take(self, read: ReadRow) -> None:
        """One row of the file."""
        counts = self._counts
        if isinstance(read.row, SkippedRow):
            counts["read"] += read.row.times
            counts["skipped"] += read.row.times
            return
        counts["read"] += 1
        if read.read is None:
            return
        if read.read.record is None:
            counts["refused"] += 1
        else:
            counts["good"] += 1
            self._to_inform += self._is_from_others(read.read.record)
            self._good.append(encode_waiting(read.read.record, read.texts, again=self._recent.meets(read.read.record)))
        refused = read.refused()
        if refused is not None:
            self._refused.append(encode_refused(refused))
            self._incomplete += not refused.whole
        self._bytes += read.length
        if max(len(self._good), len(self._refused)) >= CHUNK_ROWS or self._bytes >= CHUNK_BYTES:
            self._seal()

    def finish(self) -> None:
        """The file is at its end."""
        if self._good or self._refused:
            self._seal()
        self._row.rows_read = self._counts["read"]
        self._row.rows_good = self._counts["good"]
        self._row.rows_refused = self._counts["refused"]
        self._row.rows_skipped = self._counts["skipped"]
        self._row.about = {**(self._row.about or {}), "to_inform": self._to_inform, "incomplete": self._incomplete}
        self._work.session.flush()

    def _is_from_others(self, record: Record) -> bool:
        own = record.source if isinstance(record, CustomerRow) else None
        return (own or self._row.source) in NOT_FROM_THE_PERSON

    def _seal(self) -> None:
        self._chunks += 1
        chunk = ImportChunkRow(
            owner_id=self._row.owner_id,
            batch_id=self._row.id,
            number=self._chunks,
            state="pending" if self._good else "done",
            rows=len(self._good),
            created=0,
            enriched=0,
            unchanged=0,
            refused=0,
            possible_doubles=0,
            payload=pack(self._good) if self._good else None,
            refusals=pack(self._refused) if self._refused else None,
        )
        self._work.session.add(chunk)
        self._work.session.flush()
        self._work.session.expunge(chunk)
        self._good, self._refused, self._bytes = [], [], 0
        self._recent.end_chunk()
        if self._on_rows is not None:
            self._on_rows(self._counts["read"])
