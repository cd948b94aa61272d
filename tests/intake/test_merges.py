"""Two records of one person: merged with all that either holds, looked at, and made two again as if nothing was."""

import time
from dataclasses import replace
from datetime import timedelta
from threading import Event, Thread
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from governance.audit.actions import Action
from governance.consent import operations as consent
from governance.customers import operations as customers
from governance.customers.bulk_events import record_interactions, record_purchases
from governance.customers.codes import ActivityKind, ContactKind, ExtraType, LinkKind, RestrictionReason
from governance.customers.merge_list import MergeState
from governance.customers.operations import ContactSaid, PersonView
from governance.customers.records import InteractionOf, NewActivity, PurchaseOf
from governance.customers.straying import gather_strays
from governance.intake import merges
from governance.intake.duplicates_store import find_duplicates
from governance.intake.merges import merge, undo_merge
from governance.kernel.db import Database
from governance.kernel.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from governance.kernel.ids import BatchId, SubjectId, uuid7
from governance.kernel.work import SYSTEM, Work, open_work
from governance.policies.classification import Compartment
from governance.policies.consent_state import EventKind, Standing
from governance.policies.documents import Titles
from governance.policies.permissions import Permission
from tests.conftest import NOW
from tests.factories.actors import by, client, staff
from tests.factories.customers import interaction, purchase
from tests.factories.saying import notice, said
from tests.factories.trail import entries

LATER = NOW.replace(year=2027)
DAY = timedelta(days=1)
WHY = "Одна и та же клиентка"


def mail(address: str) -> ContactSaid:
    return ContactSaid(kind=ContactKind.EMAIL, value=address)


def irina(work: Work, *addresses: str, **fields: object) -> PersonView:
    given = {"family_name": "Воробьева", "given_name": "Ирина", "ground": "contract", "source": "till", **fields}
    return customers.create(work, fields=given, contacts=[mail(one) for one in addresses])


def pair(work: Work, **other: object) -> tuple[PersonView, PersonView]:
    return irina(work, "i@example.org", city="Киев", tags=["vip"]), irina(
        work, "i.v@example.org", "vorobeva@example.org", **other
    )


def later(work: Work, days: float) -> Work:
    return replace(work, now=NOW + timedelta(days=days))


def standing(work: Work, subject: SubjectId) -> Standing | None:
    items = consent.states_of(work, subject=subject).items
    return items[0].state.standing if items else None


def test_the_survivor_has_all_that_either_held(work: Work) -> None:
    into, other = pair(work)
    customers.record_purchase(work, subject=other.id, purchase=purchase())
    customers.record_interaction(work, subject=other.id, interaction=interaction())
    merge(work, into=into.id, other=other.id, reason=WHY)

    seen = customers.read(work, subject=into.id)
    assert [one.is_primary for one in seen.contacts] == [True, False, False]
    assert len(customers.list_purchases(work, subject=into.id).items) == 1
    assert len(customers.list_interactions(work, subject=other.id).items) == 1
    assert seen.version == into.version + 1


def test_both_ids_answer_with_the_survivor(work: Work) -> None:
    into, other = pair(work)
    merge(work, into=into.id, other=other.id, reason=WHY)
    asked = customers.read(work, subject=other.id)
    assert (asked.id, asked.merged_into, asked.merged[0].id) == (into.id, into.id, other.id)
    assert customers.read(work, subject=into.id).merged_into is None
    assert [one.id for one in customers.search(work, by="email", value="vorobeva@example.org").items] == [into.id]
    edited = customers.edit(work, subject=other.id, patch={"city": "Одеса"})
    assert (edited.id, edited.city) == (into.id, "Одеса")


def test_what_the_survivor_does_not_say_is_taken_from_the_other_and_what_differs_is_shown_beside(work: Work) -> None:
    into, other = pair(work, city="Львов", tags=["опт", "vip"], birth_date="1982-08-09", country="UA")
    merge(work, into=into.id, other=other.id, reason=WHY)
    seen = customers.read(work, subject=into.id)
    assert (seen.city, seen.country) == ("Киев", "UA")
    assert seen.merged[0].said == {"city": "Львов"}
    assert seen.merged[0].differs == ("city",)
    told = customers.reveal(work, subject=into.id, fields=["birth_date", "city", "tags"], reason="Проверка")
    assert told.values == {"birth_date": "1982-08-09", "city": "Киев", "tags": ["vip", "опт"]}


