"""XLSX, XLS and ODS: checked before they are opened, then read by a process of its own (`workbook_child`)."""

import json
import math
import re
import struct
import subprocess
import sys
import threading
import zipfile
from collections.abc import Generator, Iterator
from contextlib import closing, suppress
from datetime import date, datetime, time
from pathlib import Path
from typing import IO, BinaryIO, cast

from governance.intake.cells import BlankRows, Cell, NotComputed, RawRow, TitleRow
from governance.intake.errors import OversizedFileError, ProtectedFileError, UnreadableFileError

WORKBOOK_BYTES = 64 << 20
"""Largest workbook; it is read whole. A longer list goes as CSV, which has no limit."""
UNPACKED_BYTES = 1 << 29
RATIO = 250
"""Highest ratio of unpacked to packed; sheets of repeated values reach about 60."""
RATIO_MATTERS_BYTES = 1 << 24
MEMBERS = 4096
CELLS = 20_000_000
"""Most cells that an OpenDocument sheet may repeat itself to."""

_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
_OLE_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_XLS_START = bytes.fromhex("0908100000060500")
"""BOF record of the globals of a BIFF8 workbook (MS-XLS 2.4.21)."""
_XLS_FILEPASS = 0x2F
_ODS_TAG = re.compile(rb"<table:table-(row|cell|covered-table-cell)\b([^>]*)>")
_ODS_REPEATED = re.compile(rb'number-(?:rows|columns)-repeated="(\d+)"')
CPU_SECONDS = 300
"""For the process that reads, unless whoever waits says less."""
_CHILD = Path(__file__).with_name("workbook_child.py")
"""Run, never imported: what parses forged workbooks stays out of the process that holds the keys."""
_PROTECTED = "This workbook is protected by a password; remove it in the program and save again."
_SPANS = "This workbook spans more cells than can be held; delete empty rows and columns, or save it as CSV."
_SAVE_AS = "open it in a spreadsheet program and save it as XLSX or CSV"


def is_workbook(head: bytes) -> bool:
    """Whether a file that begins with *head* is a zip archive or an OLE container, as all workbooks are."""
    return head.startswith((b"PK\x03\x04", b"PK\x05\x06", _OLE))


class Workbook:
    """One workbook.

    Args:
        file: seekable bytes; stays open and belongs to the caller.
        sheet: name of the sheet wanted; None takes the first visible one that holds anything.
        seconds: of the processor, to unpack it in; None grants what the largest workbook needs.

    Raises:
        ProtectedFileError: a password is set.
        OversizedFileError: it would unpack beyond the limits above.
        UnreadableFileError: it is another kind of file, or damaged.
    """

    def __init__(self, file: BinaryIO, *, sheet: str | None = None, seconds: float | None = None) -> None:
        self.kind = _check(file)
        self._lines = _lines(file, sheet, math.ceil(seconds or CPU_SECONDS))
        about = cast("dict[str, object]", next(self._lines))
        self.sheet = str(about["sheet"])
        self.other_sheets = tuple(cast("list[str]", about["others"]))

    def rows(self) -> Iterator[RawRow | TitleRow | BlankRows]:
        """All rows from the top of the sheet, blank ones included; to be had once."""
        number = 0
        with closing(self._lines):
            for line in self._lines:
                if isinstance(line, list):
                    for cells in line:
                        if isinstance(cells, int):
                            yield BlankRows(number + 1, cells)
                            number += cells
                            continue
                        number += 1
                        if isinstance(cells, dict):
                            yield TitleRow(number, [_cell(cell) for cell in cells["title"]])
                        else:
                            yield RawRow(number, [_cell(cell) for cell in cells])


def _cell(cell: object) -> Cell:
    if type(cell) is float:
        return int(cell) if cell.is_integer() and abs(cell) < 1e15 else cell
    if type(cell) is list:
        kind, iso = cast("list[str]", cell)
        if kind == "e":
            return NotComputed(iso)
        if kind == "d":
            return date.fromisoformat(iso)
        return datetime.fromisoformat(iso) if kind == "dt" else time.fromisoformat(iso)
    return cast("Cell", cell)


def _check(file: BinaryIO) -> str:
    file.seek(0, 2)
    if file.tell() > WORKBOOK_BYTES:
        raise OversizedFileError(
            f"A workbook of more than {WORKBOOK_BYTES >> 20} MiB is not read; save it as CSV, which has no limit."
        )
    file.seek(0)
    if file.read(8) == _OLE:
        return _check_ole(file)
    try:
        with zipfile.ZipFile(file) as archive:
            return _check_zip(archive)
    except (zipfile.BadZipFile, EOFError, OSError, NotImplementedError):
        raise UnreadableFileError(f"This workbook is damaged; {_SAVE_AS}.") from None


