"""Signing: only what continues the last checkpoint kept outside, by one signer, told to every anchor."""

import base64
import json
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from governance.audit import notes, outside
from governance.audit.anchors import FileAnchor, LogAnchor
from governance.audit.checkpoints import Signer
from governance.audit.entries import decode
from governance.audit.errors import AuditBrokenError, AuditRollbackError, SignerBusyError, SigningKeyError
from governance.audit.outside import Outside, create_signing_key, load_signing_key
from governance.audit.trees import current_tree
from governance.kernel import logs
from governance.kernel.clock import FixedClock
from governance.kernel.errors import ConflictError
from governance.kernel.settings import Settings
from governance.kernel.work import OPERATOR, SYSTEM, open_work
from tests.audit.conftest import Log

SIGNER_OF_ANOTHER_HOST = "SELECT pg_advisory_lock(%s)"


def recorded(log: Log) -> list[tuple[object, ...]]:
    return log.ask("SELECT tree_id, size, note FROM audit_checkpoint ORDER BY 1, 2")


def anchored(log: Log) -> list[bytes]:
    return [json.loads(line)["note"].encode() for line in log.outside.anchor_path.read_text().splitlines()]


def test_a_checkpoint_is_signed_kept_outside_recorded_and_anchored(log: Log):
    signed = log.grow(5)
    assert signed is not None
    assert signed.size == 5
    note = log.outside.last()
    assert note is not None
    verifier = notes.Verifier.parse(log.outside.vkey() or "")
    assert notes.open_checkpoint(note, verifier) == signed
    assert recorded(log) == [(1, 5, note)]
    assert anchored(log) == [note]
    with open_work(log.database, SYSTEM) as work:
        assert current_tree(work.session).root == signed.root


def test_nothing_is_signed_while_the_tree_has_not_grown(log: Log):
    assert log.sign() is None
    log.grow(5)
    assert log.sign() is None
    log.append(1)
    assert log.sign() is None  # pending, not placed
    assert len(recorded(log)) == 1


def test_each_checkpoint_continues_the_one_before(log: Log):
    sizes = [log.grow(count).size for count in (1, 254, 1, 1, 600)]  # type: ignore[union-attr]
    assert sizes == [1, 255, 256, 257, 857]
    assert len(anchored(log)) == 5


def test_two_signers_on_one_host_do_not_sign_at_once(log: Log):
    with log.outside.lock(), pytest.raises(SignerBusyError):
        log.sign()


def test_a_signer_of_another_host_is_found_by_the_lock_in_the_database(log: Log):
    with psycopg.connect(log.admin_url) as other:
        other.execute(SIGNER_OF_ANOTHER_HOST, (0x61756469740001,))
        with pytest.raises(SignerBusyError):
            log.sign()
    log.sign()


def test_a_rolled_back_database_is_not_signed_and_the_alarm_stands_until_it_fits_again(log: Log):
    log.grow(15)
    newest = log.outside.last()
    assert newest is not None
    log.outside.keep(notes.sign_checkpoint(notes.Checkpoint(log_origin(log), 40, bytes(32)), log.key))
    with pytest.raises(AuditRollbackError, match="15 entries, but 40 were signed"):
        log.sign()
    alarm = log.outside.alarm()
    assert alarm is not None
    assert alarm.slug == "audit-rollback"
    first = alarm.since
    log.now += timedelta(hours=1)
    with pytest.raises(AuditRollbackError):
        log.sign()
    assert log.outside.alarm().since == first  # type: ignore[union-attr]
    log.outside.keep(newest)
    log.grow(1)
    assert log.outside.alarm() is None


def log_origin(log: Log) -> str:
    return str(log.ask("SELECT origin FROM audit_tree ORDER BY tree_id DESC LIMIT 1")[0][0])


def test_a_log_rewritten_before_the_kept_checkpoint_is_not_signed(log: Log):
    log.grow(10)
    log.outside.keep(notes.sign_checkpoint(notes.Checkpoint(log_origin(log), 8, b"x" * 32), log.key))
    with pytest.raises(AuditRollbackError, match="not those that were signed"):
        log.sign()


def test_leaves_edited_since_the_kept_checkpoint_are_not_signed(log: Log):
    log.grow(10)
    log.append(5)
    log.sequence()
    log.as_superuser(
        "ALTER TABLE audit_leaf DISABLE TRIGGER ALL", "UPDATE audit_leaf SET leaf_hash = sha256('x') WHERE seq = 12"
    )
    with pytest.raises(AuditBrokenError):
        log.sign()
    assert log.outside.alarm().slug == "audit-broken"  # type: ignore[union-attr]


def test_a_missing_outside_checkpoint_is_not_taken_for_a_fresh_start(log: Log):
    log.grow(3)
    (log.outside.folder / "checkpoint").unlink()
    log.append(1)
    log.sequence()
    with pytest.raises(AuditRollbackError, match=r"anchor\.jsonl"):
        log.sign()
    log.outside.keep(anchored(log)[-1])
    assert log.sign() is not None


def test_a_checkpoint_of_another_key_outside_is_refused(log: Log):
    log.grow(3)
    stranger = create_signing_key(log.folder / "other")
    log.outside.keep(notes.sign_checkpoint(notes.Checkpoint(log_origin(log), 3, bytes(32)), stranger))
    with pytest.raises(AuditRollbackError, match="another tree or key"):
        log.sign()


