"""Exports: proposed, approved by another, made of those who may be reached, handed out once, destroyed."""

import io
import json
from datetime import timedelta

import pytest
from sqlalchemy import text

from governance.accounts import operations as accounts
from governance.accounts.errors import AlteredError
from governance.accounts.operations import AlertKind, ProposalState
from governance.audit.actions import Action
from governance.consent import operations as consent
from governance.customers import operations as customers
from governance.customers.bulk import create_people
from governance.customers.codes import RestrictionReason
from governance.disclosures import fetching, formats, making
from governance.disclosures import operations as disclosures
from governance.disclosures.errors import ExporterLeftError, ExportSpentError, NoSuchExportError, NotYourExportError
from governance.disclosures.formats import harmless
from governance.disclosures.operations import ExportFormat, ExportId, ExportState, Selection
from governance.intake import operations as intake
from governance.intake.cells import RawRow
from governance.intake.workbooks import Workbook
from governance.kernel.errors import ForbiddenError, InvalidError
from governance.kernel.ids import StaffId, SubjectId, uuid4
from governance.kernel.work import SYSTEM, Actor, Work
from governance.policies.consent_state import EventKind
from governance.policies.purposes import Channel
from governance.reference.errors import RetiredRecipientError
from governance.reference.recipients import RecipientKind, retire_recipient
from tests.conftest import NOW
from tests.factories import exporting
from tests.factories.actors import by
from tests.factories.customers import origin, person
from tests.factories.exporting import buyers, content, export, letters, lines, make, officer, propose
from tests.factories.saying import notice, said, someone
from tests.factories.staging import stage_of
from tests.factories.trail import entries

stage = stage_of(exporting.firm, exporting.letters)


@pytest.fixture
def anna(desk: Work) -> Actor:
    """Who proposes."""
    return officer(desk, "steward")


@pytest.fixture
def boris(desk: Work) -> Actor:
    """Who approves."""
    return officer(desk)


def later(work: Work, by_: timedelta, actor: Actor) -> Work:
    return Work(session=work.session, actor=actor, now=work.now + by_)


def find(work: Work, one: ExportId) -> disclosures.Export:
    return disclosures.find_export(work, export=one)


def test_what_was_approved_is_made_handed_out_once_and_destroyed(desk: Work, anna: Actor, boris: Actor) -> None:
    people = buyers(desk, 3)
    made = propose(by(desk, anna), selection=Selection(people))
    assert made.state is ProposalState.OPEN
    with pytest.raises(NoSuchExportError):
        find(desk, ExportId(made.id))
    accounts.approve(by(desk, boris), proposal=made.id, digest=made.digest)
    assert accounts.execute(by(desk, SYSTEM), proposal=made.id)
    one = ExportId(made.id)
    make(desk, one)

    found = find(desk, one)
    assert (found.state, found.rows, found.considered, found.total) == (ExportState.READY, 3, 3, 3)
    assert (found.exporter, found.recipient_key, found.expires_at) == (anna.id, "letters", NOW + timedelta(hours=24))
    file = content(desk, one, anna)
    assert sorted(lines(file)) == [f'"Petrenko-{n}","Олена","buyer{n}@example.org"' for n in range(3)]
    assert file.decode("utf-8-sig").splitlines()[0] == '"family_name","given_name","email"'
    with pytest.raises(ExportSpentError):
        fetching.fetch(by(desk, anna), export=one)
    assert find(desk, one).state is ExportState.DESTROYED
    told = [Action.EXPORT_BEGUN, Action.EXPORT_PART_MADE, Action.EXPORT_READY, Action.EXPORT_FETCHED]
    assert [len(entries(desk, action)) for action in [*told, Action.EXPORT_DESTROYED]] == [1] * 5
    [shredded] = entries(desk, Action.OWNER_SHREDDED)
    [destroyed] = entries(desk, Action.EXPORT_DESTROYED)
    assert shredded.facts["owners"] == [destroyed.facts["owner"]]


def test_approved_by_two_and_carried_out_by_two_it_is_made_once(desk: Work, anna: Actor, boris: Actor) -> None:
    one = export(desk, anna, boris, selection=Selection(buyers(desk, 2)))
    assert not accounts.execute(by(desk, SYSTEM), proposal=accounts.ProposalId(one))
    make(desk, one)
    make(desk, one)

    assert len(entries(desk, Action.EXPORT_BEGUN)) == 1
    assert find(desk, one).rows == 2
    assert [alert.kind for alert in accounts.list_alerts(desk)] == [AlertKind.EXPORT_READY]


