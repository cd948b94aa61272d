"""Selling or handing over the customer base: refused for everybody without a ground for sharing.

Handing personal data to somebody who uses it on their own account is a purpose like any other, and consent to it is one
of its own (GDPR Art. 6(1)(a), 13(1)(e); 152-FZ Art. 7; Ukrainian Law 2297-VI Art. 14). So the question is put to the
send check, person by person and channel by channel: whoever may be reached by the recipient on that channel may be
handed over with the contact of that channel, and nobody else with anything.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import Fact
from governance.consent.checking import Asked, Checked, check
from governance.consent.errors import UnknownPurposeError
from governance.consent.purposes import book
from governance.customers.reach import allow
from governance.customers.references import next_people
from governance.kernel.errors import InvalidError
from governance.kernel.ids import EntryId, SubjectId
from governance.kernel.records import frozen
from governance.kernel.work import Work
from governance.policies.consent_facts import Reason
from governance.policies.permissions import Permission
from governance.policies.purposes import Channel

MOST_PEOPLE: Final = 10_000
"""In one decision; a whole base is decided part by part."""
RECIPIENT: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,49}")


@frozen
class Transferable:
    """Somebody who may be handed over, with the contacts of these channels and no other."""

    customer: SubjectId
    channels: tuple[Channel, ...]


@frozen
class Transfer:
    """What was decided about a part of the base.

    Attributes:
        decision: the audit entry that tells of it.
        considered: people that were looked at.
        allowed: those who may be handed over; all others may not.
        refused: by reason, how often it stood against a person by a channel.
        next_after: the last person looked at, where there are more; None at the end.
    """

    decision: EntryId
    considered: int
    allowed: tuple[Transferable, ...]
    refused: Mapping[Reason, int]
    next_after: SubjectId | None


def decide_transfer(
    work: Work,
    *,
    purpose: str,
    channels: Sequence[Channel],
    recipient: str,
    people: Sequence[SubjectId] | None = None,
    after: SubjectId | None = None,
) -> Transfer:
    """Decide who may be handed to a third party: of *people*, or of the next part of the whole base *after* somebody.

    Raises:
        ForbiddenError: where the actor may not ask.
        UnknownPurposeError: where there is no such purpose.
        InvalidError: where the purpose hands nothing to others, or the rest cannot be used; `errors` says by field why.
    """
    allow(work, Permission.CONSENT_TRANSFER)
    asked = tuple(dict.fromkeys(channels))
    _require(work, purpose, asked, recipient, people)
    found = people
    if found is None:
        found = next_people(work, permission=Permission.CONSENT_TRANSFER, after=after, limit=MOST_PEOPLE)
    checks = [
        check(work, question=Asked(purpose=purpose, channel=one, campaign=f"transfer:{recipient}"), people=found)
        for one in asked
        if found
    ]
    allowed = _allowed(found, asked, checks)
    facts: dict[str, Fact] = {
        "allowed": len(allowed),
        "channels": [one.value for one in asked],
        "checks": [one.decision for one in checks],
        "considered": len(found),
        "purpose": purpose,
        "recipient": recipient,
    }
    return Transfer(
        decision=audit.append(work, Action.CONSENT_TRANSFER_DECIDED, facts=facts),
        considered=len(found),
        allowed=allowed,
        refused=Counter(one.reason for done in checks for one in done.verdicts if not one.allowed),
        next_after=found[-1] if people is None and len(found) == MOST_PEOPLE else None,
    )


def _allowed(
    people: Sequence[SubjectId], channels: Sequence[Channel], checks: Sequence[Checked]
) -> tuple[Transferable, ...]:
    rows = zip(*(done.verdicts for done in checks), strict=True)
    may = (
        Transferable(person, tuple(one for one, verdict in zip(channels, row, strict=True) if verdict.allowed))
        for person, row in zip(people, rows, strict=False)
    )
    return tuple(one for one in may if one.channels)


def _require(
    work: Work, purpose: str, channels: Sequence[Channel], recipient: str, people: Sequence[SubjectId] | None
) -> None:
    known = book(work).purposes.get(purpose)
    if known is None:
        raise UnknownPurposeError("There is no such purpose.", errors={"purpose": ["Not a purpose of this store."]})
    wrong: dict[str, list[str]] = {}
    if not known.third_parties:
        wrong["purpose"] = ["This purpose hands no data to others; consent to it is no ground for a sale or transfer."]
    if not channels or not known.channels.issuperset(channels):
        wrong["channels"] = [f"One or more of: {', '.join(sorted(known.channels))}."]
    if not RECIPIENT.fullmatch(recipient):
        wrong["recipient"] = ["A code of 1 to 50 lower-case letters, digits, dots, dashes and underscores."]
    if people is not None and not 1 <= len(people) <= MOST_PEOPLE:
        wrong["customers"] = [f"Give 1 to {MOST_PEOPLE}, or leave them out to go through the whole base."]
    if wrong:
        raise InvalidError("Nobody can be handed over like this.", errors=wrong)