class _Dying:
    """An anchor that fails once."""

    def __init__(self) -> None:
        self.told: list[bytes] = []
        self.dead = True

    def publish(self, note: bytes, *, at: datetime) -> None:
        if self.dead:
            self.dead = False
            raise OSError("anchor out of reach")
        self.told.append(note)


def test_a_checkpoint_that_an_anchor_missed_is_told_to_it_at_the_next_time(log: Log):
    anchor = _Dying()
    signer = Signer(log.database, log.key, log.outside, [anchor])
    log.append(3)
    log.sequence()
    with pytest.raises(OSError, match="out of reach"):
        signer.sign()
    assert recorded(log) == []
    log.append(2)
    log.sequence()
    assert signer.sign().size == 5  # type: ignore[union-attr]
    assert [size for _, size, _ in recorded(log)] == [3, 5]
    assert anchor.told == [note for _, _, note in recorded(log)]


def test_an_operator_opens_a_new_tree_whose_first_entry_embeds_the_old_checkpoint(log: Log):
    log.grow(10)
    old = log.outside.last()
    assert old is not None
    pending = log.append(2)
    origin = log.signer.open_tree(OPERATOR, clock=FixedClock(log.now))
    log.sequence()
    first, *rest = log.ask(
        "SELECT l.eid, b.bytes FROM audit_leaf l JOIN audit_body b USING (eid) WHERE tree_id = 2 ORDER BY seq"
    )
    told = decode(first[1])  # type: ignore[arg-type]
    assert (told.action, told.actor_kind) == ("audit:tree:opened", "operator")
    assert base64.b64decode(told.facts["checkpoint"]["note"]) == old  # type: ignore[index,call-overload]
    assert [eid for eid, _ in rest] == pending
    signed = log.sign()
    assert signed is not None
    assert (signed.origin, signed.size) == (origin, 3)
    assert log.outside.alarm() is None
    log.eids.append(first[0])  # type: ignore[arg-type]
    log.grow(1)
    assert [(tree, size) for tree, size, _ in recorded(log)] == [(1, 10), (2, 3), (2, 4)]


def test_a_new_tree_that_no_operator_opened_is_not_signed(log: Log):
    log.grow(10)
    log.as_superuser(
        "INSERT INTO audit_tree SELECT 2, 'governance/forged', now(), note FROM audit_checkpoint",
        "INSERT INTO audit_head VALUES (2, 0, sha256(''), '')",
    )
    log.append(1)
    log.sequence()
    with pytest.raises(AuditRollbackError):
        log.sign()


def test_a_tree_is_not_opened_while_entries_are_being_placed(log: Log):
    with psycopg.connect(log.admin_url) as sequencer:
        sequencer.execute("SELECT * FROM audit_head FOR UPDATE")
        with pytest.raises(ConflictError):
            log.signer.open_tree(OPERATOR)
    assert log.ask("SELECT count(*) FROM audit_tree") == [(1,)]


def test_the_signing_key_is_made_once_and_readable_by_its_owner_only(tmp_path: Path):
    key = create_signing_key(tmp_path)
    path = tmp_path / outside.KEY_FILE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_signing_key(tmp_path).private_bytes_raw() == key.private_bytes_raw()
    with pytest.raises(SigningKeyError, match="never overwritten"):
        create_signing_key(tmp_path)
    path.chmod(0o640)
    with pytest.raises(SigningKeyError, match="chmod 600"):
        load_signing_key(tmp_path)
    path.chmod(0o600)
    path.write_text("damaged")
    with pytest.raises(SigningKeyError, match="damaged"):
        load_signing_key(tmp_path)
    path.unlink()
    with pytest.raises(SigningKeyError, match="governance init"):
        load_signing_key(tmp_path)


def test_a_replaced_file_is_whole_at_every_instant_and_leaves_no_draft(tmp_path: Path):
    kept = Outside(tmp_path / "audit")
    assert kept.last() is None
    for note in (b"one\n", b"two\n"):
        kept.keep(note)
        assert kept.last() == note
    assert [path.name for path in kept.folder.iterdir()] == ["checkpoint"]


def test_the_file_anchor_only_adds_lines(tmp_path: Path):
    anchor = FileAnchor(tmp_path / "deep" / "anchor.jsonl")
    at = datetime(2026, 11, 22, tzinfo=UTC)
    anchor.publish("größer\n".encode(), at=at)
    before = anchor.path.read_bytes()
    anchor.publish(b"second\n", at=at)
    assert anchor.path.read_bytes().startswith(before)
    assert [json.loads(line)["note"] for line in anchor.path.read_text().splitlines()] == ["größer\n", "second\n"]
    assert stat.S_IMODE(anchor.path.stat().st_mode) == 0o600


def test_the_log_anchor_tells_origin_size_and_root(log: Log, capsys: pytest.CaptureFixture[str]):
    logs.configure(Settings())
    signed = notes.Checkpoint("governance/x", 7, bytes(range(32)))
    LogAnchor().publish(notes.sign_checkpoint(signed, log.key), at=log.now)
    told = capsys.readouterr().err
    assert "governance/x" in told
    assert bytes(range(32)).hex() in told