def test_only_people_whom_the_purpose_may_reach_are_in_it_and_the_others_are_counted(
    desk: Work, anna: Actor, boris: Actor
) -> None:
    notice(desk, "newsletter")
    willing, silent, gone, marked, stopped = (
        someone(desk, f"{name}@example.org") for name in ("willing", "silent", "gone", "marked", "stopped")
    )
    for one in (willing, gone, marked, stopped):
        consent.record(desk, event=said(EventKind.CONFIRMED, subject=one, purpose="newsletter"))
    consent.record(desk, event=said(EventKind.OBJECTED, subject=stopped, purpose="newsletter"))
    consent.record(desk, event=said(EventKind.WITHDRAWN, subject=gone, purpose="newsletter"))
    customers.restrict(desk, subject=marked, reason=RestrictionReason.ASKED_FOR)
    chosen = Selection([willing, silent, gone, marked, stopped])

    one = export(desk, anna, boris, purpose="newsletter", selection=chosen)
    make(desk, one)
    found = find(desk, one)

    assert found.left_out == {"silent": 1, "withdrawn": 1, "restricted": 1, "objected": 1}
    assert [line.rpartition(",")[2] for line in lines(content(desk, one, anna))] == ['"willing@example.org"']
    assert [len(disclosures.recipients_of(desk, person=person)) for person in chosen.people] == [1, 0, 0, 0, 0]


def test_of_a_merged_person_it_tells_what_either_record_said_once_somebody_looked_at_the_merge(
    desk: Work, anna: Actor, boris: Actor
) -> None:
    (stays,) = buyers(desk, 1)
    (other,) = create_people(desk, [person(family_name="Other", patronymic="Петрівна")], origin=origin())
    merged = intake.merge(desk, into=stays, other=other, reason="the same phone")
    told = {"fields": ("person.family_name", "person.patronymic"), "selection": Selection([stays])}
    letters(desk, fields=["person.family_name", "person.patronymic", "contact.email"])

    unseen = export(desk, anna, boris, **told)
    make(desk, unseen)
    assert find(desk, unseen).left_out == {"unreviewed_merge": 1}
    intake.review_merge(by(desk, officer(desk)), merge=merged.id)
    one = export(desk, anna, boris, **told)
    make(desk, one)

    assert lines(content(desk, one, anna)) == ['"Petrenko-0","Петрівна"']


def test_whoever_withdraws_while_it_is_made_is_left_out(desk: Work, anna: Actor, boris: Actor) -> None:
    people = buyers(desk, 2)
    one = export(desk, anna, boris, selection=Selection(people))
    customers.restrict(desk, subject=people[0], reason=RestrictionReason.ASKED_FOR)
    make(desk, one)
    assert (find(desk, one).rows, find(desk, one).left_out) == (1, {"restricted": 1})


def test_everybody_is_looked_at_part_by_part_where_nobody_is_chosen(
    desk: Work, anna: Actor, boris: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(making, "PEOPLE", 2)
    buyers(desk, 5)
    one = export(desk, anna, boris)
    make(desk, one)
    found = find(desk, one)
    assert found.considered == found.total >= 5
    assert found.rows + sum(found.left_out.values()) == found.considered
    assert len({line for line in lines(content(desk, one, anna)) if "Petrenko-" in line}) == 5


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"fields": ["person.birth_date"]}, "fields"),  # the purpose does not need it
        ({"fields": ["person.patronymic"]}, "fields"),  # the recipient is not recorded to get it
        ({"fields": ["contact.phone"]}, "fields"),  # e-mail reaches nobody by it
        ({"fields": ["purchase.items"]}, "fields"),
        ({"fields": []}, "fields"),
        ({"purpose": "surveys"}, "recipient"),
        ({"purpose": "nothing"}, "purpose"),
        ({"channels": [Channel.AUDIENCE]}, "channels"),
        ({"recipient": "nobody"}, "recipient"),
        ({"selection": Selection([SubjectId(uuid4())])}, "customers"),
    ],
)
def test_more_than_purpose_recipient_and_channel_allow_is_not_even_proposed(
    desk: Work, anna: Actor, wrong: dict[str, object], field: str
) -> None:
    with pytest.raises(InvalidError) as caught:
        propose(by(desk, anna), **wrong)
    assert field in caught.value.errors


def test_a_third_party_gets_only_what_people_agreed_to_hand_to_others(desk: Work, anna: Actor) -> None:
    exporting.letters(desk, key="partner", kind=RecipientKind.THIRD_PARTY, purposes=["newsletter", "third_parties"])
    with pytest.raises(InvalidError) as caught:
        propose(by(desk, anna), recipient="partner", purpose="newsletter")
    assert set(caught.value.errors) == {"purpose"}
    propose(by(desk, anna), recipient="partner", purpose="third_parties")


