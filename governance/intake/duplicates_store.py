"""Duplicates across the store: all opened and compared in memory; pairs of ids are kept, with score and reasons."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Final, LiteralString

from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.customers.comparing import Opened, count_people, open_people
from governance.intake.duplicates_pairs import Comparison, Pair
from governance.intake.duplicates_profiles import Profile, Told, profile_of
from governance.kernel.clock import Clock
from governance.kernel.db import Database, driver_connection
from governance.kernel.ids import SubjectId, uuid7
from governance.kernel.records import frozen
from governance.kernel.work import Actor, Work, open_work

PEOPLE_AT_ONCE: Final = 2000
FIND_DUPLICATES: Final = "duplicates.find"
"""Name of the job."""

OnProgress = Callable[[int, int], None]

# Whoever was removed or merged while the comparison ran is in no pair; what somebody decided stays as it is.
_KEEP: Final[LiteralString] = """
INSERT INTO duplicate_pair (id, first_id, second_id, score, reasons, state, found_at, seen_at)
SELECT told.id, told.first, told.second, told.score, string_to_array(told.reasons, ','), 'open', %(now)s, %(now)s
FROM unnest(%(ids)s::uuid[], %(firsts)s::uuid[], %(seconds)s::uuid[], %(scores)s::int[], %(reasons)s::text[])
    AS told (id, first, second, score, reasons)
JOIN person AS one ON one.id = told.first AND one.merged_into IS NULL
JOIN person AS other ON other.id = told.second AND other.merged_into IS NULL
ON CONFLICT (first_id, second_id) DO UPDATE
SET score = excluded.score, reasons = excluded.reasons, seen_at = excluded.seen_at
WHERE duplicate_pair.state = 'open'
RETURNING found_at = seen_at
"""
_FORGET: Final[LiteralString] = "DELETE FROM duplicate_pair WHERE state = 'open' AND seen_at < %(began)s"


@frozen
class Search:
    """What a search through the store came to.

    Attributes:
        people: how many were compared.
        pairs: how many wait for a decision, of those found.
        fresh: how many of these were not known before.
        gone: how many were known, and nothing speaks for them any more.
        crowded: values shared by so many people that not all of these were compared.
    """

    people: int
    pairs: int
    fresh: int
    gone: int
    crowded: int


def find_duplicates(
    database: Database, *, actor: Actor, clock: Clock | None = None, on_progress: OnProgress | None = None
) -> Search:
    """Compare all people with one another; nothing but pairs of ids is kept, and those once decided stay decided.

    Whoever calls has decided that it may be.

    Args:
        database: of the store.
        actor: who is told in the log.
        clock: tells the instants.
        on_progress: told how far reading, and then comparing, is; may raise to end it, and nothing is changed.
    """
    with open_work(database, actor, clock=clock) as work:
        began, total = work.now, count_people(work)
    ids: list[SubjectId] = []
    profiles: list[Profile] = []
    for people in _everybody(database, actor, clock):
        ids += [one.id for one in people]
        profiles += [profile_of(Told(*one.fields), one.contacts) for one in people]
        if on_progress is not None:
            on_progress(len(ids), max(total, len(ids)))
    compared = Comparison(profiles, on_pairs=on_progress)
    with open_work(database, actor, clock=clock) as work:
        return _keep(work, ids, compared, began)


def _everybody(database: Database, actor: Actor, clock: Clock | None) -> Iterator[list[Opened]]:
    after: SubjectId | None = None
    while True:
        with open_work(database, actor, clock=clock) as work:
            people = open_people(work, after=after, limit=PEOPLE_AT_ONCE)
        if not people:
            return
        yield people
        after = people[-1].id


def _keep(work: Work, ids: Sequence[SubjectId], compared: Comparison, began: datetime) -> Search:
    connection = driver_connection(work.session)
    rows = connection.execute(_KEEP, _told(work, ids, compared.pairs())).fetchall()
    gone = connection.execute(_FORGET, {"began": began}).rowcount
    found = Search(
        people=len(ids),
        pairs=len(rows),
        fresh=sum(fresh for (fresh,) in rows),
        gone=gone,
        crowded=compared.crowded,
    )
    audit.append(
        work,
        Action.DUPLICATES_SOUGHT,
        facts={"people": found.people, "pairs": found.pairs, "fresh": found.fresh, "gone": found.gone},
    )
    return found


def _told(work: Work, ids: Sequence[SubjectId], pairs: Sequence[Pair]) -> dict[str, object]:
    people = [sorted((ids[pair.first], ids[pair.second])) for pair in pairs]
    return {
        "now": work.now,
        "ids": [uuid7() for _ in pairs],
        "firsts": [first for first, _ in people],
        "seconds": [second for _, second in people],
        "scores": [pair.score.percent for pair in pairs],
        "reasons": [",".join(pair.score.reasons) for pair in pairs],
    }
