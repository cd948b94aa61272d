"""Import, then undo: as if nothing had happened, but for what somebody did since."""

import io

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from governance.audit.actions import Action
from governance.customers.codes import ContactKind
from governance.customers.loading import opened
from governance.customers.tables import PersonRow
from governance.intake import operations as intake
from governance.intake.applying import apply_next
from governance.intake.reports import BatchState
from governance.intake.undoing import begin_undo
from governance.kernel.errors import ConflictError
from governance.kernel.work import Work
from tests.factories.trail import entries
from tests.intake.building import csv_bytes
from tests.intake.conftest import OWN_FORM, bring, name_controller
from tests.intake.stores import contents, holders, import_file, import_rows, one_value, run, standings, undo

HEADINGS = ["ФИО", "Телефон", "E-mail", "Город", "Метки", "Согласие на рассылку"]
IVAN = ["Иванов Пётр Ильич", "8 933 123-45-67", "ivan@example.ru", "", "VIP", "да"]


@pytest.fixture
def store(russian: Work) -> Work:
    return russian


def note_of(work: Work) -> str | None:
    work.session.expire_all()
    [one] = work.session.scalars(select(PersonRow))
    return opened(one, "note")


names = st.sampled_from(["Иванов Пётр", "Ivanov Petr", "ИВАНОВ ПЕТР Ильич", "Котова Анна", "Котова Анна Львовна", ""])
phones = st.sampled_from(["", "8 933 123-45-67", "+79331234568", "89331234569", "не телефон"])
emails = st.sampled_from(["", "ivan@example.ru", "anna@example.ru", "IVAN@EXAMPLE.RU"])
rows = st.lists(
    st.tuples(
        names,
        phones,
        emails,
        st.sampled_from(["", "Тверь", "Омск"]),
        st.sampled_from(["", "VIP", "опт; VIP"]),
        st.sampled_from(["", "да", "нет"]),
    ),
    min_size=1,
    max_size=8,
)


def test_a_note_is_added_below_the_one_that_stands_and_undone(store):
    headings = [*HEADINGS, "Комментарий"]
    import_rows(store, headings, [*IVAN, "звонить утром"])
    later = import_rows(store, headings, [*IVAN, "любит розы"], [*IVAN, "звонить утром"])
    assert note_of(store) == "звонить утром\nлюбит розы"
    undo(store, later.id)
    assert note_of(store) == "звонить утром"


@settings(
    max_examples=settings.default.max_examples // 4,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(before=rows, brought=rows)
def test_importing_and_undoing_is_doing_nothing(work, before, brought):
    with work.session.begin_nested() as example:
        name_controller(work)
        import_rows(work, HEADINGS, *map(list, before))
        was, said_before = contents(work), standings(work)
        report = import_rows(work, [*HEADINGS, "Пол"], *[[*row, ""] for row in brought])
        if report.state is BatchState.FINISHED:
            told = undo(work, report.id)
            assert contents(work) == was
            said_since = standings(work)
            stopped = {key for key, standing in said_since.items() if standing == "refused"}
            assert {key: standing for key, standing in said_before.items() if key not in stopped} == {
                key: standing for key, standing in said_since.items() if key not in stopped
            }
            assert {key for key, standing in said_before.items() if standing == "refused"} <= stopped
            assert not told.edited_since
            assert told.batch.state is BatchState.UNDONE
        example.rollback()
    work.session.expire_all()


def test_purchases_and_interactions_go_with_their_import(store):
    import_rows(store, HEADINGS, IVAN)
    was = contents(store)
    orders = [
        ["order_no", "customer_phone", "paid_at", "total", "currency"],
        ["A-1", "89331234567", "2024-10-10", "5", "RUB"],
    ]
    talks = [["when", "customer_phone", "kind"], ["2024-12-09T10:15:00+03:00", "89331234567", "звонок"]]
    for content in (csv_bytes(orders), csv_bytes(talks)):
        told = undo(store, import_file(store, content).id)
        assert told.removed == 1
    assert contents(store) == was


def test_people_who_were_worked_on_since_stay_and_are_listed(store):
    first = import_rows(store, HEADINGS, IVAN, ["Котова Анна", "89331234568", "", "", "", ""])
    [ivan] = holders(store, ContactKind.PHONE, "+79331234567")
    store.session.execute(text("UPDATE person SET version = version + 1 WHERE id = :id"), {"id": ivan.id})
    told = undo(store, first.id)
    assert told.edited_since == (ivan.id,)
    assert told.removed == 1
    assert [row[0] for row in contents(store)["people"]] == [str(ivan.id)]
    [entry] = entries(store, Action.IMPORT_UNDONE)
    assert entry.facts == {"kept": 1, "removed": 1, "restored": 0}


def test_a_person_whom_a_later_import_added_to_stays(store):
    first = import_rows(store, HEADINGS, IVAN)
    import_rows(store, HEADINGS, [*IVAN[:3], "Тверь", "", ""])
    [ivan] = holders(store, ContactKind.PHONE, "+79331234567")
    assert undo(store, first.id).edited_since == (ivan.id,)


def test_keys_of_people_who_go_are_destroyed(store):
    report = import_rows(store, HEADINGS, IVAN)
    owner = one_value(store, "SELECT owner_id FROM person")
    undo(store, report.id)
    left = "SELECT count(*) FROM data_key WHERE owner_id = :owner AND wrapped IS NOT NULL"
    assert one_value(store, left, owner=owner) == 0


def test_the_same_file_can_be_brought_anew_after_it_was_undone(store):
    content = csv_bytes([HEADINGS, IVAN])
    first = import_file(store, content)
    undo(store, first.id)
    again = bring(store, content)
    assert not again.again
    assert run(store, again.batch.id).created == 1


def test_an_import_that_is_undone_half_way_applies_nothing_more(store, monkeypatch):
    monkeypatch.setattr("governance.intake.starting.CHUNK_ROWS", 40)
    rows_ = [[f"Иванов{n} Пётр", f"8933{n:07}", "", "", "", ""] for n in range(50)]
    batch = bring(store, csv_bytes([HEADINGS, *rows_])).batch.id
    assert apply_next(store, batch=batch).done == 40
    begin_undo(store, batch=batch)
    with pytest.raises(ConflictError):
        apply_next(store, batch=batch)
    told = undo(store, batch)
    assert told.removed == 40
    assert not contents(store)["people"]
    assert one_value(store, "SELECT count(payload_sealed) FROM import_chunk") == 0


def test_an_import_is_undone_once(store):
    report = import_rows(store, HEADINGS, IVAN)
    undo(store, report.id)
    with pytest.raises(ConflictError):
        begin_undo(store, batch=report.id)


def test_a_suppressed_second_start_leaves_the_first_import_as_it_is(store):
    content = csv_bytes([HEADINGS, IVAN])
    first = import_file(store, content)
    again = intake.start(store, file=io.BytesIO(content), provenance=OWN_FORM)
    assert again.batch == first
