"""Whose data leaked: by staff, by system, by key, by export; and the duties that follow."""

from dataclasses import replace
from datetime import timedelta

import pytest

from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import Fact, ObjectRef
from governance.customers import operations as customers
from governance.disclosures import operations as disclosures
from governance.disclosures.errors import NoSuchExportError
from governance.disclosures.operations import ExportId, Exposure, Selection, Viewer
from governance.kernel.errors import ForbiddenError, InvalidError
from governance.kernel.ids import SubjectRef, uuid4
from governance.kernel.work import Work
from governance.policies.documents import DocumentError
from governance.policies.permissions import Permission
from governance.reference.breaches import breach_laws, parse_breach_laws
from governance.reference.lookup import laws
from governance.reference.operations import set_controller
from tests.conftest import NOW
from tests.factories import exporting
from tests.factories.actors import by, client, staff
from tests.factories.exporting import buyers, content, export, make, officer
from tests.factories.staging import stage_of
from tests.factories.trail import entries

OLD_KEY, NEW_KEY = "oldoldoldoldold2", "newnewnewnewnew2"

stage = stage_of(exporting.firm, exporting.letters)


def seen_by(work: Work, **who: object) -> Exposure:
    return disclosures.exposure(work, by=Viewer(**who))  # type: ignore[arg-type]  # tests say what they need


def test_all_whom_a_member_of_staff_saw_are_told_with_what_was_opened(desk: Work) -> None:
    people = buyers(desk, 5)
    customers.edit(desk, subject=people[0], patch={"country": "DE"})
    anna, boris = officer(desk), officer(desk)
    customers.reveal(by(desk, anna), subject=people[0], fields=["family_name", "contacts"], reason="Звонил сам")
    customers.reveal(by(desk, anna), subject=people[0], fields=["family_name"], reason="Ещё раз")
    customers.read(by(desk, anna), subject=people[1])
    customers.list_people(by(desk, anna), limit=3)
    customers.reveal(by(desk, boris), subject=people[4], fields=["city"], reason="Другой человек")

    found = seen_by(desk, staff=anna.id)
    assert found.in_the_clear == 1
    assert found.fields == {"contacts": 1, "family_name": 1}
    assert found.acts[Action.PERSON_REVEALED.value] == found.acts[Action.PERSON_READ.value] == 1
    assert found.people == len(found.named) >= 3
    [opened] = [one for one in found.named if one.fields]
    assert (opened.person, opened.country, opened.fields) == (people[0], "DE", ("contacts", "family_name"))
    assert people[4] not in {one.person for one in found.named if one.fields}
    assert len(entries(desk, Action.EXPOSURE_TOLD)) == 1


def test_only_what_was_seen_in_the_time_counts(desk: Work) -> None:
    [somebody] = buyers(desk, 1)
    anna = officer(desk)
    customers.read(by(desk, anna), subject=somebody)
    assert seen_by(desk, staff=anna.id, since=NOW, until=NOW + timedelta(seconds=1)).people == 1
    assert seen_by(desk, staff=anna.id, until=NOW).people == 0
    assert seen_by(desk, staff=anna.id, since=NOW + timedelta(seconds=1)).people == 0


def test_a_system_is_asked_about_as_a_whole_or_by_its_key(desk: Work) -> None:
    people = buyers(desk, 2)
    system = client(Permission.CUSTOMERS_READ)
    old, new = replace(system, name=OLD_KEY), replace(system, name=NEW_KEY)
    customers.read(by(desk, old), subject=people[0])
    customers.read(by(desk, new), subject=people[1])
    assert seen_by(desk, client=system.id).people == 2
    [seen] = seen_by(desk, key=OLD_KEY).named
    assert seen.person == people[0]


@pytest.mark.parametrize("key", ["[filtered]", "+4930901820", "oldkey", OLD_KEY + "\n"])
def test_what_is_no_id_of_a_key_is_refused_and_not_taken_down(desk: Work, key: str) -> None:
    with pytest.raises(InvalidError):
        seen_by(desk, key=key)


def test_an_export_exposes_all_who_were_in_it_and_so_does_its_exporter(desk: Work) -> None:
    people = buyers(desk, 3)
    anna, boris = officer(desk), officer(desk)
    one = export(desk, anna, boris, selection=Selection(people))
    make(desk, one)
    assert seen_by(desk, staff=anna.id).people == 0  # it has not left yet
    content(desk, one, anna)

    for found in (disclosures.exposure(desk, export=one), seen_by(desk, staff=anna.id)):
        assert (found.people, found.in_the_clear) == (3, 3)
        assert {each.person for each in found.named} == set(people)
        assert found.fields == dict.fromkeys(sorted(exporting.FIELDS), 3)
        assert found.acts == {Action.EXPORT_FETCHED.value: 3}
    assert seen_by(desk, staff=boris.id).people == 0


