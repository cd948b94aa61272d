"""Retention at the command line."""

import json
from pathlib import Path

import yaml

from governance.policies.shipped import retention_policies
from tests.cli.conftest import Command
from tests.factories.keeping import ACTIVITY


def test_a_policy_is_drafted_simulated_put_into_force_and_run(governance: Command, tmp_path: Path) -> None:
    file = tmp_path / "policies.yaml"
    file.write_text(ACTIVITY)
    assert set(yaml.safe_load(governance("retention", "policies", "--shipped").out)["policies"]) == set(
        retention_policies()
    )
    [drafted] = governance("retention", "draft", str(file), "--json").json
    assert (drafted["policy"]["key"], drafted["state"]) == ("behaviour", "draft")
    assert governance("retention", "activate", "behaviour", "--reason", "x").code == 1

    foreseen = governance("retention", "simulate", "--policy", "behaviour", "--json").json
    assert [one["rows"] for one in foreseen["policies"]] == [0]
    assert "alone" in governance("retention", "activate", "behaviour", "--reason", "Decided.").err
    assert "behaviour" in governance("retention", "simulate", "--curve").out

    [done] = governance("retention", "run", "--json").json
    assert (done["state"], done["parts"][0]["rows"]) == ("done", 0)
    assert [one["id"] for one in governance("retention", "runs", "--json").json] == [done["id"]]
    assert governance("retention", "stop", done["id"]).code == 1
    certificate, paper = tmp_path / "run.json", tmp_path / "run.pdf"
    governance("retention", "certificate", done["id"], "--output", str(certificate), "--pdf", str(paper))
    kept = tmp_path / "checkpoint"
    kept.write_text(json.loads(certificate.read_bytes())["checkpoint"])
    assert "HOLDS" in governance("audit", "verify-certificate", str(certificate), "--checkpoint", str(kept)).out
    assert paper.read_bytes().startswith(b"%PDF")
    assert "04-01" in governance("retention", "fiscal-year", "04-01").err
    assert governance("retention", "end", "behaviour").code == 0
    assert governance("retention", "simulate", "--json").json["policies"] == []


def test_all_that_comes_with_the_package_is_drafted_by_its_key(governance: Command) -> None:
    keys = list(retention_policies())
    chosen = [word for key in keys for word in ("--shipped", key)]

    assert [one["policy"]["key"] for one in governance("retention", "draft", *chosen, "--json").json] == keys
    assert governance("retention", "draft", "--shipped", "unheard").code == 1
    assert governance("retention", "draft").code == 2


def test_holds_are_placed_by_a_list_and_their_case_is_found(governance: Command, tmp_path: Path) -> None:
    file = tmp_path / "people.txt"
    file.write_text("no id\n")
    placing = ("--compartment", "finance", "--reason", "Claim", "--review", "2030-01-01", "--case", "A 12/26")

    told = governance("retention", "hold", str(file), *placing)

    assert (told.code, "no id" in told.err and "customer" in told.err) == (1, True)
    assert governance("retention", "holds", "--case", "A 12/26", "--json").json == []
    assert "0 holds" in governance("retention", "release", "--case", "A 12/26", "--reason", "Settled").err
