"""Attacks by somebody who commands the database (its superuser), and what detects each of them.

| attack | the database refuses | live verification | signer | offline verification, with a kept checkpoint |
|---|---|---|---|---|
| entry edited, hashes left | yes | names the entry | | names the entry |
| leaf edited | yes | names the entry | refuses, if not signed yet | |
| edited, all hashes made to fit | | names the checkpoint | refuses | names the checkpoint |
| one deleted, reordered, inserted | | names the checkpoint | refuses | names the checkpoint |
| added with an old date | | names the entry | | |
| tail cut off, shorter log, old backup | | says so | refuses | says so |
| triggers off | | says so | | |
| checkpoint deleted or replaced in the database | yes | says so, by the anchor | | |
| personal detail of an entry deleted | yes | names the entry | | |
| tree changed after a new one was opened | | says so, by the first entry of the next | | |
| entry removed before it is under a checkpoint | | not detected: protected by the database alone | | |
"""

import dataclasses
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from governance.audit import notes, verify
from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.anchors import FileAnchor
from governance.audit.errors import AuditBrokenError, AuditRollbackError
from governance.audit.findings import Verification
from governance.audit.outside import Outside
from governance.kernel.clock import FixedClock
from governance.kernel.db import Database, psycopg_url, sqlalchemy_url
from governance.kernel.ids import OwnerId
from governance.kernel.work import SYSTEM, open_work
from governance.vault.keyring import Keyring
from governance.vault.runtime import Vault
from tests.audit.conftest import STAFF, Log
from tests.audit.forging import rewrite, tamper
from tests.audit.test_appending import new_owner
from tests.conftest import Store, leave

KEPT, SIZE = 258, 300  # more than a tile of 256
VOIDED = (
    "UPDATE audit_body SET outcome = 'void', "
    "bytes = convert_to(replace(convert_from(bytes, 'UTF8'), '\"done\"', '\"void\"'), 'UTF8')"
)


@pytest.fixture
def grown(log: Log) -> Log:
    """A log of some entries with two checkpoints; an auditor took the first away."""
    log.grow(KEPT)
    log.grow(SIZE - KEPT)
    return log


def kept(log: Log) -> bytes:
    """The checkpoint that the auditor took away."""
    (note,) = log.ask(f"SELECT note FROM audit_checkpoint WHERE size = {KEPT}")[0]
    return bytes(note)  # type: ignore[arg-type]


def verify_live(log: Log) -> Verification:
    with open_work(log.database, SYSTEM, clock=FixedClock(log.now)) as work:
        key = log.key.public_key().public_bytes_raw()
        return audit.verify_live(work, public_key=key, outside=log.outside)


def verify_offline(log: Log, taken: bytes) -> verify.Report:
    with open_work(log.database, SYSTEM, clock=FixedClock(log.now)) as work:
        key = log.key.public_key().public_bytes_raw()
        audit.export(work, directory=log.folder / "export", outside=log.outside, public_key=key)
    return verify.verify_export(log.folder / "export", kept=taken, vkey=log.outside.vkey())


def meanings(found: Verification) -> set[str]:
    return {difference.meaning for difference in found.differences}


def assert_signer_refuses(log: Log) -> None:
    log.append(1)
    log.sequence()
    with pytest.raises(AuditRollbackError):
        log.sign()
    assert log.outside.alarm() is not None


def assert_rewriting_is_found(log: Log, taken: bytes) -> None:
    """By the signed checkpoints live, by the kept one offline, and the signer signs no more."""
    live = verify_live(log)
    assert f"the first {SIZE} entries do not make the root of the checkpoint of {SIZE} entries" in {
        difference.what for difference in live.differences
    }
    report = verify_offline(log, taken)
    assert {found.step for found in report.findings} == {6}
    assert "the kept checkpoint" in report.findings[0].what
    assert_signer_refuses(log)


def test_an_untouched_log_is_whole_live_and_offline(grown: Log):
    found = verify_live(grown)
    assert found.whole, found.differences
    assert (found.entries, found.checkpoints, found.pending) == (SIZE, 2, 0)
    assert verify_offline(grown, kept(grown)).whole
    assert verify_live(grown).pending == 2  # the verification and the export told of themselves


