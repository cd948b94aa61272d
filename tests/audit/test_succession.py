"""A signing key is lost or replaced: a new one begins with a new tree, and what the old one signed stays verified."""

import base64
import dataclasses
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from governance.audit import operations as audit
from governance.audit import verify
from governance.audit.entries import decode
from governance.audit.errors import SigningKeyChangedError, SigningKeyError
from governance.audit.keys import check_signing_key
from governance.audit.outside import Outside, create_signing_key, replace_signing_key
from governance.kernel.clock import FixedClock
from governance.kernel.errors import NotFoundError
from governance.kernel.work import OPERATOR, SYSTEM, open_work
from tests.audit.conftest import Log
from tests.audit.forging import tamper


def export(log: Log, folder: str, **options: int) -> Path:
    directory = log.folder / folder
    with open_work(log.database, SYSTEM, clock=FixedClock(log.now)) as work:
        key = log.key.public_key().public_bytes_raw()
        audit.export(work, directory=directory, outside=log.outside, public_key=key, **options)  # type: ignore[arg-type]
    return directory


def opening(log: Log) -> dict[str, object]:
    """What the first entry of the newest tree tells."""
    ((leaf,),) = log.ask(
        "SELECT b.bytes FROM audit_leaf l JOIN audit_body b USING (eid) "
        "WHERE l.seq = 0 AND l.tree_id = (SELECT max(tree_id) FROM audit_tree)"
    )
    return dict(decode(leaf).facts)  # type: ignore[arg-type]


def with_new_key(log: Log, outside: Outside | None = None) -> Log:
    return dataclasses.replace(log, key=create_signing_key(log.folder / "new"), outside=outside or log.outside)


def open_and_grow(log: Log) -> str:
    origin = log.signer.open_tree(OPERATOR, clock=FixedClock(log.now))
    log.grow(3)
    return origin


@pytest.fixture
def succeeded(log: Log) -> Log:
    """Ten entries signed by a key that is lost, and a tree of a new key after them."""
    log.grow(4)
    log.grow(6)
    new = with_new_key(log)
    open_and_grow(new)
    return new


def test_a_new_key_does_not_sign_the_tree_of_another_and_the_alarm_names_the_remedy(log: Log):
    log.grow(10)
    new = with_new_key(log)
    new.append(1)
    new.sequence()
    with pytest.raises(SigningKeyChangedError, match="open-tree"):
        new.sign()
    alarm = new.outside.alarm()
    assert alarm is not None
    assert alarm.slug == "audit-key-changed"
    open_and_grow(new)
    assert new.outside.alarm() is None


def test_after_a_succession_the_log_is_whole_and_says_on_what_trust_the_old_checkpoints_stand(succeeded: Log):
    found = succeeded.verify()
    assert found.whole, found.differences
    assert found.checkpoints == 3
    assert any("tree 1 were verified with the public key in audit/vkeys" in note for note in found.notes)
    assert any(note.startswith("Tree 2 is signed by another key than tree 1") for note in found.notes)


def test_the_keys_of_all_trees_are_listed_outside_and_in_the_export(succeeded: Log):
    origins = [str(origin) for (origin,) in succeeded.ask("SELECT origin FROM audit_tree ORDER BY tree_id")]
    assert [one.split("+")[0] for one in succeeded.outside.vkeys()] == origins
    assert succeeded.outside.vkey() == succeeded.outside.vkeys()[-1]
    assert succeeded.ask("SELECT vkey FROM audit_vkey ORDER BY tree_id") == [
        (one,) for one in succeeded.outside.vkeys()
    ]
    assert (export(succeeded, "out") / "vkeys").read_text().split() == succeeded.outside.vkeys()


def test_the_first_entry_names_both_keys_and_the_tree_that_is_left(succeeded: Log):
    told = opening(succeeded)
    assert [told["old_vkey"], told["vkey"]] == succeeded.outside.vkeys()
    ((size, root),) = succeeded.ask("SELECT size, root FROM audit_head WHERE tree_id = 1")
    assert (told["old_size"], told["old_signed"], told["old_root"]) == (size, 10, bytes(root).hex())  # type: ignore[arg-type]


def test_both_trees_are_exported_and_verified_offline_each_with_its_key(log: Log):
    log.grow(10)
    kept = log.outside.last()
    new = with_new_key(log)
    open_and_grow(new)
    vkeys = "\n".join(new.outside.vkeys())
    old = verify.verify_export(export(new, "old", tree_id=1), kept=kept, vkey=vkeys)
    assert (old.whole, old.size) == (True, 10), old.findings
    young = verify.verify_export(export(new, "new"), kept=new.outside.last(), vkey=vkeys)
    assert (young.whole, young.size) == (True, 4), young.findings
    wrong = verify.verify_export(new.folder / "new", kept=kept, vkey=vkeys)
    assert [found.step for found in wrong.findings] == [2]
    strange = verify.verify_export(new.folder / "new", kept=kept, vkey="\n".join([new.outside.vkeys()[0]] * 2))
    assert "none of the verifier keys is of" in strange.findings[0].what


def test_a_tree_that_does_not_exist_is_not_exported(succeeded: Log):
    with pytest.raises(NotFoundError, match="numbered from 1 to 2"):
        export(succeeded, "out", tree_id=3)