def test_where_two_differ_behind_the_same_mask_it_is_said_that_they_differ(work: Work) -> None:
    into, other = pair(work, given_name="Аня", patronymic="Петрівна")
    merge(work, into=into.id, other=other.id, reason=WHY)
    steward = customers.read(by(work, staff("steward")), subject=into.id)
    marketer = customers.read(by(work, staff("marketer")), subject=into.id)
    assert "given_name" in steward.merged[0].differs
    assert "given_name" in marketer.merged[0].differs
    assert "Аня" not in str(marketer)
    assert not {"patronymic", "family_name"} & set(marketer.merged[0].differs)


def test_the_age_of_the_other_counts_until_the_survivor_says_one(work: Work) -> None:
    into, other = pair(work, birth_date="2012-08-09")
    merge(work, into=into.id, other=other.id, reason=WHY)
    read_age = text("SELECT age_at_least FROM person WHERE id = :id")
    customers.edit(work, subject=into.id, patch={"city": "Одеса"})
    customers.raise_ages(work)
    assert work.session.scalar(read_age, {"id": into.id}) == 14
    customers.edit(work, subject=into.id, patch={"birth_date": "1982-08-09"})
    assert work.session.scalar(read_age, {"id": into.id}) == 21


@pytest.mark.parametrize("stricter", ["into", "other"])
def test_whatever_stops_the_use_of_either_stops_the_use_of_both(work: Work, stricter: str) -> None:
    notice(work)
    into, other = pair(work)
    subject = into.id if stricter == "into" else other.id
    for one in (into, other):
        consent.record(work, event=said(EventKind.CONFIRMED, subject=one.id))
    consent.record(later(work, 1), event=said(EventKind.WITHDRAWN, subject=subject))
    customers.place_hold(work, subject=subject, compartments=[Compartment.FINANCE], reason="Иск", review_at=LATER)
    customers.restrict(work, subject=subject, reason=RestrictionReason.ACCURACY_CONTESTED)
    customers.record_purchase(work, subject=into.id, purchase=purchase())
    merge(later(work, 2), into=into.id, other=other.id, reason=WHY)

    seen = customers.read(work, subject=into.id)
    assert (seen.restricted, seen.held) == (True, ("finance",))
    assert standing(work, into.id) is Standing.WITHDRAWN


@pytest.mark.parametrize(
    ("said_of_other", "expected"),
    [
        ({"deceased": True}, "deceased"),
        ({"not_mailable": "decided"}, "decided"),
        ({"source": "bought"}, "not_from_the_person"),
    ],
)
def test_whoever_may_not_be_written_to_is_not_written_to_under_the_other_id(
    work: Work, said_of_other: dict[str, object], expected: str
) -> None:
    into, other = pair(work, **said_of_other)
    merge(work, into=into.id, other=other.id, reason=WHY)
    assert customers.read(work, subject=into.id).not_mailable == expected
    edited = customers.edit(work, subject=into.id, patch={"city": "Одеса"})
    assert edited.not_mailable == expected
    if expected == "not_from_the_person":
        assert edited.inform_by == other.inform_by
        told = customers.edit(work, subject=into.id, patch={"informed_at": NOW.isoformat()})
        assert told.not_mailable is None


def test_a_merge_of_the_merged_follows_to_the_last_survivor(work: Work) -> None:
    last, middle, first = (irina(work, f"{name}@example.org") for name in "abc")
    merge(work, into=middle.id, other=first.id, reason=WHY)
    again = merge(work, into=last.id, other=middle.id, reason=WHY)
    seen = customers.read(work, subject=first.id)
    assert (seen.id, len(seen.contacts), len(seen.merged)) == (last.id, 3, 2)
    assert customers.unreviewed(work, [first.id, last.id]) == {first.id, last.id}
    undo_merge(work, merge=again.id)
    assert customers.read(work, subject=first.id).id == middle.id


def test_nobody_is_merged_twice_or_in_a_loop_or_into_themselves(work: Work) -> None:
    into, other = pair(work)
    third = irina(work)
    merge(work, into=into.id, other=other.id, reason=WHY)
    for one, two in ((third.id, other.id), (other.id, into.id), (other.id, third.id), (third.id, third.id)):
        with pytest.raises(ConflictError):
            merge(work, into=one, other=two, reason=WHY)


