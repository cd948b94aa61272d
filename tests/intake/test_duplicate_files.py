"""Duplicates within a file, by row numbers, against what is known of the shared lists."""

import csv
import io
from collections import defaultdict
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path

import pytest
from click.testing import CliRunner

from governance.cli.duplicates import duplicates
from governance.intake.duplicates_files import FileDuplicates, duplicates_in
from governance.intake.duplicates_scores import Reason
from governance.intake.files import FileOptions
from governance.kernel.errors import InvalidError
from tests.intake.building import csv_bytes

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
HEADINGS = ("ФИО", "Телефон", "E-mail", "Дата рождения")


def found_in(*rows: tuple[str, ...], **options: object) -> FileDuplicates:
    return duplicates_in(io.BytesIO(csv_bytes([HEADINGS, *rows])), options=FileOptions(**options), now=NOW)


def _pairs(clusters: list[list[int]]) -> set[tuple[int, int]]:
    return {pair for one in clusters for pair in combinations(sorted(one), 2)}


def _true_pairs(shared: Path, file: str) -> set[tuple[int, int]]:
    rows = defaultdict(list)
    with (shared / "cases" / "truth.csv").open() as truth:
        for one in csv.DictReader(truth):
            if one["file"] == file:
                rows[one["person"]].append(int(one["row"]))
    return _pairs(list(rows.values()))


def test_the_russian_list_comes_to_its_people(shared: Path) -> None:
    with (shared / "cases" / "clients_ru.csv").open("rb") as file:
        found = duplicates_in(file, options=FileOptions(), now=NOW)
    told, true = _pairs([list(one) for one in found.clusters]), _true_pairs(shared, "clients_ru.csv")
    assert len(told & true) / len(told) >= 0.98
    assert len(told & true) / len(true) >= 0.93


def test_the_ukrainian_list_has_nobody_twice(shared: Path) -> None:
    with (shared / "cases" / "clients_uk.xlsx").open("rb") as file:
        assert duplicates_in(file, options=FileOptions(), now=NOW).clusters == ()


def test_rows_are_told_by_the_numbers_that_a_spreadsheet_shows() -> None:
    row = ("Воробьёва Ирина", "8 (933) 455-20-61", "", "")
    found = found_in(("Орлов Пётр", "+79161112233", "", ""), ("", "", "", ""), row, row)
    assert found.clusters == ((4, 5),)


def test_phone_forms_of_one_number_are_one_number() -> None:
    forms = ("8 (933) 455-20-61", "+7 933 455 20 61", "9334552061", "89334552061 (моб.)")
    found = found_in(*(("Воробьева Ирина", form, "", "") for form in forms))
    assert found.clusters == ((2, 3, 4, 5),)


def test_a_family_with_one_telephone_and_one_address_of_mail_stays_apart() -> None:
    shares = ("89334552061", "family@example.org")
    found = found_in(
        ("Иванов Иван Петрович", *shares, "12.05.1960"),
        ("Иванов Иван Петрович", *shares, "12.05.1988"),
        ("Иванова Яна Ивановна", *shares, "03.02.1990"),
        ("Иванова Анна Ивановна", *shares, "03.02.1990"),
    )
    assert found.clusters == found.pairs == ()


def test_pairs_tell_why_and_how_sure() -> None:
    found = found_in(("Mironova Larisa", "89334552061", "", ""), ("Миронова Лариса", "89334552061", "", ""))
    assert found.pairs[0].rows == (2, 3)
    assert found.pairs[0].reasons == (Reason.SAME_NAME, Reason.SAME_PHONE)
    assert 80 < found.pairs[0].score < 100


def test_without_a_country_short_numbers_stay_unread_and_with_one_they_are_read() -> None:
    rows = [("Name", "Phone", "E-mail")] + [("Mary Jackson", "020 7946 0958", f"m{n}@example.org") for n in (1, 2)]
    content = csv_bytes(rows)
    unread = duplicates_in(io.BytesIO(content), options=FileOptions(), now=NOW)
    read = duplicates_in(io.BytesIO(content), options=FileOptions(region="GB"), now=NOW)
    assert unread.phone_region is None
    assert unread.clusters == ()
    assert read.clusters == ((2, 3),)


def test_a_list_of_purchases_is_refused(shared: Path) -> None:
    with (shared / "cases" / "orders.csv").open("rb") as file, pytest.raises(InvalidError, match="no customers"):
        duplicates_in(file, options=FileOptions(), now=NOW)


def test_the_command_prints_row_numbers_and_nothing_of_the_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    row = ("Воробьёва Ирина", "8 (933) 455-20-61", "irina@example.org", "")
    Path("clients.csv").write_bytes(csv_bytes([HEADINGS, row, row]))
    for arguments in (["clients.csv"], ["clients.csv", "--json"], ["file", "clients.csv", "--region", "RU"]):
        done = CliRunner().invoke(duplicates, arguments)
        assert done.exit_code == 0, done.output
        assert "2" in done.output
        assert not any(word in done.output for word in ("Воробь", "irina", "9334552061"))
    assert [one.name for one in tmp_path.iterdir()] == ["clients.csv"]
