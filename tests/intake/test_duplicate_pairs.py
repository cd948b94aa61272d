"""Duplicates across the store: what is found, kept and decided, by whom it is seen, and that no value is among it."""

from datetime import timedelta

import psycopg
import pytest
from sqlalchemy import text

from governance.audit.actions import Action
from governance.customers import operations as customers
from governance.customers.bulk import create_people
from governance.customers.codes import RestrictionReason
from governance.customers.comparing import open_people
from governance.customers.records import NewPerson
from governance.intake import operations as intake
from governance.intake.applying import apply_next
from governance.intake.duplicates import Duplicate, PairId, PairState
from governance.intake.duplicates_scores import Reason
from governance.intake.duplicates_store import FIND_DUPLICATES, Search, find_duplicates
from governance.kernel.clock import FixedClock
from governance.kernel.db import Database
from governance.kernel.errors import ForbiddenError, NotFoundError
from governance.kernel.ids import SubjectId, uuid7
from governance.kernel.work import OPERATOR, SYSTEM, Actor, Work, open_work
from tests.conftest import NOW, Store
from tests.factories.actors import by, client, staff
from tests.factories.customers import email, origin, person, phone
from tests.factories.trail import entries
from tests.intake.building import csv_bytes
from tests.intake.conftest import bring, name_controller

OTHERS = (email("another@example.org"), phone("+79161112233"))
IRINA = person()
SPELT_OTHERWISE = person(family_name="Vorobyeva", given_name="Irina", patronymic=None, contacts=(email(),))
PETR = person(family_name="Орлов", given_name="Пётр", patronymic=None, birth_date=None, contacts=OTHERS)


def keep(database: Database, *people: NewPerson) -> list[SubjectId]:
    with open_work(database, SYSTEM) as work:
        return create_people(work, people, origin=origin())


def find(database: Database, *, days: int = 0) -> Search:
    return find_duplicates(database, actor=SYSTEM, clock=FixedClock(NOW + timedelta(days=days)))


def listed(database: Database, state: PairState = PairState.OPEN) -> tuple[Duplicate, ...]:
    with open_work(database, OPERATOR) as work:
        return intake.duplicates(work, state=state).items


def test_a_person_kept_twice_is_found_across_the_store_with_reasons(fresh_database: Database) -> None:
    first, second, _ = keep(fresh_database, IRINA, SPELT_OTHERWISE, PETR)
    done = find(fresh_database)
    assert (done.people, done.pairs, done.fresh, done.gone) == (3, 1, 1, 0)
    (pair,) = listed(fresh_database)
    assert pair.customers == (first, second)
    assert {Reason.SAME_EMAIL, Reason.SAME_NAME, Reason.SAME_BIRTH_DATE} <= set(pair.reasons)
    assert pair.score > 95
    with open_work(fresh_database, SYSTEM) as work:
        assert entries(work, Action.DUPLICATES_SOUGHT)[0].facts == {"people": 3, "pairs": 1, "fresh": 1, "gone": 0}
        (told,) = entries(work, Action.DUPLICATES_LISTED)
        assert (told.facts["count"], len(told.facts["people"])) == (1, 2)


def test_what_is_found_again_keeps_its_id_and_what_is_found_no_more_is_gone(fresh_database: Database) -> None:
    _, second = keep(fresh_database, IRINA, SPELT_OTHERWISE)
    find(fresh_database)
    (before,) = listed(fresh_database)
    again = find(fresh_database, days=1)
    assert (again.fresh, again.gone) == (0, 0)
    assert listed(fresh_database) == (before,)
    with open_work(fresh_database, SYSTEM) as work:
        customers.edit(work, subject=second, patch={"birth_date": "1951-02-03"})
    assert find(fresh_database, days=2).gone == 1
    assert listed(fresh_database) == ()


def test_two_who_were_told_apart_are_never_a_pair_again(fresh_database: Database) -> None:
    keep(fresh_database, IRINA, SPELT_OTHERWISE)
    find(fresh_database)
    (pair,) = listed(fresh_database)
    with open_work(fresh_database, OPERATOR) as work:
        decided = intake.mark_apart(work, pair=pair.id)
        assert intake.mark_apart(work, pair=pair.id) == decided
    done = find(fresh_database, days=1)
    assert (done.pairs, done.gone) == (0, 0)
    assert listed(fresh_database) == ()
    assert [one.id for one in listed(fresh_database, PairState.APART)] == [pair.id]
    with open_work(fresh_database, SYSTEM) as work:
        told = entries(work, Action.DUPLICATE_DENIED)
        assert len(told) == len({one.subject for one in told}) == 2


