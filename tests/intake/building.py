"""Builds real files of every kind byte by byte, forged and broken ones included."""

import io
import struct
import zipfile
from collections.abc import Sequence
from datetime import date
from xml.sax.saxutils import escape

from governance.intake.dates import EXCEL_EPOCH

Value = str | int | float | bool | date | None
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PKG = "http://schemas.openxmlformats.org/package/2006"


def csv_bytes(
    rows: Sequence[Sequence[str]], *, delimiter: str = ";", encoding: str = "utf-8", newline: str = "\r\n"
) -> bytes:
    def cell(text: str) -> str:
        quoted = any(sign in text for sign in (delimiter, '"', "\n", "\r"))
        return '"' + text.replace('"', '""') + '"' if quoted else text

    return "".join(delimiter.join(map(cell, row)) + newline for row in rows).encode(encoding)


def reference(row: int, column: int) -> str:
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row}"


def _xlsx_cell(row: int, column: int, value: Value) -> str:
    place = reference(row, column)
    if value is None:
        return ""
    if isinstance(value, bool):
        return f'<c r="{place}" t="b"><v>{int(value)}</v></c>'
    if isinstance(value, date):
        return f'<c r="{place}" s="1"><v>{(value - EXCEL_EPOCH).days}</v></c>'
    if isinstance(value, int | float):
        return f'<c r="{place}"><v>{value!r}</v></c>'
    if value.startswith("<"):
        return value.replace("PLACE", place)
    return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>'


def sheet_xml(rows: Sequence[Sequence[Value]]) -> str:
    body = "".join(
        f'<row r="{number}">' + "".join(_xlsx_cell(number, place, value) for place, value in enumerate(row)) + "</row>"
        for number, row in enumerate(rows, 1)
    )
    return f'<worksheet xmlns="{_MAIN}"><sheetData>{body}</sheetData></worksheet>'


def xlsx(
    sheets: dict[str, Sequence[Sequence[Value]] | str],
    *,
    hidden: Sequence[str] = (),
    extra: dict[str, bytes] | None = None,
) -> bytes:
    """A workbook; a sheet given as text is its raw XML, a cell that begins with `<` too (PLACE is its reference)."""
    names = list(sheets)
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{_PKG}/content-types"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" '
        'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{_PKG}/relationships"><Relationship Id="rId1" '
        f'Type="{_REL}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_REL}"><sheets>'
        + "".join(
            f'<sheet name="{name}" sheetId="{n}" r:id="rId{n}" state="{"hidden" if name in hidden else "visible"}"/>'
            for n, name in enumerate(names, 1)
        )
        + "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PKG}/relationships">'
        + "".join(
            f'<Relationship Id="rId{n}" Type="{_REL}/worksheet" Target="worksheets/sheet{n}.xml"/>'
            for n in range(1, len(names) + 1)
        )
        + f'<Relationship Id="rId99" Type="{_REL}/styles" Target="styles.xml"/></Relationships>',
        "xl/styles.xml": f'<styleSheet xmlns="{_MAIN}"><cellXfs count="2"><xf numFmtId="0"/>'
        '<xf numFmtId="14" applyNumberFormat="1"/></cellXfs></styleSheet>',
    }
    for number, rows in enumerate(sheets.values(), 1):
        parts[f"xl/worksheets/sheet{number}.xml"] = rows if isinstance(rows, str) else sheet_xml(rows)
    return zipped({name: text.encode() for name, text in parts.items()} | (extra or {}))


