"""Rows become people, once each; purchases and interactions find them; nothing is lost or doubled."""

import csv
import io
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from governance.audit.actions import Action
from governance.customers import extras as extra_fields
from governance.customers.codes import ContactKind, ExtraType
from governance.intake import operations as intake
from governance.intake.files import FileOptions
from governance.intake.reports import BatchState
from governance.kernel.work import Work
from governance.policies.documents import Titles
from tests.factories.trail import entries
from tests.intake.building import csv_bytes
from tests.intake.conftest import BOUGHT
from tests.intake.stores import contents, holders, import_file, import_rows, one_value, run

HEADINGS = ["ФИО", "Телефон", "E-mail", "Город", "Дата рождения", "Согласие на рассылку"]
IVAN = ["Иванов Пётр Ильич", "8 933 123-45-67", "ivan@example.ru", "", "", ""]


@pytest.fixture
def store(russian: Work) -> Work:
    return russian


def test_a_row_becomes_a_person_found_by_each_of_its_contacts(store):
    report = import_rows(store, HEADINGS, [*IVAN[:3], "Тверь", "01.02.1980", "согласен 12.03.2024"])
    assert (report.state, report.created, report.done) == (BatchState.FINISHED, 1, 1)
    [by_phone] = holders(store, ContactKind.PHONE, "+79331234567")
    assert [by_phone] == list(holders(store, ContactKind.EMAIL, "IVAN@example.ru"))
    assert (by_phone.family_name, by_phone.birth_date) == ("Иванов", "1980-02-01")
    claim = "SELECT standing FROM consent_state WHERE person_id = :person AND channel = 'sms'"
    assert one_value(store, claim, person=by_phone.id) == "claimed"


def test_nothing_of_an_imported_file_lies_in_the_clear(store):
    secret = ["Тайнова Секлетея", "8 933 765-43-21", "secret@example.ru", "Секретоград", "03.04.1955", "да"]
    import_rows(store, HEADINGS, secret, file_name="тайна.csv")
    found = ("Тайнова", "Секлетея", "9337654321", "secret@example", "Секретоград", "1955-04-03", "тайна")
    tables = store.session.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).all()
    for table in tables:
        with suppress(ProgrammingError), store.session.begin_nested():  # some are not for the service to read
            dump = one_value(store, f'SELECT coalesce(string_agg(t::text, chr(10)), chr(10)) FROM "{table}" t')
            for value in found:
                assert value not in str(dump), table
                assert value.encode().hex() not in str(dump), table


def test_rows_of_one_person_in_a_file_become_one_person_with_all_they_tell(store):
    report = import_rows(
        store,
        HEADINGS,
        IVAN,
        ["ИВАНОВ Петр", "89331234567", "", "Тверь", "", ""],
        ["Ivanov Petr", "", "IVAN@EXAMPLE.RU ", "", "01.02.1980", ""],
        ["Иванов Пётр Ильич", "+7 (933) 123-45-67", "", "", "", ""],
    )
    assert (report.created, report.enriched, report.unchanged) == (1, 2, 1)
    [person] = contents(store)["people"]
    assert "'Тверь'" in person
    assert "'1980-02-01'" in person
    assert len(contents(store)["contacts"]) == 2


def test_a_known_person_is_added_to_and_never_overwritten(store):
    import_rows(store, HEADINGS, [*IVAN[:3], "Тверь", "", ""])
    report = import_rows(store, HEADINGS, ["Иванов Пётр", "89331234567", "new@example.ru", "Омск", "01.02.1980", ""])
    assert (report.created, report.enriched, report.possible_doubles) == (0, 1, 0)
    [person] = contents(store)["people"]
    assert "'Тверь'" in person
    assert "'1980-02-01'" in person
    assert [value for _, _, value, _, _ in contents(store)["contacts"]] == [
        "ivan@example.ru",
        "new@example.ru",
        "+79331234567",
    ]
    again = import_rows(store, HEADINGS, ["Иванов Пётр", "89331234567", "", "Омск", "", ""])
    assert (again.enriched, again.unchanged) == (0, 1)


@pytest.mark.parametrize("other", ["Иванова Анна", "Иванов Пётр Сидорович"], ids=["another name", "another patronymic"])
def test_the_same_contact_under_another_name_is_another_person_and_remarked(store, other):
    import_rows(store, HEADINGS, IVAN)
    report = import_rows(store, HEADINGS, [other, "89331234567", "", "", "", ""])
    assert (report.created, report.possible_doubles) == (1, 1)
    assert [(one.number, one.code) for one in intake.remarks(store, batch=report.id)] == [(2, "possible-double")]
    assert len(holders(store, ContactKind.PHONE, "+79331234567")) == 2


def test_people_of_a_bought_list_are_to_be_told_and_not_mailed(store):
    import_rows(store, HEADINGS, IVAN, provenance=BOUGHT)
    row = "SELECT source || ' ' || not_mailable || ' ' || (inform_by = timestamptz '2026-12-22 12:00Z') FROM person"
    assert one_value(store, row) == "bought not_from_the_person true"


