"""A backup from before an erasure brings nobody back: nothing of them opens, and what was restored goes again."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from governance.audit.operations import verify_live
from governance.custody import backup, rotation
from governance.custody.dumps import plain_dump
from governance.custody.duties import duties_of
from governance.custody.errors import RestoreError
from governance.custody.founding import found
from governance.custody.opening import Store, open_store
from governance.custody.places import Places
from governance.custody.restore import newest_backup, restore
from governance.custody.signing import outside_of, public_key_of
from governance.customers.tables import ContactRow, PersonRow, PurchaseRow
from governance.erasure import operations as erasure
from governance.kernel.work import OPERATOR, Work, open_work
from governance.messages import operations as messages
from governance.messages.texts import Template
from governance.vault.errors import ShreddedError
from tests.custody.stores import at, elsewhere, sign
from tests.factories.customers import email
from tests.factories.erasing import ASKED, count, shop, whole
from tests.stores import Store as Lent

PLANTED = ("irina.vorobeva@example.org", "+79334552061", "Воробьева", "Ирина")


def told(work: Work) -> None:
    """A mail to the person waits in the queue."""
    messages.enqueue(
        work,
        template=Template.PORTAL_CODE,
        language="en",
        recipient=PLANTED[0],
        values={"code": "123456"},
        expires_at=work.now + timedelta(hours=1),
    )


def nothing_is_found(store: Store) -> None:
    """No planted value lies in a dump, or in a file: backups, logs, mail, tombstones, notes of the log."""
    needles = erasure.spellings(PLANTED)
    assert erasure.search_stream(plain_dump(store.server.client_environment()), needles) == 0
    folder = store.settings.data_dir
    assert erasure.search_files(folder, needles) == []


def test_whoever_was_erased_since_the_backup_is_nobody_after_its_restore(
    tmp_path: Path, server_url: str, template: Lent
) -> None:
    with elsewhere(tmp_path / "store", server_url, template) as server:
        found(server, clock=at(0), say=lambda _: None)
        with open_store(server.settings) as store:
            with open_work(store.database, OPERATOR, clock=at(1)) as work:
                shop(work)
                one, other = whole(work), whole(work, contacts=(email("other@example.org"),))
            sign(store, 2)
            backup.make_backup(store, OPERATOR, clock=at(3))
            with open_work(store.database, OPERATOR, clock=at(4)) as work:
                begun = erasure.begin(work, person=one, origin=ASKED)
                told(work)
            assert erasure.run(store.database, erasure=begun, clock=at(5))
            sign(store, 6)
            nothing_is_found(store)
            with open_work(store.database, OPERATOR, clock=at(6)) as work:
                assert erasure.prove(work, erasure=begun, values=PLANTED).left == ()
                outside = outside_of(store.settings.data_dir)
                assert (
                    verify_live(work, public_key=public_key_of(store.settings.secrets_dir), outside=outside).differences
                    == []
                )

        newest = newest_backup(server.settings.data_dir)
        restore(server, newest, OPERATOR, clock=at(60), say=lambda _: None)
        with open_store(server.settings) as store:
            with open_work(store.database, OPERATOR, clock=at(61)) as work:
                assert count(work, f"person WHERE id = '{one}'") == 1
                assert count(work, f"contact WHERE person_id = '{one}' AND value_index IS NOT NULL") == 0
            assert erasure.erase_restored(store.database, actor=OPERATOR, clock=at(62)) == 1
            with open_work(store.database, OPERATOR, clock=at(63)) as work:
                assert work.session.execute(text("SELECT id FROM person")).scalars().all() == [other]
                assert [row.value for row in work.session.query(ContactRow)] == ["other@example.org"]
                kept = work.session.query(PurchaseRow).filter(PurchaseRow.person_id.is_(None)).one()
                assert (kept.buyer or {})["family_name"] == "Воробьева"
                [again] = erasure.list_erasures(work)
                assert erasure.prove(work, erasure=again.id, values=PLANTED).left == ()
            assert erasure.erase_restored(store.database, actor=OPERATOR, clock=at(64)) == 0
            nothing_is_found(store)

        # Even without the list of what was destroyed: the epoch of that backup has ended, and its keys with it.
        with open_store(server.settings) as store:
            rotated = rotation.rotate(
                store.database, store.keyring, OPERATOR, duties=duties_of(store, OPERATOR), clock=at(70)
            )
            assert rotated.destroyed == (1,)
        Places(server.settings.data_dir).tombstones.unlink()
        with pytest.raises(RestoreError, match="has ended"):
            restore(server, newest, OPERATOR, keys=newest, clock=at(71), say=lambda _: None)
        again_restored = restore(server, newest, OPERATOR, clock=at(72), say=lambda _: None)
        assert again_restored.keys != again_restored.backup
        assert again_restored.log_warning is not None
        with open_store(server.settings) as store:
            with open_work(store.database, OPERATOR, clock=at(73)) as work:
                opened = [_opened(row) for row in work.session.query(ContactRow).order_by(ContactRow.person_id)]
                assert sorted(map(str, opened)) == ["None", "None", "other@example.org"]
                assert {_opened(row, "family_name") for row in work.session.query(PersonRow)} == {None, "Воробьева"}
                outside = outside_of(store.settings.data_dir)
                told_of = verify_live(
                    work, public_key=public_key_of(store.settings.secrets_dir), outside=outside
                ).differences
                assert any("cut off, or the database is an older copy" in str(one) for one in told_of)
            assert erasure.erase_restored(store.database, actor=OPERATOR, clock=at(74)) == 1
            nothing_is_found(store)


def _opened(row: ContactRow | PersonRow, name: str = "value") -> str | None:
    """A sealed value; None where nothing opens it any more."""
    try:
        return str(getattr(row, name))
    except ShreddedError:
        return None