def _check_ole(file: BinaryIO) -> str:
    file.seek(0)
    content = file.read()
    if _OLE_ENCRYPTED in content or _has_filepass(content):
        raise ProtectedFileError(_PROTECTED)
    return "xls"


def _has_filepass(content: bytes) -> bool:
    """Whether a FILEPASS record stands among the first of the workbook (MS-XLS 2.4.117)."""
    at = content.find(_XLS_START)
    end = at + 512
    while 0 <= at < end and at + 4 <= len(content):
        number, length = struct.unpack_from("<HH", content, at)
        if number == _XLS_FILEPASS:
            return True
        at += 4 + length
    return False


def _check_zip(archive: zipfile.ZipFile) -> str:
    members = archive.infolist()
    unpacked = sum(member.file_size for member in members)
    packed = max(1, sum(member.compress_size for member in members))
    if (
        len(members) > MEMBERS
        or unpacked > UNPACKED_BYTES
        or (unpacked > RATIO_MATTERS_BYTES and unpacked > RATIO * packed)
    ):
        raise OversizedFileError(
            "This workbook would unpack to more than a table needs; save the sheet alone as CSV and give that."
        )
    if any(member.flag_bits & 0x1 for member in members):
        raise ProtectedFileError("This archive is protected by a password; unpack it and give the file inside.")
    names = {member.filename for member in members}
    if any(name.startswith("xl/workbook.") for name in names):
        return "xlsx"
    if "content.xml" in names:
        return _check_ods(archive)
    raise UnreadableFileError(f"This is an archive and no workbook; {_SAVE_AS}.")


def _check_ods(archive: zipfile.ZipFile) -> str:
    names = archive.namelist()
    if "META-INF/manifest.xml" in names and b"encryption-data" in archive.read("META-INF/manifest.xml"):
        raise ProtectedFileError(_PROTECTED)
    kind = archive.read("mimetype").strip() if "mimetype" in names else b""
    if kind and b"spreadsheet" not in kind:
        raise UnreadableFileError(f"This is a text document and no workbook; {_SAVE_AS}.")
    if _repeated_cells(archive) > CELLS:
        raise OversizedFileError(_SPANS)
    return "ods"


def _repeated_cells(archive: zipfile.ZipFile) -> int:
    """How many cells with a value an OpenDocument workbook comes to once its repetitions are written out."""
    total = in_row = 0
    rows = 1
    for tag, attributes in _ods_tags(archive):
        found = _ODS_REPEATED.search(attributes)
        times = int(found.group(1)[:12]) if found else 1
        if tag == b"row":
            total += in_row * rows
            in_row, rows = 0, times
        elif not attributes.endswith(b"/") or b"value" in attributes:
            in_row += times
    return total + in_row * rows


def _ods_tags(archive: zipfile.ZipFile) -> Iterator[tuple[bytes, bytes]]:
    rest = b""
    with archive.open("content.xml") as content:
        while block := content.read(1 << 20):
            text = rest + block
            cut = text.rfind(b">") + 1
            for found in _ODS_TAG.finditer(text, 0, cut):
                yield found.group(1), found.group(2)
            # A tag longer than this is none that repeats cells.
            rest = text[cut:][-(1 << 16) :]


def _lines(
    file: BinaryIO, wanted: str | None, seconds: int
) -> Generator[list[list[object] | int | dict[str, list[object]]] | dict[str, object], None, None]:
    """Lines of the child, which is ended whatever happens here.

    Standard error is dropped: a parser that panics may print what it was reading.
    """
    command = [sys.executable, "-I", str(_CHILD), str(seconds), *([wanted] if wanted else [])]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    file.seek(0)
    feeder = threading.Thread(target=_feed, args=(file.read(), child.stdin), daemon=True)
    feeder.start()
    ended = False
    try:
        for raw in cast("IO[bytes]", child.stdout):
            line = json.loads(raw)
            if isinstance(line, dict):
                if "error" in line:
                    raise _error(line["error"])
                ended = ended or "end" in line
            yield line
        if not ended:
            raise OversizedFileError(_SPANS)
    finally:
        child.kill()
        child.wait()
        feeder.join()
        cast("IO[bytes]", child.stdout).close()


def _feed(content: bytes, stdin: IO[bytes] | None) -> None:
    if stdin is not None:
        with suppress(OSError):
            stdin.write(content)
        with suppress(OSError):
            stdin.close()


def _error(code: object) -> UnreadableFileError:
    if code == "password":
        return ProtectedFileError(_PROTECTED)
    if code == "sheet":
        return UnreadableFileError("This workbook has no sheet of the name given.")
    return UnreadableFileError(f"This workbook is damaged; {_SAVE_AS}.")