def test_editing_the_bytes_of_an_entry_is_found_by_its_hash(grown: Log):
    taken, eid = kept(grown), grown.eids[100]
    tamper(
        grown,
        f"{VOIDED} WHERE eid = '{eid}'",
    )
    (difference,) = verify_live(grown).differences
    assert (difference.seq, difference.eid) == (100, eid)
    assert "edited" in difference.meaning
    (found,) = verify_offline(grown, taken).findings
    assert (found.step, found.seq) == (4, 100)


def test_editing_only_what_an_entry_is_searched_by_is_found(grown: Log):
    tamper(grown, f"UPDATE audit_body SET subject_ref = gen_random_uuid() WHERE eid = '{grown.eids[7]}'")
    (difference,) = verify_live(grown).differences
    assert (difference.seq, difference.meaning) == (7, "Columns were edited to hide it.")


def test_editing_a_leaf_is_found_by_the_entry_beside_it(grown: Log):
    tamper(grown, "UPDATE audit_leaf SET leaf_hash = sha256('forged') WHERE seq = 3")
    first = verify_live(grown).differences[0]
    assert (first.seq, first.what) == (3, "entry and leaf have different hashes")


def test_editing_a_leaf_that_is_not_signed_yet_stops_the_signer(grown: Log):
    grown.append(3)
    grown.sequence()
    tamper(grown, f"UPDATE audit_leaf SET leaf_hash = sha256('forged') WHERE seq = {SIZE + 1}")
    with pytest.raises(AuditBrokenError):
        grown.sign()


def test_editing_a_tile_is_found_by_the_leaves_and_stops_the_signer(grown: Log):
    tamper(grown, "UPDATE audit_tile SET hashes = overlay(hashes placing '\\x00' from 70) WHERE index = 0")
    assert "tile 0/0 is not what the leaves make" in {one.what for one in verify_live(grown).differences}


def test_editing_the_head_is_found_by_the_leaves(grown: Log):
    tamper(grown, "UPDATE audit_head SET root = sha256('x')")
    assert [one.what for one in grown.verify().differences] == ["the head of tree 1 is not what the leaves make"]


@pytest.mark.parametrize(
    "added",
    [
        "INSERT INTO audit_leaf SELECT 1, size, gen_random_uuid(), sha256('x') FROM audit_head",
        "INSERT INTO audit_tile SELECT 1, 0, 1, hashes FROM audit_tile",
    ],
)
def test_leaves_and_tiles_beyond_the_head_are_found(grown: Log, added: str):
    tamper(grown, added)
    told = {one.what for one in grown.verify().differences}
    assert "tree 1 has other leaves or tiles than its head says" in told


def test_editing_an_entry_with_all_hashes_made_to_fit_is_found_by_the_signatures(grown: Log):
    taken = kept(grown)
    rewrite(
        grown,
        f"{VOIDED} WHERE eid = '{grown.eids[100]}'",
    )
    assert_rewriting_is_found(grown, taken)


def test_deleting_a_leaf_leaves_a_gap(grown: Log):
    tamper(grown, "DELETE FROM audit_leaf WHERE seq = 100")
    found = verify_live(grown)
    assert (found.differences[0].seq, found.differences[0].what) == (100, "a leaf is missing")
    assert "It was removed from the tree." in meanings(found)


def test_deleting_the_bytes_of_an_entry_is_no_dropping_by_age(grown: Log):
    tamper(grown, f"DELETE FROM audit_body WHERE eid = '{grown.eids[100]}'")
    (difference,) = verify_live(grown).differences
    assert difference.seq == 100
    assert "no dropping is told of" in difference.what
    report = verify_offline(grown, kept(grown))
    assert [found.what for found in report.findings] == [
        "1 entries are there by their hashes alone, and no entry tells of their dropping"
    ]


def test_deleting_an_entry_from_the_middle_with_all_hashes_made_to_fit_is_found_by_the_signatures(grown: Log):
    taken = kept(grown)
    grown.append(1)  # so that the tree does not become smaller than what was signed
    grown.sequence()
    rewrite(grown, f"DELETE FROM audit_body WHERE eid = '{grown.eids[100]}'")
    assert_rewriting_is_found(grown, taken)


def test_reordering_entries_is_found_by_the_signatures(grown: Log):
    taken = kept(grown)
    rewrite(
        grown,
        "UPDATE audit_leaf SET seq = -1 WHERE seq = 10",
        "UPDATE audit_leaf SET seq = 10 WHERE seq = 11",
        "UPDATE audit_leaf SET seq = 11 WHERE seq = -1",
    )
    assert_rewriting_is_found(grown, taken)