def test_merging_needs_the_permission_both_people_within_reach_and_a_reason(work: Work) -> None:
    into, other = pair(work)
    with pytest.raises(ForbiddenError):
        merge(by(work, staff("marketer")), into=into.id, other=other.id, reason=WHY)
    with pytest.raises(NotFoundError):
        merge(work, into=into.id, other=SubjectId(uuid7()), reason=WHY)
    with pytest.raises(InvalidError):
        merge(work, into=into.id, other=other.id, reason=" ")


def test_a_merge_cannot_be_undone_twice_after_thirty_days_or_under_a_later_one(work: Work) -> None:
    last, middle, first = (irina(work, f"{name}@example.org") for name in "abc")
    inner = merge(work, into=middle.id, other=first.id, reason=WHY)
    with pytest.raises(ConflictError, match="over"):
        undo_merge(later(work, 30.01), merge=inner.id)
    outer = merge(work, into=last.id, other=middle.id, reason=WHY)
    with pytest.raises(ConflictError, match="first"):
        undo_merge(work, merge=inner.id)
    undo_merge(later(work, 30), merge=outer.id)
    undo_merge(later(work, 30), merge=inner.id)
    with pytest.raises(ConflictError, match="before"):
        undo_merge(later(work, 30), merge=inner.id)


def test_a_merge_is_listed_looked_at_once_and_told(work: Work) -> None:
    officer = staff("officer")
    into, other = pair(work)
    made = merge(by(work, officer), into=into.id, other=other.id, reason=WHY)
    assert [one.id for one in merges.list_merges(work, state=MergeState.UNREVIEWED).items] == [made.id]
    with pytest.raises(ForbiddenError):
        merges.review_merge(by(work, client(Permission.DUPLICATES_DECIDE)), merge=made.id)
    seen = merges.review_merge(by(work, officer), merge=made.id)
    assert (seen.state, seen.reviewed_by) == (MergeState.REVIEWED, officer.id)
    assert customers.unreviewed(work, [into.id, other.id]) == frozenset()
    with pytest.raises(ConflictError):
        merges.review_merge(by(work, officer), merge=made.id)
    told = [one.action for one in entries(work) if one.subject == other.ref]
    assert told[-2:] == [Action.PERSON_MERGED, Action.MERGE_REVIEWED]


TABLES = {
    "person": "to_jsonb(t) - 'version' - 'updated_at'",
    **dict.fromkeys(("contact", "purchase", "interaction", "activity", "extra_value", "person_hold"), "to_jsonb(t)"),
    **dict.fromkeys(("person_restriction", "person_link", "duplicate_pair"), "to_jsonb(t)"),
    "consent_state": "CASE WHEN standing <> 'silent' THEN to_jsonb(t) - 'sequence' END",
}


def everything(work: Work) -> dict[str, list[object]]:
    work.session.flush()
    return {
        table: list(
            work.session.scalars(
                text(
                    f"SELECT told FROM (SELECT {row} AS told FROM {table} t) x "
                    "WHERE told IS NOT NULL ORDER BY told::text"
                )
            )
        )
        for table, row in TABLES.items()
    }


KINDS = (EventKind.REQUESTED, EventKind.GIVEN, EventKind.CONFIRMED, EventKind.REFUSED, EventKind.WITHDRAWN)
ACTS = st.lists(
    st.tuples(
        st.booleans(),
        st.sampled_from(
            [*KINDS, "purchase", "hold", "restrict", "extra", "deceased", "contact", "tag", "apart", "link"]
        ),
    ),
    max_size=7,
)


def act(work: Work, subject: SubjectId, what: str | EventKind, third: SubjectId, day: int) -> None:
    now = later(work, day)
    if isinstance(what, EventKind):
        consent.record(now, event=said(what, subject=subject))
    elif what == "purchase":
        customers.record_purchase(now, subject=subject, purchase=purchase(number=f"A-{day}"))
    elif what == "hold":
        customers.place_hold(now, subject=subject, compartments=[Compartment.PROFILE], reason="Иск", review_at=LATER)
    elif what == "restrict":
        if not customers.read(work, subject=subject).restricted:
            customers.restrict(now, subject=subject, reason=RestrictionReason.UNLAWFUL)
    elif what == "link":
        if not customers.links(work, subject=subject):
            customers.link(now, subject=subject, other=third, kind=LinkKind.GUARDIAN)
    elif what == "apart":
        make_apart(work, subject, third)
    elif what == "contact" and not customers.read(work, subject=subject).restricted:
        customers.add_contact(now, subject=subject, contact=mail(f"more{day}@example.org"))
    else:
        change(now, subject, what)


