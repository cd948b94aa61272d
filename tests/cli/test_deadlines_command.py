"""`deadlines`, with a store and without one."""

import io
import json
from pathlib import Path

import pytest

from tests.cli.conftest import Command


def test_dates_are_told_a_line_each_without_any_store(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOVERNANCE_DATA_DIR", str(tmp_path / "none"))
    told = command(
        "deadlines", "due", "--law", "gdpr", "--kind", "access", "--country", "LU", "--json", "2026-01-31", "2026-03-05"
    )

    lines = [json.loads(line) for line in told.out.splitlines()]
    assert [line["due"] for line in lines] == ["2026-03-02", "2026-04-07"]
    assert lines[0]["trace"].startswith("received Sat 31 Jan 2026 -> one month -> 28 Feb 2026 is Saturday")
    assert [one["move"] for one in lines[0]["steps"]] == ["received", "period", "rolled"]
    assert not (tmp_path / "none").exists()
    other = ("--law", "gdpr", "--kind", "access", "--country", "LU", "--language", "ru", "2026-01-31")
    assert "следующий рабочий день: пн 02.03.2026" in command("deadlines", "due", *other).out


def test_dates_come_from_standard_input_and_a_wrong_one_is_named(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ("deadlines", "due", "--law", "ccpa", "--kind", "opt_out", "--country", "US")
    monkeypatch.setattr("sys.stdin", io.StringIO("2026-05-01\n\n2026-05-04\n"))
    assert [line[:10] for line in command(*asked).out.splitlines()] == ["2026-05-22", "2026-05-26"]

    monkeypatch.setattr("sys.stdin", io.StringIO("2026-05-01\n\nivan@example.org\n"))
    refused = command(*asked)

    assert (refused.code, refused.out) == (1, "")
    assert "line 3: Give it as YYYY-MM-DD" in refused.err
    assert "ivan" not in refused.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("9999-12-31",), "in 1990 to 2100"),
        (("0001-01-01",), "in 1990 to 2100"),
        (("--extended-on", "2025-01-01", "2026-01-31"), "before the request was received"),
    ],
)
def test_dates_that_make_no_sense_are_refused(command: Command, arguments: tuple[str, ...], said: str) -> None:
    refused = command("deadlines", "due", "--law", "gdpr", "--kind", "access", "--country", "DE", *arguments)

    assert (refused.code, refused.out) == (1, "")
    assert said in refused.err


def test_no_date_at_all_is_refused(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))

    assert (
        "No date was given" in command("deadlines", "due", "--law", "gdpr", "--kind", "access", "--country", "DE").err
    )


def test_a_law_that_is_no_text_is_refused(governance: Command, tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_bytes(b"\xff\x00")

    refused = governance("deadlines", "set-law", str(tmp_path / "own.yaml"))

    assert refused.code == 1
    assert "no text in UTF-8" in refused.err


def test_what_a_law_does_not_know_is_refused_with_what_it_knows(command: Command) -> None:
    told = command("deadlines", "due", "--law", "ccpa", "--kind", "withdrawal", "--country", "US", "2026-05-01")
    assert "it knows access" in told.err
    told = command("deadlines", "due", "--law", "roman", "--kind", "access", "--country", "US", "2026-05-01")
    assert "known are gdpr" in told.err


def test_without_a_store_days_of_rest_are_shown_as_shipped_and_not_changed(command: Command) -> None:
    shown = command("deadlines", "calendar", "DE", "--year", "2026", "--json").json
    assert (shown["calendar"], shown["version"]) == ("DE", 0)
    assert "2026-12-25" in {one["day"] for one in shown["days"]}
    assert command("deadlines", "calendar", "DE", "--add", "2026-05-04=Frei").code != 0


def test_an_edited_calendar_moves_due_dates_and_is_shown(governance: Command) -> None:
    asked = ("deadlines", "due", "--law", "ua_2297", "--kind", "access", "--country", "UA", "--json", "2026-04-03")
    before = json.loads(governance(*asked).out)
    assert (before["due"], before["calendar_version"]) == ("2026-05-04", 0)

    assert governance("deadlines", "calendar", "UA", "--add", "2026-05-04=Вихідний").code == 0

    after = json.loads(governance(*asked).out)
    assert (after["due"], after["calendar_version"]) == ("2026-05-05", 1)
    shown = governance("deadlines", "calendar", "UA", "--year", "2026", "--json").json
    assert {"day": "2026-05-04", "name": "Вихідний", "edit": "added"} in shown["days"]


def test_the_laws_are_shown_with_what_was_verified_and_without_a_store_those_shipped(command: Command) -> None:
    rows = command("deadlines", "laws", "ua_2297", "--json").json

    assert {row["law"] for row in rows} == {"ua_2297"}
    assert {"kind", "duty", "within", "citation", "verified"} <= rows[0].keys()
