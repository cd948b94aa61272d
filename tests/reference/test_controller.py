"""The controller's record: versions, proposals, and the protection officer's data under a key."""

from threading import Thread

import pytest
from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError

from governance.audit.actions import Action
from governance.kernel.clock import FixedClock
from governance.kernel.errors import InvalidError
from governance.kernel.work import OPERATOR, Work, open_work
from governance.policies import shipped
from governance.reference import operations
from governance.reference.errors import NoControllerError
from governance.reference.record import ProtectionOfficer
from governance.reference.tables import ControllerVersionRow
from governance.vault.runtime import vault_of
from tests.conftest import NOW
from tests.factories.statements import counted
from tests.factories.trail import entries

FIRM = {"legal_name": "ТОВ «Ромашка»", "address": "Київ, вул. Садова, 1", "country": "UA"}
OFFICER = ProtectionOfficer(name="Olena Koval", email="dpo@romashka.example.org", phone="067 123 45 67")


def test_a_record_takes_what_its_country_proposes(work):
    told = operations.set_controller(work, **FIRM)
    assert (told.version, told.zone, told.language, told.calendar) == (1, "Europe/Kyiv", "uk", "UA")
    assert told.laws == ("ua_2297",)
    assert told.authority == "Уповноважений Верховної Ради України з прав людини"
    assert (told.region, told.officer, told.recorded_at) == ("UA", None, NOW)
    assert told.deployment == vault_of(work.session).keys.deployment
    assert operations.controller(work) == told


def test_what_is_given_goes_before_what_is_proposed(work):
    told = operations.set_controller(
        work, **FIRM, zone="Europe/Warsaw", language="en", calendar="PL", laws=["ua_2297", "gdpr"], authority="UODO"
    )
    assert (told.zone, told.language, told.calendar, told.authority) == ("Europe/Warsaw", "en", "PL", "UODO")
    assert told.laws == ("ua_2297", "gdpr")


def test_without_a_record_it_is_said_how_to_make_one(work):
    assert operations.find_controller(work) is None
    with pytest.raises(NoControllerError, match="governance init"):
        operations.controller(work)


def test_a_change_makes_a_version_and_history_stays(work):
    first = operations.set_controller(work, **FIRM)
    second = operations.set_controller(work, **{**FIRM, "legal_name": "ТОВ «Мак»"})
    assert second.version == 2
    assert operations.controller(work) == second
    assert operations.controller_history(work) == [second, first]


def test_a_transaction_asks_for_the_record_once_and_knows_of_a_change_at_once(work):
    operations.set_controller(work, **FIRM)
    first = operations.controller(work)
    with counted(work) as sent:
        assert operations.find_controller(work) == operations.controller(work) == first
    assert sent == []
    with work.session.begin_nested() as tried:
        second = operations.set_controller(work, **{**FIRM, "legal_name": "ТОВ «Мак»"})
        assert operations.controller(work) == second
        tried.rollback()
    assert operations.controller(work) == first


def test_the_next_transaction_of_a_session_asks_for_the_record_anew(fresh_database):
    with open_work(fresh_database, OPERATOR) as work:
        operations.set_controller(work, **FIRM)
    with fresh_database.sessions() as session:
        asking = Work(session=session, actor=OPERATOR, now=NOW)
        assert operations.controller(asking).legal_name == FIRM["legal_name"]
        with open_work(fresh_database, OPERATOR) as work:
            operations.set_controller(work, **{**FIRM, "legal_name": "ТОВ «Мак»"})
        session.commit()
        assert operations.controller(asking).legal_name == "ТОВ «Мак»"


def test_saying_the_same_again_changes_nothing(work):
    operations.set_controller(work, **FIRM, officer=OFFICER)
    again = operations.set_controller(work, **{**FIRM, "address": "  Київ,  вул. Садова, 1 "}, officer=OFFICER)
    assert again.version == 1
    assert len(entries(work, Action.CONTROLLER_SET)) == 1


def test_each_version_is_told_in_the_log_with_what_changed_and_nothing_personal(work):
    operations.set_controller(work, **FIRM, officer=OFFICER)
    operations.set_controller(work, **FIRM, officer=ProtectionOfficer(email="new@romashka.example.org"))
    first, second = entries(work, Action.CONTROLLER_SET)
    assert first.facts["version"] == 1
    assert second.facts["changed"] == ["officer"]
    assert "romashka" not in str(first) + str(second)