@pytest.mark.parametrize("role", ["sales", "support", "marketer", "admin", "auditor"])
def test_who_may_not_export_proposes_nothing(desk: Work, role: str) -> None:
    with pytest.raises(ForbiddenError):
        propose(by(desk, officer(desk, role)))


def test_an_approved_export_to_a_recipient_that_was_retired_fails(desk: Work, anna: Actor, boris: Actor) -> None:
    made = propose(by(desk, anna))
    accounts.approve(by(desk, boris), proposal=made.id, digest=made.digest)
    retire_recipient(desk, key="letters")
    assert not accounts.execute(by(desk, SYSTEM), proposal=made.id)
    failed = accounts.find_proposal(desk, proposal=made.id)
    assert failed.failure == "recipient-retired"
    assert "The recipient letters is retired since" in (failed.failure_words or "")
    assert "governance recipients define" in (failed.failure_words or "")
    assert [(one.kind, one.staff) for one in accounts.list_alerts(desk)] == [(AlertKind.PROPOSAL_FAILED, anna.id)]


def test_to_a_retired_recipient_nothing_is_proposed_made_or_handed_out(desk: Work, anna: Actor, boris: Actor) -> None:
    half, whole = (export(desk, anna, boris, selection=Selection(buyers(desk, 1, start=at))) for at in (0, 1))
    make(desk, whole)
    retire_recipient(desk, key="letters")

    with pytest.raises(InvalidError) as caught:
        propose(by(desk, anna))
    [sentence] = caught.value.errors["recipient"]
    assert "letters is retired since" in sentence
    with pytest.raises(RetiredRecipientError):
        making.make_next(by(desk, SYSTEM), export=half)
    with pytest.raises(RetiredRecipientError):
        fetching.fetch(by(desk, anna), export=whole)
    letters(desk)
    make(desk, half)
    assert len(lines(content(desk, whole, anna))) == 1


def test_what_a_recipient_may_get_no_more_is_neither_made_nor_handed_out(desk: Work, anna: Actor, boris: Actor) -> None:
    half, whole = (export(desk, anna, boris, selection=Selection(buyers(desk, 1, start=at))) for at in (0, 1))
    make(desk, whole)
    letters(desk, fields=["contact.email"])
    with pytest.raises(AlteredError, match="may not get it"):
        making.make_next(by(desk, SYSTEM), export=half)
    with pytest.raises(AlteredError, match="may not get it"):
        fetching.fetch(by(desk, anna), export=whole)


def test_what_somebody_proposed_who_has_left_is_not_made_and_officers_are_told(
    desk: Work, anna: Actor, boris: Actor
) -> None:
    made = propose(by(desk, anna))
    accounts.approve(by(desk, boris), proposal=made.id, digest=made.digest)
    half, whole = (export(desk, anna, boris, selection=Selection(buyers(desk, 1, start=at))) for at in (0, 1))
    make(desk, whole)
    accounts.disable_staff(desk, staff=StaffId(anna.id or uuid4()))

    assert not accounts.execute(by(desk, SYSTEM), proposal=made.id)
    failed = accounts.find_proposal(desk, proposal=made.id)
    assert (failed.failure, "somebody else" in (failed.failure_words or "")) == ("exporter-left", True)
    with pytest.raises(ExporterLeftError):
        making.make_next(by(desk, SYSTEM), export=half)
    assert disclosures.due_for_destruction(by(desk, SYSTEM)) == [whole]
    assert [one.kind for one in accounts.list_alerts(desk)] == [AlertKind.PROPOSAL_FAILED, AlertKind.EXPORT_READY]
    with pytest.raises(NoSuchExportError):
        find(desk, ExportId(made.id))


def test_whoever_may_not_export_any_more_gets_no_file(desk: Work, anna: Actor, boris: Actor) -> None:
    one = export(desk, anna, boris, selection=Selection(buyers(desk, 1)))
    accounts.withdraw_role(desk, staff=StaffId(anna.id or uuid4()), role="steward")
    with pytest.raises(ExporterLeftError):
        making.make_next(by(desk, SYSTEM), export=one)


def test_nobody_but_the_exporter_fetches_it(desk: Work, anna: Actor, boris: Actor) -> None:
    one = export(desk, anna, boris, selection=Selection(buyers(desk, 1)))
    with pytest.raises(ExportSpentError, match="0 of 1"):
        fetching.fetch(by(desk, anna), export=one)
    make(desk, one)
    with pytest.raises(NotYourExportError):
        fetching.fetch(by(desk, boris), export=one)
    with pytest.raises(ForbiddenError):
        fetching.fetch(by(desk, officer(desk, "marketer")), export=one)
    assert find(desk, one).state is ExportState.READY


