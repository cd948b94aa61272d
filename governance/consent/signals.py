"""A browser's signal that nothing may be shared (Global Privacy Control), taken for the objection that it is.

It is the person's own word where the law says so (CCPA regulations, 11 CCR 7025), and we hold to it everywhere.
"""

from typing import Final

from governance.consent import states
from governance.consent.codes import CONTACTS_OF
from governance.consent.events import ContactSaid, NewEvent
from governance.consent.purposes import book
from governance.consent.subjects import Key
from governance.consent.visiting import record_own
from governance.consent.whole import said_by
from governance.customers.visiting import Visitor, holders_of
from governance.kernel.ids import SubjectId
from governance.kernel.work import Work
from governance.policies.consent_state import STOPS, EventKind, Method

SIGNAL: Final = "Sec-GPC"


def heed_signal(work: Work, *, visitor: Visitor) -> int:
    """Take a browser's signal (Global Privacy Control) for an objection to sharing; answers what ended by it.

    Once for each purpose and channel: who says yes after that, by hand, is not overruled by the browser. Where it is
    not sure which of those who hold the contact this is, it counts for each of them, by the channels of that contact:
    whoever reads a mailbox can stop what goes out by it.
    """
    meant = [one.id for one in holders_of(work, visitor.visit)] if visitor.person is None else [visitor.person]
    heeded = {one: _heeded(work, one) for one in meant}
    known = states.read(work, meant)
    whose = _contact(visitor) if visitor.person is None else None
    events = [
        NewEvent(
            EventKind.OBJECTED,
            one.key,
            channel,
            Method.PORTAL,
            subject=visitor.person,
            contact=whose,
            evidence={"signal": SIGNAL},
        )
        for one in book(work).purposes.values()
        if one.third_parties
        for channel in sorted(one.channels)
        if visitor.person is not None or visitor.kind in CONTACTS_OF[channel]
        if any(
            (one.key, channel.value) not in heeded[person]
            and not _is_stopped(known.get(Key(person, one.key, channel.value)))
            for person in meant
        )
    ]
    if events:
        record_own(work, events)
    return len(events)


def _heeded(work: Work, person: SubjectId) -> set[tuple[str, str]]:
    return {
        (one.purpose, one.channel)
        for one in said_by(work, person=person)
        if isinstance(one.evidence, dict) and _is_signal(one.evidence.get("evidence"))
    }


def _contact(visitor: Visitor) -> ContactSaid:
    return ContactSaid(visitor.kind, visitor.visit.contact.value)


def _is_signal(evidence: object) -> bool:
    return isinstance(evidence, dict) and evidence.get("signal") == SIGNAL


def _is_stopped(kept: states.KeptState | None) -> bool:
    return kept is not None and kept.state.standing in STOPS.values()
