"""Two records of one person made one, and made two again.

All that either record holds is kept, and of two answers to the question whether somebody may be written to, the
stricter one counts. Both ids keep answering. Until a person has looked at a merge, data of the two leave in no file.
"""

from collections.abc import Mapping
from typing import Final, LiteralString

from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import Fact, NewEntry, ObjectRef
from governance.consent import operations as consent
from governance.customers import merging
from governance.customers.merge_list import (
    OBJECT,
    Merges,
    MergeState,
    MergeView,
    find_merge,
    list_merges,
    merge_view,
    review_merge,
)
from governance.customers.merging import MergeId, Two
from governance.customers.texts import LONG_TEXT, Complaints, words
from governance.customers.unmerging import give_back
from governance.intake.apart import carry_over, give_back_pairs, score_of
from governance.intake.parting import tell_parted
from governance.kernel.clock import Clock
from governance.kernel.db import Database, driver_connection
from governance.kernel.errors import ConflictError, NotFoundError
from governance.kernel.ids import OwnerId, SubjectId, SubjectRef
from governance.kernel.records import frozen
from governance.kernel.work import Actor, Work, open_work
from governance.policies.permissions import Permission

__all__ = [
    "MergeId",
    "MergeState",
    "MergeView",
    "Merges",
    "Parted",
    "list_merges",
    "merge",
    "merge_surest",
    "review_merge",
    "undo_merge",
]

SURE_REASON: Final = "Merged by itself, as set by GOVERNANCE_MERGE_FROM."
_EVENT: Final = "consent_event"
_PAIR: Final = "duplicate_pair"
_SUREST: Final[LiteralString] = """
SELECT CASE WHEN second.created_at < first.created_at THEN second.id ELSE first.id END,
    CASE WHEN second.created_at < first.created_at THEN first.id ELSE second.id END
FROM duplicate_pair AS pair
JOIN person AS first ON first.id = pair.first_id AND first.merged_into IS NULL
JOIN person AS second ON second.id = pair.second_id AND second.merged_into IS NULL
WHERE pair.state = 'open' AND pair.score >= %(score)s AND NOT EXISTS (
    SELECT FROM person_merge AS before WHERE before.undone_at IS NOT NULL AND (
        (before.into_id, before.other_id) IN ((pair.first_id, pair.second_id), (pair.second_id, pair.first_id))
    )
)
ORDER BY pair.score DESC, pair.id
"""


@frozen
class Parted:
    """A merge that was undone.

    Attributes:
        stayed: how many records of each kind came to the survivor meanwhile, and stay there.
    """

    merge: MergeView
    stayed: Mapping[str, int]


def merge(work: Work, *, into: SubjectId, other: SubjectId, reason: str) -> MergeView:
    """Merge *other* into *into*, who stays.

    Args:
        work: the transaction; both are locked until it ends.
        into: who stays; what they say of themselves counts where the two differ.
        other: who is merged; their id answers with the survivor from now on.
        reason: why they are one; sealed.

    Raises:
        ForbiddenError: where the actor may not decide it.
        NotFoundError: where one of the two does not exist, or is out of reach.
        ConflictError: where one was merged before, or both are one.
        InvalidError: where no reason is given.
    """
    errors = Complaints()
    with errors.at("reason"):
        reason = words(reason, longest=LONG_TEXT, lines=True)
    errors.end("The two cannot be merged as it is.")
    two = merging.lock_two(work, into=into, other=other, permission=Permission.DUPLICATES_DECIDE)
    consent.lock_histories(work, people=(into, other))
    row = merging.take_over(work, two, reason=reason, score=score_of(work, into, other))
    handed_on = consent.merge(work, into=into, other=other)
    row.sequence = consent.sequence_of(work, subject=into)
    merging.note_moves(work, row, _EVENT, {one.id: False for one in handed_on})
    merging.note_moves(work, row, _PAIR, carry_over(work, into=into, other=other))
    _tell(work, Action.PERSON_MERGED, MergeId(row.id), two, {"score": row.score}, reason)
    return merge_view(work, row, two.survivor)


def undo_merge(work: Work, *, merge: MergeId) -> Parted:
    """Make two again of those who were merged at most thirty days ago.

    All that was the other's goes back, as it is by now. What came to the survivor meanwhile stays there, and is
    counted; of what may be meant for either, both have what is stricter: stops, holds, restrictions.

    Raises:
        ForbiddenError: where the actor may not decide it.
        NotFoundError: where there is no such merge within reach.
        ConflictError: where it was undone before, the time is over, the survivor was itself merged since, or the two
            are being erased and something of them is gone (`merge-in-erasure`).
    """
    row, two = find_merge(work, merge, Permission.DUPLICATES_DECIDE)
    into, other = SubjectId(row.into_id), SubjectId(row.other_id)
    events = merging.moves_of(work, merge, _EVENT)
    foreign = merging.moved_to(work, into, _EVENT) - events.keys()
    followers = [SubjectId(one) for one in merging.moves_of(work, merge, merging.PERSON)]
    consent.lock_histories(work, people=(into, other))
    stayed = give_back(work, row, two)
    consent.part(
        work,
        survivor=into,
        other=other,
        events=events.keys(),
        since=row.sequence or 0,
        foreign=foreign,
        with_other=followers,
    )
    give_back_pairs(work, merging.moves_of(work, merge, _PAIR))
    tell_parted(work, survivor=into, other=other)
    _tell(work, Action.MERGE_UNDONE, merge, two, {"stayed": sum(stayed.values())}, None)
    return Parted(merge_view(work, row, two.survivor), stayed)


def merge_surest(database: Database, *, actor: Actor, score: int, clock: Clock | None = None) -> int:
    """Merge those of whom the list says with at least *score* percent that they are one; answers how many.

    Who is known longer stays. A pair whose merge was once undone is left to people.
    """
    with open_work(database, actor, clock=clock) as work:
        pairs = driver_connection(work.session).execute(_SUREST, {"score": score}).fetchall()
    merged = 0
    for into, other in pairs:
        try:
            with open_work(database, actor, clock=clock) as work:
                merge(work, into=SubjectId(into), other=SubjectId(other), reason=SURE_REASON)
        except (ConflictError, NotFoundError):
            continue  # one of the two was merged meanwhile, perhaps as part of another pair
        merged += 1
    return merged


def _tell(work: Work, action: Action, merge: MergeId, two: Two, facts: dict[str, Fact], reason: str | None) -> None:
    about = ObjectRef(OBJECT, merge)
    audit.append_many(
        work,
        [
            NewEntry(
                action,
                subject=SubjectRef(one.subject_ref),
                object=about,
                facts=facts,
                personal={} if reason is None else {"reason": reason},
                owner=None if reason is None else OwnerId(one.owner_id),
            )
            for one in two
        ],
    )
