"""Recipients, exports and exposure at the command line."""

from pathlib import Path
from uuid import uuid4

from tests.cli.conftest import Command

RECIPIENT = (
    "letters", "--name", "Letters", "--kind", "processor", "--country", "US", "--purposes", "service",
    "--fields", "person.family_name,contact.email", "--safeguard", "standard_clauses",
)  # fmt: skip
ORDER = (
    "--recipient", "letters", "--purpose", "service", "--channels", "email", "--fields", "contact.email",
    "--reason", "Переезд склада",
)  # fmt: skip


def test_recipients_are_defined_listed_and_retired(governance: Command) -> None:
    assert governance("recipients", "define", *RECIPIENT).code == 0
    changed = governance("recipients", "define", *RECIPIENT, "--contact", "Olena Koval", "--json").json
    assert [(one["version"], one["contact"]) for one in changed] == [(2, "Olena Koval")]
    assert "standard_clauses" in governance("recipients", "list").out
    assert governance("recipients", "retire", "letters").code == 0
    assert governance("recipients", "list", "--json").json == []
    assert [one["version"] for one in governance("recipients", "history", "letters", "--json").json] == [3, 2, 1]
    assert governance("recipients", "history", "nobody").code == 1


def test_an_export_that_is_not_ready_leaves_no_file(governance: Command, tmp_path: Path) -> None:
    governance("recipients", "define", *RECIPIENT)
    wrong = governance("export", "propose", *ORDER[:-4], "--fields", "person.birth_date", "--reason", "x")
    assert (wrong.code, "does not need person.birth_date" in wrong.err) == (1, True)
    assert governance("export", "propose", *ORDER, "--channels", "pigeon").code == 2
    ids = tmp_path / "ids"
    ids.write_text("irina@example.org\n")
    assert governance("export", "propose", *ORDER, "--customers", str(ids)).code == 2
    made = governance("export", "propose", *ORDER, "--json").json
    assert made["alone"]

    file = tmp_path / "export.csv"
    early = governance("export", "download", made["id"], str(file))
    assert (early.code, "come back later" in early.err, file.exists()) == (1, True, False)
    assert governance("export", "show", made["id"], "--json").json["state"] == "making"
    assert "letters" in governance("export", "list").out
    kept = tmp_path / "kept.csv"
    kept.write_text("mine")
    there = governance("export", "download", made["id"], str(kept))
    assert (there.code, "name another" in there.err) == (1, True)
    assert kept.read_text() == "mine"


def test_a_file_of_nobody_and_an_account_that_saw_nobody_are_told_as_such(governance: Command, tmp_path: Path) -> None:
    found = tmp_path / "found.csv"
    found.write_text("name;email\nPetro;petro@example.com\n")
    traced = governance("export", "trace", str(found))
    assert (traced.code, "No export is likely enough" in traced.err) == (0, True)
    assert governance("export", "trace", str(found), "--json").json["suspects"] == []
    seen = governance("audit", "exposure", "--actor", str(uuid4()), "--from", "2026-01-01", "--json").json
    assert (seen["people"], seen["complete"]) == (0, True)
    told = governance("audit", "exposure", "--key", "nothingnothing22")
    assert "Data of 0 people were seen" in told.err
    assert governance("audit", "exposure").code == 1