def test_where_the_folder_outside_was_lost_too_the_database_tells_the_old_key_and_that_is_said(log: Log):
    log.grow(10)
    shutil.rmtree(log.outside.folder)
    new = with_new_key(log)
    new.append(1)
    new.sequence()
    with pytest.raises(SigningKeyChangedError):
        new.sign()
    open_and_grow(new)
    found = new.verify()
    assert found.whole, found.differences
    assert any("known from the database alone" in note and "tree 1" in note for note in found.notes)


def test_where_even_the_public_key_is_gone_that_is_said_and_nothing_is_held_against_the_log(log: Log):
    log.grow(10)
    tamper(log, "DELETE FROM audit_vkey")
    shutil.rmtree(log.outside.folder)
    new = with_new_key(log)
    open_and_grow(new)
    found = new.verify()
    assert found.whole, found.differences
    assert any("checkpoints of tree 1" in note and "were not checked" in note for note in found.notes)
    with pytest.raises(SigningKeyError, match="known neither outside"):
        export(new, "old", tree_id=1)


def test_roots_of_checkpoints_are_compared_even_where_their_key_is_gone(log: Log):
    log.grow(10)
    tamper(log, "DELETE FROM audit_vkey")
    shutil.rmtree(log.outside.folder)
    new = with_new_key(log)
    open_and_grow(new)
    ((note,),) = log.ask("SELECT note FROM audit_checkpoint WHERE tree_id = 1")
    lines = bytes(note).split(b"\n")  # type: ignore[arg-type]
    lines[2] = base64.b64encode(bytes(32))
    forged = b"\n".join(lines).hex()
    tamper(log, f"UPDATE audit_checkpoint SET note = '\\x{forged}' WHERE tree_id = 1")
    assert "do not make the root" in new.verify().differences[0].what


def test_a_key_that_the_database_names_against_the_list_outside_is_told(log: Log):
    log.grow(3)
    stranger = create_signing_key(log.folder / "stranger")
    (origin,) = log.ask("SELECT origin FROM audit_tree")[0]
    from_stranger = dataclasses.replace(log, key=stranger, outside=Outside(log.folder / "other"))
    from_stranger.outside.admit(str(origin))
    vkey = verify.notes.verifier_of(str(origin), stranger).vkey()
    tamper(log, f"UPDATE audit_vkey SET vkey = '{vkey}'")
    found = log.verify()
    assert [one.meaning for one in found.differences] == ["It was put there to let forged checkpoints pass."]


def test_a_tree_that_was_opened_past_the_operator_is_found_by_the_folder_outside(log: Log):
    log.grow(10)
    forger = dataclasses.replace(log, outside=Outside(log.folder / "forger"))
    forger.outside.keep(log.outside.last() or b"")
    open_and_grow(forger)
    assert forger.verify().whole
    assert "tree 2 was not opened here" in " ".join(one.what for one in log.verify().differences)


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        ("UPDATE audit_head SET size = size + 1 WHERE tree_id = 1", "was opened when tree 1 had 12 entries"),
        ("UPDATE audit_head SET root = sha256('x') WHERE tree_id = 1", "another root than when tree 2 was opened"),
        ("UPDATE audit_tree SET predecessor = NULL WHERE tree_id = 2", "names another last checkpoint"),
        ("UPDATE audit_tree SET opened_at = opened_at + interval '1 s' WHERE tree_id = 2", "opening of another tree"),
        ("DELETE FROM audit_body WHERE action = 'audit:tree:opened'", "does not begin with the entry"),
    ],
)
def test_a_tree_changed_after_it_was_left_is_found_by_the_first_entry_of_the_next(log: Log, harm: str, told: str):
    log.grow(10)
    log.append(2)
    log.sequence()  # under no checkpoint of their own tree
    open_and_grow(log)
    assert log.verify().whole
    tamper(log, harm)
    assert told in " ".join(one.what for one in log.verify().differences)


def test_unsigned_entries_of_the_tree_that_was_left_are_bound_by_the_next(log: Log):
    log.grow(10)
    log.append(2)
    log.sequence()
    open_and_grow(log)
    tamper(
        log,
        "DELETE FROM audit_leaf WHERE tree_id = 1 AND seq = 11",
        f"DELETE FROM audit_entry WHERE eid = '{log.eids[11]}'",
        f"DELETE FROM audit_body WHERE eid = '{log.eids[11]}'",
        "UPDATE audit_head SET (size, root, edge) = (11, sha256('x'), edge) WHERE tree_id = 1",
    )
    assert "had 12 entries; it has 11" in " ".join(one.what for one in log.verify().differences)


def test_the_key_on_a_host_is_held_against_the_last_checkpoint(log: Log):
    def check(one: Log) -> Callable[[], None]:
        def run() -> None:
            with open_work(one.database, SYSTEM) as work:
                public_key = one.key.public_key().public_bytes_raw()
                check_signing_key(work.session, outside=one.outside, public_key=public_key)

        return run

    check(log)()
    log.grow(2)
    check(log)()
    new = with_new_key(log)
    with pytest.raises(SigningKeyChangedError):
        check(new)()
    open_and_grow(new)
    check(new)()
    with pytest.raises(SigningKeyChangedError):
        check(log)()


def test_a_replaced_key_is_another_one_and_as_closed_as_the_first(tmp_path: Path):
    first = create_signing_key(tmp_path)
    second = replace_signing_key(tmp_path)
    assert first.private_bytes_raw() != second.private_bytes_raw()
    assert (tmp_path / "audit-signing.key").stat().st_mode & 0o777 == 0o600
