"""Workbooks that are locked, forged or broken are refused by name, and harm nobody."""

import io
import time
import zipfile

import psutil
import pytest

from governance.intake import workbooks
from governance.intake.errors import OversizedFileError, ProtectedFileError, UnreadableFileError
from governance.intake.reading import open_table
from tests.intake.building import ods, ole, sheet_xml, xls, xlsx, zipped

ROWS = [["ФИО", "Телефон"], ["Иванов Пётр", "89331234567"]]


def table(content: bytes):
    return open_table(io.BytesIO(content))


@pytest.mark.parametrize(
    "content",
    [
        ole({"EncryptionInfo": b"\4\0\4\0\x40\0\0\0<encryption/>", "EncryptedPackage": b"\x10" * 5000}),
        xls(ROWS, password=True),
        ods({"Лист": ROWS}, encrypted=True),
    ],
    ids=["xlsx", "xls", "ods"],
)
def test_a_workbook_with_a_password_is_refused_as_protected(content):
    with pytest.raises(ProtectedFileError, match="password"):
        table(content)


def test_a_zip_bomb_is_refused_by_its_directory_before_anything_is_unpacked():
    bomb = xlsx({"Лист": ROWS}, extra={"xl/media/bomb.bin": bytes(8 << 20)})
    bomb = bomb.replace((8 << 20).to_bytes(4, "little"), (600 << 20).to_bytes(4, "little"))
    assert len(bomb) < 1 << 20
    began = time.monotonic()
    with pytest.raises(OversizedFileError):
        table(bomb)
    assert time.monotonic() - began < 1


def test_a_small_archive_that_unpacks_too_well_is_refused():
    with pytest.raises(OversizedFileError):
        table(xlsx({"Лист": ROWS}, extra={"xl/sharedStrings.xml": b" " * (workbooks.RATIO_MATTERS_BYTES + 1)}))


def test_an_archive_of_very_many_members_is_refused():
    with pytest.raises(OversizedFileError):
        table(xlsx({"Лист": ROWS}, extra={f"xl/media/{n}": b"" for n in range(workbooks.MEMBERS)}))


@pytest.mark.parametrize(
    "content",
    [
        xlsx(
            {
                "Лист": sheet_xml(ROWS).replace(
                    "</sheetData>", '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
                )
            }
        ),
        ods(
            {
                "Лист": '<table:table-row table:number-rows-repeated="1048576"><table:table-cell '
                'table:number-columns-repeated="16384" office:value-type="float" office:value="1"/></table:table-row>'
            }
        ),
    ],
    ids=["xlsx", "ods"],
)
def test_a_sheet_that_spans_billions_of_cells_is_refused_and_this_process_lives(content):
    before = psutil.Process().memory_info().rss
    with pytest.raises(OversizedFileError):
        list(table(content).rows)
    assert psutil.Process().memory_info().rss - before < 50 << 20


@pytest.mark.parametrize("length", [20, 200, -1])
def test_a_truncated_workbook_is_refused_as_damaged(length):
    content = xlsx({"Лист": ROWS})
    with pytest.raises(UnreadableFileError):
        table(content[:length] if length > 0 else content[: len(content) // 2])


def test_other_archives_and_documents_are_refused_as_no_workbook():
    for parts in (
        {"word/document.xml": b"<w/>"},
        {"content.xml": b"<x/>", "mimetype": b"application/vnd.oasis.opendocument.text"},
    ):
        with pytest.raises(UnreadableFileError, match="no workbook"):
            table(zipped(parts))


def test_reading_that_stops_early_leaves_no_process_behind():
    rows = [["ФИО", "Телефон"], *([["Иванов", "89331234567"]] * 20_000)]
    before = set(psutil.Process().children())
    read = table(xlsx({"Лист": rows}))
    next(iter(read.rows))
    assert set(psutil.Process().children()) - before
    del read
    assert not set(psutil.Process().children()) - before


def test_an_encrypted_archive_member_is_refused_as_protected():
    content = bytearray(xlsx({"Лист": ROWS}))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.infolist()
    at = 0
    while (at := content.find(b"PK\x01\x02", at)) >= 0:
        content[at + 8] |= 1
        at += 4
    with pytest.raises(ProtectedFileError):
        table(bytes(content))
