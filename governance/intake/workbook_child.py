"""Reads one workbook in a process of its own; run as a script, imports nothing of ours.

A forged workbook makes any parser ask for memory without end: two cells at opposite corners of a sheet span
17 billion cells, and the allocator then ends the process. So this process has a limit of its own, takes the file on
standard input (no copy on disk) and answers JSON lines; what dies here is one file.

Lines out: `{"sheet": name, "others": [names]}`, then lists of rows, then `{"end": true}`; or `{"error": code}`.
In place of a row a number stands for so many blank ones. A cell is text, number, boolean, null, or `["d", iso]`,
`["dt", iso]`, `["t", iso]`.
"""

import io
import json
import resource
import sys
from datetime import date, datetime, time, timedelta

import python_calamine

ADDRESS_SPACE_BYTES = 3 << 29
CPU_SECONDS = 300
"""Unless whoever waits says less."""
ROWS_PER_LINE = 200


def main() -> None:
    """Read the workbook on standard input; argument: the sheet wanted, or nothing."""
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE_BYTES, ADDRESS_SPACE_BYTES))
    seconds = int(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    wanted = sys.argv[2] if len(sys.argv) > 2 else None
    try:
        workbook = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(sys.stdin.buffer.read()))
        _answer_sheet(workbook, wanted)
        _say({"end": True})
    except python_calamine.PasswordError:
        _say({"error": "password"})
    except python_calamine.WorksheetNotFound:
        _say({"error": "sheet"})
    except (python_calamine.CalamineError, OSError, ValueError):
        _say({"error": "unreadable"})


def _answer_sheet(workbook: python_calamine.CalamineWorkbook, wanted: str | None) -> None:
    """Answer the sheet *wanted*, else the first visible one that holds anything, else the first."""
    metadata = [sheet for sheet in workbook.sheets_metadata if sheet.typ == python_calamine.SheetTypeEnum.WorkSheet]
    visible = [sheet.name for sheet in metadata if sheet.visible == python_calamine.SheetVisibleEnum.Visible]
    names = visible or [sheet.name for sheet in metadata] or workbook.sheet_names
    for name in [wanted] if wanted else names:
        sheet = workbook.get_sheet_by_name(name)
        if sheet.end is not None or wanted:
            _say({"sheet": name, "others": [other for other in workbook.sheet_names if other != name]})
            _answer_rows(sheet)
            return
    _say({"sheet": names[0] if names else "", "others": []})


def _answer_rows(sheet: python_calamine.CalamineSheet) -> None:
    rows: list[list[object] | int] = []
    blank = 0
    for cells in sheet.iter_rows():
        if cells.count("") == len(cells):
            blank += 1
            continue
        if blank:
            rows.append(blank)
            blank = 0
        rows.append([cell if type(cell) in (str, float, bool, int) else _typed(cell) for cell in cells])
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


def _say(line: object) -> None:
    sys.stdout.buffer.write(json.dumps(line, allow_nan=False).encode("ascii") + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