def _with_date(grown: Log, eid: object, seq: float) -> list[str]:
    """Statements that insert a copy of an entry under a new id and an old date at a place of the forger's choice."""
    return [
        "CREATE TEMP TABLE forged AS SELECT b.*, gen_random_uuid() AS new FROM audit_body b "
        f"WHERE eid = '{eid}'",
        "UPDATE forged SET at = at - interval '2 days', bytes = convert_to("
        "replace(replace(convert_from(bytes, 'UTF8'), eid::text, new::text), '2026-11-22', '2026-11-20'), 'UTF8')",
        "INSERT INTO audit_body SELECT class, at, new, bytes, action, actor_kind, actor_id, subject_ref, object_kind, "
        "object_id, outcome FROM forged",
        "INSERT INTO audit_entry SELECT new, class, at, sha256('\\x00'::bytea || bytes) FROM forged",
        f"UPDATE audit_leaf SET seq = seq + 100000 WHERE seq >= {seq}",
        f"INSERT INTO audit_leaf SELECT 1, {seq}, new, sha256('\\x00'::bytea || bytes) FROM forged",
    ]  # fmt: skip


def test_inserting_an_entry_among_old_ones_is_found_by_the_signatures(grown: Log):
    taken = kept(grown)
    rewrite(grown, *_with_date(grown, grown.eids[50], 50))
    assert_rewriting_is_found(grown, taken)


def test_adding_an_entry_with_an_old_date_at_the_end_is_found_by_its_place(grown: Log):
    rewrite(grown, *_with_date(grown, grown.eids[50], SIZE))
    grown.now += timedelta(seconds=1)
    assert grown.sign() is not None  # the tree itself is sound
    (difference,) = verify_live(grown).differences
    assert difference.seq == SIZE
    assert difference.meaning == "It was written later, with an old date."


def test_inserting_a_pending_entry_by_hand_is_found(grown: Log):
    grown.as_superuser("INSERT INTO audit_pending VALUES (now(), gen_random_uuid(), sha256('forged'))")
    assert meanings(verify_live(grown)) == {"It was edited or inserted by hand."}


def test_truncating_the_tail_is_found_by_the_outside_checkpoint(grown: Log):
    newest = grown.outside.last()
    assert newest is not None
    rewrite(
        grown,
        f"DELETE FROM audit_body WHERE eid IN (SELECT eid FROM audit_leaf WHERE seq >= {KEPT})",
        f"DELETE FROM audit_checkpoint WHERE size > {KEPT}",
    )
    assert meanings(verify_live(grown)) == {"The tail was cut off, or the database is an older copy."}
    assert {found.step for found in verify_offline(grown, newest).findings} == {3}
    assert_signer_refuses(grown)


def test_replacing_the_whole_log_by_a_shorter_one_is_found(grown: Log):
    newest = grown.outside.last()
    assert newest is not None
    rewrite(
        grown,
        "DELETE FROM audit_body WHERE eid NOT IN (SELECT eid FROM audit_leaf WHERE seq % 2 = 0 AND seq < 200)",
        "DELETE FROM audit_checkpoint",
    )
    assert meanings(verify_live(grown)) == {
        "The tail was cut off, or the database is an older copy.",
        "They were deleted from the database past its triggers.",
    }
    assert_signer_refuses(grown)


def test_a_forged_checkpoint_is_found_by_its_signature(grown: Log):
    (origin,) = grown.ask("SELECT origin FROM audit_tree")[0]
    forged = notes.sign_checkpoint(notes.Checkpoint(str(origin), 400, bytes(32)), Ed25519PrivateKey.generate())
    with psycopg.connect(grown.admin_url) as connection:
        connection.execute("INSERT INTO audit_checkpoint VALUES (1, 400, %s, now())", (forged,))
    assert meanings(verify_live(grown)) == {"It was forged or damaged."}


