"""Restoring: what was kept comes back, what was erased does not, and whoever is interrupted has lost nothing."""

import json
import secrets
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from governance.audit.errors import AuditRollbackError
from governance.audit.outside import Outside
from governance.custody import backup, keeping, recovery, sheets
from governance.custody.errors import BackupError, RestoreError, TombstoneError
from governance.custody.founding import found
from governance.custody.keeping import Backup
from governance.custody.opening import Store, open_store
from governance.custody.places import Places
from governance.custody.reindexing import IndexRotation
from governance.custody.restore import Restored, newest_backup, restore
from governance.custody.rotation import Duties
from governance.custody.rows import indexed_fields
from governance.custody.signing import signer_of
from governance.custody.swapping import drop_replaced, fresh_database, neighbours
from governance.custody.tombstones import Outcome, Tombstones
from governance.customers import operations as customers
from governance.customers.contact_values import ContactSaid
from governance.kernel.db import psycopg_url, sqlalchemy_url
from governance.kernel.errors import ConfigurationError, ConflictError
from governance.kernel.ids import uuid7
from governance.kernel.server import Server
from governance.kernel.work import OPERATOR, open_work
from governance.vault import epochs
from governance.vault.keyring import Keyring
from tests.conftest import NOW
from tests.custody.stores import CANARY, at, elsewhere, environment, recall, remember, served, sign
from tests.forks import piped
from tests.stores import Store as Lent

PASSPHRASE = "correct horse battery staple"


