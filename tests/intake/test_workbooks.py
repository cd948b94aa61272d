"""Workbooks that are locked, forged or broken are refused by name, and harm nobody."""

import io
import time
import zipfile

import psutil
import pytest

from governance.intake import workbooks
from governance.intake.cells import NotComputed
from governance.intake.errors import OversizedFileError, ProtectedFileError, UnreadableFileError
from governance.intake.reading import open_table
from tests.intake.building import ods, ole, sheet_xml, xls, xlsx, zipped

ROWS = [["ФИО", "Телефон"], ["Иванов Пётр", "89331234567"]]


def table(content: bytes, **options):
    return open_table(io.BytesIO(content), **options)


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


FAILED = '<c r="PLACE" t="e"><f>1/0</f><v>#DIV/0!</v></c>'
PENDING = '<c r="PLACE"><f>B9&amp;"x"</f></c>'
WRITTEN_BY_PROGRAM = '<c r="PLACE"><f>B9</f><v></v></c>'
EMPTY_TEXT = '<c r="PLACE" t="str"><f>IF(B9="","",B9)</f><v></v></c>'


def test_cells_that_the_program_could_not_compute_are_told_apart_from_empty_ones():
    rows = [["ФИО", "Телефон", "E-mail", "Город"], [FAILED, PENDING, WRITTEN_BY_PROGRAM, EMPTY_TEXT], ["Анна"]]
    failed, plain = table(xlsx({"Лист": rows})).rows
    assert failed.cells == [NotComputed("#DIV/0!"), NotComputed(""), NotComputed(""), ""]
    assert plain.cells[0] == "Анна"


def test_cells_not_computed_are_found_in_the_sheet_that_is_read_and_under_any_prefix():
    raw = sheet_xml([["ФИО", "Телефон"], [FAILED, "89331234567"]])
    raw = raw.replace("<", "<x:").replace("<x:/", "</x:").replace('xmlns="', 'xmlns:x="')
    content = xlsx({"Иное": [["ФИО"], ["Анна"], [FAILED]], "Клиенты": raw})
    assert [row.cells for row in table(content, sheet="Клиенты").rows] == [[NotComputed("#DIV/0!"), "89331234567"]]


def test_cells_not_computed_are_found_wherever_a_long_sheet_is_cut():
    rows = [["ФИО", "Телефон"], *([[FAILED, "89331234567"]] * 30_000)]
    read = [row.cells for row in table(xlsx({"Лист": rows})).rows]
    assert read == [[NotComputed("#DIV/0!"), "89331234567"]] * 30_000


def test_an_opendocument_sheet_tells_its_errors_too():
    failed = (
        '<table:table-row xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0" '
        'table:number-rows-repeated="2"><table:table-cell table:formula="of:=1/0" '
        'office:value-type="string" office:string-value="" calcext:value-type="error"><text:p>#DIV/0!</text:p>'
        '</table:table-cell><table:table-cell table:formula="of:=B9"/><table:table-cell '
        'office:value-type="string"><text:p>Тверь</text:p></table:table-cell></table:table-row>'
    )
    cells = ["ФИО", "Телефон", "Город"]
    heading = "".join(
        f'<table:table-cell office:value-type="string"><text:p>{cell}</text:p></table:table-cell>' for cell in cells
    )
    content = ods({"Клиенты": f"<table:table-row>{heading}</table:table-row>{failed}", "Иное": failed})
    assert [row.cells for row in table(content).rows] == [[NotComputed("#DIV/0!"), NotComputed(""), "Тверь"]] * 2
