"""`languages`: a folder is written, looked through and listed, without any store."""

import json
from pathlib import Path

from tests.cli.conftest import Command


def test_a_language_is_begun_checked_and_listed(command: Command, surroundings: Path) -> None:
    assert command("languages", "check", "pl").code == 1
    made = command("languages", "new", "pl")
    assert made.code == 0, made.err
    folder = surroundings / "languages" / "pl"
    assert {one.name for one in folder.iterdir()} == {
        "name.txt", "console.po", "portal.po", "titles.yaml", "notices.yaml", "messages"
    }  # fmt: skip

    checked = json.loads(command("languages", "check", "pl", "--json").out)
    assert (checked["name"], checked["percent"]) == ("Polski", 0)
    (folder / "messages" / "portal_code.txt").write_text("Subject: Kod\n", "utf-8")
    broken = command("languages", "check", "pl")
    assert broken.code == 1
    assert "messages/: cannot be shown: portal_code" in broken.out
    listed = json.loads(command("languages", "list", "--json").out)
    assert [one["code"] for one in listed] == ["en", "ru", "uk", "pl"]


def test_what_is_no_language_is_refused(command: Command) -> None:
    for code in ("ru", "polish", "qqq"):
        refused = command("languages", "new", code)
        assert refused.code == 1, code
        assert "ISO 639" in refused.err
