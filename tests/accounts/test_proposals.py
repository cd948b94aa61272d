"""Four eyes: proposed by one, approved by another, carried out once and as proposed."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, OperationalError

from governance.accounts import operations as accounts
from governance.accounts.errors import (
    AlteredError,
    DecidedError,
    NoSuchProposalError,
    NotProposableError,
    OwnProposalError,
)
from governance.accounts.executing import LOST_AFTER, WORDS_KEPT
from governance.accounts.operations import (
    AlertKind,
    Approved,
    Executor,
    Proposal,
    ProposalId,
    ProposalKind,
    ProposalState,
)
from governance.accounts.proposals import LASTS
from governance.accounts.proposed import install_executors
from governance.accounts.tables import ProposalRow
from governance.audit.actions import Action
from governance.executors import EXECUTORS
from governance.kernel import jobs
from governance.kernel.clock import FixedClock
from governance.kernel.db import Database
from governance.kernel.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from governance.kernel.ids import StaffId, uuid4, uuid7
from governance.kernel.work import OPERATOR, SYSTEM, Actor, ActorKind, Work, open_work
from governance.messages import operations as messages
from governance.policies.permissions import Permission
from tests.conftest import NOW, Store
from tests.factories.actors import by, client
from tests.factories.trail import entries

REASON = "Сидорова уходит в отпуск"
PAYLOAD = {"hold": "01a201e7-fb07-74a0-8e23-8405b24ffce9", "count": 3}


class Ledger:
    """Carries out by writing down what it was told."""

    def __init__(self) -> None:
        self.done: list[Approved] = []

    def run(self, _work: Work, approved: Approved) -> None:
        self.done.append(approved)


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


@pytest.fixture
def desk(work: Work, ledger: Ledger) -> Iterator[Work]:
    """A transaction in which the release of holds can be carried out."""
    held = {**EXECUTORS, ProposalKind.RELEASE_HOLD: Executor(Permission.CUSTOMERS_RELEASE, ledger.run)}
    work.session.info["executors"] = held
    yield work
    work.session.info.pop("executors")


def member(work: Work, *roles: str) -> Actor:
    made = accounts.create_staff(work, name="Кто-то", email=f"{uuid4().hex}@example.org", roles=roles)
    return accounts.staff_actor(work, staff=made.id)


def propose(work: Work, **said: Any) -> Proposal:
    return accounts.propose(work, **{"kind": ProposalKind.RELEASE_HOLD, "payload": PAYLOAD, "reason": REASON, **said})


def later(work: Work, by_: timedelta) -> Work:
    return Work(session=work.session, actor=work.actor, now=work.now + by_)


def queued(work: Work) -> int:
    found = work.session.scalar(text("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'proposals.execute'"))
    return int(found or 0)


def test_what_one_proposes_another_approves_and_a_job_carries_out_once(desk: Work, ledger: Ledger):
    anna, boris = member(desk, "officer"), member(desk, "officer")

    made = propose(by(desk, anna))
    assert (made.state, made.alone, made.until) == (ProposalState.OPEN, False, NOW + LASTS)
    assert (made.proposed_by, ledger.done, queued(desk)) == (anna.id, [], 0)
    approved = accounts.approve(by(desk, boris), proposal=made.id, digest=made.digest.upper())
    assert (approved.state, approved.decided_by, queued(desk)) == (ProposalState.APPROVED, boris.id, 1)

    assert accounts.execute(by(desk, SYSTEM), proposal=made.id)
    assert not accounts.execute(by(desk, SYSTEM), proposal=made.id)
    [done] = ledger.done
    assert (done.id, dict(done.payload), done.reason) == (made.id, PAYLOAD, REASON)
    shown = accounts.find_proposal(by(desk, boris), proposal=made.id)
    assert (shown.state, shown.ended_at, shown.failure) == (ProposalState.EXECUTED, NOW, None)
    told = [Action.PROPOSAL_MADE, Action.PROPOSAL_APPROVED, Action.PROPOSAL_EXECUTED]
    assert [len(entries(desk, action)) for action in told] == [1, 1, 1]
    [entry] = entries(desk, Action.PROPOSAL_MADE)
    assert entry.facts["digest"] == made.digest
    assert set(entry.personal) == {"reason"}


def test_the_reason_is_sealed_and_stands_in_no_job(desk: Work):
    boris = member(desk, "officer")
    made = propose(by(desk, member(desk, "officer")))
    accounts.approve(by(desk, boris), proposal=made.id, digest=made.digest)
    stored = dict(desk.session.execute(text("SELECT * FROM proposal")).mappings().one())
    [job] = desk.session.execute(text("SELECT args::text FROM procrastinate_jobs")).scalars().all()
    assert str(made.id) in job
    assert "Сидорова" not in job + str(stored)
    assert all("Сидорова".encode() not in bytes(one) for one in stored.values() if isinstance(one, bytes | memoryview))


def test_nobody_approves_what_is_his_own(desk: Work):
    anna = member(desk, "officer")
    member(desk, "officer")
    made = propose(by(desk, anna))
    with pytest.raises(OwnProposalError):
        accounts.approve(by(desk, anna), proposal=made.id, digest=made.digest)
    member(desk, "officer")
    from_host = propose(by(desk, OPERATOR), payload={"hold": "other"})
    with pytest.raises(OwnProposalError):
        accounts.approve(by(desk, OPERATOR), proposal=from_host.id, digest=from_host.digest)
    assert accounts.approve(by(desk, OPERATOR), proposal=made.id, digest=made.digest).decided_by is None


def test_the_database_itself_refuses_an_approval_by_the_proposer(desk: Work):
    anna = member(desk, "officer")
    member(desk, "officer")
    made = propose(by(desk, anna))
    with pytest.raises(DBAPIError, match="approved_by_another"), desk.session.begin_nested():
        desk.session.execute(
            text(
                "UPDATE proposal SET state = 'approved', approved_digest = digest, decided_at = now(), "
                "decided_by_kind = proposed_by_kind, decided_by = proposed_by WHERE id = :id"
            ),
            {"id": made.id},
        )


@pytest.mark.parametrize("roles", [("steward",), ("admin",), ("auditor",), ("sales", "marketer")])
def test_only_those_decide_who_may_do_the_act_itself(desk: Work, roles: tuple[str, ...]):
    member(desk, "officer")
    made = propose(by(desk, member(desk, "officer")))
    other = member(desk, *roles)
    for decide in (
        lambda: accounts.approve(by(desk, other), proposal=made.id, digest=made.digest),
        lambda: accounts.refuse(by(desk, other), proposal=made.id, reason="no"),
    ):
        with pytest.raises(ForbiddenError):
            decide()


def test_a_system_never_counts_as_a_second_person(desk: Work):
    member(desk, "officer")
    made = propose(by(desk, member(desk, "officer")))
    machine = client(Permission.CUSTOMERS_RELEASE, Permission.PROPOSALS_DECIDE)
    for actor in (machine, SYSTEM):
        with pytest.raises(ForbiddenError):
            accounts.approve(by(desk, actor), proposal=made.id, digest=made.digest)


def test_only_the_digest_that_was_looked_at_is_approved(desk: Work):
    member(desk, "officer")
    made = propose(by(desk, member(desk, "officer")))
    with pytest.raises(AlteredError):
        accounts.approve(by(desk, member(desk, "officer")), proposal=made.id, digest="0" * 64)


def test_a_decision_is_the_last_one(desk: Work):
    boris = member(desk, "officer")
    made = propose(by(desk, member(desk, "officer")))
    refused = accounts.refuse(by(desk, boris), proposal=made.id, reason="Дело ещё идёт")
    assert (refused.state, refused.answer) == (ProposalState.REFUSED, "Дело ещё идёт")
    with pytest.raises(DecidedError):
        accounts.approve(by(desk, boris), proposal=made.id, digest=made.digest)
    with pytest.raises(DecidedError):
        accounts.refuse(by(desk, boris), proposal=made.id, reason="again")
    assert not accounts.execute(desk, proposal=made.id)


def test_whoever_proposed_may_take_it_back(desk: Work):
    member(desk, "officer")
    anna = member(desk, "officer")
    made = propose(by(desk, anna))
    assert accounts.refuse(by(desk, anna), proposal=made.id, reason="Ошибка").state is ProposalState.REFUSED


def test_nothing_is_decided_after_its_time(desk: Work, ledger: Ledger):
    boris = member(desk, "officer")
    made = propose(by(desk, member(desk, "officer")), until=NOW + timedelta(hours=2))
    over = later(by(desk, boris), timedelta(hours=2))
    with pytest.raises(DecidedError):
        accounts.approve(over, proposal=made.id, digest=made.digest)
    assert accounts.tend(later(desk, timedelta(hours=2))) == 1
    assert accounts.find_proposal(by(desk, boris), proposal=made.id).state is ProposalState.EXPIRED
    assert accounts.tend(later(desk, timedelta(hours=2))) == 0
    assert (len(entries(desk, Action.PROPOSAL_EXPIRED)), ledger.done) == (1, [])


def test_what_was_approved_in_time_is_carried_out_after_it_too(desk: Work, ledger: Ledger):
    boris = member(desk, "officer")
    made = propose(by(desk, member(desk, "officer")), until=NOW + timedelta(hours=2))
    accounts.approve(by(desk, boris), proposal=made.id, digest=made.digest)
    accounts.tend(later(desk, timedelta(hours=3)))
    assert accounts.execute(later(desk, timedelta(hours=3)), proposal=made.id)
    assert len(ledger.done) == 1


def test_deputies_are_asked_once_when_half_of_the_time_is_over(desk: Work):
    _, second, third = (member(desk, "officer") for _ in range(3))
    before = messages.backlog(desk).waiting
    made = propose(by(desk, second), until=NOW + timedelta(days=2))
    assert messages.backlog(desk).waiting == before + 1
    assert accounts.tend(later(desk, timedelta(hours=23))) == 0
    for _ in range(2):
        accounts.tend(later(desk, timedelta(days=1)))
    assert messages.backlog(desk).waiting == before + 2
    [asked] = entries(desk, Action.DEPUTY_ASKED)
    assert asked.facts["asked"] == [str(third.id)]
    assert asked.object is not None
    assert asked.object.id == made.id


def test_where_nobody_else_may_decide_it_is_done_at_once_and_told_so(desk: Work, ledger: Ledger):
    anna = member(desk, "officer")
    member(desk, "admin")
    made = propose(by(desk, anna))
    assert (made.state, made.alone, len(ledger.done)) == (ProposalState.EXECUTED, True, 1)
    assert len(entries(desk, Action.DECIDED_ALONE)) == 1
    [alert] = accounts.list_alerts(desk)
    assert (alert.kind, alert.staff) == (AlertKind.DECIDED_ALONE, anna.id)
    assert alert.facts == {"proposal": str(made.id), "act": "release_hold"}
    assert not entries(desk, Action.PROPOSAL_MADE)
    assert not accounts.execute(desk, proposal=made.id)
    [off] = [one for one in accounts.proposal_findings(desk) if one.code == "four-eyes-off"]
    assert "release hold" in off.sentence
    assert "1 times" in off.sentence


def test_behind_the_operator_may_be_any_one_of_those_eligible(desk: Work):
    member(desk, "officer")
    assert propose(by(desk, OPERATOR)).alone
    member(desk, "officer")
    assert not propose(by(desk, OPERATOR), payload={"hold": "2"}).alone
    assert "release hold" not in str(accounts.proposal_findings(desk))


def test_who_lets_the_other_leave_decides_nothing_alone_for_thirty_days(desk: Work):
    anna, boris = member(desk, "officer"), member(desk, "officer")
    accounts.end_account(by(desk, anna), staff=StaffId(boris.id or uuid7()))
    waits = propose(by(desk, anna))
    assert (waits.state, waits.alone) == (ProposalState.OPEN, False)
    with pytest.raises(OwnProposalError):
        accounts.approve(by(desk, anna), proposal=waits.id, digest=waits.digest)
    assert accounts.approve(by(desk, OPERATOR), proposal=waits.id, digest=waits.digest)
    almost = replace(later(desk, timedelta(days=30, seconds=-1)), actor=anna)
    assert not propose(almost, payload={"hold": "2"}).alone
    assert propose(replace(later(desk, timedelta(days=30)), actor=anna), payload={"hold": "3"}).alone


def test_what_somebody_proposed_who_left_is_decided_no_more(desk: Work):
    anna, boris = member(desk, "officer"), member(desk, "officer")
    mine, other = propose(by(desk, anna)), propose(by(desk, boris), payload={"hold": "2"})
    accounts.end_account(desk, staff=StaffId(anna.id or uuid7()))
    with pytest.raises(DecidedError):
        accounts.approve(by(desk, boris), proposal=mine.id, digest=mine.digest)
    assert accounts.find_proposal(by(desk, boris), proposal=mine.id).state is ProposalState.EXPIRED
    assert accounts.find_proposal(by(desk, boris), proposal=other.id).state is ProposalState.OPEN


def test_that_a_decider_was_shut_out_is_told_to_officers_the_one_who_left_included(desk: Work):
    anna, boris, sales = member(desk, "admin"), member(desk, "officer"), member(desk, "sales")
    waiting = messages.backlog(desk).waiting
    accounts.end_account(by(desk, anna), staff=StaffId(sales.id or uuid7()))
    assert accounts.list_alerts(desk) == []
    for _ in range(2):
        accounts.end_account(by(desk, anna), staff=StaffId(boris.id or uuid7()))
    [alert] = accounts.list_alerts(desk)
    assert (alert.kind, alert.staff, alert.facts) == (AlertKind.DECIDER_LEFT, boris.id, {"by": str(anna.id)})
    assert messages.backlog(desk).waiting == waiting + 1


def test_an_administrator_gets_no_role_by_letting_the_other_leave_nor_as_the_only_one(desk: Work):
    anna, boris = member(desk, "admin"), member(desk, "admin")
    accounts.end_account(by(desk, anna), staff=StaffId(boris.id or uuid7()))
    puppet, me = member(desk), StaffId(anna.id or uuid7())
    for staff in (me, StaffId(puppet.id or uuid7())):
        assert not accounts.propose_grant(by(desk, anna), staff=staff, role="steward", reason="x").alone
    after = replace(later(desk, timedelta(days=31)), actor=anna)
    own = accounts.propose_grant(after, staff=me, role="officer", reason="x")
    assert not own.alone
    accounts.approve(replace(after, actor=OPERATOR), proposal=own.id, digest=own.digest)
    assert accounts.execute(replace(after, actor=SYSTEM), proposal=own.id)


def test_what_cannot_be_done_any_more_is_marked_as_failed_with_the_reason(desk: Work):
    boris = member(desk, "officer")

    def fail(_work: Work, _approved: Approved) -> None:
        _work.session.execute(text("CREATE TEMPORARY TABLE half_done (n int)"))
        raise NotFoundError("The person has no such hold.")

    made = propose(by(desk, member(desk, "officer")))
    accounts.approve(by(desk, boris), proposal=made.id, digest=made.digest)
    desk.session.info["executors"] = {ProposalKind.RELEASE_HOLD: Executor(Permission.CUSTOMERS_RELEASE, fail)}
    assert not accounts.execute(desk, proposal=made.id)
    shown = accounts.find_proposal(by(desk, boris), proposal=made.id)
    assert (shown.state, shown.failure) == (ProposalState.FAILED, "not-found")
    assert desk.session.scalar(text("SELECT to_regclass('half_done')")) is None
    assert "proposals-failed" in {one.code for one in accounts.proposal_findings(desk)}


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"reason": " "}, "reason"),
        ({"reason": "x" * 4001}, "reason"),
        ({"payload": {"hold": "Анна Ковальова"}}, "payload"),
        ({"payload": {"hold": ["anna@example.org"]}}, "payload"),
        ({"payload": {"two words": "x"}}, "payload"),
        ({"until": NOW}, "until"),
        ({"until": NOW + timedelta(days=31)}, "until"),
    ],
)
def test_what_cannot_be_proposed_is_refused_by_field(desk: Work, said: dict[str, object], field: str):
    with pytest.raises(InvalidError) as caught:
        propose(desk, **said)
    assert list(caught.value.errors) == [field]


def test_a_kind_that_nothing_carries_out_is_not_proposed(desk: Work):
    held = desk.session.info["executors"]
    desk.session.info["executors"] = {kind: one for kind, one in held.items() if kind != ProposalKind.DISPUTED_ERASURE}
    with pytest.raises(NotProposableError):
        propose(desk, kind=ProposalKind.DISPUTED_ERASURE)


def test_the_same_is_not_proposed_twice_at_a_time(desk: Work):
    member(desk, "officer")
    anna = by(desk, member(desk, "officer"))
    made = propose(anna)
    with pytest.raises(ConflictError, match=str(made.id)):
        propose(anna)
    accounts.refuse(anna, proposal=made.id, reason="no")
    propose(anna)


def test_the_reason_is_for_those_who_may_decide_and_for_the_proposer(desk: Work):
    anna, boris = member(desk, "officer"), member(desk, "officer")
    made = propose(by(desk, anna))
    for actor in (anna, boris):
        assert accounts.find_proposal(by(desk, actor), proposal=made.id).reason == REASON
    for role in ("auditor", "admin"):
        assert accounts.find_proposal(by(desk, member(desk, role)), proposal=made.id).reason is None
    assert len(entries(desk, Action.PROPOSAL_READ)) == 2
    assert [one.reason for one in accounts.list_proposals(by(desk, boris))] == [None]
    with pytest.raises(ForbiddenError):
        accounts.find_proposal(by(desk, member(desk, "sales")), proposal=made.id)
    with pytest.raises(ForbiddenError):
        accounts.list_proposals(by(desk, member(desk, "sales")))


def test_proposals_are_listed_newest_first_by_state_and_page_by_page(desk: Work):
    boris = by(desk, member(desk, "officer"))
    anna = by(desk, member(desk, "officer"))
    made = [propose(anna, payload={"hold": str(n)}).id for n in range(3)]
    accounts.refuse(anna, proposal=made[1], reason="no")
    assert [one.id for one in accounts.list_proposals(boris)] == made[::-1]
    assert [one.id for one in accounts.list_proposals(boris, before=made[2], limit=1)] == [made[1]]
    assert [one.id for one in accounts.list_proposals(boris, state=ProposalState.REFUSED)] == [made[1]]


def test_what_was_written_is_erased_a_year_after_the_end(desk: Work):
    anna = by(desk, member(desk, "officer"))
    member(desk, "officer")
    made = propose(anna)
    accounts.refuse(anna, proposal=made.id, reason="Передумала")
    row = desk.session.get_one(ProposalRow, made.id)
    owner = row.owner_id
    assert accounts.forget_words(later(desk, WORDS_KEPT)) == 0
    assert accounts.forget_words(later(desk, WORDS_KEPT + timedelta(seconds=1))) == 1
    desk.session.refresh(row)
    assert (row.reason, row.answer, row.forgotten) == (None, None, True)
    gone = desk.session.execute(text("SELECT shredded_at FROM key_owner WHERE id = :id"), {"id": owner}).scalar()
    assert gone is not None
    assert accounts.find_proposal(anna, proposal=made.id).reason is None


def test_the_service_may_not_change_what_was_proposed(desk: Work):
    propose(desk)
    for column in ("payload = '{}'", "kind = 'export'", "digest = digest", "until = now()", "proposed_by = NULL"):
        with pytest.raises(DBAPIError, match="permission denied"), desk.session.begin_nested():
            desk.session.execute(text(f"UPDATE proposal SET {column}"))
    with pytest.raises(DBAPIError, match="permission denied"), desk.session.begin_nested():
        desk.session.execute(text("DELETE FROM proposal"))


def test_a_proposal_that_is_not_there_is_not_found(desk: Work):
    for ask in (
        lambda: accounts.find_proposal(desk, proposal=ProposalId(uuid7())),
        lambda: accounts.approve(desk, proposal=ProposalId(uuid7()), digest="0" * 64),
        lambda: accounts.refuse(desk, proposal=ProposalId(uuid7()), reason="x"),
        lambda: accounts.execute(desk, proposal=ProposalId(uuid7())),
    ):
        with pytest.raises(NoSuchProposalError):
            ask()


def test_a_role_is_granted_once_a_second_administrator_approves(desk: Work):
    anna, boris, oleg = member(desk, "admin"), member(desk, "admin"), member(desk, "sales")
    staff = StaffId(oleg.id or uuid7())
    made = accounts.propose_grant(by(desk, anna), staff=staff, role="officer", reason="Новая должность")
    assert "officer" not in accounts.staff_actor(desk, staff=staff).roles
    accounts.approve(by(desk, boris), proposal=made.id, digest=made.digest)
    assert accounts.execute(by(desk, SYSTEM), proposal=made.id)
    assert accounts.staff_actor(desk, staff=staff).roles == ("officer", "sales")
    with pytest.raises(ConflictError):
        accounts.propose_grant(by(desk, anna), staff=staff, role="officer", reason="x")
    with pytest.raises(ForbiddenError):
        accounts.propose_grant(by(desk, oleg), staff=staff, role="admin", reason="x")


def test_nobody_approves_a_role_of_his_own_and_of_two_the_host_approves_it(desk: Work):
    anna, boris = member(desk, "admin"), member(desk, "admin")
    made = accounts.propose_grant(by(desk, anna), staff=StaffId(boris.id or uuid7()), role="officer", reason="x")
    assert not made.alone
    with pytest.raises(OwnProposalError):
        accounts.approve(by(desk, boris), proposal=made.id, digest=made.digest)
    accounts.approve(by(desk, OPERATOR), proposal=made.id, digest=made.digest)
    oleg = member(desk, "admin")
    waits = accounts.propose_grant(by(desk, anna), staff=StaffId(oleg.id or uuid7()), role="officer", reason="x")
    with pytest.raises(OwnProposalError):
        accounts.approve(by(desk, oleg), proposal=waits.id, digest=waits.digest)
    accounts.approve(by(desk, boris), proposal=waits.id, digest=waits.digest)


# What follows needs real commits.


@pytest.fixture
def office(fresh_database: Database, ledger: Ledger) -> tuple[Database, list[Actor]]:
    """A store with three officers."""
    install_executors(fresh_database, {ProposalKind.RELEASE_HOLD: Executor(Permission.CUSTOMERS_RELEASE, ledger.run)})
    with open_work(fresh_database, OPERATOR, clock=FixedClock(NOW)) as work:
        people = [member(work, "officer") for _ in range(3)]
    return fresh_database, people


def _at(database: Database, actor: Actor) -> Any:
    return open_work(database, actor, clock=FixedClock(NOW))


def test_two_who_approve_at_once_and_two_workers_carry_it_out_once(
    office: tuple[Database, list[Actor]], ledger: Ledger
):
    database, (anna, *others) = office
    with _at(database, anna) as work:
        made = propose(work)
    ready, outcomes = Barrier(2), list[str]()

    def approve(actor: Actor) -> None:
        ready.wait()
        try:
            with _at(database, actor) as work:
                accounts.approve(work, proposal=made.id, digest=made.digest)
            outcomes.append("approved")
        except DecidedError:
            outcomes.append("decided")

    def carry_out() -> None:
        ready.wait()
        with _at(database, SYSTEM) as work:
            outcomes.append("done" if accounts.execute(work, proposal=made.id) else "nothing")

    _together(*(Thread(target=approve, args=(one,)) for one in others))
    with _at(database, SYSTEM) as work:
        assert (sorted(outcomes), queued(work)) == (["approved", "decided"], 1)
    outcomes.clear()
    _together(Thread(target=carry_out), Thread(target=carry_out))
    assert (sorted(outcomes), len(ledger.done)) == (["done", "nothing"], 1)


def _together(*threads: Thread) -> None:
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.mark.parametrize(
    "altered",
    [
        """payload = '{"hold": "01a201e7-fb07-74a0-8e23-8405b24ffcff"}'""",
        "kind = 'release_hold', payload = payload || '{\"count\": 4}'",
        "until = until + interval '1 day'",
        "reason_sealed = salt_sealed",
        "payload = '{\"hold\": \"x\"}', digest = sha256('x'), approved_digest = sha256('x')",
    ],
)
def test_what_was_altered_after_the_approval_is_refused(
    office: tuple[Database, list[Actor]], fresh_store: Store, ledger: Ledger, altered: str
):
    database, (anna, boris, _) = office
    with _at(database, anna) as work:
        made = propose(work)
    with _at(database, boris) as work:
        accounts.approve(work, proposal=made.id, digest=made.digest)
    with psycopg.connect(fresh_store.admin_url) as attacker:
        attacker.execute(f"UPDATE proposal SET {altered}".encode())
    with _at(database, SYSTEM) as work:
        assert not accounts.execute(work, proposal=made.id)
    with _at(database, SYSTEM) as work:
        [row] = accounts.list_proposals(work)
        [entry] = entries(work, Action.PROPOSAL_EXECUTED)
    assert (row.state, row.failure, ledger.done) == (ProposalState.FAILED, "proposal-altered", [])
    assert entry.outcome == "failed"


def test_what_was_altered_before_it_was_approved_is_not_approved(
    office: tuple[Database, list[Actor]], fresh_store: Store
):
    database, (anna, boris, _) = office
    with _at(database, anna) as work:
        made = propose(work)
    with psycopg.connect(fresh_store.admin_url) as attacker:
        attacker.execute('UPDATE proposal SET payload = \'{"hold": "another"}\'')
    with pytest.raises(AlteredError), _at(database, boris) as work:
        accounts.approve(work, proposal=made.id, digest=made.digest)


def test_a_worker_killed_between_approval_and_execution_costs_nothing(
    office: tuple[Database, list[Actor]], ledger: Ledger
):
    database, (anna, boris, _) = office
    with _at(database, anna) as work:
        made = propose(work)
    with _at(database, boris) as work:
        accounts.approve(work, proposal=made.id, digest=made.digest)

    def die(work: Work, approved: Approved) -> None:
        work.session.execute(text("CREATE TABLE pg_temp.half_done AS SELECT 1"))
        work.session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
        ledger.run(work, approved)

    install_executors(database, {ProposalKind.RELEASE_HOLD: Executor(Permission.CUSTOMERS_RELEASE, die)})
    with pytest.raises(OperationalError), _at(database, SYSTEM) as work:
        accounts.execute(work, proposal=made.id)
    database.dispose()
    assert ledger.done == []

    install_executors(database, {ProposalKind.RELEASE_HOLD: Executor(Permission.CUSTOMERS_RELEASE, ledger.run)})
    with open_work(database, SYSTEM, clock=FixedClock(NOW + LOST_AFTER)) as work:
        work.session.execute(text("DELETE FROM procrastinate_jobs"))  # as after the restoring of a backup
        assert accounts.tend(work) == 1
    with _at(database, SYSTEM) as work:
        assert (queued(work), jobs.counts(work)["todo"]) == (1, 1)
        assert accounts.execute(work, proposal=made.id)
    with _at(database, SYSTEM) as work:
        assert not accounts.execute(work, proposal=made.id)
    assert len(ledger.done) == 1


def test_the_kinds_of_actors_are_kept_apart(desk: Work):
    member(desk, "officer")
    anna = member(desk, "officer")
    made = propose(by(desk, anna))
    twin = Actor(ActorKind.CUSTOMER, anna.id, frozenset({"*"}))
    with pytest.raises(ForbiddenError):
        accounts.approve(by(desk, twin), proposal=made.id, digest=made.digest)