@pytest.fixture(scope="module")
def origin(server_url: str, template: Lent, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A store with one backup, which nobody uses; tests copy the store."""
    data_dir = tmp_path_factory.mktemp("origin") / "store"
    with elsewhere(data_dir, server_url, template) as server:
        found(server, clock=at(0), say=lambda _: None)
        with open_store(server.settings) as store:
            owners = remember(store, CANARY, "another")
            sign(store, 1)
            backup.make_backup(store, OPERATOR, clock=at(2))
        (data_dir / "owners.json").write_text(json.dumps([str(owner) for owner in owners]))
        yield server


@pytest.fixture
def server(origin: Server, server_url: str, template: Lent, tmp_path: Path) -> Iterator[Server]:
    """A copy of the store."""
    copied = tmp_path / "store"
    shutil.copytree(origin.settings.data_dir, copied, ignore=shutil.ignore_patterns("run", "log"))
    for folder in ("run", "log"):
        (copied / folder).mkdir(mode=0o700)
    with elsewhere(copied, server_url, replace(template, name=neighbours(origin).name)) as server:
        yield server


def owners_of(server: Server) -> list[UUID]:
    return [UUID(owner) for owner in json.loads((server.settings.data_dir / "owners.json").read_text())]


def back(server: Server, **said: Path) -> Restored:
    folder = said.pop("folder", None) or newest_backup(server.settings.data_dir)
    return restore(server, folder, OPERATOR, clock=at(60), say=lambda _: None, **said)


def remembered(server: Server, owners: Sequence[UUID]) -> list[str | None]:
    with open_store(server.settings) as store:
        return recall(store, owners)


def bury(server: Server, owners: Sequence[UUID]) -> None:
    """Shred the keys of *owners*, having written it down outside the database."""
    path = Places(server.settings.data_dir).tombstones
    Tombstones(path).intend(owners=owners, compartments=None, at=NOW, transaction="1")
    with open_store(server.settings) as store, open_work(store.database, OPERATOR, clock=at(5)) as work:
        store.vault.owners.shred(work.session, owners)


def databases(server: Server) -> set[str]:
    """The databases of the store, by what comes after its name."""
    beside = neighbours(server)
    with psycopg.connect(beside.admin_url) as connection:
        rows = connection.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", (beside.name,))
        return {row[0].removeprefix(beside.name) for row in rows}


def newest_in(server: Server) -> Backup:
    return keeping.backup_in(newest_backup(server.settings.data_dir))


def test_what_was_sealed_comes_back_and_what_came_later_is_kept_beside(server: Server) -> None:
    with open_store(server.settings) as store:
        later = remember(store, "written after the backup")
    done = back(server)
    assert remembered(server, owners_of(server)) == [CANARY, "another"]
    with psycopg.connect(server.admin_url()) as connection:
        assert connection.execute("SELECT FROM key_owner WHERE id = ANY(%s)", (later,)).fetchall() == []
        action = "SELECT FROM audit_body WHERE action = 'custody:backup:restored'"
        assert len(connection.execute(action).fetchall()) == 1
    assert done.replaced == neighbours(server).replaced
    assert databases(server) == {"", "_replaced"}
    assert drop_replaced(server)
    assert databases(server) == {""}


def test_a_restored_store_goes_on_sealing_and_backing_up_and_signing_where_its_log_ends_as_it_was_signed(
    server: Server,
) -> None:
    assert back(server).log_warning is None
    with open_store(server.settings) as store:
        owners = remember(store, "afterwards")
        assert recall(store, owners) == ["afterwards"]
        made = backup.make_backup(store, OPERATOR, clock=at(61))
        keeping.verify(made.folder, store.keyring)
        sign(store, 70)


def test_an_older_log_is_told_and_not_signed_until_an_operator_opens_a_new_tree(server: Server) -> None:
    with open_store(server.settings) as store:
        remember(store, "signed after the backup")
        sign(store, 3)
    done = back(server)
    assert done.log_warning is not None
    assert "older than the last checkpoint" in done.log_warning
    alarm = Outside(server.settings.data_dir / "audit").alarm()
    assert alarm is not None
    assert alarm.slug == "audit-rollback"
    with open_store(server.settings) as store:
        with pytest.raises(AuditRollbackError):
            sign(store, 61)
        signer_of(store).open_tree(OPERATOR, clock=at(62))
        sign(store, 63)


def test_who_was_shredded_after_the_backup_stays_unreadable(server: Server) -> None:
    gone, stays = owners_of(server)
    bury(server, [gone])
    done = back(server)
    assert done.shredded == 1
    assert remembered(server, [gone, stays]) == [None, "another"]
    back(server, keys=newest_in(server).folder)
    assert remembered(server, [gone, stays]) == [None, "another"]


def test_of_one_compartment_shredded_the_others_come_back(server: Server) -> None:
    gone, stays = owners_of(server)
    stones = Tombstones(Places(server.settings.data_dir).tombstones)
    stones.intend(owners=[gone, uuid7()], compartments=["audit"], at=NOW, transaction="1")
    stones.intend(owners=[stays], compartments=["contact"], at=NOW, transaction="2")
    void = stones.intend(owners=[stays], compartments=None, at=NOW, transaction="3")
    stones.settle(void, Outcome.VOID)
    back(server)
    assert remembered(server, [gone, stays]) == [None, "another"]


def test_a_younger_dump_of_keys_is_taken_and_knows_who_was_shredded_even_without_tombstones(server: Server) -> None:
    old = newest_in(server)
    gone, stays = owners_of(server)
    bury(server, [gone])
    Places(server.settings.data_dir).tombstones.unlink()
    with open_store(server.settings) as store:
        remember(store, "an owner that the old data does not know")
        younger = backup.make_key_dump(store, OPERATOR, clock=at(6))
    done = back(server, folder=old.folder)
    assert (done.backup, done.keys) == (old.folder.name, younger.folder.name)
    assert remembered(server, [gone, stays]) == [None, "another"]
    with psycopg.connect(server.admin_url()) as connection:
        shredded = connection.execute("SELECT id FROM key_owner WHERE shredded_at IS NOT NULL").fetchall()
    assert shredded == [(gone,)]


def test_a_dump_of_keys_older_than_the_data_is_refused(server: Server) -> None:
    old = newest_in(server)
    with open_store(server.settings) as store:
        backup.make_backup(store, OPERATOR, clock=at(6))
    with pytest.raises(RestoreError, match="older than the data"):
        back(server, keys=old.folder)


def test_old_data_is_restored_with_keys_of_a_later_epoch_and_not_without(server: Server) -> None:
    old = newest_in(server)
    with open_store(server.settings) as store:
        rotate(store)
        younger = backup.make_key_dump(store, OPERATOR, clock=at(6))
        store.keyring.destroy_epoch(1)
    assert back(server, folder=old.folder).keys == younger.folder.name
    assert remembered(server, owners_of(server)) == [CANARY, "another"]
    with open_store(server.settings) as store:
        remember(store, "sealed under the new epoch")
    shutil.rmtree(younger.folder)
    with pytest.raises(RestoreError, match="epoch 1, which has ended"):
        back(server, folder=old.folder)


def rotate(store: Store) -> None:
    with open_work(store.database, OPERATOR, clock=at(4)) as work:
        epoch = store.keyring.add_epoch(now=work.now)
        epochs.open_epoch(work.session, epoch, now=work.now)
    with open_work(store.database, OPERATOR, clock=at(4)) as work:
        store.vault.owners.rewrap(work.session, from_epoch=1, to_epoch=epoch.id, limit=1000)


def test_a_damaged_dump_of_keys_is_passed_over_by_name(server: Server) -> None:
    old = newest_in(server)
    with open_store(server.settings) as store:
        younger = backup.make_key_dump(store, OPERATOR, clock=at(6))
    (younger.folder / "keys.gov").write_bytes((younger.folder / "keys.gov").read_bytes()[:-1])
    done = back(server, folder=old.folder)
    assert done.keys == old.folder.name
    assert len(done.passed_over) == 1


def test_damaged_data_and_a_wrong_keyring_change_nothing(server: Server) -> None:
    folder, ring = newest_in(server).folder, server.settings.secrets_dir / "keyring.json"
    whole = (folder / "data.gov").read_bytes()
    (folder / "data.gov").write_bytes(whole[:-100])
    with pytest.raises(BackupError):
        back(server)
    assert databases(server) == {""}
    (folder / "data.gov").write_bytes(whole)
    right = ring.read_bytes()
    ring.unlink()
    Keyring.create(ring, now=NOW)
    with pytest.raises(BackupError, match="another store"):
        back(server)
    ring.write_bytes(right)
    assert remembered(server, owners_of(server)) == [CANARY, "another"]


def test_nothing_is_restored_under_a_service_that_runs(server: Server) -> None:
    with open_store(server.settings), pytest.raises(RestoreError, match="stop it"):
        back(server)
    assert databases(server) == {""}
    script = (
        "import sys, pathlib, time\n"
        "from governance.kernel.supervisor import sole_supervisor\n"
        "with sole_supervisor(pathlib.Path(sys.argv[1])):\n    print('up', flush=True)\n    time.sleep(60)"
    )
    with piped("-c", script, str(server.settings.data_dir)) as (process, output):
        assert output.readline() == b"up\n"
        with pytest.raises(ConflictError, match="already runs"):
            back(server)
        process.kill()


def test_an_administrator_who_may_make_no_database_is_told_what_a_restore_needs(
    server: Server, server_url: str
) -> None:
    role = f"a{secrets.token_hex(4)}"
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {role} LOGIN CREATEROLE PASSWORD 'secret'")
        try:
            url = sqlalchemy_url(server_url).set(username=role, password="secret").render_as_string(hide_password=False)
            beside = replace(neighbours(server), admin_url=psycopg_url(url))
            with pytest.raises(ConfigurationError, match="CREATEDB"), fresh_database(beside, label="any"):
                pass
        finally:
            connection.execute(f"DROP ROLE {role}")


def test_a_damaged_tombstone_stops_the_restore_before_anything_opens(server: Server) -> None:
    bury(server, owners_of(server)[:1])
    path = Places(server.settings.data_dir).tombstones
    path.write_text("{broken\n" + path.read_text())
    with pytest.raises(TombstoneError, match=r"Line 1 of .* is damaged"):
        back(server)
    assert databases(server) == {""}


SLOW_RESTORE = """
import os, sys, time
from governance.custody import restore as module
from governance.kernel.server import reach
from governance.kernel.settings import Settings
from governance.kernel.work import OPERATOR

def wait(name):
    whole = getattr(module, name)
    def slow(*arguments, **named):
        print(name, flush=True)
        if name == sys.argv[1]:
            time.sleep(60)
        return whole(*arguments, **named)
    setattr(module, name, slow)

for name in ("load_keys", "settle_epochs", "rebuild", "replay", "swap"):
    wait(name)
with reach(Settings.from_environment(os.environ)) as server:
    module.restore(server, module.newest_backup(server.settings.data_dir), OPERATOR, say=lambda _: None)
"""


def kill_restore_at(server: Server, step: str) -> None:
    """Restore in a process of its own, and kill that where it begins the step."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment(server.settings).items():
            patch.setenv(name, value)
        with piped("-c", SLOW_RESTORE, step) as (process, output):
            while (line := output.readline().decode().strip()) != step:
                assert line
            process.kill()


def test_killed_at_one_step_after_the_other_the_old_database_stands_and_the_next_restore_goes_through(
    server: Server,
) -> None:
    for step in ("swap", "replay", "load_keys"):
        kill_restore_at(server, step)
        assert databases(server) == {"", "_restoring"}, step
        assert remembered(server, owners_of(server)) == [CANARY, "another"], step
    back(server)
    assert databases(server) == {"", "_replaced"}
    assert remembered(server, owners_of(server)) == [CANARY, "another"]


def found_by(server: Server, *addresses: str) -> list[int]:
    with open_store(server.settings) as store, open_work(store.database, OPERATOR, clock=at(90)) as work:
        return [len(customers.search(work, by="email", value=address).items) for address in addresses]


def with_indexes_rotated(server: Server) -> None:
    """A backup, and then a rotation of the blind indexes, which destroys the root that the backup's digests are of."""
    with open_store(server.settings) as store:
        with open_work(store.database, OPERATOR, clock=at(3)) as work:
            for number in range(3):
                customers.create(work, fields={}, contacts=[ContactSaid(kind="email", value=f"n{number}@example.org")])
        backup.make_backup(store, OPERATOR, clock=at(4))
        store.vault.versions_ttl_seconds = 0.1
        rotation = IndexRotation(store.database, store.keyring, OPERATOR, fields=indexed_fields(), duties=Duties())
        assert rotation.run() == 2


def test_after_a_rotation_of_indexes_an_older_backup_gets_its_indexes_anew_and_an_older_keyring_is_refused(
    server: Server,
) -> None:
    ring = server.settings.secrets_dir / "keyring.json"
    before = ring.read_bytes()
    with_indexes_rotated(server)
    assert back(server).reindexed == 2
    assert found_by(server, "n0@example.org", "n2@example.org", "n9@example.org") == [1, 1, 0]
    with open_store(server.settings) as store:
        store.vault.versions_ttl_seconds = 0.1
        again = IndexRotation(store.database, store.keyring, OPERATOR, fields=indexed_fields(), duties=Duties())
        assert again.run() == 3
    assert found_by(server, "n1@example.org") == [1]
    with open_store(server.settings) as store:
        backup.make_backup(store, OPERATOR, clock=at(100))
    ring.write_bytes(before)
    with pytest.raises(RestoreError, match="keyring is older than the backup"):
        back(server)


def test_killed_while_indexes_are_made_anew_the_next_restore_goes_on_with_them(server: Server) -> None:
    with_indexes_rotated(server)
    kill_restore_at(server, "rebuild")
    assert databases(server) == {"", "_restoring"}
    assert found_by(server, "n1@example.org") == [1]

    told: list[str] = []
    done = restore(server, newest_backup(server.settings.data_dir), OPERATOR, clock=at(60), say=told.append)

    assert "going on" in " ".join(told)
    assert "loaded" not in " ".join(told)
    assert done.reindexed == 2
    assert found_by(server, "n0@example.org", "n2@example.org") == [1, 1]
    assert remembered(server, owners_of(server)) == [CANARY, "another"]


def test_sheet_and_backup_bring_everything_back_on_a_new_machine(
    server: Server, tmp_path: Path, quick_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sheets, "LOG2_N", 4)
    places, owners = Places(server.settings.data_dir), owners_of(server)
    with open_store(server.settings) as store:
        with open_work(store.database, OPERATOR, clock=at(3)) as work:
            sheet = recovery.make(work, ring=store.keyring, passphrase=PASSPHRASE)
            recovery.confirm(
                work,
                places=places,
                ring=store.keyring,
                text=sheet.text,
                passphrase=PASSPHRASE,
                check_code=sheet.check_code,
            )
        rotate(store)
        store.keyring.destroy_epoch(1)
        made = backup.make_backup(store, OPERATOR, clock=at(6))
    rescued = Path(shutil.copytree(places.backups, tmp_path / "rescued"))

    with served(quick_folder / "new machine", role_prefix=server.settings.role_prefix) as other:
        ring = other.settings.secrets_dir / "keyring.json"
        recovery.recover(sheet.text, PASSPHRASE, ring, now=NOW, copy=(rescued / "keyring.sealed").read_bytes())
        done = back(other, folder=rescued / made.folder.name)
        assert done.replaced is None
        assert done.log_warning is not None
        assert "not on this machine" in done.log_warning
        assert remembered(other, owners) == [CANARY, "another"]
