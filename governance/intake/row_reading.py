"""Reads the rows of one file: what spoils a cell of whatever column, and all else by the handler of its column."""

from governance.customers.codes import ExtraType
from governance.intake.cells import Cell, NotComputed, RawRow, is_blank
from governance.intake.delimited import BrokenRow
from governance.intake.headings import EXTRA, Column, FileKind, Plan
from governance.intake.reading import Row, SkippedRow, WideRow
from governance.intake.records import RowRead
from governance.intake.rows import CellReaders, Draft, Handler, Readers
from governance.intake.values import Flaw, Refusal
from governance.policies.masking import DOTS

_CONTACTS = frozenset({"email", "phone"})
WIDE = Flaw(
    "row-wide", "This row has more cells than the heading; a separator stands within a cell, or a heading is missing."
)
BROKEN = Flaw("row-quote", "A quotation mark is opened and not closed in this row; close or remove it.")
MASKED = Flaw(
    "cell-masked", "This value is masked, and keeping it would hide the real one; export it in the clear first."
)
NOT_COMPUTED = Flaw(
    "cell-not-computed",
    "The spreadsheet could not compute this cell, or has not yet; correct the formula there, or type the value.",
)
TRUTH = Flaw("cell-truth", "TRUE or FALSE stands here, and this column takes no yes or no; type the value as text.")
DAMAGED = Flaw("cell-damaged", "Some bytes of this cell are not of the file's encoding; type it anew.")


class RowReader:
    """Reads the rows of one file.

    Args:
        plan: the meaning of its columns.
        readers: of the plan's kind.
        shared: handlers that all kinds share.
        damaged: cells may hold U+FFFD for broken bytes.
    """

    def __init__(self, plan: Plan, readers: Readers, shared: CellReaders, *, damaged: bool = False) -> None:
        self.kind: FileKind = plan.kind
        self._finish = readers.finish
        self._damaged = damaged
        self._columns = [
            (
                column.index,
                column.heading,
                self._handler(column, readers, shared),
                self._takes_truth(column, shared),
                column.field in _CONTACTS,
            )
            for column in plan.filled
        ]

    @staticmethod
    def _handler(column: Column, readers: Readers, shared: CellReaders) -> Handler:
        field = column.field or ""
        return shared.extra_field(field.removeprefix(EXTRA)) if field.startswith(EXTRA) else readers.handlers[field]

    @staticmethod
    def _takes_truth(column: Column, shared: CellReaders) -> bool:
        field = column.field or ""
        kind = shared.options.extras.get(field.removeprefix(EXTRA)) if field.startswith(EXTRA) else None
        return field.startswith("consent:") or kind is ExtraType.BOOLEAN

    def read(self, row: Row) -> RowRead | None:
        """What became of *row*; None where it is no data."""
        if isinstance(row, SkippedRow):
            return None
        if isinstance(row, WideRow):
            return RowRead(row.number, None, (Refusal("", WIDE.code, WIDE.reason),))
        if isinstance(row, BrokenRow):
            return RowRead(row.number, None, (Refusal("", BROKEN.code, BROKEN.reason),))
        return self._read(row)

    def _read(self, row: RawRow) -> RowRead:
        draft = Draft()
        cells = row.cells
        width = len(cells)
        for index, heading, handle, takes_truth, is_contact in self._columns:
            cell = cells[index] if index < width else None
            if cell is None or cell == "" or is_blank(cell):
                continue
            flaw = self._flaw(cell, takes_truth=takes_truth)
            if flaw is None:
                handle(draft, heading, cell)
            else:
                draft.refuse(heading, flaw)
                draft.contacts_refused |= is_contact
        record = self._finish(row.number, draft)
        return RowRead(row.number, record, tuple(draft.refusals))

    def _flaw(self, cell: Cell, *, takes_truth: bool) -> Flaw | None:
        """What spoils a cell of whatever column."""
        if isinstance(cell, str):
            if DOTS in cell:
                return MASKED
            return DAMAGED if self._damaged and "\ufffd" in cell else None
        if isinstance(cell, bool) and not takes_truth:
            return TRUTH
        return NOT_COMPUTED if isinstance(cell, NotComputed) else None
