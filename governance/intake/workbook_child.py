"""Reads one workbook in a process of its own; run as a script, imports nothing of ours.

A forged workbook makes any parser ask for memory without end: two cells at opposite corners of a sheet span
17 billion cells, and the allocator then ends the process. So this process has a limit of its own, takes the file on
standard input (no copy on disk) and answers JSON lines; what dies here is one file.

Lines out: `{"sheet": name, "others": [names]}`, then lists of rows, then `{"end": true}`; or `{"error": code}`.
In place of a row a number stands for so many blank ones, and `{"title": row}` for a row of one cell that is merged
across half of the sheet. A cell merged downwards is told in each of its rows that holds anything else. A cell is text,
number, boolean, null, or `["d", iso]`, `["dt", iso]`, `["t", iso]`, or `["e", shown]` where the program could not
compute it.
"""

import io
import json
import re
import resource
import sys
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

import python_calamine

ADDRESS_SPACE_BYTES = 3 << 29
ROWS_PER_LINE = 200
MOST_MERGED = 100_000
FEWEST_ACROSS = 3
"""Cells that a title within a list is merged across, at least."""

Value = int | float | str | bool | time | date | datetime | timedelta
Cells = list[Value]
Uncomputed = dict[int, dict[int, str]]
"""By row and column, both from 0: what a cell shows whose value the program could not, or did not yet, compute."""


