"""Policies: drafted, simulated, approved by another, in force one at a time; nonsense is refused with the reason."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from governance.accounts import operations as accounts
from governance.accounts.operations import ProposalState
from governance.executors import EXECUTORS
from governance.kernel.errors import ForbiddenError, InvalidError
from governance.kernel.work import Work
from governance.reference import retention_rules
from governance.reference.operations import set_controller
from governance.reference.retention_rules import NoSuchPolicyError, PolicyState, active
from governance.retention import installed
from governance.retention import operations as retention
from governance.retention.operations import NotSimulatedError, PolicyConflictError
from tests.factories.actors import by, staff
from tests.factories.exporting import officer
from tests.factories.keeping import ACTIVITY, document


@pytest.fixture
def desk(work: Work) -> Iterator[Work]:
    """A store of a German controller in which proposals can be carried out."""
    set_controller(work, legal_name="Demonstration Shop", address="Main street 1", country="DE")
    work.session.info["executors"] = EXECUTORS
    yield work
    work.session.info.pop("executors")


def test_a_policy_comes_into_force_once_it_was_simulated_and_approved(desk: Work) -> None:
    [drafted] = retention.draft(desk, document=ACTIVITY)
    retention.look_ahead(desk, policy=drafted.id)

    retention.propose_activation(desk, policy=drafted.id, reason="Decided by the board.")

    assert list(active(desk)) == ["behaviour"]
    assert retention.policy(desk, policy=drafted.id).state is PolicyState.ACTIVE


def test_a_policy_that_was_not_simulated_is_not_put_into_force(desk: Work) -> None:
    [drafted] = retention.draft(desk, document=ACTIVITY)

    with pytest.raises(NotSimulatedError):
        retention.propose_activation(desk, policy=drafted.id, reason="Decided.")

    assert not active(desk)


def test_whoever_proposes_a_policy_does_not_put_it_into_force_where_another_could(desk: Work) -> None:
    anna, boris = officer(desk, "officer"), officer(desk, "officer")
    [drafted] = retention.draft(by(desk, anna), document=ACTIVITY)
    retention.look_ahead(by(desk, anna), policy=drafted.id)
    proposal = retention.propose_activation(by(desk, anna), policy=drafted.id, reason="Decided.")
    assert not active(desk)

    accounts.approve(by(desk, boris), proposal=proposal.id, digest=proposal.digest)
    accounts.execute(desk, proposal=proposal.id)

    assert accounts.find_proposal(desk, proposal=proposal.id).state is ProposalState.EXECUTED
    assert list(active(desk)) == ["behaviour"]


def test_a_new_version_takes_the_place_of_the_one_before(desk: Work) -> None:
    for _ in range(2):
        [drafted] = retention.draft(desk, document=ACTIVITY)
        retention.look_ahead(desk, policy=drafted.id)
        retention.propose_activation(desk, policy=drafted.id, reason="Decided.")

    assert [(one.policy.version, one.state) for one in retention.policies(desk)] == [
        (2, PolicyState.ACTIVE),
        (1, PolicyState.SUPERSEDED),
    ]
    assert retention.policies(desk)[1].ended_at == desk.now


def test_a_policy_is_taken_out_of_force_at_once(desk: Work) -> None:
    [drafted] = retention.draft(desk, document=ACTIVITY)
    retention.look_ahead(desk, policy=drafted.id)
    retention.propose_activation(desk, policy=drafted.id, reason="Decided.")

    retention.end(desk, key="behaviour")

    assert not active(desk)
    with pytest.raises(NoSuchPolicyError):
        retention.end(desk, key="behaviour")


def test_a_maximum_under_what_a_law_wants_is_refused_with_the_law(desk: Work) -> None:
    short = document(
        "purchases_tax",
        """applies_to: {table: purchase}
