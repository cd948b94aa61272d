"""Files of an export, written as they are handed out: in constant memory, never as a file of ours.

Workbooks are written here, with the standard library: what writes them elsewhere keeps temporary files in the clear.
"""

import csv
import io
import json
import re
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from html import escape
from typing import Final

from governance.customers.records import Json
from governance.disclosures.prints import as_text
from governance.disclosures.records import ExportFormat
from governance.kernel.sink import Sink

MEDIA_TYPES: Final = {
    ExportFormat.CSV: "text/csv; charset=utf-8",
    ExportFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ExportFormat.JSON: "application/json",
}
SHEET_ROWS: Final = 1_000_000
"""Excel takes 1,048,576 in a sheet; what is more goes on in the next one."""
_FORMULA: Final = re.compile(r"^\s*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
_NUMBER: Final = re.compile(r"[+-]?\d+(?:\.\d+)?")
_SPLIT: Final = re.compile(r"([;\t]\s*)(?=[=+\-@])")
"""A program of another country takes these for the ends of cells, whatever stands in quotation marks."""
_RISKY: Final = re.compile(r"[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
"""Without one of these nothing is a formula; most cells have none, and need not be looked at further."""
_ILLEGAL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")

Rows = Iterable[Sequence[Json]]


def pack_rows(rows: Sequence[Sequence[Json]]) -> bytes:
    """Rows as compressed JSON."""
    return zlib.compress(
        json.dumps(rows, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass"), 1
    )


def unpack_rows(content: bytes) -> list[list[Json]]:
    """What `pack_rows` packed."""
    rows: list[list[Json]] = json.loads(zlib.decompress(content).decode("utf-8", "surrogatepass"))
    return rows


def write(
    kind: ExportFormat, fields: Sequence[str], parts: Iterable[Rows], *, called: Mapping[str, str] | None = None
) -> Iterator[bytes]:
    """The file of an export, piece by piece.

    Args:
        kind: of the file.
        fields: what its columns are.
        parts: rows.
        called: what people call the fields, for the headings of tables; JSON, which systems read, keeps their names.
    """
    return _WRITERS[kind](_headings(fields, {} if kind is ExportFormat.JSON else called or {}), parts)


def harmless(text: str) -> str:
    """*text* so that no spreadsheet takes it, or what follows a separator in it, for a formula (OWASP, CSV injection).

    Numbers, those of phones with their plus sign included, are none and stay as they are.
    """
    if _RISKY.search(text) is None or _NUMBER.fullmatch(text):
        return text
    told = _SPLIT.sub(r"\1'", text)
    return f"'{told}" if _FORMULA.match(told) else told


def _headings(fields: Sequence[str], called: Mapping[str, str]) -> list[str]:
    """What people call them, else names without what they are a field of; where that leaves them apart."""
    told = [called.get(one, "") for one in fields]
    if all(told) and len(set(told)) == len(told):
        return told
    short = [one if one.startswith("extra.") else one.partition(".")[2] for one in fields]
    return short if len(set(short)) == len(short) else list(fields)


def _csv(headings: Sequence[str], parts: Iterable[Rows]) -> Iterator[bytes]:
    yield "\ufeff".encode() + _lines([headings])  # without it Excel takes UTF-8 for the code page of the country
    for rows in parts:
        yield _lines([[as_text(value) for value in row] for row in rows])


def _lines(rows: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows([harmless(cell) for cell in row] for row in rows)
    return text.getvalue().encode("utf-8", "replace")


def _json(headings: Sequence[str], parts: Iterable[Rows]) -> Iterator[bytes]:
    before = "[\n"
    for rows in parts:
        for row in rows:
            told = json.dumps(dict(zip(headings, row, strict=True)), ensure_ascii=False)
            yield (before + told).encode("utf-8", "replace")
            before = ",\n"
    yield b"[]\n" if before == "[\n" else b"\n]\n"


_XML: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_LINKS: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006"


def _xlsx(headings: Sequence[str], parts: Iterable[Rows]) -> Iterator[bytes]:
    """A workbook (ECMA-376) whose cells are text and nothing else: no formula, no guess at a number."""
    sink, sheets = Sink(), 0
    rows = (row for part in parts for row in part)
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:  # type: ignore[call-overload]  # a stream will do
        row: Sequence[Json] | None = next(rows, None)
        while row is not None or sheets == 0:
            sheets += 1
            with archive.open(f"xl/worksheets/sheet{sheets}.xml", "w") as sheet:
                sheet.write(f'{_XML}<worksheet xmlns="{_MAIN}"><sheetData>{_row(headings)}'.encode())
                written = 1
                while row is not None and written < SHEET_ROWS:
                    sheet.write(_row([as_text(value) for value in row]).encode("utf-8", "replace"))
                    written += 1
                    row = next(rows, None)
                    if piece := sink.taken():
                        yield piece
                sheet.write(b"</sheetData></worksheet>")
        for name, content in _frame(sheets):
            archive.writestr(name, _XML + content)
    yield sink.taken()


def _row(cells: Sequence[str]) -> str:
    written = "".join(
        f'<c t="inlineStr"><is><t xml:space="preserve">{escape(_ILLEGAL.sub("", cell), quote=False)}</t></is></c>'
        if cell
        else "<c/>"
        for cell in cells
    )
    return f"<row>{written}</row>"


def _frame(sheets: int) -> Iterator[tuple[str, str]]:
    """What a workbook consists of beside its sheets."""
    numbers = range(1, sheets + 1)
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    listed = "".join(
        f'<Override PartName="/xl/worksheets/sheet{one}.xml" ContentType="{kind}.worksheet+xml"/>' for one in numbers
    )
    yield (
        "[Content_Types].xml",
        f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>{listed}</Types>',
    )
    yield (
        "_rels/.rels",
        f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
        f'Type="{_LINKS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    )
    told = "".join(f'<sheet name="Export {one}" sheetId="{one}" r:id="rId{one}"/>' for one in numbers)
    yield "xl/workbook.xml", f'<workbook xmlns="{_MAIN}" xmlns:r="{_LINKS}"><sheets>{told}</sheets></workbook>'
    linked = "".join(
        f'<Relationship Id="rId{one}" Type="{_LINKS}/worksheet" Target="worksheets/sheet{one}.xml"/>' for one in numbers
    )
    yield "xl/_rels/workbook.xml.rels", f'<Relationships xmlns="{_PACKAGE}/relationships">{linked}</Relationships>'


_WRITERS: Final[dict[ExportFormat, Callable[[Sequence[str], Iterable[Rows]], Iterator[bytes]]]] = {
    ExportFormat.CSV: _csv,
    ExportFormat.XLSX: _xlsx,
    ExportFormat.JSON: _json,
}