def test_deleting_checkpoints_is_found_by_the_anchor_and_their_roots_still_bind(grown: Log):
    grown.grow(1)
    tamper(grown, f"DELETE FROM audit_checkpoint WHERE size < {SIZE + 1}")
    (difference,) = verify_live(grown).differences
    assert difference.what.startswith("2 checkpoints that were told to anchor.jsonl are missing from tree 1")
    rewrite(grown, f"{VOIDED} WHERE eid = '{grown.eids[100]}'", "DELETE FROM audit_checkpoint")
    told = {one.what for one in verify_live(grown).differences}
    assert f"the first {KEPT} entries do not make the root of the checkpoint of {KEPT} entries in anchor.jsonl" in told


def test_putting_another_checkpoint_in_the_place_of_one_is_found_by_the_anchor(grown: Log):
    (origin,) = grown.ask("SELECT origin FROM audit_tree")[0]
    other = notes.sign_checkpoint(notes.Checkpoint(str(origin), KEPT, bytes(32)), grown.key)
    tamper(grown, f"UPDATE audit_checkpoint SET note = '\\x{other.hex()}' WHERE size = {KEPT}")
    told = {one.what for one in verify_live(grown).differences}
    assert f"the checkpoint of {KEPT} entries is not the one that was told to anchor.jsonl" in told


def test_a_forged_or_damaged_line_of_the_anchor_is_told_but_one_that_a_crash_cut_off_is_not(grown: Log):
    (origin,) = grown.ask("SELECT origin FROM audit_tree")[0]
    path, stranger = grown.outside.anchor_path, Ed25519PrivateKey.generate()
    before = path.read_bytes()
    path.write_bytes(before + b'{"at": "2026-11-2')
    assert verify_live(grown).whole
    FileAnchor(path).publish(
        notes.sign_checkpoint(notes.Checkpoint(str(origin), 300, bytes(32)), stranger), at=grown.now
    )
    assert [one.what for one in verify_live(grown).differences] == ["line 3 of anchor.jsonl cannot be read"]
    path.write_bytes(before)
    FileAnchor(path).publish(
        notes.sign_checkpoint(notes.Checkpoint(str(origin), 300, bytes(32)), stranger), at=grown.now
    )
    (difference,) = verify_live(grown).differences
    assert difference.what == "line 3 of anchor.jsonl: the note is not signed by the expected key"
    path.write_bytes(before)
    FileAnchor(path).publish(
        notes.sign_checkpoint(notes.Checkpoint("governance/elsewhere", 3, bytes(32)), grown.key),
        at=grown.now + timedelta(days=9),
    )
    assert "governance/elsewhere, which this database does not hold" in verify_live(grown).differences[0].what


def test_the_newest_checkpoint_may_be_outside_a_moment_before_it_is_recorded(grown: Log):
    tamper(grown, f"DELETE FROM audit_checkpoint WHERE size = {SIZE}")
    assert verify_live(grown).whole
    grown.sign()
    assert grown.ask("SELECT max(size) FROM audit_checkpoint") == [(SIZE,)]


def told_with_detail(log: Log, *reasons: str) -> list[OwnerId]:
    """An entry with a reason for each, under key owners of their own, signed."""
    owners = []
    with open_work(log.database, STAFF, clock=FixedClock(log.now)) as work:
        for reason in reasons:
            owners.append(new_owner(work))
            audit.append(work, Action.PERSON_REVEALED, personal={"reason": reason}, owner=owners[-1])
    log.sequence()
    log.sign()
    return owners


@pytest.mark.parametrize("harm", ["DELETE FROM audit_detail", "UPDATE audit_detail SET content_sealed = NULL"])
def test_removing_a_personal_detail_is_found_by_the_entry_that_speaks_of_it(log: Log, harm: str):
    told_with_detail(log, "asked by telephone")
    assert verify_live(log).whole
    tamper(log, harm)
    (difference,) = verify_live(log).differences
    assert (difference.seq, difference.meaning) == (0, "It was removed from the database past its triggers.")
    assert difference.what == "the personal detail reason of the entry is missing, and no erasure is told of"


def test_details_that_were_erased_are_not_missed_but_those_of_others_are(log: Log):
    first, _ = told_with_detail(log, "one", "two")
    with open_work(log.database, SYSTEM, clock=FixedClock(log.now)) as work:
        assert audit.forget_details(work, owners=[first]) == 1
    log.sequence()
    log.sign()
    found = verify_live(log)
    assert found.whole, found.differences
    tamper(log, "DELETE FROM audit_detail")
    assert [one.seq for one in verify_live(log).differences] == [1]


