"""Two records of one person become one: what either said stays said, and of two answers the stricter one counts."""

from collections.abc import Iterator
from uuid import UUID

from governance.consent.events import Recorded
from governance.consent.subjects import KeptEvent, Key, histories_of, lock, point_to
from governance.consent.writing import Said, write_events
from governance.customers.holders import Known, find_known
from governance.kernel.errors import NotFoundError
from governance.kernel.ids import BatchId, SubjectId
from governance.kernel.work import Work
from governance.policies.consent_state import Event, fold
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
