"""Files of all kinds become rows of cells; what cannot be read says why."""

import io
import os
from datetime import date

import psutil
import pytest

from governance.intake.delimited import BrokenRow
from governance.intake.errors import EmptyFileError, HeadingsNotFoundError, UnreadableFileError
from governance.intake.reading import Skip, SkippedRow, WideRow, open_table
from tests.intake.building import csv_bytes, ods, sheet_xml, xls, xlsx

ROWS = [
    ["ФИО", "Телефон", "E-mail", "Дата рождения"],
    ["Иванов Пётр", "89331234567", "ivan@example.ru", "01.02.1980"],
    ["Сидорова Анна", "89331234568", "anna@example.ru", ""],
]


def table(content: bytes, **options):
    return open_table(io.BytesIO(content), **options)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_delimiters_and_line_ends_are_found_by_themselves(delimiter, newline):
    read = table(csv_bytes(ROWS, delimiter=delimiter, newline=newline))
    assert read.delimiter == delimiter
    assert list(read.headings) == ROWS[0]
    assert [row.cells for row in read.rows] == ROWS[1:]


def test_quotes_hold_delimiters_and_line_breaks():
    rows = [*ROWS, ['О"Нил; Шон', "8;9", "строка\nвторая", "x"]]
    assert [row.cells for row in table(csv_bytes(rows)).rows][-1] == rows[-1]


def test_the_line_by_which_excel_names_its_delimiter_is_no_row():
    read = table(b"sep=|\r\n" + csv_bytes(ROWS, delimiter="|"))
    assert (read.delimiter, read.heading_row) == ("|", 2)


@pytest.mark.parametrize("build", [lambda rows: xlsx({"Лист": rows}), lambda rows: ods({"Лист": rows}), xls])
def test_workbooks_of_all_kinds_keep_real_dates_and_numbers(build):
    rows = [["ФИО", "Телефон", "Дата рождения", "Сумма"], ["Иванов", 79331234567, date(1980, 2, 29), 7731.01]]
    read = table(build(rows))
    assert [row.cells for row in read.rows] == [["Иванов", 79331234567, date(1980, 2, 29), 7731.01]]


def test_formula_cells_give_their_last_value_and_text_like_a_formula_stays_text():
    formula = '<c r="PLACE" t="str"><f>A1&amp;"x"</f><v>Пётр</v></c>'
    rows = [["Имя", "E-mail", "Комментарий"], [formula, "ivan@example.ru", "=HYPERLINK(1)"]]
    assert [row.cells for row in table(xlsx({"Лист": rows})).rows] == [["Пётр", "ivan@example.ru", "=HYPERLINK(1)"]]


def test_titles_above_the_headings_are_passed_over_and_row_numbers_are_the_spreadsheets():
    rows = [["Клиенты магазина"], [], ["на 01.01.2026"], *ROWS]
    for content in (csv_bytes(rows), xlsx({"Лист": rows})):
        read = table(content)
        assert read.heading_row == 4
        assert [row.number for row in read.rows] == [5, 6]


@pytest.mark.parametrize("name", ["ФИО", ""])
def test_headings_in_two_lines_are_read_together(name):
    upper, lower = ["№", name, "Контакты", "", "Город"], ["", "Имя" if not name else "", "Телефон", "E-mail", ""]
    row = ["1", "Иванов Пётр", "89331234567", "ivan@example.ru", "Тверь"]
    for title in ([], [["База"]]):
        read = table(csv_bytes([*title, upper, lower, row]))
        assert read.headings == ("№", name or "Имя", "Телефон", "E-mail", "Город")
        assert [row.cells for row in read.rows] == [row]


def test_a_row_below_the_headings_that_names_a_column_is_data_all_the_same():
    rows = [["ФИО", "Телефон", "Вид"], ["Иванов Пётр", "89331234567", "Клиент"]]
    read = table(csv_bytes(rows))
    assert (read.heading_row, [row.cells for row in read.rows]) == (1, rows[1:])


def merged(rows, *ranges):
    cells = "".join(f'<mergeCell ref="{one}"/>' for one in ranges)
    return xlsx({"Лист": sheet_xml(rows).replace("</worksheet>", f"<mergeCells>{cells}</mergeCells></worksheet>")})


def test_a_cell_merged_downwards_is_told_in_each_row_that_holds_anything_else():
    rows = [["ФИО", "Телефон", "Город"], ["Иванов Пётр", 89331234567, "Тверь"], ["Иванова Анна"], [], ["Ким Лев"]]
    read = table(merged(rows, "B2:B4", "C2:C3"))
    assert [row.cells for row in read.rows if not isinstance(row, SkippedRow)] == [
        ["Иванов Пётр", 89331234567, "Тверь"],
        ["Иванова Анна", 89331234567, "Тверь"],
        ["Ким Лев", "", ""],
    ]


def test_a_title_merged_across_a_list_is_no_row_of_it():
    rows = [["ФИО", "Телефон", "Город"], ["VIP клиенты"], ["Иванов Пётр", 89331234567], ["Анна"]]
    read = list(table(merged(rows, "A2:C2")).rows)
    assert read[0] == SkippedRow(2, Skip.TITLE)
    assert [row.cells[0] for row in read[1:]] == ["Иванов Пётр", "Анна"]


