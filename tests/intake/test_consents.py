"""What lists say of consents: claims, consents and stops, and what is left of them when the import is taken back."""

import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from governance.consent import operations as consent
from governance.consent.checking import Asked
from governance.customers.codes import ContactKind
from governance.intake import operations as intake
from governance.intake.claims import NoticeShown
from governance.intake.errors import MappingError
from governance.intake.files import FileOptions
from governance.kernel.errors import ConflictError, ForbiddenError, InvalidError
from governance.kernel.work import Work
from governance.policies.consent_facts import Reason
from governance.policies.consent_state import EventKind, Method
from governance.policies.permissions import Permission
from governance.policies.purposes import Channel
from tests.factories.actors import by, client
from tests.factories.saying import notice, said
from tests.factories.statements import counted
from tests.intake.building import csv_bytes
from tests.intake.conftest import bring, name_controller
from tests.intake.stores import holders, import_rows, run, undo

HEADINGS = ["ФИО", "Телефон", "E-mail", "Согласие на рассылку"]
IVAN = ["Иванов Пётр Ильич", "8 933 123-45-67", "ivan@example.ru", "да"]
EMAIL = "ivan@example.ru"
SHOWN = {"newsletter": NoticeShown(1, "uk")}
NEWS = Asked("newsletter", Channel.EMAIL)


@pytest.fixture
def store(russian: Work) -> Work:
    notice(russian)
    return russian


def states(work: Work) -> dict[tuple[str, str], str]:
    """Standings of the only person of the store, by purpose and channel."""
    rows = work.session.execute(text("SELECT purpose, channel, standing FROM consent_state"))
    return {(row.purpose, row.channel): row.standing for row in rows}


def events(work: Work) -> list[tuple[object, ...]]:
    columns = "purpose, channel, kind, method, valid_at, whole_day, notice, language, seen"
    return [tuple(row) for row in work.session.execute(text(f"SELECT {columns} FROM consent_event ORDER BY sequence"))]


def reason(work: Work, contact: str = EMAIL, asked: Asked = NEWS) -> Reason:
    (verdict,) = consent.check(work, question=asked, contacts=[contact]).verdicts
    return verdict.reason


def test_a_yes_without_day_or_notice_is_a_claim_and_permits_nothing(store):
    import_rows(store, HEADINGS, IVAN)
    assert states(store) == {("newsletter", "email"): "claimed", ("newsletter", "sms"): "claimed"}
    assert reason(store) is Reason.UNCONFIRMED


@pytest.mark.parametrize(
    ("cell", "shown", "standing"),
    [
        ("да 12.03.2024", {}, "claimed"),
        ("да", SHOWN, "claimed"),
        ("да 03.2024", SHOWN, "claimed"),
        ("да 12.03.2024", SHOWN, "given"),
    ],
)
def test_only_day_and_notice_together_make_a_consent(store, cell, shown, standing):
    import_rows(store, HEADINGS, [*IVAN[:3], cell], notices=shown)
    assert states(store)["newsletter", "email"] == standing


def test_a_consent_is_kept_with_its_day_notice_language_and_row(store):
    import_rows(store, HEADINGS, ["", "", "", ""], [*IVAN[:2], "", "да 12.03.2024"], notices=SHOWN)
    began = datetime(2024, 3, 11, 21, tzinfo=UTC)  # midnight in Moscow
    assert events(store) == [("newsletter", "sms", "given", "import", began, True, 1, "uk", 0)]
    [person] = holders(store, ContactKind.PHONE, "+79331234567")
    [event] = consent.events_of(store, subject=person.id).items
    assert event.batch is not None
    assert event.kind is EventKind.GIVEN


def test_a_general_yes_is_to_the_contacts_that_the_row_holds(store):
    import_rows(store, HEADINGS, [IVAN[0], "", EMAIL, "да"])
    assert set(states(store)) == {("newsletter", "email")}


def test_a_general_no_stops_the_newsletter_whatever_contacts_the_row_holds(store):
    import_rows(store, HEADINGS, [IVAN[0], "", EMAIL, "нет"])
    assert states(store) == {("newsletter", "email"): "refused", ("newsletter", "sms"): "refused"}
    assert reason(store) is Reason.REFUSED


