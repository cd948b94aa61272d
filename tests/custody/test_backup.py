"""Backups: what is in them, what is not, and that whatever was done to one is found."""

import errno
import os
import shutil
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from governance.custody import backup, keeping
from governance.custody.errors import BackupError, BusyError
from governance.custody.keeping import Backup
from governance.custody.opening import Store
from governance.custody.places import Places
from governance.kernel.account import wheel_programs
from governance.kernel.work import OPERATOR, open_work
from governance.vault import epochs
from governance.vault.keyring import Keyring
from tests.conftest import NOW
from tests.custody.stores import CANARY, at, environment, founded, remember, sign
from tests.forks import piped
from tests.kernel.processes import eventually
from tests.stores import Store as Lent


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory, server_url: str, template: Lent) -> Iterator[Store]:
    with founded(tmp_path_factory.mktemp("backed up") / "store", server_url, template) as store:
        remember(store, CANARY, "another")
        sign(store, 1)
        yield store


@pytest.fixture(scope="module")
def two(store: Store) -> tuple[Backup, Backup]:
    return backup.make_backup(store, OPERATOR, clock=at(2)), backup.make_backup(store, OPERATOR, clock=at(3))


@pytest.fixture
def copied(two: tuple[Backup, Backup], tmp_path: Path) -> Path:
    """A copy of a backup that a test may spoil."""
    return Path(shutil.copytree(two[0].folder, tmp_path / two[0].folder.name))


def test_a_backup_is_whole_private_and_told_of(store: Store, two: tuple[Backup, Backup]) -> None:
    manifest = keeping.verify(two[0].folder, store.keyring)
    assert manifest.keys >= 2
    assert manifest.objects > 100
    assert manifest.log.size == manifest.log.signed > 0
    assert two[0].folder.stat().st_mode & 0o777 == 0o700
    assert all(file.stat().st_mode & 0o777 == 0o600 for file in two[0].folder.iterdir())
    with psycopg.connect(store.server.admin_url()) as connection:
        told = connection.execute(
            "SELECT convert_from(bytes, 'UTF8') FROM audit_body WHERE action = 'custody:backup:made'"
        )
        assert sum(manifest.files["data.gov"].sha256 in row[0] for row in told) == 1


def test_neither_a_personal_value_nor_a_wrapped_key_is_in_the_dump_of_data(
    store: Store, two: tuple[Backup, Backup]
) -> None:
    with psycopg.connect(store.server.admin_url()) as connection:
        wrapped = [row[0] for row in connection.execute("SELECT wrapped FROM data_key WHERE wrapped IS NOT NULL")]
    assert wrapped
    manifest = keeping.verify(two[0].folder, store.keyring)
    dump = b"".join(keeping.read(two[0].folder, "data.gov", manifest, store.keyring))
    rows = _in_the_clear(store, dump)
    assert "audit_detail" in rows
    assert "COPY public.audit_detail" in rows
    assert CANARY not in rows
    assert not any(one.hex() in rows for one in wrapped)
    assert "COPY public.data_key" not in rows
    assert all(one.hex() in b"".join(_keys(store, two[0])).decode() for one in wrapped)


def _in_the_clear(store: Store, dump: bytes) -> str:
    shown = subprocess.run([wheel_programs() / "pg_restore", "--file=-"], input=dump, capture_output=True, check=True)
    return shown.stdout.decode()


def _keys(store: Store, one: Backup) -> Iterator[bytes]:
    return keeping.read(one.folder, "keys.gov", keeping.verify(one.folder, store.keyring), store.keyring)


def test_nothing_of_the_store_is_told_in_the_clear(store: Store, two: tuple[Backup, Backup]) -> None:
    for file in two[0].folder.iterdir():
        content = file.read_bytes()
        assert CANARY.encode() not in content
        assert b"audit_detail" not in content


