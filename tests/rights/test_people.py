"""Requests about people with whom something is unusual: each comes out as it should, and none is lost."""

import pytest

from governance import executors
from governance.customers import operations as customers
from governance.customers.codes import LinkKind, RestrictionReason
from governance.erasure import operations as erasure
from governance.erasure.operations import ErasureId, Origin, OriginKind
from governance.intake import merges
from governance.kernel.db import Database
from governance.kernel.errors import ConflictError, NotFoundError
from governance.kernel.ids import SubjectId, uuid7
from governance.kernel.work import Work
from governance.policies.deadline_rules import RequestKind
from governance.policies.requests import RequestState
from governance.rights import operations as rights
from governance.rights.codes import Asking, Outcome
from governance.rights.errors import ApprovalNeededError
from governance.rights.packages import operations as packages
from governance.rights.packages.operations import PackageId, PackageState
from governance.rights.records import RequestId, RequestView
from tests.factories import packaging
from tests.factories.actors import by
from tests.factories.erasing import through
from tests.factories.exporting import officer
from tests.factories.requesting import ADDRESS, controller, person, request, sent
from tests.factories.staging import played, stage_of

WORDS = "Ausweis am Schalter gesehen"


@pytest.fixture(scope="module", autouse=True)
def installed(shared_database: Database) -> None:
    """Requests are carried out by the parts that do it in production."""
    executors.install(shared_database)


stage = stage_of(controller)


work = played()


def asked(work: Work, who: SubjectId, kind: RequestKind = RequestKind.ACCESS, **said: object) -> RequestView:
    made = request(work, kind, customer=who, checked=WORDS, **said).request
    return rights.find(work, request=RequestId(made.id))


def by_code(work: Work, address: str, kind: RequestKind) -> RequestView:
    """Asked in a call, and proved by the code that was read out."""
    called = rights.call(work, contact_kind="email", contact=address, per_hour=100, kind=kind)
    code = next(str(values["code"]) for template, _, values in sent(work) if template == "spoken_code")
    assert called.code is not None
    seen = rights.prove_by_code(work, request=RequestId(called.request), code_id=called.code, typed=code)
    assert seen is not None
    return seen


def test_of_a_merged_person_the_survivor_is_meant_and_all_records_are_told(work: Work) -> None:
    gone, stays = person(work, city="Псков"), person(work, address="other@example.org", city="Берлин")
    merge = merges.merge(work, into=stays.id, other=gone.id, reason="Dieselbe")
    merges.review_merge(by(work, officer(work)), merge=merge.id)
    seen = asked(work, gone.id)
    assert (seen.customer, seen.flags) == (stays.id, ("merged",))
    started = rights.start(work, request=seen.id)
    found = packaging.archive(work, packaging.made(work, PackageId(started.carried_as)))  # type: ignore[arg-type]  # begun
    cities = {row["value"] for row in packaging.document(found)["sections"]["person"] if row["field"] == "city"}
    assert cities == {"Псков", "Берлин"}
    with pytest.raises(ApprovalNeededError):
        rights.start(work, request=asked(work, stays.id, RequestKind.ERASURE).id)


def test_a_guardian_asks_for_a_child_and_an_officer_looks(work: Work) -> None:
    child, mother = person(work, birth_date="2015-01-01"), person(work, address="mother@example.org")
    customers.link(work, subject=child.id, other=mother.id, kind=LinkKind.GUARDIAN)
    said = {"asking": Asking.GUARDIAN, "asker": "Mutter, Geburtsurkunde", "contact": "mother@example.org"}
    seen = asked(work, child.id, **said)
    assert (seen.state, seen.flags, seen.customer) == (RequestState.OPEN, ("minor", "represented"), child.id)
    assert rights.start(work, request=seen.id).carried_as is not None
    assert {recipient for _, recipient, _ in sent(work)} == {"mother@example.org"}
    erasing = asked(work, child.id, RequestKind.ERASURE, **said)
    assert "minor" in erasing.needs_approval
    with pytest.raises(ApprovalNeededError):
        rights.start(work, request=erasing.id)


def test_a_child_who_proves_a_contact_gets_access_but_is_not_erased_without_a_second_look(work: Work) -> None:
    child = person(work, birth_date="2015-01-01")
    assert by_code(work, ADDRESS, RequestKind.ACCESS).state is RequestState.IN_PROGRESS
    seen = by_code(work, ADDRESS, RequestKind.ERASURE)
    assert (seen.state, seen.needs_approval) == (RequestState.OPEN, ("minor", "access_stands"))
    assert customers.read(work, subject=child.id).id == child.id


def test_nobody_is_erased_by_themselves_while_what_they_asked_to_see_is_not_answered(work: Work) -> None:
    irina = person(work)
    access = by_code(work, ADDRESS, RequestKind.ACCESS)
    seen = by_code(work, ADDRESS, RequestKind.ERASURE)
    assert (seen.state, seen.needs_approval) == (RequestState.OPEN, ("access_stands",))
    with pytest.raises(ApprovalNeededError):
        rights.start(work, request=seen.id)

    assert access.carried_as is not None
    packaging.made(work, PackageId(access.carried_as))
    rights.follow_up(work)
    assert rights.start(work, request=seen.id).carried_as is not None
    assert irina.id == seen.customer


