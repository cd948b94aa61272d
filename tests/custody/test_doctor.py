"""What doctor finds about keys, copies and tombstones, each ill by its name and with a remedy."""

from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from governance.audit.outside import create_signing_key
from governance.custody.doctor import examine
from governance.custody.findings import Finding, Level
from governance.custody.opening import open_store
from governance.custody.places import Places
from governance.custody.rotation import Duties, _begin, rotate
from governance.custody.tombstones import Tombstones
from governance.customers import operations as customers
from governance.kernel.folders import prepare_data_dir
from governance.kernel.settings import Secret, Settings
from governance.kernel.work import SYSTEM, open_work
from governance.vault.epochs import set_index_states
from governance.vault.keyring import Keyring
from governance.vault.register import add_index_version


@pytest.fixture
def settings(fresh_store, tmp_path: Path) -> Settings:
    """A store on this host, its database elsewhere."""
    found = Settings(
        data_dir=prepare_data_dir(tmp_path / "a store"),
        database_url=Secret(fresh_store.app_url),
        role_prefix=fresh_store.roles.prefix,
    )
    Keyring.create(found.secrets_dir / "keyring.json", now=datetime.now(UTC))
    create_signing_key(found.secrets_dir)
    return found


def _found(settings) -> dict[str, Finding]:
    with open_store(settings) as store:
        found = examine(store)
    assert all(one.remedy for one in found)
    return {one.code: one for one in found}


def test_a_new_store_lacks_a_sheet_and_a_backup_and_nothing_else(settings):
    assert set(_found(settings)) == {"recovery-sheet", "backup-overdue"}


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        ("ALTER TABLE contact DROP CONSTRAINT ck_contact_value_sealed", "contact.value_sealed"),
        (
            "ALTER TABLE contact DROP CONSTRAINT ck_contact_value_sealed, "
            "ADD CONSTRAINT ck_contact_value_sealed CHECK (true) NOT VALID",
            "contact.value_sealed",
        ),
        ("ALTER TABLE data_key DISABLE TRIGGER ALL", "data_key_keep_shredded"),
        ("GRANT DELETE ON data_key TO {app}", "may DELETE on data_key"),
        ("GRANT SELECT ON key_owner TO PUBLIC", "key_owner"),
    ],
)
def test_protection_of_sealed_values_that_was_taken_away_is_found(settings, fresh_store, harm, told):
    with psycopg.connect(fresh_store.admin_url, autocommit=True) as admin:
        admin.execute(harm.format(app=f'"{fresh_store.roles.app}"'))
    found = _found(settings)["vault-unprotected"]
    assert found.level is Level.FAILING
    assert told in found.sentence


def test_a_rotation_that_is_not_done_is_found(settings):
    with open_store(settings) as store, open_work(store.database, SYSTEM) as work:
        _begin(work, store.keyring, duties=Duties())
    assert "rotation-pending" in _found(settings)


def test_a_rotation_of_indexes_that_is_not_done_is_found(settings):
    with open_store(settings) as store, open_work(store.database, SYSTEM) as work:
        root = store.keyring.add_index_root(now=work.now)
        add_index_version(work.session, root, state="incoming")
        set_index_states(work.session, {2: "incoming"})
    assert "indexes-pending" in _found(settings)


def test_shreddings_that_are_not_settled_and_a_damaged_list_are_found(settings):
    tombstones = Tombstones(Places(settings.data_dir).tombstones)
    tombstones.intend(owners=[], compartments=None, at=datetime.now(UTC), transaction="1")
    assert "tombstones-unsettled" in _found(settings)
    tombstones.path.write_text("broken\n")
    assert _found(settings)["tombstones-damaged"].level is Level.FAILING


def test_a_replaced_keyring_is_found_until_a_rotation_removes_it(settings):
    copy = settings.secrets_dir / "keyring.json.replaced-20260101T000000000000Z"
    copy.write_bytes((settings.secrets_dir / "keyring.json").read_bytes())
    copy.chmod(0o600)
    assert f"rm '{copy}'" in _found(settings)["keyring-copy"].remedy
    with open_store(settings) as store:
        rotate(store.database, store.keyring, SYSTEM, duties=Duties())
    assert not copy.exists()
    assert "keyring-copy" not in _found(settings)


@pytest.mark.parametrize("beside", ["replaced", "restoring"])
def test_a_database_that_a_restore_left_beside_is_found(settings, fresh_store, beside):
    with psycopg.connect(fresh_store.admin_url, autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{fresh_store.name}_{beside}"')
        try:
            found = _found(settings)[f"{beside}-database"]
        finally:
            admin.execute(f'DROP DATABASE "{fresh_store.name}_{beside}"')
    assert found.remedy == "governance restore --drop-old"


def test_a_value_that_was_met_and_does_not_open_is_named_until_it_is_healed(settings, fresh_store):
    with open_store(settings) as store:
        with open_work(store.database, SYSTEM) as work:
            ada = customers.create(work, fields={"family_name": "Lovelace"})
        _xor(fresh_store, ada.id)
        with open_work(store.database, SYSTEM) as work:
            assert customers.read(work, subject=ada.id).unreadable == ("family_name",)

    finding = _found(settings)["unreadable-values"]
    assert (finding.level, f"person.family_name of the row {ada.id}" in finding.sentence) == (Level.FAILING, True)
    _xor(fresh_store, ada.id)
    assert "unreadable-values" not in _found(settings)
    assert Places(settings.data_dir).unreadable.read_bytes() == b""


def _xor(store, person) -> None:
    """Damage a stored name; done twice, it is whole again."""
    with psycopg.connect(store.admin_url) as connection:
        connection.execute(
            "UPDATE person SET family_name_sealed = "
            "set_byte(family_name_sealed, 25, get_byte(family_name_sealed, 25) # 255) WHERE id = %s",
            [person],
        )
