"""What a request may cost: blank rows are cheap, long lists are tried in part, or refused with what else to do."""

import io

import pytest

from governance.intake import operations as intake
from governance.intake.batches import batches
from governance.intake.bounds import BoundedRows, Bounds
from governance.intake.errors import OversizedFileError
from governance.intake.files import ReadRow
from governance.intake.reading import RawRow, Skip, SkippedRow, open_table
from governance.intake.starting import start
from tests.intake.building import csv_bytes, ods, sheet_xml, xlsx
from tests.intake.conftest import OWN_FORM

HEADINGS = ["ФИО", "Телефон"]
MANY = 300_000
REPEATED = (
    '<table:table-row><table:table-cell office:value-type="string"><text:p>ФИО</text:p></table:table-cell>'
    "</table:table-row>"
    f'<table:table-row table:number-rows-repeated="{MANY}"><table:table-cell office:value-type="string">'
    "<text:p>Иванов Пётр</text:p></table:table-cell></table:table-row>"
)


def _spread_sheet() -> bytes:
    far = f'<row r="{MANY + 3}"><c r="A{MANY + 3}" t="inlineStr"><is><t>Иванов Пётр</t></is></c></row></sheetData>'
    return xlsx({"Лист": sheet_xml([HEADINGS, ["Сидорова Анна", "89331234567"]]).replace("</sheetData>", far)})


@pytest.mark.parametrize(
    "content",
    [
        csv_bytes([HEADINGS, ["Сидорова Анна", "89331234567"]]) + b"\r\n" * MANY + "Иванов Пётр;\r\n".encode(),
        csv_bytes([HEADINGS, ["Сидорова Анна", "89331234567"]]) + b" ; \n" * MANY + "Иванов Пётр;\r\n".encode(),
        _spread_sheet(),
    ],
    ids=["lines", "delimiters", "xlsx"],
)
def test_blank_rows_without_number_are_passed_over_together_and_counted_one_by_one(content):
    rows = list(open_table(io.BytesIO(content)).rows)
    skipped = [row for row in rows if isinstance(row, SkippedRow)]
    assert len(rows) < MANY / 1000
    assert {row.why for row in skipped} == {Skip.BLANK}
    assert sum(row.times for row in skipped) == MANY
    assert [row.number for row in rows if isinstance(row, RawRow)] == [2, MANY + 3]


def test_a_trial_within_bounds_reads_so_many_rows_and_says_that_it_is_not_complete(russian):
    trial = intake.dry_run(russian, file=io.BytesIO(ods({"Лист": REPEATED})), bounds=Bounds(rows=50, seconds=60))
    assert (trial.rows, trial.good, trial.complete) == (50, 50, False)


def test_a_trial_of_a_list_within_bounds_is_complete_whatever_is_blank_in_it(russian):
    content = csv_bytes([HEADINGS, *[["Иванов Пётр", ""]] * 3]) + b"\r\n" * MANY
    trial = intake.dry_run(russian, file=io.BytesIO(content), bounds=Bounds(rows=3, seconds=60))
    assert (trial.rows, trial.good, trial.complete) == (MANY + 3, 3, True)
    assert trial.skipped == {"blank": MANY}


def test_reading_ends_when_its_time_is_over():
    seconds = iter(range(100))
    reading = BoundedRows(Bounds(rows=100, seconds=5), monotonic=lambda: float(next(seconds)))
    rows = [ReadRow(SkippedRow(number, Skip.BLANK), None) for number in range(50)]
    assert len(list(reading.of(iter(rows)))) == 5
    assert reading.cut


def test_an_import_beyond_its_bounds_is_refused_with_the_way_that_has_none_and_leaves_nothing(russian):
    with pytest.raises(OversizedFileError, match="governance import"), russian.session.begin_nested():
        start(
            russian,
            file=io.BytesIO(ods({"Лист": REPEATED})),
            provenance=OWN_FORM,
            bounds=Bounds(rows=5000, seconds=60),
        )
    assert not batches(russian)
