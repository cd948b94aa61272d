"""People and contacts as they were at an instant: what a send check of the past goes by (see migration 0013)."""

from collections.abc import Mapping, Sequence, Set
from datetime import datetime
from typing import Final, LiteralString, NamedTuple
from uuid import UUID

from governance.kernel.db import driver_connection
from governance.kernel.ids import SubjectId
from governance.kernel.work import Work

# What was changed at an instant is there at that instant. A row of the history says how it was until its own.
_HELD: Final[LiteralString] = """
WITH asked AS (
    SELECT * FROM unnest(%(places)s::int[], %(digests)s::bytea[]) AS asked (place, digest)
), met AS (
    SELECT place, contact.id FROM asked JOIN contact ON contact.value_index = asked.digest
    UNION
    SELECT place, contact_id FROM asked JOIN contact_history AS history ON history.digest = asked.digest
), held AS (
    SELECT met.place, met.id, was.person_id, was.opt_out_offered_at FROM met JOIN LATERAL (
        SELECT * FROM (
            SELECT 0 AS later, until, history.id AS number, person_id, opt_out_offered_at, created_at
            FROM contact_history AS history
            WHERE contact_id = met.id AND (until > %(at)s OR until = ANY(%(unseen)s::timestamptz[]))
            UNION ALL
            SELECT 1, NULL, NULL, person_id, opt_out_offered_at, created_at FROM contact WHERE contact.id = met.id
        ) AS states ORDER BY later, until, number LIMIT 1
    ) AS was ON was.created_at <= %(at)s AND was.created_at <> ALL(%(unseen)s::timestamptz[])
)
"""
_NAMED: Final[LiteralString] = """
WITH held AS (
    SELECT asked.place, NULL::uuid AS id, person.id AS person_id, NULL::timestamptz AS opt_out_offered_at
    FROM unnest(%(places)s::int[], %(people)s::uuid[]) AS asked (place, person_id)
    JOIN person ON person.id = asked.person_id
    WHERE person.created_at <= %(at)s AND person.created_at <> ALL(%(unseen)s::timestamptz[])
)
"""
_WERE: Final[LiteralString] = """
SELECT held.place, held.person_id, held.id,
    was.not_mailable IS NOT NULL OR was.deceased_at IS NOT NULL OR was.merged_into IS NOT NULL OR EXISTS (
        SELECT FROM person_restriction AS mark WHERE mark.person_id = held.person_id AND mark.placed_at <= %(at)s
        AND mark.placed_at <> ALL(%(unseen)s::timestamptz[])
        AND (mark.lifted_at IS NULL OR mark.lifted_at > %(at)s OR mark.lifted_at = ANY(%(unseen)s::timestamptz[]))
    ),
    was.country, was.age_at_least, was.ground, held.opt_out_offered_at,
    (
        SELECT max(paid_at) FROM purchase WHERE purchase.person_id = held.person_id AND paid_at <= %(at)s
        AND created_at <= %(at)s AND created_at <> ALL(%(unseen)s::timestamptz[])
    )
FROM held JOIN LATERAL (
    SELECT * FROM (
        SELECT 0 AS later, until, history.id AS number, country, ground, not_mailable, deceased_at, age_at_least,
            merged_into
        FROM person_history AS history
        WHERE person_id = held.person_id AND (until > %(at)s OR until = ANY(%(unseen)s::timestamptz[]))
        UNION ALL
        SELECT 1, NULL, NULL, country, ground, not_mailable, deceased_at, age_at_least, merged_into
        FROM person WHERE person.id = held.person_id
    ) AS states ORDER BY later, until, number LIMIT 1
) AS was ON true
"""


class PastHolder(NamedTuple):
    """Somebody who held a contact then; as `checked.PERSON_COLUMNS`."""

    place: int
    person: UUID
    contact: UUID | None
    restricted: bool
    country: str | None
    age: int | None
    ground: str | None
    offered_at: datetime | None
    sale_at: datetime | None


def holders_at(
    work: Work, *, places: Sequence[int], digests: Sequence[bytes], at: datetime, unseen: Set[datetime] = frozenset()
) -> list[PastHolder]:
    """Everybody who held contacts at an instant, by what was recorded up to then, that instant included.

    A contact that was removed is found by the blind index that it had; not any more once those were rotated.

    Args:
        work: the transaction.
        places: by digest, what the caller calls the contact.
        digests: blind indexes of the contacts.
        at: the instant.
        unseen: instants up to it whose acts are to be left out, since nobody could see them yet.
    """
    cursor = driver_connection(work.session).cursor(binary=True)
    cursor.execute(_HELD + _WERE, {"places": list(places), "digests": list(digests), "at": at, "unseen": list(unseen)})
    return [PastHolder(*row) for row in cursor.fetchall()]


def people_at(
    work: Work, *, people: Mapping[int, SubjectId], at: datetime, unseen: Set[datetime] = frozenset()
) -> list[PastHolder]:
    """People as they were at an instant, by place; whoever was recorded later is left out. The rest as `holders_at`."""
    cursor = driver_connection(work.session).cursor(binary=True)
    given = {"places": list(people), "people": list(people.values()), "at": at, "unseen": list(unseen)}
    cursor.execute(_NAMED + _WERE, given)
    return [PastHolder(*row) for row in cursor.fetchall()]
