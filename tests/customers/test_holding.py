"""Holds upon many at once: each gets one, or nobody does; a case finds its own; reviews come due."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from governance.customers import operations as customers
from governance.customers.bulk import create_people
from governance.customers.tables import PersonRow
from governance.kernel.errors import InvalidError, NotFoundError
from governance.kernel.ids import SubjectId, uuid7
from governance.kernel.work import Work
from tests.factories.actors import by, staff
from tests.factories.customers import origin, person
from tests.factories.signing import enrol


def people(work: Work, number: int) -> list[SubjectId]:
    return create_people(work, [person(contacts=())] * number, origin=origin())


def place(work: Work, whom: list[SubjectId], **said: object) -> int:
    given = {"compartments": ["finance"], "reason": "Claim", "review_at": work.now + timedelta(days=30), **said}
    return customers.place_holds(work, people=whom, **given)  # type: ignore[arg-type]  # tests say what they need


def test_each_of_a_list_gets_a_hold_that_its_case_finds(work: Work) -> None:
    whom = people(work, 3)

    assert place(work, whom, case_ref="A 12/26") == 3

    found = customers.holds_of_case(work, case_ref="A 12/26")
    assert {one.person for one in found} == set(whom)
    assert all(one.compartments == ("finance",) for one in found)
    assert len(customers.marks(work, subject=whom[0]).holds) == 1
    assert customers.holds_of_case(work, case_ref="B 1/26") == []


def test_nobody_is_held_where_one_of_the_list_is_unknown(work: Work) -> None:
    whom = people(work, 1)

    with pytest.raises(NotFoundError):
        place(work, [*whom, SubjectId(uuid7())])

    assert customers.marks(work, subject=whom[0]).holds == ()


@pytest.mark.parametrize("said", [{"compartments": ["audit"]}, {"compartments": []}, {"reason": " "}])
def test_a_hold_that_says_nothing_useful_is_refused(work: Work, said: dict[str, object]) -> None:
    with pytest.raises(InvalidError):
        place(work, people(work, 1), **said)


def test_holds_are_to_be_looked_at_again_from_their_day_on(work: Work) -> None:
    before = customers.count_to_review(work)
    place(work, people(work, 2), review_at=work.now + timedelta(days=1))
    assert customers.count_to_review(work) == before

    later = Work(session=work.session, actor=work.actor, now=work.now + timedelta(days=1))

    assert customers.count_to_review(later) == before + 2
    assert len(customers.holds_to_review(later)) == before + 2


def test_pages_of_holds_are_full_for_one_who_sees_their_own_customers_alone(work: Work) -> None:
    mine, others = people(work, 3), people(work, 3)
    keeper = enrol(work, "sales").id
    work.session.execute(update(PersonRow).where(PersonRow.id.in_(mine)).values(responsible_id=keeper))
    until = work.now + timedelta(days=30)
    for one, other in zip(mine, others, strict=True):
        place(work, [one], review_at=until)
        place(work, [other], review_at=until)
    seller = by(work, staff("sales", id=keeper))

    first = customers.holds_standing(seller, limit=2)
    second = customers.holds_standing(seller, after=first.next_after, limit=2)

    assert [one.person for one in (*first.items, *second.items)] == mine
    assert (len(first.items), second.next_after) == (2, None)