def test_entries_under_no_checkpoint_are_counted(grown: Log):
    grown.append(3)
    found = verify_live(grown)
    assert (found.pending, found.unsigned) == (3, 3)
    grown.sequence()
    found = verify_live(grown)
    assert (found.pending, found.unsigned) == (0, 4)  # the verification before told of itself


def test_emptying_the_folder_outside_is_found(grown: Log):
    (grown.outside.folder / "checkpoint").unlink()
    assert meanings(verify_live(grown)) == {"The folder outside was lost, or emptied to hide a change."}


def test_disabling_a_trigger_is_found_before_anything_is_changed(grown: Log):
    grown.as_superuser("ALTER TABLE audit_entry DISABLE TRIGGER audit_no_change")
    (difference,) = verify_live(grown).differences
    assert difference.what.startswith("trigger audit_no_change on audit_entry does not stand")


@pytest.fixture
def backup(log: Log, fresh_store: Store, keyring: Keyring, server_url: str):
    """Take a backup of the database, and put it back in the place of the present one."""
    name = f"{fresh_store.name}_old"

    def take() -> None:
        leave(fresh_store)
        with psycopg.connect(server_url, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{fresh_store.name}"')
            connection.execute(f'GRANT CONNECT, TEMPORARY ON DATABASE "{name}" TO "{fresh_store.roles.app}"')

    def restore() -> Log:
        def at(url: str) -> str:
            return psycopg_url(sqlalchemy_url(url).set(database=name).render_as_string(hide_password=False))

        restored.append(Database(at(fresh_store.app_url), pool_size=2))
        Vault.install(restored[0], keyring)
        return dataclasses.replace(log, database=restored[0], admin_url=at(fresh_store.admin_url), eids=[])

    restored: list[Database] = []
    yield take, restore
    for database in restored:
        database.dispose()
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def test_restoring_an_old_backup_is_found_even_once_it_has_outgrown_what_was_signed(log: Log, backup):
    take, restore = backup
    log.grow(KEPT)
    take()
    log.grow(SIZE - KEPT)
    newest = log.outside.last()
    assert newest is not None
    old = restore()
    assert "The tail was cut off, or the database is an older copy." in meanings(verify_live(old))
    assert_signer_refuses(old)
    old.append(SIZE)  # life goes on, nobody heeds the alarm, and the tree grows beyond the old size
    old.sequence()
    with pytest.raises(AuditRollbackError, match="not those that were signed"):
        old.sign()
    assert "the checkpoint kept outside" in " ".join(one.what for one in verify_live(old).differences)
    report = verify_offline(old, newest)
    assert not report.whole


def test_after_a_restore_an_operator_opens_a_new_tree_and_all_is_verified_again(log: Log, backup):
    take, restore = backup
    log.grow(10)
    take()
    log.grow(5)
    old = restore()
    old.append(3)
    old.sequence()
    with pytest.raises(AuditRollbackError):
        old.sign()
    origin = old.signer.open_tree(SYSTEM, clock=FixedClock(old.now))
    old.append(2)
    old.sequence()
    signed = old.sign()
    assert signed is not None
    assert (signed.origin, signed.size) == (origin, 3)
    found = verify_live(old)
    assert found.whole, found.differences
    report = verify_offline(old, old.outside.last() or b"")
    assert report.whole, report.findings


def test_not_detected_an_entry_removed_before_it_came_under_a_checkpoint(grown: Log):
    """The stated limit: until a checkpoint covers it, an entry is protected by the database alone."""
    (eid,) = grown.append(1)
    tamper(
        grown, *(f"DELETE FROM {table} WHERE eid = '{eid}'" for table in ("audit_entry", "audit_body", "audit_pending"))
    )
    assert verify_live(grown).whole
    assert grown.outside.alarm() is None


def test_not_detected_a_log_rewritten_by_one_who_also_holds_the_key_unless_a_checkpoint_was_kept(grown: Log):
    """The other stated limit, and its remedy: an anchor out of the forger's reach."""
    taken = kept(grown)
    rewrite(grown, f"DELETE FROM audit_body WHERE eid = '{grown.eids[100]}'", "DELETE FROM audit_checkpoint")
    forger = Outside(Path(grown.folder / "forged"))
    forged = dataclasses.replace(grown, outside=forger)
    assert forged.sign() is not None
    assert verify_live(forged).whole
    assert not verify_offline(forged, taken).whole
