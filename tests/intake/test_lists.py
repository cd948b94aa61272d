"""Lists of mailers: sifted by send checks, faithful to the byte; and lists of those who want no more."""

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import date

import pytest
from sqlalchemy import text

from governance.audit.actions import Action
from governance.consent import operations as consent
from governance.consent.operations import Asked
from governance.intake import operations as intake
from governance.intake.contact_lists import ContactList, ListOptions
from governance.intake.errors import EmptyFileError, HeadingsNotFoundError, MappingError
from governance.intake.sifting import Sifted
from governance.intake.stop_lists import Stop, Stopped
from governance.intake.workbooks import Workbook
from governance.kernel.db import Database
from governance.kernel.errors import ForbiddenError, InvalidError
from governance.kernel.work import OPERATOR, Work, open_work
from governance.policies.consent_facts import Reason, Scope, SuppressionReason
from governance.policies.consent_state import EventKind, Method
from governance.policies.permissions import Permission
from governance.policies.purposes import Channel
from tests.factories.actors import client
from tests.factories.saying import mail, notice, said, someone
from tests.factories.trail import entries
from tests.intake.building import csv_bytes, xlsx
from tests.intake.conftest import name_controller

YES, ALSO, NO = "yes@example.org", "also@example.org", "no@example.org"
NEWS = Asked("newsletter", Channel.EMAIL)


@pytest.fixture
def store(fresh_database: Database) -> Iterator[Database]:
    with open_work(fresh_database, OPERATOR) as work:
        name_controller(work)
        notice(work)
        for address in (YES, ALSO):
            subject = someone(work, address)
            consent.record(work, event=said(EventKind.CONFIRMED, subject=subject, method=Method.PORTAL))
        someone(work, NO)
    return fresh_database


def sift(
    store: Database, content: bytes, asked: Asked = NEWS, **options: object
) -> tuple[Sifted, bytes, list[list[str]]]:
    kept, left = io.BytesIO(), io.BytesIO()
    told = intake.sift(
        store,
        actor=OPERATOR,
        file=io.BytesIO(content),
        asked=asked,
        options=ListOptions(**options),
        allowed=kept,
        reasons=left,
    )
    listed = list(csv.reader(io.StringIO(left.getvalue().decode("utf-8-sig"), newline=""), delimiter=";"))
    return told, kept.getvalue(), listed


def opened(content: bytes, channel: Channel = Channel.EMAIL, **options: object) -> ContactList:
    return ContactList(io.BytesIO(content), channel=channel, options=ListOptions(**options), home="RU")


def found(content: bytes, channel: Channel = Channel.EMAIL, **options: object) -> list[str | None]:
    return [row.contact for row in opened(content, channel, **options).rows()]


def test_the_list_comes_back_with_the_rows_that_may_be_sent_to_as_they_stood(store):
    lines = [
        "Отчёт за март;;\r\n",
        'Имя;"E-mail";Сумма\r\n',
        f' "Ирина ""Ира""";{YES};001,50\r\n',
        f"Нина;{NO};2\r\n",
        "\r\n",
        f'"две\r\nстроки";  {ALSO.upper()} ;3',
    ]
    told, kept, left = sift(store, "".join(lines).encode("cp1251"))
    assert kept.decode("cp1251") == lines[0] + lines[1] + lines[2] + lines[5]
    assert (told.rows, told.allowed, told.reasons) == (3, 2, {Reason.SILENT: 1})
    assert left[1] == ["4", "no_ground", "silent", left[1][3], "Нина", NO, "2"]
    assert told.column == "E-mail"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "koi8-u"])
def test_the_encoding_stays(store, encoding):
    content = csv_bytes([["Прізвище та ім'я", "Пошта"], ["Ірина Воробйова", YES], ["Ніна", NO]], encoding=encoding)
    _, kept, _ = sift(store, content)
    assert kept.decode(encoding) == f"Прізвище та ім'я;Пошта\r\nІрина Воробйова;{YES}\r\n"
    assert kept[:2] == content[:2]


def test_bytes_that_fit_no_encoding_and_the_line_that_names_the_delimiter_stay(store):
    content = b"sep=;\r\nname;email\r\n" + "Йіїє".encode() * 30 + b"\xff;" + YES.encode() + b"\r\n"
    _, kept, _ = sift(store, content)
    assert kept == content