clock: purchase.paid_at
keep: P2Y
action: delete_rows
minimum: {keep: P8Y, citation: "§ 147 AO", verified: true}
citation: decided
verified: true""",
    )

    with pytest.raises(PolicyConflictError) as refused:
        retention.draft(desk, document=short)

    assert "§ 147 AO" in refused.value.detail


def test_a_policy_that_fights_one_in_force_is_not_put_into_force(desk: Work) -> None:
    first, second = ACTIVITY, ACTIVITY.replace("behaviour:", "visits:").replace("P13M", "P6M")
    for each in (first, second):
        [drafted] = retention.draft(desk, document=each)
        retention.look_ahead(desk, policy=drafted.id)
        if each is first:
            retention.propose_activation(desk, policy=drafted.id, reason="Decided.")

    with pytest.raises(PolicyConflictError):
        retention.propose_activation(desk, policy=drafted.id, reason="Decided.")


def test_policies_of_one_document_that_fight_each_other_are_not_drafted(desk: Work) -> None:
    other = ACTIVITY.replace("policies:\n", "").replace("behaviour:", "visits:").replace("P13M", "P6M")
    with pytest.raises(PolicyConflictError):
        retention.draft(desk, document=ACTIVITY + other)
    assert retention.policies(desk) == []


@pytest.mark.parametrize("said", ["", "policies: [", "policies: {}", ACTIVITY.replace("activity.at", "interaction.at")])
def test_a_document_that_makes_no_sense_is_refused_and_says_where(desk: Work, said: str) -> None:
    with pytest.raises(InvalidError) as refused:
        retention.draft(desk, document=said)

    [told] = refused.value.errors["document"]
    assert not told.startswith(":")


def test_a_policy_that_nothing_carries_out_stays_out(desk: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    # Files of requests are kept by a package beside this one, which is not registered here, whatever other tests did.
    monkeypatch.setattr(installed, "_INFO", "registered by nobody")
    with pytest.raises(InvalidError, match="cannot be used"):
        retention.draft_shipped(desk, key="closed_requests")


LOG = document(
    "log",
    """applies_to: {log: decision}
clock: log.at
keep: P3Y
action: delete_rows
citation: decided
verified: true""",
)


def test_the_log_is_kept_no_shorter_than_its_time_and_longer_only_with_a_reason_that_stays_on_record(
    desk: Work,
) -> None:
    for change, complaint in (("P35M", "P3Y in any case"), ("P1094D", "P3Y in any case"), ("P5Y", "reason: say why")):
        with pytest.raises(InvalidError) as told:
            retention.draft(desk, document=LOG.replace("P3Y", change))
        assert complaint in str(told.value.errors), change
    [longer] = retention.draft(desk, document=LOG.replace("P3Y", "P5Y\n    reason: A case before the court"))
    assert retention.policy(desk, policy=longer.id).policy.reason == "A case before the court"
    assert retention.draft(desk, document=LOG)[0].policy.reason is None
    with pytest.raises(InvalidError):
        retention.draft(desk, document=ACTIVITY.replace("P13M", "P13M\n    reason: because"))


def test_drafting_needs_its_permission_and_an_auditor_may_only_look(desk: Work) -> None:
    auditor = by(desk, staff("auditor"))

    assert retention.policies(auditor) == []
    with pytest.raises(ForbiddenError):
        retention.draft(auditor, document=ACTIVITY)


def test_putting_a_policy_into_force_and_out_of_it_needs_its_permission(desk: Work) -> None:
    [drafted] = retention.draft(desk, document=ACTIVITY)
    retention.look_ahead(desk, policy=drafted.id)
    auditor = by(desk, staff("auditor"))

    with pytest.raises(ForbiddenError):
        retention.propose_activation(auditor, policy=drafted.id, reason="Decided.")
    retention.propose_activation(desk, policy=drafted.id, reason="Decided.")
    with pytest.raises(ForbiddenError):
        retention.end(auditor, key="behaviour")
    assert list(active(desk)) == ["behaviour"]


def test_what_is_shipped_has_the_periods_of_the_controllers_country_and_does_not_act(desk: Work) -> None:
    tax = next(one for one in retention.shipped(desk) if one.key == "purchases_tax")

    assert str(tax.keep) == "P8Y"
    assert not active(desk)


def test_a_day_that_is_too_far_away_is_refused(desk: Work) -> None:
    for year in (1900, 2127, 9999):
        with pytest.raises(InvalidError, match="too far away") as told:
            retention.simulate(desk, at=datetime(year, 12, 31, tzinfo=UTC))
        assert list(told.value.errors) == ["at"]


def test_the_document_of_a_version_is_read_once_however_often_it_is_asked_for(
    desk: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    [drafted] = retention.draft(desk, document=ACTIVITY)
    with monkeypatch.context() as patch:
        patch.setattr(retention_rules, "parse_policies", None)
        assert retention.policy(desk, policy=drafted.id).policy == drafted.policy
        assert [one.policy for one in retention.policies(desk)] == [drafted.policy]
    [longer] = retention.draft(desk, document=ACTIVITY.replace("P13M", "P14M"))
    assert (longer.policy.keep.months, drafted.policy.keep.months) == (14, 13)
