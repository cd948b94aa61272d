"""Rows become records; all that is wrong with a row is told at once."""

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from governance.customers.codes import Sex, Source
from governance.intake.answers import ConsentScope
from governance.intake.dates import PartialDate
from governance.intake.folding import fold_person
from governance.intake.headings import plan
from governance.intake.kinds import row_reader
from governance.intake.reading import open_table
from governance.intake.records import ContactValue, CustomerRow
from governance.intake.rows import RowOptions
from tests.intake.building import csv_bytes, xlsx

TODAY = date(2026, 11, 22)


def read_all(content: bytes, *, region: str = "RU", mapping=None, currency=None):
    table = open_table(io.BytesIO(content), mapping=mapping)
    options = RowOptions(region=region, today=TODAY, zone=ZoneInfo("Europe/Moscow"), currency=currency)
    reader = row_reader(plan(table.headings, mapping=mapping), options, damaged=table.damaged)
    return [read for read in map(reader.read, table.rows) if read is not None]


def only(rows, **options):
    [read] = read_all(csv_bytes(rows), **options)
    return read


def codes(read):
    return [(refusal.column, refusal.code) for refusal in read.refusals]


def test_a_whole_row_becomes_a_customer():
    headings = [
        "ФИО",
        "Телефон",
        "E-mail",
        "Дата рождения",
        "Пол",
        "Город",
        "Источник",
        "Согласие на рассылку",
        "Метки",
    ]
    row = [
        "ИВАНОВ ПЁТР",
        "8 933 123-45-67",
        "a@b.ru",
        "1.2.1980",
        "м",
        "Тверь",
        "сайт",
        "согласен 12.03.2024",
        "VIP; опт",
    ]
    read = only([headings, row])
    assert not read.refusals
    customer = read.record
    assert (customer.family_name, customer.given_name, customer.sex) == ("Иванов", "Пётр", Sex.MALE)
    assert customer.birth_date == PartialDate(1980, 2, 1)
    assert customer.contacts == (ContactValue("phone", "+79331234567"), ContactValue("email", "a@b.ru"))
    assert (customer.source, customer.source_told, customer.tags) == (Source.OWN_FORM, "сайт", ("VIP", "опт"))
    assert [(claim.scope, claim.given, str(claim.on)) for claim in customer.consents] == [
        (ConsentScope.ANY, True, "2024-03-12")
    ]


def test_all_that_is_wrong_with_a_row_is_told_at_once():
    headings = ["ФИО", "Телефон", "E-mail", "Дата рождения", "Пол"]
    read = only([headings, ["Петров Петр", "не телефон", "petrov(at)example.ru", "31.02.1980", "марсианин"]])
    assert read.record is None
    assert codes(read) == [
        ("Телефон", "phone-missing"),
        ("E-mail", "email-worded-at"),
        ("Дата рождения", "date-day"),
        ("Пол", "sex-word"),
        ("", "row-contacts"),
    ]


def test_a_bad_birth_date_costs_the_birth_date_and_not_the_customer():
    read = only([["ФИО", "Телефон", "Дата рождения"], ["Петров Петр", "89331234567", "31.02.1980"]])
    assert read.record.birth_date is None
    assert codes(read) == [("Дата рождения", "date-day")]


def test_one_good_contact_saves_a_row_whose_other_contact_is_bad():
    read = only([["ФИО", "Телефон", "E-mail"], ["Петров Петр", "1", "a@b.ru"]])
    assert [contact.kind for contact in read.record.contacts] == ["email"]
    assert len(read.refusals) == 1


def test_a_row_with_neither_name_nor_contact_is_refused_and_one_with_either_is_not():
    reads = read_all(
        csv_bytes([["ФИО", "Телефон", "Город"], ["", "", "Тверь"], ["Петров", "", ""], ["", "89331234567", ""]])
    )
    assert [read.record is None for read in reads] == [True, False, False]
    assert codes(reads[0]) == [("", "row-nobody")]


def test_reasons_never_hold_what_stood_in_the_cell():
    headings = ["ФИО", "Телефон", "E-mail", "Дата рождения", "Пол", "Согласие", "Страна", "Семейное положение"]
    secret = "Тайна77"
    read = only([headings, [secret] * 8])
    assert len(read.refusals) >= 7
    assert all(secret not in refusal.reason and len(refusal.reason) > 30 for refusal in read.refusals)


