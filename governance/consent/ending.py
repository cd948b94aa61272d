"""Consent of people who are being erased: contacts go on the ledger, what stands ends, what waits is dropped.

Evidence of what was said stays where it is; whoever erases decides how long.
"""

from collections.abc import Collection, Iterable
from collections.abc import Set as AbstractSet
from typing import Final

from sqlalchemy import select

from governance.consent import states
from governance.consent.codes import CONTACTS_OF
from governance.consent.ledger_batches import Ending, write_batch
from governance.consent.ledger_lines import NewLine, Wanted, write_lines
from governance.consent.said import Said
from governance.consent.subjects import lock
from governance.consent.tables import ConsentRequestRow
from governance.consent.writing import write_events
from governance.custody.shredding import Reason, shred
from governance.customers.codes import ContactKind
from governance.customers.erasing import Reach, reach_of
from governance.customers.holders import find_holders, find_known
from governance.customers.normal import normal_forms
from governance.customers.records import NewContact
from governance.kernel.ids import OwnerId, SubjectId
from governance.kernel.work import Work
from governance.policies.consent_facts import Scope, SuppressionReason
from governance.policies.consent_state import EventKind, Method, Standing
from governance.policies.purposes import Channel

_STANDING: Final = frozenset({Standing.REQUESTED, Standing.CLAIMED, Standing.GIVEN})
_ERASED: Final = {
    (kind, alone): tuple(
        NewLine(channel, Scope.EVERYTHING if alone else Scope.ADVERTISING, SuppressionReason.ERASED)
        for channel, kinds in CONTACTS_OF.items()
        if kind in kinds
    )
    for kind in ContactKind
    for alone in (True, False)
}
"""What is kept of a contact of somebody who was erased, by whether nobody else holds it."""


def suppress_erased(work: Work, *, people: Collection[SubjectId], at_once: bool = False) -> int:
    """Keep people who are about to be erased from being written to again, should an old list bring them back.

    To be called while their contacts can still be read. What somebody else holds as well is suppressed for advertising
    only: that person is asked anew, and gets no less of what does not advertise.

    Args:
        work: the transaction.
        people: who is to be erased.
        at_once: whether they are gone when this transaction ends, so that nobody could be told any more who it was.

    Returns:
        How many lines keep them from being written to: one for each contact and channel.
    """
    held = reach_of(work, people)
    # Of what nobody else holds, who it was is the erasure itself; it is looked up where that can still be told.
    alone = [one for one in held if at_once and not one.is_shared]
    return _suppress_alone(work, alone) + _suppress_held(
        work, set(people), [one for one in held if not at_once or one.is_shared], at_once=at_once
    )


def _suppress_alone(work: Work, reached: Iterable[Reach]) -> int:
    """What nobody else holds, and whose holders are gone when this transaction ends."""
    endings: list[Ending] = []
    for kind, values in _by_kind(reached).items():
        normals = dict.fromkeys(normal_forms(kind, values, home=None))
        endings += [Ending(kind, one, _ERASED[kind, True]) for one in normals if one is not None]
    return write_batch(work, endings)


def _suppress_held(work: Work, gone: AbstractSet[SubjectId], reached: Iterable[Reach], *, at_once: bool) -> int:
    """What others hold as well, or what is told of by the names of those who hold it."""
    wanted: list[Wanted] = []
    for kind, values in _by_kind(reached).items():
        found = find_holders(work, [NewContact(kind, value) for value in values])
        for normal, holders in zip(normal_forms(kind, values, home=None), found, strict=True):
            if normal is not None:
                alone = all(one.id in gone for one in holders)
                refs = tuple(one.ref for one in holders if not at_once or one.id not in gone)
                wanted += [Wanted(kind, normal, line, refs) for line in _ERASED[kind, alone]]
    write_lines(work, wanted, together=at_once)
    return len(wanted)


def _by_kind(reached: Iterable[Reach]) -> dict[ContactKind, list[str]]:
    """Values of each kind, each once."""
    found: dict[ContactKind, dict[str, None]] = {}
    for one in reached:
        found.setdefault(one.kind, {})[one.value] = None
    return {kind: list(values) for kind, values in found.items()}


def end_erased(work: Work, *, people: Iterable[SubjectId], asked: bool) -> int:
    """End all consents of people who are being erased: withdrawn where they *asked* for it, lapsed where nobody did.

    Returns:
        How many consents ended.
    """
    asked_of = list(people)
    if not any(kept.state.standing in _STANDING for kept in states.read(work, asked_of).values()):
        return 0
    known = {one.id: one for one in find_known(work, asked_of).values()}
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