def test_a_no_also_stops_what_the_law_would_allow_without_consent(work):
    name_controller(work, "DE")
    import_rows(work, HEADINGS, [IVAN[0], "", EMAIL, "нет"])
    own_offers = {("own_offers", channel): "refused" for channel in ("email", "sms", "post")}
    assert states(work) == own_offers | {("newsletter", "email"): "refused", ("newsletter", "sms"): "refused"}
    import_rows(work, ["Name", "E-mail", "SMS consent"], ["Anna Muster", "anna@example.de", "no"])
    [anna] = holders(work, ContactKind.EMAIL, "anna@example.de")
    said_ = {(one.purpose, one.channel) for one in consent.states_of(work, subject=anna.id).items}
    assert said_ == {("newsletter", Channel.SMS), ("own_offers", Channel.SMS)}


def test_columns_of_single_channels_speak_of_these_alone(store):
    headings = ["ПІБ", "E-mail", "Телефон", "Згода: e-mail", "Згода: SMS", "Дата згоди"]
    row = ["Коваленко Ірина", "iryna@example.ua", "0931234567", "так", "ні", "05.05.2024"]
    import_rows(store, headings, row, notices=SHOWN)
    assert states(store) == {("newsletter", "email"): "given", ("newsletter", "sms"): "refused"}


def test_a_mapping_names_purposes_and_channels_instead(store):
    mapping = {"Согласие на рассылку": "consent:own_offers+surveys/email+phone"}
    import_rows(store, HEADINGS, [IVAN[0], "", EMAIL, "да"], mapping=mapping)
    assert states(store) == {("own_offers", "email"): "claimed", ("surveys", "email"): "claimed"}
    import_rows(store, HEADINGS, [IVAN[0], "", EMAIL, "нет"], mapping=mapping)
    purposes, channels = ("own_offers", "surveys"), ("email", "phone")
    assert states(store) == {(purpose, channel): "refused" for purpose in purposes for channel in channels}


@pytest.mark.parametrize("field", ["consent:nothing_like_it/email", "consent:newsletter/phone", "consent:newsletter/x"])
def test_a_mapping_that_names_consents_that_there_cannot_be_is_refused(store, field):
    with pytest.raises(MappingError):
        bring(store, csv_bytes([HEADINGS, IVAN]), mapping={"Согласие на рассылку": field})


def test_a_mapping_file_names_notices_beside_the_columns():
    said_ = intake.read_mapping("Согласие: consent:any\nnotice:newsletter: 1\nnotice:own_offers: '2:uk'\n".encode())
    columns, shown = intake.notices_told(said_)
    assert columns == {"Согласие": "consent:any"}
    assert shown == {"newsletter": NoticeShown(1), "own_offers": NoticeShown(2, "uk")}


@pytest.mark.parametrize(
    "shown", [{"newsletter": NoticeShown(7)}, {"newsletter": NoticeShown(1, "de")}, {"own_offers": NoticeShown(1)}]
)
def test_a_notice_that_there_is_not_is_named(store, shown):
    with pytest.raises(InvalidError) as caught:
        bring(store, csv_bytes([HEADINGS, IVAN]), notices=shown)
    assert set(caught.value.errors) == {f"notice:{purpose}" for purpose in shown}


def test_who_may_import_but_not_record_consents_names_no_notice(store):
    importer = by(store, client(Permission.INTAKE_IMPORT))
    bring(importer, csv_bytes([HEADINGS, IVAN]))
    with pytest.raises(ForbiddenError):
        bring(importer, csv_bytes([HEADINGS, IVAN]), notices=SHOWN)


def test_a_person_who_does_not_agree_to_being_kept_is_stopped_and_named(store):
    headings = ["ФИО", "E-mail", "Согласие на обработку персональных данных"]
    report = import_rows(store, headings, [IVAN[0], EMAIL, "нет"], ["Котова Анна", "anna@example.ru", "да"])
    assert [(one.number, one.code) for one in intake.remarks(store, batch=report.id)] == [(2, "processing-refused")]
    assert states(store)["newsletter", "email"] == "refused"
    assert reason(store, "anna@example.ru") is Reason.SILENT


