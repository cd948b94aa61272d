"""Who saw data of one person, as the log tells it."""

import pytest

from governance.customers import operations as customers
from governance.customers.operations import PersonView
from governance.intake import merges
from governance.kernel.errors import ForbiddenError, InvalidError
from governance.kernel.work import Work
from tests.factories.actors import by, staff
from tests.factories.statements import counted


@pytest.fixture
def irina(work: Work) -> PersonView:
    return customers.create(work, fields={"family_name": "Воробьева", "given_name": "Ирина"}, contacts=[])


def reveal(work: Work, who: PersonView, *reasons: str) -> None:
    for reason in reasons:
        customers.reveal(work, subject=who.id, fields=["family_name", "contacts"], reason=reason)


def test_sightings_tell_who_saw_what_and_why_the_newest_first(work: Work, irina: PersonView):
    reveal(work, irina, "first", "second")

    found = customers.sightings(work, subject=irina.id)

    assert [(one.reason, one.fields) for one in found.items[:2]] == [
        ("second", ("family_name", "contacts")),
        ("first", ("family_name", "contacts")),
    ]
    assert {one.actor_kind for one in found.items} == {work.actor.kind.value}


def test_the_list_goes_on_where_it_ended_and_misses_nothing(work: Work, irina: PersonView):
    reveal(work, irina, *(f"number {number}" for number in range(5)))
    seen, cursor = [], None
    for _ in range(3):
        found = customers.sightings(work, subject=irina.id, cursor=cursor, limit=2)
        seen += [one.reason for one in found.items]
        cursor = found.cursor

    reasons = [one for one in seen if one]
    assert reasons == sorted(reasons, reverse=True)
    assert len(set(reasons)) == len(reasons) >= 2


def test_an_auditor_sees_that_a_reason_was_given_and_not_which(work: Work, irina: PersonView):
    reveal(work, irina, "secret")

    [newest, *_] = customers.sightings(by(work, staff("auditor")), subject=irina.id).items

    assert (newest.reason, newest.has_reason) == (None, True)


def test_what_was_seen_of_a_record_that_was_merged_is_told_too(work: Work, irina: PersonView):
    other = customers.create(work, fields={"family_name": "Воробьева"}, contacts=[])
    reveal(work, other, "of the other record")
    merges.merge(work, into=irina.id, other=other.id, reason="one person")

    assert "of the other record" in [one.reason for one in customers.sightings(work, subject=irina.id).items]


def test_statements_do_not_grow_with_what_was_seen(work: Work, irina: PersonView):
    reveal(work, irina, "one")
    with counted(work) as few:
        customers.sightings(work, subject=irina.id)
    reveal(work, irina, *map(str, range(20)))
    with counted(work) as many:
        customers.sightings(work, subject=irina.id)

    assert len(many) <= len(few) + 1


def test_only_those_who_may_read_the_log_see_it_and_wrong_input_is_named(work: Work, irina: PersonView):
    with pytest.raises(ForbiddenError):
        customers.sightings(by(work, staff("support")), subject=irina.id)
    with pytest.raises(InvalidError):
        customers.sightings(work, subject=irina.id, cursor="nowhere")
    with pytest.raises(InvalidError):
        customers.sightings(work, subject=irina.id, limit=0)