def test_people_whose_processing_is_restricted_are_not_compared(fresh_database: Database) -> None:
    _, second = keep(fresh_database, IRINA, SPELT_OTHERWISE)
    with open_work(fresh_database, SYSTEM) as work:
        customers.restrict(work, subject=second, reason=RestrictionReason.ACCURACY_CONTESTED)
    assert find(fresh_database).people == 1
    assert listed(fresh_database) == ()


def test_a_pair_goes_with_either_of_its_people(fresh_database: Database, fresh_store: Store) -> None:
    first, _ = keep(fresh_database, IRINA, SPELT_OTHERWISE)
    find(fresh_database)
    with psycopg.connect(fresh_store.admin_url) as connection:
        connection.execute("SET session_replication_role = origin")
        connection.execute("DELETE FROM contact WHERE person_id = %s", (first,))
        connection.execute("DELETE FROM person WHERE id = %s", (first,))
    assert listed(fresh_database) == ()


def test_nothing_of_a_pair_is_a_value_of_anybody(fresh_database: Database, fresh_store: Store) -> None:
    keep(fresh_database, IRINA, SPELT_OTHERWISE)
    find(fresh_database)
    with psycopg.connect(fresh_store.admin_url) as connection:
        rows = connection.execute("SELECT row_to_json(p)::text FROM duplicate_pair p").fetchall()
    assert len(rows) == 1
    assert not any(word in str(rows).casefold() for word in ("vorob", "вороб", "irina", "1982", "9334552061"))


def test_all_people_are_opened_page_by_page(work: Work) -> None:
    made = create_people(work, [PETR, IRINA, SPELT_OTHERWISE], origin=origin())
    first = open_people(work, after=None, limit=2)
    rest = open_people(work, after=first[-1].id, limit=2)
    assert [one.id for one in (*first, *rest)] == sorted(made)
    assert first[0].fields[:2] == ("Орлов", "Пётр")
    assert set(first[0].contacts) == {("email", "another@example.org"), ("phone", "+79161112233")}


def pair_of(work: Work, *people: SubjectId, score: int = 99) -> PairId:
    """A pair as a search would keep it."""
    first, second = sorted(people)
    row = {"id": uuid7(), "first": first, "second": second, "now": NOW, "score": score}
    work.session.execute(
        text(
            "INSERT INTO duplicate_pair (id, first_id, second_id, score, reasons, state, found_at, seen_at) "
            "VALUES (:id, :first, :second, :score, '{same-email}', 'open', :now, :now)"
        ),
        row,
    )
    return PairId(row["id"])


def test_pairs_come_page_by_page_the_surest_first(work: Work) -> None:
    one, *others = create_people(work, [PETR] * 6, origin=origin())
    scores = (90, 99, 95, 99, 91)
    made = {pair_of(work, one, other, score=score): score for other, score in zip(others, scores, strict=True)}
    met, after = [], None
    while True:
        page = intake.duplicates(work, after=after, limit=2)
        met += page.items
        after = page.more
        if after is None:
            break
    assert [pair.score for pair in met] == sorted(scores, reverse=True)
    assert {pair.id for pair in met} == set(made)


@pytest.mark.parametrize("actor", [staff("auditor"), staff("marketer"), client()])
def test_who_may_not_decide_neither_sees_pairs_nor_tells_them_apart(work: Work, actor: Actor) -> None:
    pair = pair_of(work, *create_people(work, [PETR, IRINA], origin=origin()))
    with pytest.raises(ForbiddenError):
        intake.duplicates(by(work, actor))
    with pytest.raises(ForbiddenError):
        intake.mark_apart(by(work, actor), pair=pair)


def test_an_unknown_pair_is_not_found(work: Work) -> None:
    with pytest.raises(NotFoundError):
        intake.mark_apart(by(work, staff("steward")), pair=PairId(uuid7()))


def test_the_end_of_an_import_puts_the_search_into_the_queue_once(work: Work) -> None:
    name_controller(work)
    for name in ("Орлов Пётр", "Орлова Анна"):
        content = csv_bytes([("ФИО", "E-mail"), (name, "one@example.org")])
        apply_next(work, batch=bring(work, content).batch.id)
    waiting = text("SELECT count(*) FROM procrastinate_jobs WHERE task_name = :name AND status = 'todo'")
    assert work.session.scalar(waiting, {"name": FIND_DUPLICATES}) == 1