def test_what_nobody_fetched_within_a_day_is_destroyed_and_was_told_to_nobody(
    desk: Work, anna: Actor, boris: Actor
) -> None:
    people = buyers(desk, 1)
    one = export(desk, anna, boris, selection=Selection(people))
    make(desk, one)
    assert disclosures.exports_about(desk, people=people) == [one]
    with pytest.raises(ExportSpentError):
        fetching.fetch(later(desk, timedelta(hours=24), anna), export=one)
    assert disclosures.due_for_destruction(later(desk, timedelta(hours=23), SYSTEM)) == []
    night = later(desk, timedelta(hours=24), SYSTEM)
    assert disclosures.due_for_destruction(night) == [one]
    assert disclosures.destroy(night, export=one)
    assert not disclosures.destroy(night, export=one)

    assert disclosures.recipients_of(desk, person=people[0]) == []
    assert disclosures.exports_about(desk, people=people) == []
    assert desk.session.scalar(text("SELECT count(*) FROM export_chunk")) == 0
    [told] = entries(desk, Action.EXPORT_DESTROYED)
    assert told.facts["fetched"] is False


def test_each_disclosure_names_its_recipient_for_those_who_were_merged_too(
    desk: Work, anna: Actor, boris: Actor
) -> None:
    people = buyers(desk, 2)
    one = export(desk, anna, boris, selection=Selection(people))
    make(desk, one)
    content(desk, one, anna)
    desk.session.execute(
        text("UPDATE person SET merged_into = :into WHERE id = :other"), {"into": people[0], "other": people[1]}
    )
    [told] = disclosures.recipients_of(desk, person=people[0])
    assert (told.recipient.key, told.purpose, told.export, told.at) == ("letters", "service", one, NOW)
    assert told.fields == exporting.FIELDS


def test_what_leaves_in_another_way_is_disclosed_by_name_too(desk: Work) -> None:
    [somebody] = buyers(desk, 1)
    disclosures.disclose(
        desk, recipient_key="letters", people=[somebody], fields=["contact.email"], purpose="newsletter"
    )
    [told] = disclosures.recipients_of(desk, person=somebody)
    assert (told.recipient.key, told.export) == ("letters", None)
    assert len(entries(desk, Action.DATA_DISCLOSED)) == 1
    with pytest.raises(InvalidError) as caught:
        disclosures.disclose(
            desk, recipient_key="letters", people=[somebody], fields=["person.note"], purpose="surveys"
        )
    assert set(caught.value.errors) == {"fields", "purpose"}


def test_a_workbook_and_a_document_hold_the_same_as_the_lines(desk: Work, anna: Actor, boris: Actor) -> None:
    people = Selection(buyers(desk, 3))
    files = {}
    for kind in (ExportFormat.XLSX, ExportFormat.JSON):
        one = export(desk, anna, boris, selection=people, format=kind)
        make(desk, one)
        files[kind] = content(desk, one, anna)
    cells = [row.cells for row in Workbook(io.BytesIO(files[ExportFormat.XLSX])).rows() if isinstance(row, RawRow)]
    documents = json.loads(files[ExportFormat.JSON])

    assert cells[0] == ["family_name", "given_name", "email"] == list(documents[0])
    assert cells[1:] == [list(one.values()) for one in documents]
    assert len(documents) == 3


def test_an_export_of_nobody_is_a_file_all_the_same() -> None:
    for kind in ExportFormat:
        file = b"".join(formats.write(kind, ["person.city"], []))
        assert file
        if kind is ExportFormat.JSON:
            assert json.loads(file) == []


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
        ("+A1", "'+A1"),
        ("-1+2", "'-1+2"),
        ("@SUM(1)", "'@SUM(1)"),
        ("\t=1", "'\t'=1"),
        (" =1", "' =1"),
        ("\uff1d1", "'\uff1d1"),
        ("a;=1", "a;'=1"),
        ("+380671234567", "+380671234567"),
        ("-12.5", "-12.5"),
        ("Іванова-Петренко", "Іванова-Петренко"),
    ],
)
def test_no_cell_is_taken_for_a_formula_and_phones_stay_as_they_are(value: str, written: str) -> None:
    assert harmless(value) == written


def test_nothing_of_anybody_lies_readable_in_the_tables_of_exports(desk: Work, anna: Actor, boris: Actor) -> None:
    one = export(desk, anna, boris, selection=Selection(buyers(desk, 2)))
    make(desk, one)
    for table in ("export", "export_chunk", "export_print", "disclosure", "disclosure_person", "proposal", "alert"):
        stored = desk.session.scalar(text(f"SELECT string_agg(t::text, ' ') FROM {table} t")) or ""
        assert "Petrenko" not in stored
        assert b"Petrenko".hex() not in stored
    assert find(desk, one).rows == 2
