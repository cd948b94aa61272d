"""All that one person has said, with what proves it: for packages that hand it to them by a decision of theirs."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select

from governance.consent import states
from governance.consent.codes import CONTACTS_OF
from governance.consent.events import ContactSaid
from governance.consent.expiring import GRANTS
from governance.consent.histories import StateView, state_view
from governance.consent.ledger import Line, lines
from governance.consent.purposes import book
from governance.consent.tables import ConsentEventRow
from governance.customers.codes import ContactKind
from governance.customers.loading import opened
from governance.customers.records import Json
from governance.kernel.ids import SubjectId
from governance.kernel.records import frozen
from governance.kernel.work import Work
from governance.policies.purposes import Channel


@frozen
class Said:
    """An event with its evidence, a personal value."""

    purpose: str
    channel: str
    kind: str
    method: str
    recorded_at: datetime
    valid_at: datetime | None
    notice: int | None
    language: str | None
    evidence: Json


def standing_of(work: Work, *, person: SubjectId) -> list[StateView]:
    """Where all consents of a person stand, by purpose and channel."""
    purposes = book(work).purposes
    kept = sorted(states.read(work, [person]).items())
    return [state_view(key.purpose, Channel(key.channel), one, purposes.get(key.purpose)) for key, one in kept]


def said_by(work: Work, *, person: SubjectId) -> list[Said]:
    """All that a person said, the oldest first."""
    query = select(ConsentEventRow).where(ConsentEventRow.person_id == person).order_by(ConsentEventRow.sequence)
    return [
        Said(
            purpose=row.purpose,
            channel=row.channel,
            kind=row.kind,
            method=row.method,
            recorded_at=row.recorded_at,
            valid_at=row.valid_at,
            notice=row.notice,
            language=row.language,
            evidence=opened(row, "evidence"),
        )
        for row in work.session.scalars(query)
    ]


def grants_of(said: Sequence[Said]) -> Mapping[tuple[str, str], datetime]:
    """By purpose and channel when consent was given last, whatever became of it."""
    found: dict[tuple[str, str], datetime] = {}
    for one in said:
        if one.kind in GRANTS:
            at = one.valid_at or one.recorded_at
            found[one.purpose, one.channel] = max(at, found.get((one.purpose, one.channel), at))
    return found


def suppressed(work: Work, *, contacts: Sequence[tuple[ContactKind, str]]) -> Mapping[int, list[Line]]:
    """Lines of the ledger about each of *contacts*, by its place."""
    found: dict[int, list[Line]] = {}
    for place, (kind, value) in enumerate(contacts):
        channels = [channel for channel, kinds in CONTACTS_OF.items() if kind in kinds]
        told = [line for one in channels for line in lines(work, contact=ContactSaid(kind, value), channel=one)]
        if told:
            found[place] = told
    return found