def test_a_list_undoes_no_opt_out(store):
    import_rows(store, HEADINGS, IVAN)
    [person] = holders(store, ContactKind.EMAIL, EMAIL)
    consent.record(store, event=said(EventKind.WITHDRAWN, subject=person.id, valid_at=datetime(2023, 1, 1, tzinfo=UTC)))
    import_rows(store, HEADINGS, [*IVAN[:3], "да 12.03.2024"], notices=SHOWN)
    assert reason(store) is Reason.WITHDRAWN


def test_undoing_takes_consents_back_and_no_stop(store):
    subject_holds = import_rows(store, HEADINGS[:3], IVAN[:3])
    assert subject_holds.created == 1
    headings = [*HEADINGS[:3], "Згода: e-mail", "Згода: SMS"]
    report = import_rows(store, headings, [*IVAN[:3], "да 12.03.2024", "нет"], notices=SHOWN)
    assert states(store)["newsletter", "email"] == "given"
    undo(store, report.id)
    assert states(store)["newsletter", "email"] == "silent"
    assert states(store)["newsletter", "sms"] == "refused"
    assert [row[2] for row in events(store)].count("invalidated") == 1


def test_stops_of_people_who_go_with_their_import_stay_in_the_ledger(store):
    first = import_rows(store, HEADINGS, [*IVAN[:3], "нет"])
    undo(store, first.id)
    assert not holders(store, ContactKind.EMAIL, EMAIL)
    import_rows(store, HEADINGS, [*IVAN[:3], "да 12.03.2024"], notices=SHOWN)
    assert reason(store) is Reason.SUPPRESSED
    assert reason(store, "+79331234567", Asked("newsletter", Channel.SMS)) is Reason.SUPPRESSED


def test_people_who_have_said_something_since_stay(store):
    first = import_rows(store, HEADINGS, IVAN)
    [person] = holders(store, ContactKind.EMAIL, EMAIL)
    consent.record(store, event=said(EventKind.CONFIRMED, subject=person.id, method=Method.PORTAL))
    told = undo(store, first.id)
    assert told.edited_since == (person.id,)
    assert reason(store) is Reason.CONSENTED


def test_a_dry_run_tells_consents_from_claims(store):
    content = csv_bytes([HEADINGS, [*IVAN[:3], "да 12.03.2024"], ["Котова Анна", "89331234568", "", "да"]])
    tried = intake.dry_run(store, file=io.BytesIO(content), options=FileOptions(notices=SHOWN))
    assert (tried.consents_yes, tried.consents_given) == (2, 1)


def test_statements_do_not_grow_with_the_rows(store):
    def count(rows: int, letter: str) -> int:
        listed = [[f"{letter}ов{n} Пётр", f"8933{ord(letter) % 10}{n:06}", "", "да"] for n in range(1, rows + 1)]
        batch = bring(store, csv_bytes([HEADINGS, *listed])).batch.id
        with counted(store) as seen:
            run(store, batch)
        return len(seen)

    few = count(3, "Б")
    assert count(300, "В") <= few + 10


def test_the_same_list_with_another_notice_is_another_import(store):
    content = csv_bytes([HEADINGS, IVAN])
    bring(store, content)
    again = bring(store, content)
    assert again.again
    with pytest.raises(ConflictError) as caught:
        bring(store, content, notices=SHOWN)
    assert set(caught.value.errors) == {"notices"}


def test_what_was_imported_counts_from_its_import_on(work):
    name_controller(work)
    notice(work)
    import_rows(work, HEADINGS, [*IVAN[:3], "да 12.03.2024"], notices=SHOWN)
    later = replace(work, now=work.now + timedelta(days=1))
    assert reason(later, asked=replace(NEWS, as_of=work.now - timedelta(hours=1))) is Reason.UNKNOWN
    assert reason(later, asked=replace(NEWS, as_of=work.now)) is Reason.UNCONFIRMED
