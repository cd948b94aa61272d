"""The events are the truth: states are folded from them anew, compared with those kept, and put right."""

from collections.abc import Iterator, Mapping
from typing import Final, LiteralString
from uuid import UUID

from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.consent import states
from governance.consent.states import KeptState
from governance.consent.subjects import Key, histories_of
from governance.customers.reach import allow
from governance.kernel.db import driver_connection
from governance.kernel.ids import SubjectId
from governance.kernel.records import frozen
from governance.kernel.work import Work
from governance.policies.consent_state import Fold, fold
from governance.policies.permissions import Permission

AT_ONCE: Final = 1000
"""Subjects that one transaction looks at."""
_PEOPLE: Final[LiteralString] = """
SELECT person_id FROM (
    (SELECT DISTINCT person_id FROM consent_event WHERE person_id > %(after)s ORDER BY person_id LIMIT %(limit)s)
    UNION
    (SELECT DISTINCT person_id FROM consent_state WHERE person_id > %(after)s ORDER BY person_id LIMIT %(limit)s)
) AS everybody ORDER BY person_id LIMIT %(limit)s
"""
_NOBODY: Final = UUID(int=0)


@frozen
class Difference:
    """A state that is not what its events come to, or whose subject's sequence has fallen behind them."""

    subject: SubjectId
    purpose: str
    channel: str


@frozen
class Rebuilt:
    """What became of some subjects.

    Attributes:
        people: how many were looked at.
        states: how many states were compared.
        differences: those that differed; put right unless only looked at.
        next_after: behind whom to go on; None where everybody was looked at.
    """

    people: int
    states: int
    differences: tuple[Difference, ...]
    next_after: SubjectId | None


def rebuild(work: Work, *, repair: bool, after: SubjectId | None = None, limit: int = AT_ONCE) -> Rebuilt:
    """Compare states with the fold of their events for some subjects, and put right those that differ.

    To be repeated from `next_after` on, each time in a transaction of its own; nobody records anything for the subjects
    while it lasts.

    Raises:
        ForbiddenError: where the actor may not configure consents.
    """
    allow(work, Permission.CONSENT_CONFIGURE)
    work.session.flush()
    connection = driver_connection(work.session)
    found = connection.execute(_PEOPLE, {"after": after or _NOBODY, "limit": limit}).fetchall()
    people = [row[0] for row in found]
    locked = connection.execute(
        "SELECT person_id, sequence FROM consent_subject WHERE person_id = ANY(%s) ORDER BY person_id FOR UPDATE",
        (people,),
    )
    sequences = {row[0]: row[1] for row in locked.fetchall()}
    folds = {key: fold(one.event for one in kept) for key, kept in histories_of(work, people).items()}
    kept = states.read(work, people)
    differing = sorted({*_differing(folds, kept), *_behind(folds, sequences)})
    if repair and differing:
        _repair(work, folds, differing)
    differences = tuple(Difference(SubjectId(key.person), key.purpose, key.channel) for key in differing)
    return Rebuilt(
        people=len(people),
        states=len(folds.keys() | kept.keys()),
        differences=differences,
        next_after=SubjectId(people[-1]) if len(people) == limit else None,
    )


def _differing(folds: Mapping[Key, Fold], kept: Mapping[Key, KeptState]) -> Iterator[Key]:
    for key in folds.keys() | kept.keys():
        folded, state = folds.get(key), kept.get(key)
        if folded is None or state is None or (folded.sequence, folded.state) != (state.sequence, state.state):
            yield key


def _behind(folds: Mapping[Key, Fold], sequences: Mapping[UUID, int]) -> Iterator[Key]:
    """Histories whose subject would give out a place that is taken."""
    return (key for key, folded in folds.items() if folded.sequence > sequences.get(key.person, 0))


def _repair(work: Work, folds: Mapping[Key, Fold], differing: list[Key]) -> None:
    connection = driver_connection(work.session)
    strays = [key for key in differing if key not in folds]
    if strays:
        connection.execute(
            "DELETE FROM consent_state WHERE (person_id, purpose, channel) IN "
            "(SELECT * FROM unnest(%s::uuid[], %s::text[], %s::text[]))",
            tuple(list(column) for column in zip(*strays, strict=True)),
        )
    right = {key: folds[key] for key in differing if key in folds}
    states.write(work, right)
    last: dict[UUID, int] = {}
    for key, folded in right.items():
        last[key.person] = max(folded.sequence, last.get(key.person, 0))
    connection.execute(
        "INSERT INTO consent_subject AS subject (person_id, sequence, recorded_at) "
        "SELECT person, sequence, %s FROM unnest(%s::uuid[], %s::int8[]) AS said (person, sequence) "
        "ON CONFLICT (person_id) DO UPDATE SET sequence = greatest(subject.sequence, excluded.sequence)",
        (work.now, list(last), list(last.values())),
    )
    audit.append(work, Action.CONSENT_REBUILT, facts={"states": len(right), "strays": len(strays)})