def test_a_representative_says_by_what_authority_and_nothing_goes_by_itself(work: Work) -> None:
    irina, lawyer = person(work), person(work, address="lawyer@example.org")
    customers.link(work, subject=irina.id, other=lawyer.id, kind=LinkKind.REPRESENTATIVE)
    said = {"asking": Asking.REPRESENTATIVE, "asker": "Anwalt, Vollmacht vom 1.3.2026"}
    seen = asked(work, irina.id, RequestKind.ERASURE, **said)
    assert (seen.flags, seen.asker) == (("represented",), "Anwalt, Vollmacht vom 1.3.2026")
    assert seen.needs_approval == ("asked_by_another", "not_by_code")
    assert asked(work, irina.id, **said).state is RequestState.OPEN


def test_for_the_dead_an_heir_asks_and_an_officer_decides(work: Work) -> None:
    late = person(work, deceased=True)
    said = {"asking": Asking.HEIR, "asker": "Erbin, Erbschein", "contact": "heir@example.org"}
    seen = asked(work, late.id, **said)
    assert (seen.state, seen.flags) == (RequestState.OPEN, ("deceased", "foreign_contact"))
    assert asked(work, late.id, RequestKind.ERASURE, **said).needs_approval[0] == "deceased"
    assert {recipient for _, recipient, _ in sent(work)} == {"heir@example.org"}


def test_data_that_may_only_be_stored_are_still_told_and_not_changed(work: Work) -> None:
    irina = person(work)
    customers.restrict(work, subject=irina.id, reason=RestrictionReason.UNLAWFUL)
    seen = by_code(work, ADDRESS, RequestKind.ACCESS)
    packages.make_now(work, package=PackageId(seen.carried_as))  # type: ignore[arg-type]  # begun
    made = packages.find_package(work, package=PackageId(seen.carried_as))  # type: ignore[arg-type]  # as above
    assert made.state is PackageState.READY
    changed = asked(work, irina.id, RequestKind.RECTIFICATION, changes={"city": "Berlin"})
    assert (changed.state, (changed.changes or {})["city"]["applied"]) == (RequestState.OPEN, False)


def test_whoever_is_unknown_is_told_that_nothing_is_held(work: Work) -> None:
    made = request(work, contact="nobody@example.org").request
    done = rights.find_nothing(work, request=RequestId(made.id))
    assert (done.state, done.outcome, done.customer) == (RequestState.COMPLETED, Outcome.NOTHING_HELD, None)
    assert [template for template, _, _ in sent(work)] == ["request_received", "request_nothing_held"]
    with pytest.raises(NotFoundError):
        asked(work, SubjectId(uuid7()))


def test_whoever_was_erased_before_is_unknown(work: Work) -> None:
    irina = person(work)
    begun = erasure.begin(work, person=irina.id, origin=Origin(OriginKind.OFFICER))
    through(work, ErasureId(begun))
    with pytest.raises(NotFoundError):
        asked(work, irina.id)
    again = request(work, RequestKind.ERASURE).request
    assert rights.find_nothing(work, request=RequestId(again.id)).outcome is Outcome.NOTHING_HELD


def test_of_two_who_share_a_contact_each_has_a_request_of_their_own(work: Work) -> None:
    irina, anna = person(work), person(work, given_name="Анна")
    first = request(work, customer=irina.id, checked="Passport seen").request
    second = request(work, customer=anna.id, checked="Passport seen")
    assert (second.joined, second.request.customer) == (False, anna.id)

    with pytest.raises(ConflictError):
        rights.join(work, request=RequestId(second.request.id), into=RequestId(first.id))

    unnamed = request(work)
    assert not unnamed.joined
    assert request(work).request.id == unnamed.request.id
    proven = rights.prove(work, request=RequestId(unnamed.request.id), customer=irina.id, checked="Passport seen")
    assert proven.joined_to == first.id


def test_what_was_proved_of_the_wrong_person_takes_in_nothing_from_the_contact(work: Work) -> None:
    irina, anna = person(work), person(work, given_name="Анна", address="anna@example.org")
    wrong = request(work).request
    rights.prove(work, request=RequestId(wrong.id), customer=anna.id, checked="Looked at the wrong card")

    again = request(work)
    assert not again.joined
    proven = rights.prove(work, request=RequestId(again.request.id), customer=irina.id, checked="Passport seen")
    assert (proven.customer, proven.joined_to) == (irina.id, None)
    corrected = rights.join(work, request=RequestId(wrong.id), into=RequestId(again.request.id))
    assert (corrected.state, corrected.customer) == (RequestState.DUPLICATE, irina.id)


def test_of_two_who_share_a_contact_only_the_one_who_asks_is_meant(work: Work) -> None:
    irina = person(work)
    anna = person(work, given_name="Анна")
    seen = asked(work, anna.id, RequestKind.RESTRICTION)
    assert (seen.customer, seen.outcome) == (anna.id, Outcome.DONE)
    assert [customers.read(work, subject=one.id).restricted for one in (anna, irina)] == [True, False]
