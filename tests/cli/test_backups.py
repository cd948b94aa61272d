"""`backup`, `restore` and `keys recovery` as an operator calls them."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from governance.custody import sheets
from tests.cli.conftest import Command
from tests.conftest import Store, leave

PASSPHRASE = "correct horse battery staple"


@pytest.fixture
def ready(governance: Command, fresh_store: Store, server_url: str) -> Iterator[Command]:
    """A store that may be restored; what that leaves beside it is dropped at the end."""
    leave(fresh_store)
    yield governance
    with psycopg.connect(server_url, autocommit=True) as connection:
        for suffix in ("replaced", "restoring"):
            connection.execute(f'DROP DATABASE IF EXISTS "{fresh_store.name}_{suffix}" WITH (FORCE)')


def test_a_backup_is_made_listed_whole_in_a_narrow_terminal_verified_and_restored(
    ready: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = ready("backup", "--json")
    assert made.code == 0, made.err
    folder = made.json["folder"]
    assert [row["folder"] for row in ready("backup", "--list", "--json").json] == [folder]
    with monkeypatch.context() as narrow:
        narrow.setenv("COLUMNS", "20")
        listed = ready("backup", "--list").out.splitlines()
    assert len(listed) == 2
    assert folder in listed[1]
    assert ready("backup", "--verify", folder).code == 0
    done = ready("restore", "--yes")
    assert "custody.restored" not in done.err
    assert done.code == 0, done.err
    assert "--drop-old" in done.err
    assert "Dropped" in ready("restore", "--drop-old").err
    assert ready("staff", "list").code == 0


WAITING = """
WITH owner AS (
    INSERT INTO key_owner (id, kind, created_at)
    SELECT gen_random_uuid(), 'request', now() FROM generate_series(1, 3)
    RETURNING id
)
INSERT INTO consent_request (id, owner_id, form, form_version, choices, language, token_digest, created_at,
    expires_at)
SELECT gen_random_uuid(), id, 'web', 1, '[]', 'en', sha256(id::text::bytea), now() - interval '20 days', now()
FROM owner
"""


def test_what_retention_had_removed_since_a_backup_is_removed_again_before_the_service_opens(
    ready: Command, fresh_store: Store
) -> None:
    def waiting() -> int:
        with psycopg.connect(fresh_store.admin_url) as connection:
            [found] = connection.execute("SELECT count(*) FROM consent_request").fetchone() or [0]
            return int(found)

    for act in (("draft", "--shipped"), ("simulate", "--policy"), ("activate", "--reason", "Decided.")):
        assert ready("retention", *act, "unconfirmed_subscriptions").code == 0
    with psycopg.connect(fresh_store.admin_url) as connection:
        connection.execute(WAITING)
    folder = ready("backup", "--json").json["folder"]
    [run] = ready("retention", "run", "--json").json
    assert (run["parts"][0]["rows"], waiting()) == (3, 0)

    done = ready("restore", folder, "--yes")

    assert done.code == 0, done.err
    assert "3 rows that were overdue were removed again" in done.err
    assert waiting() == 0
    again = ready("retention", "runs", "--json").json
    assert [(one["origin"], one["state"], one["parts"][0]["rows"]) for one in again] == [("restore", "done", 3)]


def test_a_damaged_backup_and_a_keyring_that_is_gone_are_told_in_one_sentence_each(
    ready: Command, surroundings: Path
) -> None:
    made = ready("backup")
    assert made.code == 0, made.err
    folder = made.out.strip()
    file = Path(folder) / "data.gov"
    whole = file.read_bytes()
    file.write_bytes(whole[:-1])
    for arguments in (["backup", "--verify", folder], ["restore", "--yes"]):
        outcome = ready(*arguments)
        assert outcome.code == 1
        assert "changed or cut off" in outcome.err
        assert "Traceback" not in outcome.err

    file.write_bytes(whole)
    (surroundings / "secrets" / "keyring.json").unlink()
    outcome = ready("restore", "--yes")
    assert outcome.code == 1
    assert "keys recovery" in outcome.err


def test_a_sheet_is_made_confirmed_and_brings_the_keyring_back(
    governance: Command, surroundings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sheets, "LOG2_N", 4)
    monkeypatch.setenv("GOVERNANCE_RECOVERY_PASSPHRASE", PASSPHRASE)
    page, lines = tmp_path / "sheet.html", tmp_path / "sheet.txt"

    assert "No recovery sheet" in governance("keys", "status").out
    assert governance("keys", "recovery", "--to", str(page)).code == 0
    assert page.stat().st_mode & 0o777 == lines.stat().st_mode & 0o777 == 0o600
    code = lines.read_text().partition("Check code: ")[2].split()[0]
    assert governance("keys", "recovery", "--confirm", str(lines), "--code", "0000-0000").code == 1
    assert governance("keys", "recovery", "--confirm", str(lines), "--code", code).code == 0
    assert "No recovery sheet" not in governance("keys", "status").out

    ring = surroundings / "secrets" / "keyring.json"
    kept = ring.read_bytes()
    ring.unlink()
    assert governance("staff", "list").code == 1
    monkeypatch.setenv("GOVERNANCE_RECOVERY_PASSPHRASE", "something else entirely")
    assert "passphrase is wrong" in governance("keys", "recovery", "--restore", str(lines)).err
    assert not ring.exists()
    monkeypatch.setenv("GOVERNANCE_RECOVERY_PASSPHRASE", PASSPHRASE)
    assert governance("keys", "recovery", "--restore", str(lines)).code == 0
    assert ring.read_bytes() == kept
    told = [entry["action"] for entry in governance("audit", "search", "--json").json["entries"]]
    assert {"custody:recovery-sheet:confirmed", "custody:keyring:recovered"} <= set(told)