def test_rows_that_cannot_be_read_are_named_and_kept_with_the_reasons(store):
    rows = (
        f"name;email;city;x\nA;{YES};Riga;1\nB;no address;Riga;1\nC;a@b.org, c@d.org;Riga;1\n"
        f'"D;{YES};Riga;1\nE;{ALSO};Riga;1\n'
    )
    told, kept, left = sift(store, rows.encode())
    assert kept.decode() == f"name;email;city;x\nA;{YES};Riga;1\nE;{ALSO};Riga;1\n"
    assert told.malformed == (3, 4, 5)
    assert [row[:3] for row in left[1:]] == [[str(number), "invalid", "malformed"] for number in (3, 4, 5)]
    assert told.allowed + sum(told.reasons.values()) == told.rows == 5


def test_text_that_a_spreadsheet_would_run_is_harmless_among_the_reasons(store):
    _, _, left = sift(store, csv_bytes([["name", "email"], ["=1+1", NO], ["x", "-"]]))
    assert left[1][4] == "'=1+1"


def test_a_workbook_comes_back_as_one_with_dates_numbers_and_texts(store):
    rows: list[Sequence[object]] = [
        ["Клієнти", None, None, None],
        ["Ім'я", "E-mail", "Дата", "Номер"],
        ["Ірина", YES, date(2024, 5, 5), "007"],
        ["Ніна", NO, date(2024, 5, 6), "008"],
        ["=not a formula", ALSO, None, 1.5],
    ]
    told, kept, left = sift(store, xlsx({"Клієнти": rows}))
    back = [row.cells for row in Workbook(io.BytesIO(kept)).rows() if getattr(row, "cells", None)]
    assert [[cell or None for cell in row] for row in back] == [
        ["Клієнти", None, None, None],
        ["Ім'я", "E-mail", "Дата", "Номер"],
        ["Ірина", YES, date(2024, 5, 5), "007"],
        ["=not a formula", ALSO, None, 1.5],
    ]
    assert NO.encode() not in kept
    assert told.allowed == 2
    assert left[1][0] == "4"


def test_each_ten_thousand_rows_are_a_decision(store, monkeypatch):
    monkeypatch.setattr("governance.intake.sifting.PART", 2)
    content = csv_bytes([["email"], [YES], [NO], [ALSO], ["nobody@example.org"], [YES]])
    told, _, _ = sift(store, content)
    assert len(told.decisions) == 3
    with open_work(store, OPERATOR) as work:
        told_of = entries(work, Action.CONSENT_CHECKED)
        assert [one.eid for one in told_of] == list(told.decisions)
        assert [one.facts["count"] for one in told_of] == [2, 2, 1]
        assert consent.is_about(work, decision=told.decisions[0], inputs=[YES, NO])


def test_the_last_use_of_a_consent_is_noted(store):
    sift(store, csv_bytes([["email"], [YES], [NO]]))
    with open_work(store, OPERATOR) as work:
        used = work.session.execute(text("SELECT count(*) FROM consent_state WHERE last_used_at IS NOT NULL"))
        assert used.scalar_one() == 1


def test_who_may_not_check_gets_nothing(store):
    with pytest.raises(ForbiddenError):
        intake.sift(
            store,
            actor=client(Permission.INTAKE_READ),
            file=io.BytesIO(csv_bytes([["email"], [YES]])),
            asked=NEWS,
            options=ListOptions(),
            allowed=io.BytesIO(),
            reasons=io.BytesIO(),
        )


def test_phone_numbers_are_read_as_imports_read_them():
    rows = [["Имя", "Телефон"], ["А", "8 (933) 455-20-61"], ["Б", "933 455 2062 (раб.)"], ["В", "+79334552063"]]
    assert found(csv_bytes(rows), Channel.SMS) == ["+79334552061", "+79334552062", "+79334552063"]
    assert found(xlsx({"a": [["phone"], [79334552061]]}), Channel.SMS) == ["+79334552061"]


def test_a_list_without_headings_is_read_by_its_contacts():
    assert found(csv_bytes([[YES], [NO], ["broken"]])) == [YES, NO, "broken"]
    assert found(csv_bytes([["Ирина", YES], ["Нина", NO]])) == [YES, NO]
    assert opened(csv_bytes([[YES], [NO]])).headings == []