def test_the_protection_officer_is_told_in_full_and_sealed_at_rest(work):
    told = operations.set_controller(work, **FIRM, officer=OFFICER)
    assert told.officer == ProtectionOfficer("Olena Koval", "dpo@romashka.example.org", "+380671234567")
    stored = work.session.execute(text("SELECT * FROM controller_version")).mappings().one()
    assert b"Olena" not in b"".join(bytes(v) for v in stored.values() if isinstance(v, bytes))
    assert "Olena" not in str(dict(stored))


def test_an_officer_who_was_erased_is_gone_from_history_and_the_version_stays(work):
    operations.set_controller(work, **FIRM, officer=OFFICER)
    operations.set_controller(work, **FIRM)
    old = work.session.query(ControllerVersionRow).filter_by(version=1).one()
    vault_of(work.session).owners.shred(work.session, [old.owner_id])
    work.session.expire_all()
    newest, first = operations.controller_history(work)
    assert first.officer is None
    assert first.legal_name == newest.legal_name == FIRM["legal_name"]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"legal_name": "  "}, "legal_name"),
        ({"legal_name": "x" * 301}, "legal_name"),
        ({"legal_name": "a\x00b"}, "legal_name"),
        ({"country": "UKR"}, "country"),
        ({"country": "XX"}, "country"),
        ({"zone": "Kyiv"}, "zone"),
        ({"language": "українська"}, "language"),
        ({"calendar": "ua"}, "calendar"),
        ({"laws": ["moon"]}, "laws"),
        ({"laws": []}, "laws"),
        ({"officer": ProtectionOfficer(email="nobody")}, "officer.email"),
        ({"officer": ProtectionOfficer(phone="12")}, "officer.phone"),
        ({"officer": ProtectionOfficer(phone="call me")}, "officer.phone"),
    ],
)
def test_what_cannot_be_kept_is_refused_by_field(work, wrong, field):
    with pytest.raises(InvalidError) as caught:
        operations.set_controller(work, **{**FIRM, **wrong})
    assert field in caught.value.errors
    assert operations.find_controller(work) is None


def test_a_country_without_proposals_must_be_given_zone_and_laws(work):
    with pytest.raises(InvalidError) as caught:
        operations.set_controller(work, legal_name="A", address="B", country="kz")
    assert set(caught.value.errors) == {"zone", "laws"}
    told = operations.set_controller(
        work, legal_name="A", address="B", country="kz", zone="Asia/Almaty", laws=["gdpr"], language="ru"
    )
    assert (told.country, told.authority) == ("KZ", None)


def test_the_service_can_neither_change_nor_drop_a_version(work):
    operations.set_controller(work, **FIRM)
    for statement in ("UPDATE controller_version SET legal_name = 'x'", "DELETE FROM controller_version"):
        with pytest.raises(DBAPIError, match="permission denied"), work.session.begin_nested():
            work.session.execute(text(statement))


def test_two_who_set_the_record_at_once_make_two_versions(fresh_database):
    def set_by(name: str) -> None:
        with open_work(fresh_database, OPERATOR, clock=FixedClock(NOW)) as work:
            operations.set_controller(work, **{**FIRM, "legal_name": name})

    threads = [Thread(target=set_by, args=(f"Firm {number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with open_work(fresh_database, OPERATOR) as work:
        assert [one.version for one in operations.controller_history(work)] == [4, 3, 2, 1]


def test_every_column_of_the_room_stands_in_the_catalogue(work):
    told = set(shipped.catalogue().tables["controller_version"].columns())
    assert told == {column["name"] for column in inspect(work.session.connection()).get_columns("controller_version")}


def test_the_fiscal_year_is_the_calendar_year_until_it_is_said_otherwise_and_then_stays(work):
    assert str(operations.set_controller(work, **FIRM).fiscal_year) == "01-01"
    assert str(operations.set_fiscal_year(work, begins="07-01").fiscal_year) == "07-01"
    told = operations.set_controller(work, **{**FIRM, "address": "Львів"})
    assert (str(told.fiscal_year), told.version) == ("07-01", 3)
    for begins in ("02-29", "13-01", "7-1", ""):
        with pytest.raises(InvalidError) as refused:
            operations.set_fiscal_year(work, begins=begins)
        assert list(refused.value.errors) == ["fiscal_year"], begins