def test_a_date_of_consent_serves_the_consents_without_one():
    headings = ["ПІБ", "Пошта", "Згода: e-mail", "Згода: SMS", "Дата згоди"]
    read = only([headings, ["Іваненко Олег", "a@b.ua", "так", "ні 01.01.2025", "05.05.2024"]], region="UA")
    assert [(c.scope, c.given, str(c.on)) for c in read.record.consents] == [
        (ConsentScope.EMAIL, True, "2024-05-05"),
        (ConsentScope.SMS, False, "2025-01-01"),
    ]


def test_firms_keep_their_name_as_organisation():
    record = only([["Клиент", "Телефон"], ["ООО «Ромашка»", "8 495 123-45-67"]]).record
    assert (record.organisation, record.family_name) == ("ООО «Ромашка»", None)


def test_extra_fields_and_several_columns_for_one_field_are_kept():
    headings = ["ФИО", "Телефон", "Рабочий телефон", "Комментарий", "Примечание", "Размер обуви"]
    row = ["Петров", "89331234567", "84951234567", "первый", "второй", "43"]
    record = only([headings, row], mapping={"Размер обуви": "extra:shoe_size"}).record
    assert len(record.contacts) == 2
    assert record.note == "первый\nвторой"
    assert record.extras == (("shoe_size", "43"),)


def test_a_remark_beside_a_name_is_a_note_and_one_flaw_of_a_cell_is_told_once():
    headings = ["ФИО", "Телефон", "Комментарий"]
    read = only([headings, ["Петрова Оля (сестра Светы)", "89331234567, нет ли, в сети", "звонить утром"]])
    assert (read.record.family_name, read.record.given_name) == ("Петрова", "Оля")
    assert read.record.note == "сестра Светы\nзвонить утром"
    assert codes(read) == [("Телефон", "phone-missing")]


def test_bytes_that_do_not_fit_the_encoding_cost_their_cell():
    lines = "".join(f"Иванов{chr(1072 + n % 30)};Москва;8933123{n:04}\n" for n in range(300))
    content = ("ФИО;Город;Телефон\n" + lines).encode() + "Петров;".encode() + b"\xff\xff;89331234567\n"
    read = read_all(content)[-1]
    assert codes(read) == [("Город", "cell-damaged")]
    assert read.record.family_name == "Петров"


def test_a_wide_row_and_an_open_quote_are_refused_with_their_reason():
    content = csv_bytes([["ФИО", "Телефон", "E-mail", "Город"], ["x"] * 50, ["Петров", "89331234567", "", ""]])
    content += 'Сидоров;"89331234568;a@b.ru;Тверь\r\nКотов;89331234569;;\r\n'.encode()
    reads = read_all(content)
    assert [codes(read) for read in reads] == [[("", "row-wide")], [], [("", "row-quote")], []]


def test_a_purchase_needs_date_sum_currency_and_person():
    headings = ["Номер заказа", "Телефон", "Дата", "Сумма", "Товары"]
    good, bare = read_all(
        csv_bytes([headings, ["A-1", "89331234567", "10.10.2024", "1 500 р.", "кофе; чай"], ["A-2", "", "", "", ""]])
    )
    purchase = good.record
    assert (purchase.total, purchase.currency, purchase.items) == (Decimal(1500), "RUB", ("кофе", "чай"))
    assert purchase.paid_at == PartialDate(2024, 10, 10)
    assert codes(bare) == [("", "date-missing"), ("", "total-missing"), ("", "currency-missing"), ("", "row-person")]


def test_a_month_is_too_little_for_an_event():
    read = only([["Телефон", "Дата", "Тип"], ["89331234567", "10.2024", "звонок"]])
    assert codes(read) == [("", "date-whole")]


def test_an_interaction_keeps_instant_kind_and_seconds():
    headings = ["when", "customer_phone", "kind", "seconds", "result", "next_call"]
    record = only(
        [headings, ["2024-12-09T10:15:00+03:00", "+79717228484", "письмо", "398", "договорились", "01.02.2027"]]
    ).record
    assert record.at == datetime(2024, 12, 9, 7, 15, tzinfo=UTC)
    assert (record.kind, record.seconds, record.next_at) == ("letter", 398, PartialDate(2027, 2, 1))


def independent(shared, name, encoding, delimiter):
    text = (shared / "cases" / name).read_bytes().decode(encoding)
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter))