def test_a_row_that_names_its_own_source_goes_by_it(store):
    headings = [*HEADINGS[:3], "Источник"]
    import_rows(store, headings, [*IVAN[:3], "рекомендация"], ["Котов Лев", "89331234568", "", "сайт"])
    marked = "SELECT string_agg(source || ':' || coalesce(not_mailable, '-'), ' ' ORDER BY source) FROM person"
    assert one_value(store, marked) == "own_form:- recommendation:not_from_the_person"


def test_purchases_and_interactions_find_their_people_and_nobodys_are_refused(store):
    import_rows(store, HEADINGS, IVAN)
    orders = [
        ["order_no", "customer_email", "customer_phone", "paid_at", "total", "currency", "items"],
        ["A-1", "IVAN@example.ru", "", "2024-10-10", "1500.50", "RUB", "кофе; чай"],
        ["A-2", "", "89331234567", "2024-10-11 12:30", "7", "RUB", ""],
        ["A-3", "nobody@example.ru", "", "2024-10-12", "7", "RUB", ""],
        ["A-1", "ivan@example.ru", "", "2024-10-10", "1500.50", "RUB", "кофе; чай"],
    ]
    report = import_file(store, csv_bytes(orders))
    assert (report.created, report.refused_late, report.unchanged) == (2, 1, 1)
    paid = [(row[1], row[2], row[3]) for row in contents(store)["purchases"]]
    assert paid == [
        (datetime(2024, 10, 10, tzinfo=UTC), Decimal("1500.50"), "A-1"),
        (datetime(2024, 10, 11, 9, 30, tzinfo=UTC), Decimal(7), "A-2"),
    ]
    [refused] = intake.refused_rows(store, batch=report.id)
    assert refused.cells == tuple(orders[3])
    assert [refusal.code for refusal in refused.refusals] == ["row-unknown-person"]
    talks = [["when", "customer_phone", "kind", "result"], ["2024-12-09T10:15:00+03:00", "89331234567", "звонок", "да"]]
    assert import_file(store, csv_bytes(talks)).created == 1
    assert [row[2:] for row in contents(store)["talks"]] == [("call", "да")]


def test_of_several_people_with_one_contact_the_earliest_gets_the_purchase_and_it_is_remarked(store):
    import_rows(store, HEADINGS, IVAN, ["Иванова Анна", "89331234567", "anna@example.ru", "", "", ""])
    headings = ["order_no", "customer_phone", "customer_email", "paid_at", "total", "currency"]
    both = ["B-1", "89331234567", "", "2024-10-10", "1", "RUB"]
    hers = ["B-2", "89331234567", "anna@example.ru", "2024-10-11", "2", "RUB"]
    report = import_rows(store, headings, both, hers)
    ivan, anna = sorted(holders(store, ContactKind.PHONE, "+79331234567"), key=lambda one: one.given_name, reverse=True)
    assert {row[3]: row[0] for row in contents(store)["purchases"]} == {"B-1": str(ivan.id), "B-2": str(anna.id)}
    assert {one.code for one in intake.remarks(store, batch=report.id)} == {"several-people"}


def test_a_row_that_the_store_does_not_take_costs_itself_alone(store):
    titles = Titles("Shoe size", "Размер обуви", "Розмір взуття")
    extra_fields.define(store, key="shoe", labels=titles, type=ExtraType.NUMBER, category="user.demographic")
    rows = [
        [*HEADINGS[:3], "Обувь"],
        [*IVAN[:3], "43,5"],
        ["Котов Лев", "89331234568", "", ""],
        ["Лис", "89331234569", "", "x"],
    ]
    batch = intake.start(
        store,
        file=io.BytesIO(csv_bytes(rows)),
        provenance=BOUGHT,
        options=FileOptions(mapping={"Обувь": "extra:shoe"}),
    ).batch
    extra_fields.edit_definition(store, key="shoe", retired=True)
    report = run(store, batch.id)
    assert (report.state, report.created, report.refused_late) == (BatchState.FINISHED, 2, 1)
    refused = {row.number: [one.code for one in row.refusals] for row in intake.refused_rows(store, batch=batch.id)}
    assert refused == {2: ["row-store"], 4: ["amount-form"]}


def test_each_person_made_has_an_entry_and_so_has_the_import(store):
    import_rows(store, HEADINGS, IVAN, ["Котов Лев", "89331234568", "", "", "", ""])
    assert len(entries(store, Action.PERSON_CREATED)) == 2
    told = [len(entries(store, action)) for action in (Action.IMPORT_STARTED, Action.IMPORT_FINISHED)]
    [applied] = entries(store, Action.IMPORT_BATCH_APPLIED)
    assert told == [1, 1]
    assert applied.facts["created"] == 2


