"""A browser's signal that nothing may be shared (Global Privacy Control), taken for the objection that it is.

It is the person's own word where the law says so (CCPA regulations, 11 CCR 7025), and we hold to it everywhere.
"""

from typing import Final

from governance.consent import states
from governance.consent.events import NewEvent
from governance.consent.purposes import book
from governance.consent.visiting import record_own, sure_person
from governance.consent.whole import said_by
from governance.customers.visiting import Visitor
from governance.kernel.work import Work
from governance.policies.consent_state import STOPS, EventKind, Method

SIGNAL: Final = "Sec-GPC"


def heed_signal(work: Work, *, visitor: Visitor) -> int:
    """Take a browser's signal (Global Privacy Control) for an objection to sharing; answers what ended by it.

    Once for each purpose and channel: who says yes after that, by hand, is not overruled by the browser.

    Raises:
        ForbiddenError: where it is not sure who this is.
    """
    person = sure_person(work, visitor)
    heeded = {
        (one.purpose, one.channel)
        for one in said_by(work, person=person)
        if isinstance(one.evidence, dict) and _is_signal(one.evidence.get("evidence"))
    }
    known = {(key.purpose, key.channel): kept for key, kept in states.read(work, [person]).items()}
    events = [
        NewEvent(EventKind.OBJECTED, one.key, channel, Method.PORTAL, subject=person, evidence={"signal": SIGNAL})
        for one in book(work).purposes.values()
        if one.third_parties
        for channel in sorted(one.channels)
        if (one.key, channel.value) not in heeded and not _is_stopped(known.get((one.key, channel.value)))
    ]
    if events:
        record_own(work, events)
    return len(events)


def _is_signal(evidence: object) -> bool:
    return isinstance(evidence, dict) and evidence.get("signal") == SIGNAL


def _is_stopped(kept: states.KeptState | None) -> bool:
    return kept is not None and kept.state.standing in STOPS.values()