def test_the_russian_list_is_read_as_an_independent_reading_finds_it(shared):
    reads = read_all((shared / "cases/clients_ru.csv").read_bytes())
    good = [read.record for read in reads if read.record]
    refused = [read for read in reads if read.record is None]
    rows = independent(shared, "clients_ru.csv", "cp1251", ";")
    real = [row for row in rows if row["ФИО"] and row["ФИО"] != "Итого:" and "(at)" not in row["E-mail"]]
    assert len(good) == len(real) == 1400
    assert [read.number for read in refused] == [1404]
    assert not [refusal for read in reads if read.record for refusal in read.refusals]
    assert sum(1 for row in good if row.birth_date) == sum(1 for row in real if row["Дата рождения"])
    phones = {contact.value for row in good for contact in row.contacts if contact.kind == "phone"}
    expected = {"+7" + "".join(filter(str.isdigit, row["Телефон"]))[-10:] for row in real if row["Телефон"]}
    assert phones == expected
    emails = {contact.value.lower() for row in good for contact in row.contacts if contact.kind == "email"}
    assert emails == {row["E-mail"].strip().lower() for row in real if row["E-mail"]}
    yes = sum(1 for row in real if row["Согласие на рассылку"].lower().startswith(("да", "согласен")))
    assert sum(claim.given for row in good for claim in row.consents) == yes
    assert sum(len(row.consents) for row in good) == sum(1 for row in real if row["Согласие на рассылку"])


def test_every_double_in_the_russian_list_that_shares_a_contact_folds_to_one_person(shared):
    good = {
        read.number: read.record for read in read_all((shared / "cases/clients_ru.csv").read_bytes()) if read.record
    }
    by_person: dict[str, list[CustomerRow]] = {}
    for row in independent(shared, "truth.csv", "utf-8", ","):
        if row["file"] == "clients_ru.csv":
            by_person.setdefault(row["person"], []).append(good[int(row["row"])])
    doubles = [rows for rows in by_person.values() if len(rows) > 1]
    assert len(doubles) == 200
    for rows in doubles:
        assert len({fold_person(row.family_name, row.given_name) for row in rows}) == 1, rows[0].number
    names = {fold_person(rows[0].family_name, rows[0].given_name): person for person, rows in by_person.items()}
    assert len(names) > 0.95 * len(by_person)


def test_the_ukrainian_workbook_is_read_whole(shared):
    reads = read_all((shared / "cases/clients_uk.xlsx").read_bytes(), region="UA")
    assert len(reads) == 600
    assert not [read for read in reads if read.refusals]
    people = [read.record for read in reads]
    assert all(person.birth_date.exact and person.patronymic and person.contacts for person in people)
    assert all(claim.on for person in people for claim in person.consents)


@pytest.mark.parametrize(
    ("name", "encoding", "delimiter", "count"),
    [("orders.csv", "utf-8-sig", ",", 3600), ("contacts_log.csv", "utf-8", "\t", 1200)],
)
def test_purchases_and_interactions_are_read_whole(shared, name, encoding, delimiter, count):
    reads = read_all((shared / "cases" / name).read_bytes())
    rows = independent(shared, name, encoding, delimiter)
    assert len(reads) == len(rows) == count
    assert not [read for read in reads if read.refusals]
    if name == "orders.csv":
        assert sum(read.record.total for read in reads) == sum(Decimal(row["total"]) for row in rows)
    else:
        assert sum(read.record.seconds for read in reads) == sum(int(row["seconds"]) for row in rows)


def test_a_cell_that_was_not_computed_is_refused_and_never_read_as_empty():
    failed, pending = '<c r="PLACE" t="e"><v>#DIV/0!</v></c>', '<c r="PLACE"><f>B9</f></c>'
    rows = [["ФИО", "E-mail", "Телефон"], [failed, "a@b.ru", ""], ["Иванов Пётр", pending, "89331234567"]]
    rows += [["Сидоров Пётр", pending, ""], ["Петров Пётр", "p@b.ru", ""]]
    named, reached, unreachable, good = read_all(xlsx({"Лист": rows}))
    assert codes(named) == [("ФИО", "cell-not-computed")]
    assert named.record.contacts
    assert codes(reached) == [("E-mail", "cell-not-computed")]
    assert reached.record.family_name == "Иванов"
    assert codes(unreachable) == [("E-mail", "cell-not-computed"), ("", "row-contacts")]
    assert (good.record.family_name, good.refusals) == ("Петров", ())


def test_true_under_a_name_makes_nobody_called_true_and_under_a_consent_is_a_yes():
    rows = [["ФИО", "Город", "E-mail", "Согласие на рассылку"], [True, False, "a@b.ru", True]]
    [read] = read_all(xlsx({"Лист": rows}))
    assert codes(read) == [("ФИО", "cell-truth"), ("Город", "cell-truth")]
    assert (read.record.family_name, read.record.given_name, read.record.city) == (None, None, None)
    assert [claim.given for claim in read.record.consents] == [True]
