"""A rotation of the blind indexes leaves customers findable, extra fields included, and logins unique."""

from collections.abc import Iterator

import pytest

from governance.custody.reindexing import IndexRotation
from governance.custody.rotation import Duties
from governance.custody.rows import indexed_fields
from governance.custody.tombstones import INFO, Tombstones
from governance.customers import operations as customers
from governance.customers.codes import ExtraType
from governance.customers.errors import LoginTakenError
from governance.customers.operations import ContactSaid, PersonView
from governance.kernel.db import Database
from governance.kernel.work import OPERATOR, SYSTEM, Work, open_work
from governance.policies.documents import Titles
from governance.vault.keyring import Keyring
from governance.vault.runtime import Vault
from tests.conftest import Store
from tests.factories.customers import purchase

EMAIL = ContactSaid(kind="email", value="irina@example.ru")
VERIFIED = {"is_login": True, "verified_at": "2026-11-20T10:00:00Z"}


@pytest.fixture
def database(fresh_store: Store, keyring: Keyring) -> Iterator[Database]:
    """A service whose versions of the indexes pass quickly."""
    made = Database(fresh_store.app_url, pool_size=2)
    Vault.install(made, keyring, versions_ttl_seconds=0.1)
    made.remember(**{INFO: Tombstones(keyring.path.with_name("tombstones.jsonl"))})
    yield made
    made.dispose()


def record(work: Work) -> PersonView:
    labels = Titles("Member", "Участник", "Учасник")
    customers.define(work, key="member_no", labels=labels, type=ExtraType.TEXT, category="user.unique_id", indexed=True)
    made = customers.create(work, fields={}, contacts=[EMAIL], extra={"member_no": "M 17"})
    customers.record_purchase(work, subject=made.id, purchase=purchase())
    customers.edit_contact(work, subject=made.id, contact=made.contacts[0].id, patch=VERIFIED)
    return made


def test_all_is_found_and_a_login_stays_taken_after_a_rotation(database: Database, keyring: Keyring) -> None:
    with open_work(database, SYSTEM) as work:
        irina = record(work)

    assert IndexRotation(database, keyring, OPERATOR, fields=indexed_fields(), duties=Duties()).run() == 2

    with open_work(database, SYSTEM) as work:
        for by, value in (("email", "IRINA@example.ru"), ("extra.member_no", "m 17"), ("purchase_number", "a-1")):
            assert [one.id for one in customers.search(work, by=by, value=value).items] == [irina.id]
        other = customers.create(work, fields={}, contacts=[EMAIL])
        with pytest.raises(LoginTakenError):
            customers.edit_contact(work, subject=other.id, contact=other.contacts[0].id, patch=VERIFIED)
