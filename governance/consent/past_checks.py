"""Send checks that answered yes before an instant, as far as the log can tell that they were about a contact.

The log holds no contact, only keyed digests of whole lists: a check of this contact alone is recognised for certain; of
a longer list nobody can tell who was on it, but whoever has the list can prove it (`decisions.is_about`).
"""

from collections.abc import Sequence, Set
from datetime import datetime
from typing import Final

from governance.audit.actions import Action
from governance.audit.entries import Entry, instant
from governance.audit.following import told_within
from governance.consent.decisions import Comparison
from governance.consent.stories import CheckTold
from governance.kernel.work import Work
from governance.policies.purposes import Channel

MOST_LOOKED_AT: Final = 20_000
"""Entries; where there are more, the newest."""
MOST_TOLD: Final = 200
"""Lists that may have held the contact; where there are more, the newest."""


def checks_before(
    work: Work, *, lists: Sequence[Sequence[str]], channels: Set[Channel], since: datetime, until: datetime
) -> tuple[list[CheckTold], bool]:
    """Checks that answered yes, the newest first, and whether all of the span was looked through.

    Args:
        work: the transaction.
        lists: questions about the contact alone, in all the spellings that it may have been asked by.
        channels: that reach the contact.
        since: from this instant on.
        until: up to this one, itself included.
    """
    entries = told_within(work, action=Action.CONSENT_CHECKED, since=since, until=until, limit=MOST_LOOKED_AT + 1)
    compared, told, others, complete = Comparison(work), list[CheckTold](), 0, len(entries) <= MOST_LOOKED_AT
    for entry in entries[:MOST_LOOKED_AT]:
        facts = entry.facts
        if not facts.get("allowed") or facts.get("channel") not in channels or facts.get("as_of") != instant(entry.at):
            continue  # what was asked about another moment sent nothing
        exact = facts.get("count") == 1
        if exact and not compared.match(entry, lists):
            continue
        others += not exact
        if exact or others <= MOST_TOLD:
            told.append(_told(entry, exact=exact))
    return told, complete and others <= MOST_TOLD


def _told(entry: Entry, *, exact: bool) -> CheckTold:
    facts = entry.facts
    campaign = facts.get("campaign")
    return CheckTold(
        decision=entry.eid,
        at=entry.at,
        purpose=str(facts.get("purpose", "")),
        channel=Channel(str(facts["channel"])),
        campaign=str(campaign) if campaign is not None else None,
        asked_by=entry.actor_kind,
        client=entry.actor_id,
        count=_count(facts.get("count")),
        allowed=_count(facts.get("allowed")),
        exact=exact,
    )


def _count(value: object) -> int:
    return value if isinstance(value, int) else 0