def main() -> None:
    """Read the workbook on standard input; arguments: seconds of the processor, and the sheet wanted, if any."""
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE_BYTES, ADDRESS_SPACE_BYTES))
    seconds = int(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    wanted = sys.argv[2] if len(sys.argv) > 2 else None
    try:
        content = sys.stdin.buffer.read()
        workbook = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
        _answer_sheet(workbook, content, wanted)
        _say({"end": True})
    except python_calamine.PasswordError:
        _say({"error": "password"})
    except python_calamine.WorksheetNotFound:
        _say({"error": "sheet"})
    except (python_calamine.CalamineError, OSError, ValueError):
        _say({"error": "unreadable"})


def _answer_sheet(workbook: python_calamine.CalamineWorkbook, content: bytes, wanted: str | None) -> None:
    """Answer the sheet *wanted*, else the first visible one that holds anything, else the first."""
    metadata = [sheet for sheet in workbook.sheets_metadata if sheet.typ == python_calamine.SheetTypeEnum.WorkSheet]
    visible = [sheet.name for sheet in metadata if sheet.visible == python_calamine.SheetVisibleEnum.Visible]
    names = visible or [sheet.name for sheet in metadata] or workbook.sheet_names
    for name in [wanted] if wanted else names:
        sheet = workbook.get_sheet_by_name(name)
        if sheet.end is not None or wanted:
            _say({"sheet": name, "others": [other for other in workbook.sheet_names if other != name]})
            _answer_rows(sheet, uncomputed(content, workbook.sheet_names.index(name)), Merged(sheet))
            return
    _say({"sheet": names[0] if names else "", "others": []})


class Merged:
    """Merged cells of a sheet, of which the file keeps a value in the first alone; not known of OpenDocument."""

    def __init__(self, sheet: python_calamine.CalamineSheet) -> None:
        ranges = (sheet.merged_cell_ranges or [])[:MOST_MERGED]
        self._down: dict[int, list[tuple[int, int]]] = {}
        self._across: dict[int, tuple[int, int]] = {}
        self._held: dict[int, tuple[Value, int]] = {}
        for (top, left), (bottom, right) in ranges:
            if bottom > top:
                self._down.setdefault(top, []).append((left, bottom))
            elif right - left + 1 >= max(FEWEST_ACROSS, sheet.width / 2):
                self._across[top] = (left, right)

    def fill(self, number: int, cells: Cells) -> None:
        """Tell the value of each cell that is merged downwards in this row, too."""
        is_blank = cells.count("") == len(cells)
        for left, (value, bottom) in list(self._held.items()):
            if number > bottom:
                del self._held[left]
            elif left < len(cells) and cells[left] == "" and not is_blank:
                cells[left] = value
        for left, bottom in self._down.get(number, ()):
            if left < len(cells) and cells[left] != "":
                self._held[left] = (cells[left], bottom)

    def is_title(self, number: int, cells: Cells) -> bool:
        """Whether nothing stands in this row but one cell that is merged across."""
        left, right = self._across.get(number, (0, -1))
        return right >= left and all(cell == "" or left <= place <= right for place, cell in enumerate(cells))


def _answer_rows(sheet: python_calamine.CalamineSheet, failed: Uncomputed, merged: Merged) -> None:
    rows: list[list[object] | int | dict[str, object]] = []
    blank = 0
    for number, cells in enumerate(sheet.iter_rows()):
        merged.fill(number, cells)
        if number not in failed and cells.count("") == len(cells):
            blank += 1
            continue
        if blank:
            rows.append(blank)
            blank = 0
        row = [cell if type(cell) in (str, float, bool, int) else _typed(cell) for cell in cells]
        rows.append({"title": row} if merged.is_title(number, cells) else row)
        for column, shown in failed.get(number, {}).items():
            row.extend([""] * (column + 1 - len(row)))
            row[column] = ["e", shown]
        if len(rows) >= ROWS_PER_LINE:
            _say(rows)
            rows = []
    if rows:
        _say(rows)


def _typed(cell: object) -> object:
    if isinstance(cell, datetime):
        return ["dt", cell.isoformat()]
    if isinstance(cell, date):
        return ["d", cell.isoformat()]
    if isinstance(cell, time):
        return ["t", cell.isoformat()]
    if isinstance(cell, timedelta):
        return cell.total_seconds()
    return None if cell is None else str(cell)


_XLSX_CELL = re.compile(
    rb"<(?:\w+:)?c\b([^>]*)>\s*(<(?:\w+:)?f\b[^>]*?(?:/>|>[^<]*</(?:\w+:)?f>))?\s*(<(?:\w+:)?v\b[^>]*?(?:/>|>([^<]*)<))?"
)
_XLSX_REFERENCE = re.compile(rb'\br="([A-Z]{1,3})(\d{1,7})"')
_XLSX_SIGNS = (b't="e"', b"<f", b":f>", b":f ")
"""A part of a sheet that holds none of them, as most lists do, need not be looked at closer."""
_ODS_TAG = re.compile(
    rb"<table:(table|table-row|table-cell|covered-table-cell)(?=[\s/>])([^>]*)>(?:\s*<text:p[^>]*>([^<]*))?"
)
_ODS_REPEATED = re.compile(rb'number-(?:rows|columns)-repeated="(\d{1,7})"')
_ERROR = re.compile(r"[#\w/!?:]{1,20}")
_BLOCK_BYTES = 1 << 20


def uncomputed(content: bytes, place: int) -> Uncomputed:
    """Such cells of the sheet at *place*, which calamine calls empty; known of XLSX and ODS alone."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if "content.xml" in archive.namelist():
                return _uncomputed_ods(archive, place)
            return _uncomputed_xlsx(archive, _sheet_member(archive, place))
    except (zipfile.BadZipFile, KeyError, EOFError, OSError, NotImplementedError, zlib.error):
        return {}  # what is damaged is calamine's to tell


def _sheet_member(archive: zipfile.ZipFile, place: int) -> str:
    sheets = re.findall(rb'<(?:\w+:)?sheet\b[^>]*?:id="([^"]*)"', archive.read("xl/workbook.xml"))
    for relation in re.findall(rb"<(?:\w+:)?Relationship\b[^>]*>", archive.read("xl/_rels/workbook.xml.rels")):
        said = dict(re.findall(rb'\b(Id|Target)="([^"]*)"', relation))
        if place < len(sheets) and said.get(b"Id") == sheets[place]:
            target = said[b"Target"].decode()
            return target[1:] if target.startswith("/") else f"xl/{target}"
    raise KeyError("sheet")


def _parts(archive: zipfile.ZipFile, member: str, *, cut: bytes, after: int) -> Iterator[bytes]:
    """The text of a member, cut so many bytes after the beginning of each last *cut*."""
    rest = b""
    with archive.open(member) as unpacked:
        while block := unpacked.read(_BLOCK_BYTES):
            rest += block
            at = rest.rfind(cut)
            if at > 0:
                yield rest[: at + after]
                rest = rest[at + after :]
    yield rest


def _uncomputed_xlsx(archive: zipfile.ZipFile, member: str) -> Uncomputed:
    found: Uncomputed = {}
    for part in _parts(archive, member, cut=b"c>", after=2):
        if any(sign in part for sign in _XLSX_SIGNS):
            for cell in _XLSX_CELL.finditer(part):
                about, formula, holder, value = cell.groups()
                failed = b't="e"' in about
                # A formula whose result is no text at all says so by an empty value.
                pending = formula is not None and not value and not (holder is not None and b't="str"' in about)
                reference = _XLSX_REFERENCE.search(about)
                if (failed or pending) and reference is not None:
                    found.setdefault(int(reference[2]) - 1, {})[_column(reference[1])] = _shown(value)
    return found


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1


def _shown(value: bytes | None) -> str:
    text = (value or b"").decode("utf-8", "replace").strip()
    return text if _ERROR.fullmatch(text) else ""


def _uncomputed_ods(archive: zipfile.ZipFile, place: int) -> Uncomputed:
    found: Uncomputed = {}
    table, row, column, rows = -1, 0, 0, 0
    for part in _parts(archive, "content.xml", cut=b"<table:", after=0):
        for tag, about, text in _ODS_TAG.findall(part):
            repeated = _ODS_REPEATED.search(about)
            times = int(repeated[1]) if repeated else 1
            if tag == b"table":
                table, row, rows = table + 1, 0, 0
            elif tag == b"table-row":
                row, column, rows = row + rows, 0, times
            else:
                failed = b'value-type="error"' in about
                pending = b"table:formula=" in about and b"office:value-type=" not in about
                if table == place and (failed or pending):
                    cells = found.setdefault(row, {})
                    cells.update(dict.fromkeys(range(column, column + min(times, 1000)), _shown(text)))
                    found.update(dict.fromkeys(range(row, row + rows), cells))
                column += times
    return found


def _say(line: object) -> None:
    sys.stdout.buffer.write(json.dumps(line, allow_nan=False).encode("ascii") + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