def change(work: Work, subject: SubjectId, what: str) -> None:
    seen = customers.read(work, subject=subject)
    if seen.restricted or seen.held:
        return
    patch: dict[str, object] = {
        "extra": {"extra": {"size": "M"}},
        "deceased": {"deceased": True},
        "tag": {"tags": ["vip"]},
    }.get(what, {})
    customers.edit(work, subject=subject, patch=patch)


def make_apart(work: Work, one: SubjectId, other: SubjectId) -> None:
    work.session.execute(
        text(
            "INSERT INTO duplicate_pair (id, first_id, second_id, score, reasons, state, found_at, seen_at, decided_at)"
            " VALUES (uuidv7(), least(cast(:a AS uuid), cast(:b AS uuid)), greatest(cast(:a AS uuid), "
            "cast(:b AS uuid)), 90, ARRAY['same-email'], 'apart', :now, :now, :now) ON CONFLICT DO NOTHING"
        ),
        {"a": one, "b": other, "now": NOW},
    )


@given(acts=ACTS)
@settings(
    max_examples=settings.default.max_examples // 4,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_merging_and_undoing_it_is_as_if_nothing_had_been(work: Work, acts: list[tuple[bool, str | EventKind]]) -> None:
    nested = work.session.begin_nested()
    try:
        notice(work)
        customers.define(work, key="size", labels=Titles("Size", "", ""), type=ExtraType.TEXT, category="user")
        into, other = pair(work, city="Львов", country="UA", language="uk")
        third = irina(work, "t@example.org")
        for day, (mine, what) in enumerate(acts, 1):
            act(work, into.id if mine else other.id, what, third.id, day)
        before = everything(work)
        made = merge(later(work, 10), into=into.id, other=other.id, reason=WHY)
        undone = undo_merge(later(work, 20), merge=made.id)
        assert everything(work) == before
        assert undone.stayed == {}
        assert consent.rebuild(work, repair=False).differences == ()
    finally:
        nested.rollback()


def test_what_came_meanwhile_stays_with_the_survivor_and_what_stops_goes_to_both(work: Work) -> None:
    notice(work)
    into, other = pair(work)
    for one in (into, other):
        consent.record(work, event=said(EventKind.CONFIRMED, subject=one.id))
    made = merge(later(work, 1), into=into.id, other=other.id, reason=WHY)
    now = later(work, 2)
    customers.record_purchase(now, subject=other.id, purchase=purchase())
    customers.place_hold(now, subject=other.id, compartments=[Compartment.FINANCE], reason="Иск", review_at=LATER)
    customers.restrict(now, subject=other.id, reason=RestrictionReason.UNLAWFUL)
    consent.record(now, event=said(EventKind.WITHDRAWN, subject=other.id))
    undone = undo_merge(later(work, 3), merge=made.id)

    assert undone.stayed == {"purchases": 1}
    for one in (into, other):
        seen = customers.read(work, subject=one.id)
        assert (seen.id, seen.held, seen.restricted) == (one.id, ("finance",), True)
        assert standing(work, one.id) is Standing.WITHDRAWN


def test_a_stop_that_was_handed_on_is_the_others_alone_again(work: Work) -> None:
    notice(work)
    into, other = pair(work)
    consent.record(work, event=said(EventKind.CONFIRMED, subject=into.id))
    consent.record(later(work, 1), event=said(EventKind.WITHDRAWN, subject=other.id))
    made = merge(later(work, 2), into=into.id, other=other.id, reason=WHY)
    assert standing(work, into.id) is Standing.WITHDRAWN
    undo_merge(later(work, 3), merge=made.id)
    assert (standing(work, into.id), standing(work, other.id)) == (Standing.GIVEN, Standing.WITHDRAWN)
    assert consent.record(later(work, 4), event=said(EventKind.CONFIRMED, subject=other.id)).subject == other.id


def test_that_two_are_two_holds_of_the_survivor_as_well(work: Work) -> None:
    into, other = pair(work)
    third = irina(work)
    make_apart(work, other.id, third.id)
    made = merge(work, into=into.id, other=other.id, reason=WHY)
    found = set(map(frozenset, work.session.execute(text("SELECT first_id, second_id FROM duplicate_pair"))))
    assert frozenset({UUID(str(into.id)), UUID(str(third.id))}) in found
    undo_merge(work, merge=made.id)
    assert work.session.scalar(text("SELECT count(*) FROM duplicate_pair")) == 1


def test_what_came_at_the_moment_of_the_merge_is_brought_to_the_last_survivor_and_goes_back(work: Work) -> None:
    last, middle, first = (irina(work, f"{name}@example.org") for name in "abc")
    merge(work, into=middle.id, other=first.id, reason=WHY)
    outer = merge(work, into=last.id, other=middle.id, reason=WHY)
    late = customers.add_contact(work, subject=last.id, contact=mail("late@example.org"))
    work.session.execute(text("UPDATE contact SET person_id = :p WHERE id = :c"), {"p": first.id, "c": late.id})
    work.session.expire_all()
    assert (gather_strays(work), gather_strays(work)) == (2, 0)
    assert len(customers.read(work, subject=last.id).contacts) == 4
    undo_merge(work, merge=outer.id)
    assert len(customers.read(work, subject=middle.id).contacts) == 3


def test_only_the_surest_pairs_are_merged_by_themselves_and_never_again_once_undone(fresh_database: Database) -> None:
    with open_work(fresh_database, SYSTEM) as work:
        one, two = (irina(work, "i@example.org", birth_date="1982-08-09") for _ in range(2))
        sister = irina(work, "i@example.org", birth_date="1985-01-09", given_name="Анна")
    find_duplicates(fresh_database, actor=SYSTEM)
    assert merges.merge_surest(fresh_database, actor=SYSTEM, score=98) == 1
    with open_work(fresh_database, SYSTEM) as work:
        assert {customers.read(work, subject=each.id).id for each in (one, two, sister)} == {one.id, sister.id}
        (made,) = merges.list_merges(work, state=MergeState.UNREVIEWED).items
        undo_merge(work, merge=made.id)
    find_duplicates(fresh_database, actor=SYSTEM)
    assert merges.merge_surest(fresh_database, actor=SYSTEM, score=98) == 0


@pytest.mark.parametrize(("seconds", "expected"), [(5, Standing.WITHDRAWN), (6, Standing.GIVEN)])
def test_a_stop_that_crosses_the_undoing_is_of_both_and_a_later_one_of_whoever_said_it(
    work: Work, seconds: int, expected: Standing
) -> None:
    notice(work)
    into, other = pair(work)
    consent.record(work, event=said(EventKind.CONFIRMED, subject=other.id))
    made = merge(later(work, 1), into=into.id, other=other.id, reason=WHY)
    undo_merge(later(work, 2), merge=made.id)
    crossing = replace(work, now=NOW + 2 * DAY + timedelta(seconds=seconds))
    recorded = consent.record_many(crossing, events=[said(EventKind.WITHDRAWN, subject=into.id)])
    assert [one.subject for one in recorded if isinstance(one, consent.Recorded)] == [into.id]
    assert standing(work, other.id) is expected


def _record(work: Work, what: str, subject: SubjectId) -> None:
    if what == "purchase":
        customers.record_purchase(work, subject=subject, purchase=purchase(number=None))
    elif what == "interaction":
        customers.record_interaction(work, subject=subject, interaction=interaction())
    elif what == "activity":
        customers.record_activity(work, subject=subject, activity=NewActivity(kind=ActivityKind.VISIT, at=NOW))
    else:
        batch = BatchId(uuid7())
        record_purchases(work, [PurchaseOf(subject, purchase())], batch=batch)
        record_interactions(work, [InteractionOf(subject, interaction())], batch=batch)


@pytest.mark.parametrize("what", ["purchase", "interaction", "activity", "import"])
def test_what_is_recorded_while_a_merge_runs_is_the_survivors_at_once(fresh_database: Database, what: str) -> None:
    with open_work(fresh_database, SYSTEM) as work:
        into, other = pair(work)
    begun = Event()

    def write() -> None:
        with open_work(fresh_database, SYSTEM) as work:
            begun.set()
            _record(work, what, other.id)

    writer = Thread(target=write)
    with open_work(fresh_database, SYSTEM) as work:
        merge(work, into=into.id, other=other.id, reason=WHY)
        writer.start()
        begun.wait(10)
        while not work.session.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")):
            assert writer.is_alive()
            time.sleep(0.01)
    writer.join()
    with open_work(fresh_database, SYSTEM) as work:
        kept = [
            customers.list_purchases(work, subject=other.id).items,
            customers.list_interactions(work, subject=other.id).items,
            customers.list_activity(work, subject=other.id).items,
        ]
        assert sum(map(len, kept)) == (2 if what == "import" else 1)
        assert gather_strays(work) == 0