def test_a_heading_that_stands_in_two_rows_is_no_contact():
    rows = [["Name", "Contacts"], ["Name", "Mail"], ["Name", "Mail"], ["Anna", "anna@example.org"]]
    assert found(csv_bytes(rows)) == ["anna@example.org"]


def test_a_column_is_named_by_heading_or_place():
    rows = [["id", "Адрес 1", "Адрес 2"], ["1", YES, NO]]
    assert found(csv_bytes(rows), column="адрес 2") == [NO]
    assert found(csv_bytes(rows), column="#2") == [YES]
    with pytest.raises(MappingError):
        found(csv_bytes(rows), column="Адрес 3")


@pytest.mark.parametrize("headings", [["email", "E-mail"], ["x", "y"]])
def test_a_list_with_several_contacts_in_a_row_says_which_are_written_to(headings):
    with pytest.raises(MappingError, match="#1"):
        found(csv_bytes([headings, [YES, NO]]))


def test_a_list_in_which_no_contact_is_found_asks_for_the_column():
    with pytest.raises(HeadingsNotFoundError, match="--column"):
        found(csv_bytes([["a", "b"], ["1", "2"]]))
    with pytest.raises(EmptyFileError):
        found(b"")


def stop(store: Database, content: bytes, stop: Stop, rest: io.BytesIO | None = None) -> Stopped:
    return intake.stop_list(
        store, actor=OPERATOR, file=io.BytesIO(content), stop=stop, options=ListOptions(), rest=rest
    )


def reason(work: Work, contact: str, asked: Asked = NEWS) -> Reason:
    return consent.check(work, question=asked, contacts=[contact]).verdicts[0].reason


def test_unsubscriptions_stop_the_contact_and_take_the_consent_of_its_holder_back(store):
    told = stop(
        store,
        csv_bytes([["email"], [YES], ["unknown@example.org"]]),
        Stop(Channel.EMAIL, SuppressionReason.UNSUBSCRIBED),
    )
    assert (told.rows, told.stopped, told.malformed) == (2, 2, ())
    with open_work(store, OPERATOR) as work:
        assert reason(work, YES) is Reason.SUPPRESSED
        assert reason(work, "unknown@example.org") is Reason.UNKNOWN
        assert reason(work, ALSO) is Reason.CONSENTED
        [line] = consent.lines(work, contact=mail(YES), channel=Channel.EMAIL)
        assert (line.scope, line.reason) == (Scope.ADVERTISING, SuppressionReason.UNSUBSCRIBED)
        events = work.session.execute(text("SELECT kind FROM consent_event ORDER BY recorded_at DESC LIMIT 1"))
        assert events.scalar_one() == "withdrawn"


def test_bounces_stop_all_messages_and_nobodys_consent(store):
    stop(store, csv_bytes([[YES]]), Stop(Channel.EMAIL, SuppressionReason.HARD_BOUNCE))
    with open_work(store, OPERATOR) as work:
        assert reason(work, YES) is Reason.BOUNCED
        kinds = work.session.execute(text("SELECT DISTINCT kind FROM consent_event")).scalars().all()
        assert kinds == ["confirmed"]


def test_a_list_brought_twice_stops_once(store):
    for _ in range(2):
        stop(store, csv_bytes([[YES], [YES]]), Stop(Channel.EMAIL, SuppressionReason.COMPLAINT, purpose="newsletter"))
    with open_work(store, OPERATOR) as work:
        assert work.session.execute(text("SELECT scope FROM suppression")).scalars().all() == ["purpose"]
        assert len(entries(work, Action.CONSENT_OBJECTED)) == 1


def test_rows_without_a_contact_are_named_and_given_back(store):
    rest = io.BytesIO()
    content = csv_bytes([["email", "when"], [YES, "1"], ["oops", "2"]])
    told = stop(store, content, Stop(Channel.EMAIL, SuppressionReason.UNSUBSCRIBED), rest)
    assert (told.stopped, told.malformed) == (1, (3,))
    assert rest.getvalue().decode("utf-8-sig").splitlines()[1].endswith("oops;2")


def test_a_purpose_that_there_is_not_is_named(store):
    with pytest.raises(InvalidError) as caught:
        stop(store, csv_bytes([[YES]]), Stop(Channel.EMAIL, SuppressionReason.UNSUBSCRIBED, purpose="nothing"))
    assert set(caught.value.errors) == {"purpose"}
