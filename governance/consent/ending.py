"""Consent of people who are being erased: what stands ends, and what waits to be confirmed is dropped.

Evidence of what was said stays where it is; whoever erases decides how long.
"""

from collections.abc import Iterable
from typing import Final

from sqlalchemy import select

from governance.consent import states
from governance.consent.said import Said
from governance.consent.subjects import lock
from governance.consent.tables import ConsentRequestRow
from governance.consent.writing import write_events
from governance.custody.shredding import Reason, shred
from governance.customers.codes import ContactKind
from governance.customers.holders import find_known
from governance.customers.records import NewContact
from governance.kernel.ids import OwnerId, SubjectId
from governance.kernel.work import Work
from governance.policies.consent_state import EventKind, Method, Standing
from governance.policies.purposes import Channel

_STANDING: Final = frozenset({Standing.REQUESTED, Standing.CLAIMED, Standing.GIVEN})


def end_erased(work: Work, *, people: Iterable[SubjectId], asked: bool) -> int:
    """End all consents of people who are being erased: withdrawn where they *asked* for it, lapsed where nobody did.

    Returns:
        How many consents ended.
    """
    known = {one.id: one for one in find_known(work, people).values()}
    if not known:
        return 0
    lock(work, dict.fromkeys(sorted(known), 0))
    kind = EventKind.WITHDRAWN if asked else EventKind.EXPIRED
    said = [
        Said(known[SubjectId(key.person)], kind, key.purpose, Channel(key.channel), Method.API)
        for key, kept in sorted(states.read(work, known).items())
        if kept.state.standing in _STANDING
    ]
    write_events(work, said)
    return len(said)


def forget_requests(work: Work, *, contacts: Iterable[NewContact]) -> int:
    """Drop subscriptions that wait to be confirmed by one of *contacts*, and shred their keys; answers how many."""
    addresses = [one.value for one in contacts if one.kind is ContactKind.EMAIL]
    if not addresses:
        return 0
    query = select(ConsentRequestRow).where(ConsentRequestRow.contact.in_(addresses))
    rows = work.session.scalars(query.with_for_update()).all()
    shred(work, owners=[OwnerId(row.owner_id) for row in rows], reason=Reason.ERASURE_REQUEST)
    for row in rows:
        work.session.delete(row)
    work.session.flush()
    return len(rows)