def zipped(parts: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def _ods_cell(value: Value) -> str:
    if value is None:
        return "<table:table-cell/>"
    if isinstance(value, date):
        return f'<table:table-cell office:value-type="date" office:date-value="{value.isoformat()}"/>'
    if isinstance(value, int | float):
        return f'<table:table-cell office:value-type="float" office:value="{value!r}"/>'
    return f'<table:table-cell office:value-type="string"><text:p>{escape(str(value))}</text:p></table:table-cell>'


def ods(sheets: dict[str, Sequence[Sequence[Value]] | str], *, encrypted: bool = False) -> bytes:
    """An OpenDocument workbook; a sheet given as text is the raw XML of its rows."""
    space = "urn:oasis:names:tc:opendocument:xmlns"
    tables = "".join(
        f'<table:table table:name="{name}">'
        + (
            rows
            if isinstance(rows, str)
            else "".join(f"<table:table-row>{''.join(map(_ods_cell, row))}</table:table-row>" for row in rows)
        )
        + "</table:table>"
        for name, rows in sheets.items()
    )
    content = (
        f'<office:document-content xmlns:office="{space}:office:1.0" xmlns:table="{space}:table:1.0" '
        f'xmlns:text="{space}:text:1.0"><office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body>'
        "</office:document-content>"
    )
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    lock = "<manifest:encryption-data/>" if encrypted else ""
    manifest = (
        f'<manifest:manifest xmlns:manifest="{space}:manifest:1.0"><manifest:file-entry manifest:full-path="/" '
        f'manifest:media-type="{kind}"/><manifest:file-entry manifest:full-path="content.xml" '
        f'manifest:media-type="text/xml">{lock}</manifest:file-entry></manifest:manifest>'
    )
    return zipped(
        {"mimetype": kind.encode(), "content.xml": content.encode(), "META-INF/manifest.xml": manifest.encode()}
    )


def ole(streams: dict[str, bytes]) -> bytes:
    """A compound file of a few streams (MS-CFB, version 3); each is padded beyond the mini stream's limit."""
    sectors: list[bytes] = []
    chain: list[int] = []
    entries = [_ole_entry("Root Entry", 5, child=1, start=0xFFFFFFFE, size=0)]
    first = 2
    for place, (name, content) in enumerate(streams.items(), 1):
        padded = content.ljust(4096, b"\0")
        padded += b"\0" * (-len(padded) % 512)
        count = len(padded) // 512
        sectors.extend(padded[at : at + 512] for at in range(0, len(padded), 512))
        chain.extend([first + step + 1 for step in range(count - 1)] + [0xFFFFFFFE])
        sibling = place + 1 if place < len(streams) else 0xFFFFFFFF
        entries.append(_ole_entry(name, 2, sibling=sibling, start=first, size=len(padded)))
        first += count
    table = [0xFFFFFFFD, 0xFFFFFFFE, *chain]
    assert len(table) <= 128
    fat = b"".join(struct.pack("<I", sector) for sector in table).ljust(512, b"\xff")
    directory = b"".join(entries)
    assert len(directory) <= 512
    header = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    header += struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    header += struct.pack("<I", 0).ljust(436, b"\xff")
    return header + fat + directory.ljust(512, b"\0") + b"".join(sectors)


def _ole_entry(
    name: str, kind: int, *, child: int = 0xFFFFFFFF, sibling: int = 0xFFFFFFFF, start: int, size: int
) -> bytes:
    encoded = name.encode("utf-16-le") + b"\0\0"
    entry = encoded.ljust(64, b"\0") + struct.pack("<HBB", len(encoded), kind, 1)
    entry += struct.pack("<III", 0xFFFFFFFF, sibling, child) + bytes(16 + 4 + 16) + struct.pack("<IQ", start, size)
    return entry


def _record(number: int, content: bytes) -> bytes:
    return struct.pack("<HH", number, len(content)) + content


def xls(rows: Sequence[Sequence[Value]], *, password: bool = False) -> bytes:
    """A workbook of Excel 97 (MS-XLS, BIFF8) of one sheet."""
    name = "Клиенты".encode("utf-16-le")
    start = _record(0x809, struct.pack("<HHHHII", 0x600, 5, 0x1234, 2000, 0, 0x600))
    if password:
        start += _record(0x2F, struct.pack("<HHH", 1, 1, 1) + bytes(48))
    start += _record(0xE0, struct.pack("<HH", 0, 0) + bytes(16)) + _record(0xE0, struct.pack("<HH", 0, 14) + bytes(16))
    place = len(start) + 4 + 8 + len(name) + 4
    bound = _record(0x85, struct.pack("<IBBBB", place, 0, 0, len(name) // 2, 1) + name)
    width = max(len(row) for row in rows)
    sheet = _record(0x809, struct.pack("<HHHHII", 0x600, 0x10, 0x1234, 2000, 0, 0x600))
    sheet += _record(0x200, struct.pack("<IIHHH", 0, len(rows), 0, width, 0))
    for y, row in enumerate(rows):
        for x, value in enumerate(row):
            sheet += _xls_cell(y, x, value)
    return ole({"Workbook": start + bound + _record(0x0A, b"") + sheet + _record(0x0A, b"")})


def _xls_cell(y: int, x: int, value: Value) -> bytes:
    if value is None:
        return b""
    if isinstance(value, date):
        return _record(0x203, struct.pack("<HHHd", y, x, 1, float((value - EXCEL_EPOCH).days)))
    if isinstance(value, int | float):
        return _record(0x203, struct.pack("<HHHd", y, x, 0, float(value)))
    text = str(value).encode("utf-16-le")
    return _record(0x204, struct.pack("<HHHHB", y, x, 0, len(text) // 2, 1) + text)
