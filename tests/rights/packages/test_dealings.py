"""What a package tells of readers by name, of messages, and of the groups that a rule puts the person into."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from governance.accounts import operations as accounts
from governance.audit.actions import Action
from governance.consent import operations as consent
from governance.consent import segmenting
from governance.customers import operations as customers
from governance.customers.segments import asking
from governance.customers.tables import ContactRow
from governance.erasure import operations as erasure
from governance.erasure.operations import Origin, OriginKind
from governance.kernel.errors import ForbiddenError, InvalidError, NotFoundError
from governance.kernel.ids import SubjectId, uuid7
from governance.kernel.work import Actor, Work
from governance.messages import operations as messages
from governance.messages.texts import Template
from governance.policies.consent_state import EventKind
from governance.policies.documents import Titles
from governance.policies.purposes import Channel
from governance.rights import operations as rights
from governance.rights.codes import RefusalGround
from governance.rights.packages import operations as packages
from governance.rights.packages.operations import PackageKind
from tests.factories import packaging, saying
from tests.factories.actors import by, staff
from tests.factories.staging import played, stage_of
from tests.factories.trail import entries

SCHEMA = Path(__file__).parents[3] / "docs" / "schemas" / "package-1.json"


stage = stage_of(packaging.firm)


work = played("person")


@pytest.fixture
def steward(work: Work) -> Actor:
    made = accounts.create_staff(work, name="Карпенко Олег", email="o@example.org", roles=["steward"])
    return accounts.staff_actor(work, staff=made.id)


def sections(work: Work, person: SubjectId) -> dict[str, list[dict[str, object]]]:
    package = packages.begin(work, person=person, kind=PackageKind.ACCESS, language="uk")
    document = packaging.document(packaging.archive(work, packaging.made(work, package)))
    Draft202012Validator(json.loads(SCHEMA.read_text())).validate(document)
    told: dict[str, list[dict[str, object]]] = document["sections"]
    return told


def test_a_reader_is_named_where_an_officer_decided_so_and_a_role_elsewhere(
    work: Work, person: SubjectId, steward: Actor
) -> None:
    assert steward.id is not None
    customers.read(by(work, steward), subject=person)
    first = [(one["role"], one["reader"]) for one in sections(work, person)["sights"] if one["role"] == "steward"]
    packages.name_reader(work, person=person, staff=steward.id, reason="Очна ставка")  # type: ignore[arg-type]  # of staff
    named = [(one["role"], one["reader"]) for one in sections(work, person)["sights"] if one["role"] == "steward"]
    packages.unname_reader(work, person=person, staff=steward.id)  # type: ignore[arg-type]  # as above
    after = [one["reader"] for one in sections(work, person)["sights"] if one["role"] == "steward"]

    assert (first, named, after) == ([("steward", None)], [("steward", "Карпенко Олег")], [None])
    (told,) = entries(work, Action.READER_NAMED)
    assert told.object is not None
    assert told.object.id == steward.id
    assert "Очна" not in str(told.facts)
    assert len(entries(work, Action.READER_UNNAMED)) == 1


def test_naming_a_reader_is_an_officers_and_needs_a_reason_and_somebody(
    work: Work, person: SubjectId, steward: Actor
) -> None:
    whom = steward.id
    assert whom is not None
    with pytest.raises(ForbiddenError):
        packages.name_reader(by(work, staff("steward")), person=person, staff=whom, reason="x")  # type: ignore[arg-type]
    with pytest.raises(InvalidError):
        packages.name_reader(work, person=person, staff=whom, reason=" ")  # type: ignore[arg-type]
    with pytest.raises(NotFoundError):
        packages.name_reader(work, person=person, staff=uuid7(), reason="x")  # type: ignore[arg-type]
    with pytest.raises(NotFoundError):
        packages.unname_reader(work, person=person, staff=whom)  # type: ignore[arg-type]


def test_what_was_written_about_requests_is_told_with_its_subject_and_purpose(work: Work, person: SubjectId) -> None:
    packaging.asked(work, person)
    told = sections(work, person)

    (received,) = told["messages"]
    assert (received["channel"], received["purpose"]) == ("email", "answering_requests")
    assert received["number"] == told["requests"][0]["number"]
    assert str(received["number"]) in str(received["subject"])
    assert received["state"] == "waiting"


def test_all_else_that_was_sent_is_told_by_kind_contact_and_state_without_its_words(
    work: Work, person: SubjectId
) -> None:
    [(held, value)] = [(row.id, row.value) for row in work.session.query(ContactRow) if row.kind == "email"]
    for contacts in ([held], [], [uuid7()]):
        mail = messages.enqueue(
            work,
            template=Template.PORTAL_CODE,
            language="uk",
            recipient="x@example.org",
            values={"code": "1234 5678"},
            expires_at=work.now + timedelta(minutes=10),
            contacts=contacts,
        )
    [told] = sections(work, person)["messages"]
    assert (told["subject"], told["purpose"], told["contact"]) == ("portal_code", "proving_identity", value)
    assert (told["channel"], told["state"], told["number"]) == ("email", "waiting", None)

    messages.note_contacts(work, message=mail, contacts=[held])
    assert len(sections(work, person)["messages"]) == 2
    begun = erasure.begin(work, person=person, origin=Origin(OriginKind.REQUEST))
    while erasure.run_next(work, erasure=begun):
        pass
    assert messages.sent_to(work, [held]) == []


def test_the_groups_that_choose_a_person_are_told_with_their_rules(work: Work, person: SubjectId) -> None:
    for key, rule in {
        "petersburg": {"field": "city", "op": "is", "value": "Санкт-Петербург"},
        "kyiv": {"field": "city", "op": "is", "value": "Київ"},
        "reachable": {"may": "newsletter", "by": "email"},
        "old": {"field": "city", "op": "is", "value": "Санкт-Петербург"},
    }.items():
        made = segmenting.define(work, key=key, titles=Titles(key, key, f"Група {key}"), rule=rule)
    segmenting.retire(work, segment=made.id)
    other = packaging.buyer(work, city="Київ")

    told = {one["title"]: one for one in sections(work, person)["segments"]}
    assert set(told) == {"Група petersburg", "Група reachable"}
    assert "Санкт-Петербург" in str(told["Група petersburg"]["logic"])
    assert [told[key]["if_allowed"] for key in sorted(told)] == [False, True]
    assert "Група kyiv" in {one["title"] for one in sections(work, other)["segments"]}


def test_who_objected_to_being_profiled_is_in_no_group(work: Work, person: SubjectId) -> None:
    rule = {"field": "city", "op": "is", "value": "Санкт-Петербург"}
    segmenting.define(work, key="petersburg", titles=Titles("a", "b", "c"), rule=rule)
    said = saying.said(EventKind.OBJECTED, subject=person, purpose=asking.PURPOSE, channel=Channel.EMAIL)
    consent.record_many(work, events=[said])
    assert sections(work, person)["segments"] == []


def test_a_file_of_a_request_is_kept_by_its_own_rule_not_by_that_for_the_person(work: Work, person: SubjectId) -> None:
    packaging.asked(work, person)
    [standing] = sections(work, person)["requests"]
    rights.refuse(
        work,
        request=rights.find_by_number(work, number=str(standing["number"])).id,
        ground=RefusalGround.UNFOUNDED,
        reason="Без підстав",
    )
    [ended] = sections(work, person)["requests"]
    assert (standing["kept_until"], standing["rule"]) == (None, "")
    assert (ended["kept_until"], ended["rule"]) == ("2029-11-22", "closed_requests")
