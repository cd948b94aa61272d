"""An answer that would go to a contact of somebody else: seen by officers, and confirmed before data go there."""

import pytest

from governance.audit.actions import Action
from governance.customers import operations as customers
from governance.customers.contact_values import ContactSaid
from governance.customers.operations import PersonView
from governance.kernel.errors import ConflictError, ForbiddenError, InvalidError
from governance.kernel.work import Work
from governance.policies.deadline_rules import RequestKind
from governance.policies.permissions import Permission
from governance.policies.requests import RequestState
from governance.rights import operations as rights
from governance.rights.errors import ForeignContactError, NotProvenError
from governance.rights.records import RequestId
from tests.factories.actors import by, client, staff
from tests.factories.requesting import ADDRESS, controller, request, sent
from tests.factories.staging import played, stage_of
from tests.factories.trail import entries

ELSEWHERE = "somebody.else@example.org"
FLAG = "foreign_contact"


stage = stage_of(controller)


work = played("irina")


def asked(work: Work, irina: PersonView, kind: RequestKind, contact: str = ELSEWHERE) -> RequestId:
    """A letter in the name of somebody, whose answer is wanted at an address."""
    made = request(work, kind, customer=irina.id, contact=contact, checked="Knew the last purchase")
    return RequestId(made.request.id)


def test_data_go_to_no_address_of_somebody_else_until_an_officer_has_confirmed_it(work: Work, irina: PersonView):
    for kind in (RequestKind.ACCESS, RequestKind.PORTABILITY):
        made = asked(work, irina, kind)
        assert rights.find(work, request=made).flags == (FLAG,)
        with pytest.raises(ForeignContactError):
            rights.start(work, request=made)
        with pytest.raises(InvalidError):
            rights.confirm_contact(work, request=made, reason=" ")
        with pytest.raises(ForbiddenError):
            rights.confirm_contact(by(work, staff("steward")), request=made, reason="It is hers")
        seen = rights.confirm_contact(work, request=made, reason="Called her; it is her new address")
        assert (seen.flags, seen.state) == ((), RequestState.OPEN)
        assert [one.reason for one in seen.events if one.act == "confirm_contact"] == [
            "Called her; it is her new address"
        ]
        with pytest.raises(ConflictError):
            rights.confirm_contact(work, request=made, reason="Once more")
        assert rights.start(work, request=made).state is RequestState.IN_PROGRESS
    assert len(entries(work, Action.REQUEST_CONTACT_CONFIRMED)) == 2


def test_a_second_person_approves_nothing_that_goes_to_somebody_else(work: Work, irina: PersonView):
    made = asked(work, irina, RequestKind.ACCESS)
    rights.submit(by(work, staff("steward")), request=made, reason="An odd letter")
    with pytest.raises(ForeignContactError):
        rights.approve(work, request=made)
    rights.confirm_contact(work, request=made, reason="Called her")
    assert rights.approve(work, request=made).state is RequestState.IN_PROGRESS


def test_an_answer_in_words_waits_for_the_confirmation_as_well(work: Work, irina: PersonView):
    made = asked(work, irina, RequestKind.COMPLAINT)
    rights.start(work, request=made)
    with pytest.raises(ForeignContactError):
        rights.complete(work, request=made, answer="You bought two lamps in May")
    assert all(recipient != ELSEWHERE for template, recipient, _ in sent(work) if template == "request_completed")
    assert rights.complete(work, request=made).state is RequestState.COMPLETED
    assert rights.find(work, request=made).flags == ()


def test_ones_own_address_needs_no_confirmation_nor_does_one_that_became_theirs(work: Work, irina: PersonView):
    assert rights.find(work, request=asked(work, irina, RequestKind.ACCESS, contact=ADDRESS)).flags == ()
    made = asked(work, irina, RequestKind.PORTABILITY)
    customers.add_contact(work, subject=irina.id, contact=ContactSaid(kind="email", value=ELSEWHERE))
    assert rights.find(work, request=made).flags == ()
    assert rights.start(work, request=made).state is RequestState.IN_PROGRESS


def test_what_was_confirmed_of_one_person_says_nothing_of_another(work: Work, irina: PersonView):
    made = RequestId(request(work, RequestKind.ACCESS, customer=irina.id, contact=ELSEWHERE).request.id)
    with pytest.raises(NotProvenError):
        rights.confirm_contact(work, request=made, reason="It is hers")
    rights.prove(work, request=made, customer=irina.id, checked="Passport")
    with pytest.raises(ForeignContactError):
        rights.start(work, request=made)


def test_systems_learn_nothing_by_the_flag_of_whom_an_unproved_request_is_about(work: Work, irina: PersonView):
    made = request(work, RequestKind.ACCESS, customer=irina.id, contact=ELSEWHERE).request.id
    assert rights.find(work, request=RequestId(made)).flags == (FLAG,)
    assert rights.find(by(work, client(Permission.REQUESTS_READ)), request=RequestId(made)).flags == ()
