"""`audit` on a store: verified up to the last entry, continued after a lost key, mended after a forgery."""

import os
import shutil
from pathlib import Path

import psycopg
import pytest

from governance.app import build
from governance.audit.outside import replace_signing_key
from governance.custody.opening import open_store
from governance.kernel.settings import Settings
from tests.cli.conftest import Command
from tests.conftest import Store

KEY = Path("secrets") / "audit-signing.key"
FORGED = "INSERT INTO audit_leaf SELECT tree_id, size, gen_random_uuid(), sha256('x') FROM audit_head"


def lose_key(surroundings: Path, *, outside_too: bool = False) -> None:
    (surroundings / KEY).unlink()
    if outside_too:
        shutil.rmtree(surroundings / "audit")


def codes(governance: Command) -> set[str]:
    return {finding["code"] for finding in governance("doctor", "--json").json["findings"]}


def test_verifying_places_and_signs_first_where_no_worker_does(governance: Command) -> None:
    report = governance("audit", "verify", "--json").json["report"]

    assert report["entries"] > 0
    assert (report["pending"], report["unsigned"]) == (0, 0)


def test_verifying_on_a_host_without_the_key_says_what_only_the_database_protects(
    governance: Command, surroundings: Path
) -> None:
    lose_key(surroundings)

    told = governance("audit", "verify")

    assert told.code == 0
    assert "0 entries waiting" in told.out
    assert "entries are under no checkpoint: only the database protects them" in told.out


@pytest.mark.parametrize("outside_too", [False, True])
def test_after_the_key_was_lost_a_new_one_is_made_by_an_explicit_act_and_the_log_is_whole_again(
    governance: Command, surroundings: Path, outside_too: bool, tmp_path: Path
) -> None:
    governance("audit", "verify")
    lose_key(surroundings, outside_too=outside_too)
    again = governance("init")
    assert again.code == (0 if outside_too else 1)
    assert "open-tree --new-key" in again.err
    assert not (surroundings / KEY).exists()
    assert ("signing-key-missing" in codes(governance)) is not outside_too
    assert governance("audit", "open-tree", "--yes").code == 1

    opened = governance("audit", "open-tree", "--new-key", "--yes")

    assert opened.code == 0
    assert opened.out.startswith("governance/")
    assert opened.out.strip() + "+" in opened.err  # the verifier key, for auditors
    told = governance("audit", "verify")
    assert told.code == 0, told.out
    assert told.out.endswith("WHOLE\n")
    assert "Note: The checkpoints of tree 1 were verified with" in told.out
    assert ("known from the database alone" in told.out) is outside_too
    assert "signing-key-missing" not in codes(governance)
    assert governance("audit", "export", str(tmp_path / "old"), "--tree", "1").code == 0
    assert governance("audit", "export", str(tmp_path / "new")).code == 0


def test_a_key_that_is_replaced_on_purpose_signs_for_a_last_time(governance: Command, surroundings: Path) -> None:
    before = (surroundings / KEY).read_bytes()

    governance("audit", "open-tree", "--new-key", "--yes")

    assert (surroundings / KEY).read_bytes() != before
    assert len((surroundings / "audit" / "vkeys").read_text().split()) == 2
    assert governance("audit", "verify").code == 0


def test_a_key_of_somebody_else_is_found_by_doctor_and_does_not_sign(governance: Command, surroundings: Path) -> None:
    governance("audit", "verify")
    replace_signing_key(surroundings / "secrets")

    assert "audit-key-changed" in codes(governance)

    told = governance("audit", "verify")
    assert told.code == 1
    assert "The signing key is not the one that signs this tree" in told.out
    assert governance("audit", "open-tree", "--yes").code == 0
    assert "audit-key-changed" not in codes(governance)
    assert governance("audit", "verify").code == 0


def test_a_forged_leaf_is_an_alarm_until_it_is_moved_aside(governance: Command, fresh_store: Store) -> None:
    governance("audit", "verify")
    with psycopg.connect(fresh_store.app_url) as connection:
        connection.execute(FORGED)

    broken = governance("audit", "verify")

    assert broken.code == 1
    assert "Alarm since" in broken.out
    assert "entries are under no checkpoint" in broken.out
    assert "audit-broken" in codes(governance)
    with open_store(Settings.from_environment(os.environ)) as store:
        client = build(store).test_client()
        ready, figures = client.get("/readyz"), client.get("/metrics").get_data(as_text=True)
    assert ready.status_code == 200
    assert ready.json == {**(ready.json or {}), "status": "ready", "alarms": ["audit-broken"]}
    assert 'governance_audit_alarm{reason="audit-broken"} 1.0' in figures
    assert 'governance_audit_alarm{reason="audit-rollback"} 0.0' in figures

    moved = governance("audit", "quarantine", "--yes", "--json")

    assert (moved.code, moved.json["leaves"]) == (0, 1)
    assert "audit-broken" not in codes(governance)
    whole = governance("audit", "verify")
    assert whole.code == 0, whole.out
    assert "Note: 1 rows that contradicted the log were moved aside" in whole.out
    assert governance("audit", "quarantine", "--yes").code == 1
