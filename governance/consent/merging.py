"""Two records of one person become one: what either said stays said, and of two answers the stricter one counts.

Where the merge is undone, what was handed on is taken away again, and only that.
"""

from collections.abc import Collection, Iterator
from uuid import UUID

from governance.consent import states
from governance.consent.events import Recorded
from governance.consent.said import Said
from governance.consent.subjects import KeptEvent, Key, histories_of, lock, point_to
from governance.consent.writing import write_events
from governance.customers.holders import Known, find_known
from governance.kernel.db import driver_connection
from governance.kernel.errors import NotFoundError
from governance.kernel.ids import BatchId, SubjectId
from governance.kernel.work import Work
from governance.policies.consent_state import STOPS, Event, EventKind, fold
from governance.policies.purposes import Channel


def merge(work: Work, *, into: SubjectId, other: SubjectId) -> list[Recorded]:
    """Hand the consents and stops of *other* on to *into*, for whoever merges the two and has decided that it may be.

    To be called in the transaction that makes *into* the survivor. A consent that is handed on has seen nothing of the
    survivor's history, so that a stop on either side stays. What *other* said remains in its own history as well. Who
    records something for *other* from now on records it for the survivor, also where they have begun already.

    Raises:
        NotFoundError: where *into* does not exist.
    """
    survivor = find_known(work, [into]).get(into)
    if survivor is None or survivor.id == other:
        raise NotFoundError("There is no such person to merge into.")
    lock(work, {survivor.id: 0, other: 0})
    point_to(work, survivor.id, others=[other])
    return write_events(work, list(_handed_on(work, survivor, other)))


def _handed_on(work: Work, survivor: Known, other: UUID) -> Iterator[Said]:
    for key, kept in sorted(histories_of(work, [other]).items()):
        by_id = {one.event.id: one for one in kept}
        for event in fold(one.event for one in kept).handed_on():
            yield _said(survivor, key, event, by_id[event.id])


def _said(survivor: Known, key: Key, event: Event, kept: KeptEvent) -> Said:
    return Said(
        person=survivor,
        kind=event.kind,
        purpose=key.purpose,
        channel=Channel(key.channel),
        method=event.method,
        valid_at=event.valid_at,
        claimed=event.valid_at is None,
        whole_day=kept.whole_day,
        notice=event.notice,
        language=kept.language,
        seen=event.seen,
        evidence={"handed_on_from": str(event.id)},  # what proves it lies sealed with the event itself
        batch=None if kept.batch is None else BatchId(kept.batch),
    )


def lock_histories(work: Work, *, people: Collection[SubjectId]) -> None:
    """Let nobody record anything for *people* until the transaction ends.

    To be called before anything is sealed for them: whoever records an event takes this lock first, and then the keys.
    """
    lock(work, dict.fromkeys(people, 0))


def sequence_of(work: Work, *, subject: SubjectId) -> int:
    """The last place given out in a subject's sequence; 0 where nothing was ever recorded."""
    found = driver_connection(work.session).execute(
        "SELECT sequence FROM consent_subject WHERE person_id = %s", (subject,)
    )
    row = found.fetchone()
    return 0 if row is None else int(row[0])


def part(
    work: Work,
    *,
    survivor: SubjectId,
    other: SubjectId,
    events: Collection[UUID],
    since: int,
    foreign: Collection[UUID] = (),
    with_other: Collection[SubjectId] = (),
) -> list[Recorded]:
    """Undo a `merge`, for whoever parts the two records and has decided that it may be.

    What *other* had handed on is as if it had never been said by *survivor*. A stop said since may be either's, so both
    have it; a consent said since stays with the survivor alone.

    To be called in the transaction that parts them, once *other* answers for itself again.

    Args:
        work: the transaction.
        survivor: into whom the other was merged.
        other: the one merged.
        events: ids of the events that the merge handed on.
        since: the survivor's sequence right after the merge.
        foreign: ids of events that other merges into the survivor handed on.
        with_other: who had been merged into *other* before, and follows them.
    """
    known = find_known(work, [survivor, other])
    lock(work, {survivor: 0, other: 0})
    connection = driver_connection(work.session)
    connection.execute("UPDATE consent_subject SET merged_into = NULL WHERE person_id = %s", (other,))
    noted = "UPDATE consent_subject SET parted_at = %s, parted_from = %s WHERE person_id = %s"
    connection.execute(noted, (work.now, other, survivor))
    point_back = "UPDATE consent_subject SET merged_into = %s WHERE person_id = ANY(%s)"
    connection.execute(point_back, (other, list(with_other)))
    said: list[Said] = []
    parted: set[Key] = set()
    for key, kept in sorted(histories_of(work, [survivor]).items()):
        for one in kept:
            if one.event.id in events:
                parted.add(key)
                said.append(_parted(known[survivor], key, one))
        for one in kept:
            later = one.event.sequence > since and one.event.id not in foreign
            if later and one.event.kind in STOPS:
                said.append(_said(known[other], key, one.event, one))
    recorded = write_events(work, said)
    folds = {key: fold(one.event for one in kept) for key, kept in histories_of(work, [survivor]).items()}
    states.write(work, {key: folds[key] for key in parted})
    return recorded


def _parted(survivor: Known, key: Key, kept: KeptEvent) -> Said:
    return Said(
        person=survivor,
        kind=EventKind.PARTED,
        purpose=key.purpose,
        channel=Channel(key.channel),
        method=kept.event.method,
        voids=kept.event.sequence,
    )