def test_contacts_that_a_system_was_handed_count_by_system_and_by_key(desk: Work) -> None:
    people = buyers(desk, 2)
    system = client(Permission.CUSTOMERS_READ)
    for key, person in ((OLD_KEY, people[0]), (NEW_KEY, people[1])):
        disclosures.disclose(
            by(desk, replace(system, name=key)),
            recipient_key="letters",
            people=[person],
            fields=["contact.email"],
            purpose="service",
        )
    found = seen_by(desk, client=system.id)
    assert (found.people, found.fields) == (2, {"contact.email": 2})
    assert found.acts == {Action.DATA_DISCLOSED.value: 2}
    [seen] = seen_by(desk, key=NEW_KEY).named
    assert seen.person == people[1]
    assert seen_by(desk, client=uuid4()).people == 0


def test_what_a_system_was_handed_of_a_segment_is_named_by_its_disclosure_alone(desk: Work) -> None:
    people = buyers(desk, 2)
    system = by(desk, client(Permission.CUSTOMERS_READ))
    made = disclosures.disclose(
        system, recipient_key="letters", people=people, fields=["contact.email"], purpose="service"
    )
    facts: dict[str, Fact] = {"part": 1, "people": 2, "disclosure": made}
    audit.append(system, Action.AUDIENCE_DELIVERED, object=ObjectRef("segment_run", uuid4()), facts=facts)
    found = seen_by(desk, client=system.actor.id)
    assert (found.people, found.nameless, found.complete) == (2, {}, True)


def test_a_person_who_was_erased_since_is_counted_still(desk: Work) -> None:
    anna = officer(desk)
    audit.append(by(desk, anna), Action.PERSON_READ, subject=SubjectRef(uuid4()))
    found = seen_by(desk, staff=anna.id)
    assert (found.people, found.countries) == (1, {"unknown": 1})
    [seen] = found.named
    assert (seen.person, seen.country) == (None, None)


def test_what_was_seen_of_nobody_in_particular_is_told_apart(desk: Work) -> None:
    anna = officer(desk)
    audit.append(by(desk, anna), Action.IMPORT_REFUSALS_READ, facts={"rows": 7})
    found = seen_by(desk, staff=anna.id)
    assert (found.people, found.nameless) == (0, {Action.IMPORT_REFUSALS_READ.value: 1})


def test_of_many_people_some_are_named_and_all_are_counted(desk: Work) -> None:
    people = buyers(desk, 3)
    anna = officer(desk)
    for one in people:
        customers.read(by(desk, anna), subject=one)
    found = disclosures.exposure(desk, by=Viewer(staff=anna.id), limit=2)
    assert (found.people, len(found.named), found.complete) == (3, 2, False)


def test_the_duties_are_those_of_the_controller_and_of_the_countries_of_the_people(desk: Work) -> None:
    set_controller(desk, legal_name="Romashka", address="Київ", country="UA")
    [somebody] = buyers(desk, 1)
    customers.edit(desk, subject=somebody, patch={"country": "RU"})
    anna = officer(desk)
    customers.read(by(desk, anna), subject=somebody)

    found = disclosures.exposure(desk, by=Viewer(staff=anna.id), aware=NOW - timedelta(hours=1))
    told = [(one.duty.law, one.because, one.due) for one in found.duties]
    assert told == [
        ("ru_152fz", "people", NOW + timedelta(hours=23)),
        ("ru_152fz", "people", NOW + timedelta(hours=71)),
    ]
    assert "ua_2297" in found.notes


def test_duties_under_european_law_are_due_within_72_hours_and_without_delay(desk: Work) -> None:
    found = disclosures.exposure(desk, by=Viewer(staff=uuid4()))
    told = [(one.duty.citation, one.due, one.duty.verified) for one in found.duties]
    assert told == [("GDPR Art. 33(1)", NOW + timedelta(hours=72), True), ("GDPR Art. 34(1)", None, True)]
    assert found.people == 0


def test_each_law_that_is_known_speaks_of_breaches_or_says_why_not() -> None:
    assert set(breach_laws()) == set(laws())
    assert all(one.duties or one.note for one in breach_laws().values())
    with pytest.raises(DocumentError, match="missing"):
        parse_breach_laws(b"laws: {gdpr: {duties: [], note: none}}", name="x", known=["gdpr", "ccpa"])
    with pytest.raises(DocumentError, match="note"):
        parse_breach_laws(b"laws: {gdpr: {duties: []}}", name="x", known=["gdpr"])


def test_it_must_be_said_whose_sight_is_meant_by_somebody_who_may_ask(desk: Work) -> None:
    backwards = Viewer(staff=uuid4(), since=NOW, until=NOW)
    for wrong in ({}, {"by": Viewer()}, {"by": Viewer(staff=uuid4()), "export": ExportId(uuid4())}, {"by": backwards}):
        with pytest.raises(InvalidError):
            disclosures.exposure(desk, **wrong)  # type: ignore[arg-type]  # that is what is tried
    with pytest.raises(NoSuchExportError):
        disclosures.exposure(desk, export=ExportId(uuid4()))
    disclosures.exposure(by(desk, staff("auditor")), by=Viewer(staff=uuid4()))
    with pytest.raises(ForbiddenError):
        disclosures.exposure(by(desk, staff("steward")), by=Viewer(staff=uuid4()))
