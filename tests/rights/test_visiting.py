"""Requests in the portal: as far as the proof carries, and no further."""

import pytest

from governance.audit.actions import Action
from governance.customers import visiting
from governance.customers.codes import ContactKind
from governance.customers.visiting import Visitor
from governance.customers.visitor_facts import SecondFact, confirm_by_fact
from governance.kernel.errors import ForbiddenError
from governance.kernel.work import Work
from governance.messages import outbox
from governance.policies.deadline_rules import RequestKind
from governance.policies.requests import RequestState
from governance.rights import operations as rights
from governance.rights.codes import Outcome, Proof
from governance.rights.errors import NoSuchRequestError
from governance.rights.tables import RequestRow
from tests.factories.actors import by
from tests.factories.requesting import ADDRESS, controller, person, request, sent
from tests.factories.staging import played, stage_of
from tests.factories.trail import entries

stage = stage_of(controller)


work = played()


def visit(work: Work, address: str = ADDRESS) -> Visitor:
    code = visiting.ask_for_code(
        work, kind=ContactKind.EMAIL, value=address, region=None, language="uk", address="198.51.100.1", per_hour=1000
    )
    typed = ""
    while (lent := outbox.lend(work)) is not None:
        typed = str(lent.values.get("code", typed))
    visitor = visiting.begin(work, code_id=code.id, typed=typed)
    assert visitor is not None
    return visitor


def sure(work: Work, visitor: Visitor) -> Visitor:
    found = confirm_by_fact(
        work, visitor=visitor, fact=SecondFact.BIRTH_DATE, value="1982-08-09", address="192.0.2.1", per_hour=1000
    )
    assert found is not None
    return found


def test_whoever_reads_the_mailbox_can_stop_what_is_sent_to_it(work: Work):
    person(work)
    visitor = visit(work)
    made = rights.make_request(by(work, visitor.actor), visitor=visitor, kind=RequestKind.OBJECTION)
    assert (made.state, made.outcome, made.needs) == (RequestState.COMPLETED, Outcome.DONE, None)


def test_a_proof_that_is_not_enough_waits_and_the_second_fact_carries_it_on(work: Work):
    irina = person(work, birth_date="1982-08-09")
    visitor = visit(work)
    made = rights.make_request(
        by(work, visitor.actor), visitor=visitor, kind=RequestKind.RECTIFICATION, changes={"city": "Київ"}
    )
    assert (made.state, made.needs) == (RequestState.IDENTITY_CHECK, "second_fact")
    with pytest.raises(ForbiddenError):
        rights.prove_own(work, visitor=visitor, request=made.id)
    known = sure(work, visitor)
    done = rights.prove_own(by(work, known.actor), visitor=known, request=made.id)
    assert (done.state, done.outcome) == (RequestState.COMPLETED, Outcome.DONE)
    row = work.session.get_one(RequestRow, made.id)
    assert (row.person_id, row.proof, row.language) == (irina.id, Proof.CODE.value, "uk")
    assert entries(work, Action.REQUEST_PROVED)[0].facts["proof"] == "code"


def test_nothing_held_is_an_answer_to_whoever_holds_the_contact(work: Work):
    visitor = visit(work, "nobody@example.org")
    made = rights.make_request(by(work, visitor.actor), visitor=visitor, kind=RequestKind.ACCESS)
    assert (made.state, made.outcome) == (RequestState.COMPLETED, Outcome.NOTHING_HELD)
    assert sent(work)[-1][0] == "request_nothing_held"


def test_nobody_sees_or_touches_the_requests_of_others(work: Work):
    irina = person(work, birth_date="1982-08-09")
    theirs = request(work, customer=irina.id, checked="seen").request
    stranger = visit(work, "stranger@example.org")
    assert rights.own_requests(work, visitor=stranger) == []
    with pytest.raises(NoSuchRequestError):
        rights.withdraw_own(work, visitor=stranger, request=theirs.id)
    unsure = visit(work)
    assert rights.own_requests(work, visitor=unsure) == []
    known = sure(work, unsure)
    assert [one.id for one in rights.own_requests(work, visitor=known)] == [theirs.id]


def test_a_visitor_replies_and_takes_back(work: Work):
    irina = person(work, birth_date="1982-08-09")
    made = request(work, RequestKind.COMPLAINT, customer=irina.id, checked="seen").request
    rights.ask(work, request=made.id, question="Що саме?")
    known = sure(work, visit(work))
    mine = by(work, known.actor)
    assert rights.reply_own(mine, visitor=known, request=made.id, words="Усе").state is RequestState.OPEN
    assert rights.withdraw_own(mine, visitor=known, request=made.id).outcome is Outcome.WITHDRAWN
    assert rights.find(work, request=made.id).events[-1].actor_kind == "customer"
