"""A sale or transfer of the base: refused for everybody who did not agree to be handed over."""

from collections.abc import Sequence

import pytest

from governance.audit.actions import Action
from governance.consent import operations as consent
from governance.consent import transfers
from governance.consent.errors import UnknownPurposeError
from governance.consent.operations import Transfer
from governance.customers import operations as customers
from governance.customers.codes import RestrictionReason
from governance.kernel.errors import ForbiddenError, InvalidError
from governance.kernel.ids import SubjectId, uuid7
from governance.kernel.work import Work
from governance.policies.consent_facts import Reason
from governance.policies.consent_state import EventKind
from governance.policies.permissions import Permission
from governance.policies.purposes import Channel
from governance.reference.operations import set_controller
from tests.factories.actors import by, client
from tests.factories.saying import notice, said, someone
from tests.factories.trail import entries


@pytest.fixture(autouse=True)
def _store(work: Work) -> None:
    set_controller(work, legal_name="Demonstration Shop", address="Berlin", country="DE")
    notice(work, "third_parties")
    notice(work, "newsletter")


def agree(
    work: Work, subject: SubjectId, purpose: str = "third_parties", kind: EventKind = EventKind.CONFIRMED
) -> None:
    consent.record(work, event=said(kind, subject=subject, purpose=purpose))


def decide(work: Work, people: Sequence[SubjectId] | None = None, **more: object) -> Transfer:
    asked = {"purpose": "third_parties", "channels": [Channel.EMAIL], "recipient": "partner-7", **more}
    return consent.decide_transfer(work, people=people, **asked)  # type: ignore[arg-type]  # tests say what they need


def test_only_those_who_agreed_to_be_handed_over_may_be(work: Work) -> None:
    willing, reading, silent = (someone(work, f"{name}@example.org") for name in ("willing", "reading", "silent"))
    agree(work, willing)
    agree(work, reading, "newsletter")
    decided = decide(work, [willing, reading, silent])

    assert [(one.customer, one.channels) for one in decided.allowed] == [(willing, (Channel.EMAIL,))]
    assert decided.refused == {Reason.SILENT: 2}
    assert decided.considered == 3


def test_whoever_took_it_back_or_is_restricted_stays(work: Work) -> None:
    gone, marked = someone(work, "gone@example.org"), someone(work, "marked@example.org")
    for one in (gone, marked):
        agree(work, one)
    agree(work, gone, kind=EventKind.WITHDRAWN)
    customers.restrict(work, subject=marked, reason=RestrictionReason.ASKED_FOR)

    decided = decide(work, [gone, marked, SubjectId(uuid7())])
    assert decided.allowed == ()
    assert decided.refused == {Reason.WITHDRAWN: 1, Reason.RESTRICTED: 1, Reason.UNKNOWN: 1}


def test_each_contact_needs_the_yes_of_its_own_channel(work: Work) -> None:
    willing = someone(work, "willing@example.org")
    agree(work, willing)
    decided = decide(work, [willing], channels=[Channel.SMS, Channel.EMAIL])
    assert [one.channels for one in decided.allowed] == [(Channel.EMAIL,)]


def test_a_base_is_gone_through_part_by_part_and_everybody_once(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    people = [someone(work, f"{number}@example.org") for number in range(5)]
    agree(work, people[1])
    agree(work, people[4])
    monkeypatch.setattr(transfers, "MOST_PEOPLE", 2)
    allowed, considered, after = [], 0, None
    while True:
        decided = decide(work, after=after)
        allowed += [one.customer for one in decided.allowed]
        considered += decided.considered
        after = decided.next_after
        if after is None:
            break
    assert [one for one in allowed if one in people] == [people[1], people[4]]
    assert considered >= len(people)


def test_the_decision_and_the_checks_behind_it_are_in_the_log(work: Work) -> None:
    willing = someone(work, "willing@example.org")
    agree(work, willing)
    decided = decide(work, [willing, someone(work, "silent@example.org")])
    (told,) = entries(work, Action.CONSENT_TRANSFER_DECIDED)
    (checked,) = entries(work, Action.CONSENT_CHECKED)

    assert told.eid == decided.decision
    assert told.facts == {
        "allowed": 1,
        "channels": ["email"],
        "checks": [str(checked.eid)],
        "considered": 2,
        "purpose": "third_parties",
        "recipient": "partner-7",
    }
    assert str(willing) not in str(told)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"purpose": "newsletter"}, "purpose"),
        ({"channels": []}, "channels"),
        ({"recipient": "ООО Партнёр"}, "recipient"),
        ({"people": []}, "customers"),
    ],
)
def test_what_is_no_ground_for_sharing_is_refused_for_everybody(
    work: Work, wrong: dict[str, object], field: str
) -> None:
    willing = someone(work, "willing@example.org")
    agree(work, willing, "newsletter")
    with pytest.raises(InvalidError) as refused:
        decide(work, **{"people": [willing], **wrong})
    assert set(refused.value.errors) == {field}
    assert entries(work, Action.CONSENT_TRANSFER_DECIDED) == []


def test_an_unknown_purpose_and_an_actor_without_the_right_are_refused(work: Work) -> None:
    with pytest.raises(UnknownPurposeError):
        decide(work, purpose="sale")
    with pytest.raises(ForbiddenError):
        decide(by(work, client(Permission.CONSENT_CHECK)))
