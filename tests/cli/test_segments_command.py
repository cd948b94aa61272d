"""Segments at the command line."""

from pathlib import Path

import yaml

from governance.consent.segment_examples import examples
from tests.cli.conftest import Command


def test_the_examples_are_defined_evaluated_and_checked(governance: Command, tmp_path: Path) -> None:
    file = tmp_path / "segments.yaml"
    file.write_text(governance("segments", "examples").out)
    assert set(yaml.safe_load(file.read_text())["segments"]) == set(examples()) >= {"vip", "asleep", "lost"}
    made = governance("segments", "define", str(file), "--json").json
    assert {(one["key"], one["version"]) for one in made} == {(key, 1) for key in examples()}
    again = governance("segments", "define", str(file), "--only", "vip", "--json").json
    assert [(one["key"], one["version"]) for one in again] == [("vip", 2)]

    refused = governance("segments", "check", "vip", "--purpose", "newsletter", "--channel", "email")
    assert (refused.code, "evaluate it first" in refused.err) == (1, True)
    (run,) = governance("segments", "evaluate", "vip", "--json").json
    assert (run["state"], run["matched"], run["version"]) == ("done", "<5", 2)
    (checked,) = governance("segments", "check", "vip", "--purpose", "newsletter", "--channel", "email", "--json").json
    assert (checked["source"], checked["matched"]) == (run["id"], "<5")
    assert [one["id"] for one in governance("segments", "runs", "vip", "--json").json] == [checked["id"], run["id"]]
    assert "It was over before" in governance("segments", "stop", run["id"]).err
    assert governance("segments", "retire", "vip").code == 0
    assert governance("segments", "evaluate", "vip").code == 1
    assert "vip" in governance("segments", "list").out
    assert governance("segments", "evaluate", "unheard").code == 1


def test_a_file_of_another_form_is_refused_by_its_place(governance: Command, tmp_path: Path) -> None:
    file = tmp_path / "segments.yaml"
    file.write_text("segments:\n  vip:\n    rule: {field: city, op: is, value: x}\n")
    told = governance("segments", "define", str(file))
    assert (told.code, "segments.vip" in told.err) == (1, True)
    file.write_text(
        "segments:\n  vip:\n    titles: {en: a, ru: a, uk: a}\n    rule: {field: city, op: over, value: x}\n"
    )
    told = governance("segments", "define", str(file))
    assert (told.code, "rule.op" in told.err) == (1, True)