def test_totals_blank_rows_and_repeated_headings_are_skipped_with_their_reason():
    rows = [*ROWS, ["", " ", "\u200b", ""], ROWS[0], ["Всього: 2", "", "", ""], ["Итого", "2", "", ""]]
    skipped = [row for row in table(csv_bytes(rows)).rows if isinstance(row, SkippedRow)]
    assert [row.why for row in skipped] == [Skip.BLANK, Skip.HEADING_AGAIN, Skip.TOTALS, Skip.TOTALS]


def test_a_person_whose_name_begins_like_a_total_is_no_total():
    rows = [*ROWS, ["Всеволодов Итого", "89331234569", "total@example.ru", ""], ["Total Anna", "", "a@example.ru", ""]]
    assert not [row for row in table(csv_bytes(rows)).rows if isinstance(row, SkippedRow)]


def test_a_row_of_fifty_cells_is_refused_and_its_neighbours_are_read():
    rows = [ROWS[0], ["x"] * 50, ROWS[1]]
    read = list(table(csv_bytes(rows)).rows)
    assert isinstance(read[0], WideRow)
    assert read[1].cells == ROWS[1]


def test_a_quotation_mark_left_open_costs_its_own_row_only():
    lines = ["ФИО;Телефон;E-mail;Город", 'Иванов;1;"a@example.ru;Москва']
    lines += [f"Петров{n};2;b{n}@example.ru;Тверь" for n in range(3000)]
    read = list(table("\r\n".join(lines).encode()).rows)
    assert isinstance(read[0], BrokenRow)
    assert len(read) == 3001
    assert [row.number for row in read] == list(range(2, 3003))
    assert read[-1].cells[0] == "Петров2999"


def test_quotation_marks_left_open_in_many_rows_cost_those_rows_only():
    lines = ["ФИО;Телефон;E-mail;Город"]
    lines += [f"Иванов{n};1;{chr(34) if n % 3 == 0 else ''}a{n}@example.ru;Москва" for n in range(30)]
    read = list(table("\n".join(lines).encode()).rows)
    assert sum(isinstance(row, BrokenRow) for row in read) == 10
    assert len(read) == 30


def test_zero_bytes_in_a_list_harm_nothing_around_them():
    content = csv_bytes([*ROWS, ["Зе\0ро Иван", "89331234560", "\0", "x"]])
    read = list(table(content).rows)
    assert len(read) == 3
    assert read[0].cells == ROWS[1]


def test_the_first_sheet_that_holds_anything_is_read_and_the_others_are_named():
    content = xlsx({"Пусто": [], "Скрыто": ROWS, "Клиенты": ROWS, "Старые": ROWS[:2]}, hidden=["Скрыто"])
    read = table(content)
    assert read.sheet == "Клиенты"
    assert read.other_sheets == ("Пусто", "Скрыто", "Старые")
    assert len(list(table(content, sheet="Старые").rows)) == 1


def test_a_sheet_that_is_not_there_is_refused():
    with pytest.raises(UnreadableFileError, match="no sheet of the name"):
        table(xlsx({"Лист": ROWS}), sheet="Другой")


@pytest.mark.parametrize("content", [b"", b"\n\n;;;\n", b"\xef\xbb\xbf", b"   \r\n"])
def test_an_empty_file_is_refused_as_empty(content):
    with pytest.raises(EmptyFileError):
        table(content)


@pytest.mark.parametrize("build", [lambda: xlsx({"Лист": []}), lambda: ods({"Лист": []})])
def test_an_empty_workbook_is_refused_as_empty(build):
    with pytest.raises(EmptyFileError):
        table(build())


@pytest.mark.parametrize(
    "content", [b"%PDF-1.7 xx", b"\x89PNG\r\n\x1a\n" + bytes(64), b"<html><table><tr><td>x</table>", b"\x1f\x8b\x08"]
)
def test_files_that_are_no_list_are_refused_with_the_remedy(content):
    with pytest.raises(UnreadableFileError, match=r"XLSX"):
        table(content)


def test_a_list_without_known_headings_is_refused_unless_a_mapping_knows_them():
    rows = [["колонка", "другая"], ["Иванов", "ivan@example.ru"]]
    with pytest.raises(HeadingsNotFoundError):
        table(csv_bytes(rows))
    assert table(csv_bytes(rows), mapping={"другая": "email"}).headings == ("колонка", "другая")


def test_a_file_of_two_hundred_megabytes_is_read_in_constant_memory(tmp_path):
    path = tmp_path / "long.csv"
    filler = "слово " * 4000
    with path.open("wb") as file:
        file.write("ФИО;Телефон;Комментарий\n".encode())
        row = f"Иванов Пётр;89331234567;{filler}\n".encode() * 10
        while file.tell() < 200 << 20:
            file.write(row)
    process = psutil.Process(os.getpid())
    before = process.memory_info().rss
    highest = 0
    with path.open("rb") as file:
        for number, _ in enumerate(open_table(file).rows):
            if number % 200 == 0:
                highest = max(highest, process.memory_info().rss)
    assert number > 4_000
    assert highest - before < 40 << 20