def test_a_dry_run_tells_all_that_would_happen_and_does_none_of_it(store):
    import_rows(store, HEADINGS, IVAN)
    before = contents(store)
    rows = [
        HEADINGS,
        ["Иванов Пётр", "89331234567", "", "", "", "да"],
        ["Котов Лев", "89331234567", "", "", "", "нет"],
        ["Лисов Ян", "89331234568", "", "", "31.02.1980", ""],
        ["Лисов Ян", "89331234568", "", "", "", ""],
        ["Плохов", "не телефон", "", "", "", ""],
        ["Итого", "5", "", "", "", ""],
        [""] * 6,
    ]
    trial = intake.dry_run(store, file=io.BytesIO(csv_bytes(rows)))
    assert (trial.rows, trial.good, trial.refused) == (7, 4, 1)
    assert trial.skipped == {"totals": 1, "blank": 1}
    assert (trial.store.known, trial.store.possible_doubles) == (1, 1)
    assert trial.doubles.examples == ((5, 4),)
    assert (trial.consents_yes, trial.consents_no) == (1, 1)
    assert [(one.row, one.column, one.code, one.whole) for one in trial.refusals] == [
        (4, "Дата рождения", "date-day", False),
        (6, "Телефон", "phone-missing", True),
        (6, "", "row-contacts", True),
    ]
    assert contents(store) == before
    assert one_value(store, "SELECT count(*) FROM import_batch") == 1


def test_a_dry_run_says_that_the_file_was_brought_before(store):
    report = import_rows(store, HEADINGS, IVAN)
    assert intake.dry_run(store, file=io.BytesIO(csv_bytes([HEADINGS, IVAN]))).already == report.id


def cases(shared, name, encoding, delimiter):
    text_ = (shared / "cases" / name).read_bytes().decode(encoding)
    return list(csv.DictReader(io.StringIO(text_, newline=""), delimiter=delimiter))


def test_the_four_case_files_come_to_what_an_independent_reading_counts(store, shared):
    folder = shared / "cases"
    rows = [
        row for row in cases(shared, "clients_ru.csv", "cp1251", ";") if row["ФИО"] not in ("", "Итого:", "Петров Петр")
    ]
    truth = {
        int(row["row"]): row["person"]
        for row in cases(shared, "truth.csv", "utf-8", ",")
        if row["file"] == "clients_ru.csv"
    }

    def reaching(phone, email):
        digits = "".join(filter(str.isdigit, phone))[-10:]
        return {key for key in (digits, email.strip().lower()) if key}

    groups: dict[str, list[set[str]]] = {}
    for number, row in enumerate(rows, 2):
        mine = groups.setdefault(truth[number], [])
        keys = reaching(row["Телефон"], row["E-mail"])
        joined = next((group for group in mine if group & keys), None)
        joined.update(keys) if joined else mine.append(keys)
    people = sum(map(len, groups.values()))

    ru = import_file(store, (folder / "clients_ru.csv").read_bytes())
    assert (ru.created, ru.refused, ru.skipped) == (people, 1, 2)
    assert ru.created + ru.enriched + ru.unchanged == 1400
    uk = import_file(store, (folder / "clients_uk.xlsx").read_bytes(), region="UA")
    assert (uk.created, uk.refused) == (600, 0)

    known = {key for row in rows for key in reaching(row["Телефон"], row["E-mail"])}
    orders = cases(shared, "orders.csv", "utf-8-sig", ",")
    mine = [row for row in orders if reaching(row["customer_phone"], row["customer_email"]) & known]
    report = import_file(store, (folder / "orders.csv").read_bytes())
    assert (report.created, report.refused_late) == (len(mine), len(orders) - len(mine))
    total = one_value(store, "SELECT sum(total) FROM purchase")
    assert total == sum(Decimal(row["total"]) for row in mine)

    log = cases(shared, "contacts_log.csv", "utf-8", "\t")
    met = [row for row in log if reaching(row["customer_phone"], "") & known]
    report = import_file(store, (folder / "contacts_log.csv").read_bytes())
    assert (report.created + report.unchanged, report.refused_late) == (len(met), len(log) - len(met))


def test_a_column_says_when_a_way_to_refuse_was_offered_and_soft_opt_in_rests_on_it(store):
    headings = ["ФИО", "Телефон", "E-mail", "Opt-out offered at"]
    report = import_rows(
        store,
        headings,
        ["Иванов Пётр", "8 933 123-45-67", "ivan@example.ru", "12.03.2024"],
        ["Петров Олег", "", "oleg@example.ru", "12.03.2024 15:30"],
        ["Котов Илья", "", "kot@example.ru", "03.2024"],
        ["Сомов Лев", "", "som@example.ru", ""],
    )
    assert (report.created, report.incomplete) == (4, 1)
    query = "SELECT opt_out_offered_at FROM contact WHERE person_id = :person"
    offered = [
        {found.opt_out_offered_at for found in store.session.execute(text(query), {"person": held[0].id})}
        for held in (holders(store, ContactKind.EMAIL, f"{name}@example.ru") for name in ("ivan", "oleg", "kot", "som"))
    ]
    on_the_day = datetime(2024, 3, 12, tzinfo=UTC)
    assert offered == [{on_the_day}, {on_the_day.replace(hour=12, minute=30)}, {None}, {None}]
