"""Made-up requests for the demonstration: of each kind of arrival, some waiting, some answered."""

from datetime import timedelta
from typing import Final

from governance.customers import operations as customers
from governance.kernel.work import Work
from governance.policies.deadline_rules import RequestKind
from governance.rights import operations as rights
from governance.rights.codes import Arrival
from governance.rights.operations import NewRequest

_SEEN: Final = "Called back on the number on record; name, city and last purchase are right."
_MADE_UP: Final = (
    (1, RequestKind.ERASURE, Arrival.LETTER, 26, "Please delete everything that you have about me.", _SEEN),
    (2, RequestKind.ACCESS, Arrival.EMAIL, 12, "What do you know about me?", _SEEN),
    (3, RequestKind.COMPLAINT, Arrival.CALL, 3, "I was called twice after I had said no.", _SEEN),
    (4, RequestKind.OBJECTION, Arrival.VISIT, 1, "No more letters, please.", _SEEN),
    (5, RequestKind.ERASURE, Arrival.CALL, 0, "Delete me, please.", None),
    (6, RequestKind.PORTABILITY, Arrival.LETTER, 34, "I want to take my purchases along.", None),
)
"""Which customer, what, how it came, days ago, in which words, and what was checked."""


def record_requests(work: Work, emails: list[str]) -> int:
    """Put the made-up requests on record where none stands; answers how many."""
    if rights.queue(work, limit=1):
        return 0
    today = work.now.date()
    for number, kind, arrival, days, said, checked in _MADE_UP:
        found = customers.search(work, by="email", value=emails[number]).items[0]
        new = NewRequest(
            kind=kind,
            arrival=arrival,
            contact_kind="email",
            contact=emails[number],
            customer=found.id,
            received_on=today - timedelta(days=days),
            said=said,
            checked=checked,
        )
        rights.receive(work, new=new)
    return len(_MADE_UP)