def test_every_changed_byte_is_found(store: Store, copied: Path) -> None:
    for file in sorted(copied.iterdir()):
        whole = file.read_bytes()
        for position in {*range(0, len(whole), max(1, len(whole) // 12)), len(whole) - 1}:
            changed = bytearray(whole)
            changed[position] ^= 0x20 if file.suffix == ".json" else 0x01
            file.write_bytes(changed)
            if file.suffix == ".json" and whole[position : position + 1].isspace():
                continue  # white space between values says nothing
            with pytest.raises(BackupError):
                keeping.verify(copied, store.keyring)
        file.write_bytes(whole)
    keeping.verify(copied, store.keyring)


@pytest.mark.parametrize("name", ["data.gov", "keys.gov"])
def test_a_truncated_file_is_found(store: Store, copied: Path, name: str) -> None:
    whole = (copied / name).read_bytes()
    (copied / name).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BackupError):
        keeping.verify(copied, store.keyring)


@pytest.mark.parametrize("name", ["data.gov", "keys.gov", "manifest.json"])
def test_files_of_two_backups_do_not_mix(store: Store, two: tuple[Backup, Backup], copied: Path, name: str) -> None:
    shutil.copy(two[1].folder / name, copied / name)
    with pytest.raises(BackupError):
        keeping.verify(copied, store.keyring)


def test_the_two_files_do_not_pass_for_each_other(store: Store, copied: Path) -> None:
    (copied / "data.gov").rename(copied / "aside")
    (copied / "keys.gov").rename(copied / "data.gov")
    (copied / "aside").rename(copied / "keys.gov")
    with pytest.raises(BackupError, match="another"):
        keeping.verify(copied, store.keyring)


def test_another_keyring_opens_nothing(two: tuple[Backup, Backup], tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="another store"):
        keeping.verify(two[0].folder, Keyring.create(tmp_path / "k.json", now=NOW))


def test_a_missed_night_is_overdue(store: Store, two: tuple[Backup, Backup]) -> None:
    last = keeping.last_backup(store.settings.data_dir)
    assert last is not None
    made_at = last.manifest.made_at
    assert not keeping.is_overdue(last, now=made_at + timedelta(hours=26))
    assert keeping.is_overdue(last, now=made_at + timedelta(hours=26, seconds=1))
    assert keeping.is_overdue(None, now=NOW)


def test_two_backups_at_once_do_not_meet(store: Store) -> None:
    with keeping.alone(Places(store.settings.data_dir)), pytest.raises(BusyError):
        backup.make_backup(store, OPERATOR, clock=at(4))


def test_a_disk_without_room_is_told_and_leaves_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    before = list((store.settings.data_dir / "backups").iterdir())

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(BackupError, match="No space left"):
        backup.make_backup(store, OPERATOR, clock=at(4))
    assert list((store.settings.data_dir / "backups").iterdir()) == before


SLOW_BACKUP = """
import os, time
from governance.custody import backup, dumps
from governance.custody.opening import open_store
from governance.kernel.settings import Settings
from governance.kernel.work import OPERATOR

whole = dumps.data_dump
def slow(environment, *, snapshot):
    for chunk in whole(environment, snapshot=snapshot):
        for at in range(0, len(chunk), 70_000):
            yield chunk[at:at + 70_000]
            print("piece", flush=True)
            time.sleep(0.5)
dumps.data_dump = slow
with open_store(Settings.from_environment(os.environ)) as store:
    backup.make_backup(store, OPERATOR)
"""


def test_a_backup_killed_half_way_counts_for_nothing_and_is_cleared_by_the_next(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    data_dir = store.settings.data_dir
    before = [one.folder for one in keeping.backups(data_dir / "backups")]
    for name, value in environment(store.settings).items():
        monkeypatch.setenv(name, value)
    with piped("-c", SLOW_BACKUP) as (process, output):
        assert output.readline() == b"piece\n"
        process.kill()
    drafts = list((data_dir / "backups").glob(".making-*"))
    assert len(drafts) == 1
    assert (drafts[0] / "data.gov").exists()
    assert [one.folder for one in keeping.backups(data_dir / "backups")] == before
    assert eventually(lambda: _dumping(store) == 0)
    made = backup.make_backup(store, OPERATOR, clock=at(5))
    assert not drafts[0].exists()
    keeping.verify(made.folder, store.keyring)


def _dumping(store: Store) -> int:
    with psycopg.connect(store.server.admin_url()) as connection:
        found = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'pg_dump' AND datname = current_database()"
        )
        row = found.fetchone()
    assert row is not None
    return int(row[0])


def test_as_many_are_kept_as_asked_and_dumps_of_keys_die_with_their_epoch(
    tmp_path: Path, server_url: str, template: Lent
) -> None:
    with founded(tmp_path / "store", server_url, template) as store:
        remember(store, CANARY)
        places = Places(store.settings.data_dir)
        first = backup.make_backup(store, OPERATOR, clock=at(1))
        second = backup.nightly(store, OPERATOR, clock=at(2)).made
        night = backup.nightly(store, OPERATOR, clock=at(3))
        assert night.pruned.backups == (first.folder.name,)
        assert _names(places) == [night.made.folder.name, second.folder.name]

        _begin_next_epoch(store)
        assert keeping.prune(places, store.keyring, keep=2).keys == ()
        dump = backup.make_key_dump(store, OPERATOR, clock=at(5))
        assert not dump.manifest.has_data
        last = keeping.last_backup(store.settings.data_dir)
        assert last is not None
        assert last.folder == night.made.folder
        store.keyring.destroy_epoch(1)
        pruned = keeping.prune(places, store.keyring, keep=2)
        assert set(pruned.keys) == {night.made.folder.name, second.folder.name}
        assert [one.has_keys for one in keeping.backups(places.backups)] == [True, False, False]
        keeping.verify(night.made.folder, store.keyring)
        keeping.verify(dump.folder, store.keyring)

        newest = backup.make_backup(store, OPERATOR, clock=at(6))
        pruned = keeping.prune(places, store.keyring, keep=2)
        assert dump.folder.name in pruned.backups
        assert newest.folder.name in _names(places)


def _names(places: Places) -> list[str]:
    return [one.folder.name for one in keeping.backups(places.backups)]


def _begin_next_epoch(store: Store) -> None:
    """What a rotation does to keys, without its waiting."""
    with open_work(store.database, OPERATOR, clock=at(4)) as work:
        epoch = store.keyring.add_epoch(now=work.now)
        epochs.open_epoch(work.session, epoch, now=work.now)
    with open_work(store.database, OPERATOR, clock=at(4)) as work:
        store.vault.owners.rewrap(work.session, from_epoch=1, to_epoch=epoch.id, limit=1000)
