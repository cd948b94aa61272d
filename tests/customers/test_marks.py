"""Holds, restrictions and links: placed, seen, lifted once, and told."""

import pytest

from governance.audit.actions import Action
from governance.customers import operations as customers
from governance.customers.codes import LinkKind, RestrictionReason
from governance.customers.errors import DuplicateError
from governance.customers.operations import HoldView, PersonView
from governance.kernel.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from governance.kernel.ids import SubjectId, uuid7
from governance.kernel.work import Work
from governance.policies.classification import Compartment
from tests.conftest import NOW
from tests.factories.actors import by, staff
from tests.factories.trail import entries

LATER = NOW.replace(year=2027)


@pytest.fixture
def irina(work: Work) -> PersonView:
    return customers.create(work, fields={"family_name": "Воробьева"})


def hold(work: Work, irina: PersonView, **said: object) -> HoldView:
    given = {"compartments": [Compartment.FINANCE, Compartment.PROFILE], "reason": "Иск", "review_at": LATER, **said}
    return customers.place_hold(work, subject=irina.id, **given)  # type: ignore[arg-type]  # tests say what they need


def test_a_hold_covers_what_it_says_until_it_is_released(work: Work, irina: PersonView):
    officer = staff("officer")
    first = hold(by(work, officer), irina, case_ref="А40-1234/2026")
    hold(work, irina, compartments=[Compartment.CONTACT])

    assert (first.compartments, first.reason, first.case_ref) == (("finance", "profile"), "•••", "•••26")
    assert first.placed_by == officer.id
    assert customers.read(work, subject=irina.id).held == ("contact", "finance", "profile")
    released = customers.release_hold(by(work, officer), subject=irina.id, hold=first.id, reason="Мировая")
    assert (released.released_at, released.released_by) == (NOW, officer.id)
    assert customers.read(work, subject=irina.id).held == ("contact",)
    assert [one.released_at for one in customers.marks(work, subject=irina.id).holds] == [NOW, None]
    placed, lifted = entries(work, Action.HOLD_PLACED)[0], entries(work, Action.HOLD_LIFTED)[0]
    assert placed.facts == {"compartments": ["finance", "profile"], "review_at": "2027-11-22T12:00:00.000000Z"}
    assert (set(placed.personal), set(lifted.personal)) == ({"reason"}, {"reason"})


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ({"compartments": []}, "compartments"),
        ({"compartments": [Compartment.AUDIT]}, "compartments"),
        ({"reason": ""}, "reason"),
        ({"review_at": NOW}, "review_at"),
        ({"case_ref": "x" * 201}, "case_ref"),
    ],
)
def test_a_hold_without_scope_reason_or_review_is_refused(
    work: Work, irina: PersonView, said: dict[str, object], wrong: str
):
    with pytest.raises(InvalidError) as caught:
        hold(work, irina, **said)
    assert set(caught.value.errors) == {wrong}


def test_a_hold_is_released_once_and_only_by_whom_it_is_for(work: Work, irina: PersonView):
    placed = hold(work, irina)
    with pytest.raises(ForbiddenError):
        customers.release_hold(by(work, staff("steward")), subject=irina.id, hold=placed.id, reason="x")
    customers.release_hold(work, subject=irina.id, hold=placed.id, reason="Мировая")
    with pytest.raises(ConflictError):
        customers.release_hold(work, subject=irina.id, hold=placed.id, reason="Мировая")
    with pytest.raises(NotFoundError):
        customers.release_hold(work, subject=irina.id, hold=uuid7(), reason="Мировая")


def test_a_restriction_stands_once_for_each_reason_until_it_is_lifted(work: Work, irina: PersonView):
    first = customers.restrict(work, subject=irina.id, reason=RestrictionReason.UNLAWFUL)
    second = customers.restrict(work, subject=irina.id, reason=RestrictionReason.ASKED_FOR)
    with pytest.raises(DuplicateError):
        customers.restrict(work, subject=irina.id, reason=RestrictionReason.UNLAWFUL)
    customers.lift_restriction(work, subject=irina.id, restriction=first.id)
    assert customers.read(work, subject=irina.id).restricted
    customers.lift_restriction(work, subject=irina.id, restriction=second.id)
    assert not customers.read(work, subject=irina.id).restricted
    with pytest.raises(ConflictError):
        customers.lift_restriction(work, subject=irina.id, restriction=second.id)
    again = customers.restrict(work, subject=irina.id, reason=RestrictionReason.UNLAWFUL)
    assert again.id != first.id
    told = entries(work, Action.RESTRICTION_PLACED)
    assert [entry.facts for entry in told] == [{"reason": "unlawful"}, {"reason": "asked_for"}, {"reason": "unlawful"}]
    assert len(entries(work, Action.RESTRICTION_LIFTED)) == 2


def test_a_guardian_is_named_seen_from_both_sides_and_no_longer(work: Work, irina: PersonView):
    child = customers.create(work, fields={"given_name": "Олег"})

    made = customers.link(work, subject=child.id, other=irina.id, kind=LinkKind.GUARDIAN)

    assert (made.person, made.other, made.until) == (child.id, irina.id, None)
    assert customers.links(work, subject=child.id) == customers.links(work, subject=irina.id) == (made,)
    with pytest.raises(DuplicateError):
        customers.link(work, subject=child.id, other=irina.id, kind=LinkKind.GUARDIAN)
    assert customers.unlink(work, subject=child.id, link_id=made.id).until == NOW
    with pytest.raises(ConflictError):
        customers.unlink(work, subject=child.id, link_id=made.id)
    assert customers.link(work, subject=child.id, other=irina.id, kind=LinkKind.GUARDIAN).id != made.id
    assert [len(entries(work, action)) for action in (Action.PERSON_LINKED, Action.PERSON_UNLINKED)] == [2, 1]


def test_nobody_acts_for_themselves_or_for_nobody(work: Work, irina: PersonView):
    with pytest.raises(InvalidError):
        customers.link(work, subject=irina.id, other=irina.id, kind=LinkKind.REPRESENTATIVE)
    with pytest.raises(NotFoundError):
        customers.link(work, subject=irina.id, other=SubjectId(uuid7()), kind=LinkKind.REPRESENTATIVE)
    with pytest.raises(NotFoundError):
        customers.unlink(work, subject=irina.id, link_id=uuid7())
