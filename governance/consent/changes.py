"""The feed of changes for other systems: ordered as the audit log is, without gaps, ids and codes only.

A change never says "you may send": what a consent comes to depends on all that is known of a person, and `check` alone
says it. It says `stop`, which holds at once, or `ask`: the answer of the next check may differ from the last one.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import select

from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import Fact, Json
from governance.audit.following import (
    BEGINNING,
    Place,
    PlacedFacts,
    last_after,
    newest_place,
    places_after,
    require_reached,
    told_between,
)
from governance.consent.codes import NoticeKind
from governance.consent.tables import ConsentEventRow
from governance.customers.references import people_of
from governance.kernel.errors import InvalidError
from governance.kernel.ids import EntryId, SubjectId, SubjectRef
from governance.kernel.records import frozen
from governance.kernel.work import Work
from governance.messages.webhooks.making import write_cursor
from governance.policies.consent_state import STOPS, EventKind
from governance.policies.limits import is_within

LIMIT: Final = 1000
"""Changes on a page."""
SCAN: Final = 20_000
"""Entries of the log looked through for a page: a page may hold few changes, or none, and yet not be the last."""
LATEST: Final = "latest"


class Effect(StrEnum):
    """What a follower does about a change."""

    STOP = "stop"
    """Send nothing more of this purpose by this channel, from this instant on."""
    ASK = "ask"
    """Ask again before sending; the answer may have changed in either direction."""


ANY: Final = frozenset(Effect)
STOPS_ALONE: Final = frozenset({Effect.STOP})
_STOPPING: Final = frozenset({*STOPS, EventKind.EXPIRED, EventKind.INVALIDATED})
_OTHERS: Final[Mapping[Action, tuple[str, Effect]]] = {
    Action.CONTACT_SUPPRESSED: ("suppressed", Effect.STOP),
    Action.SUPPRESSION_LIFTED: ("suppression_lifted", Effect.ASK),
    Action.RESTRICTION_PLACED: ("restricted", Effect.STOP),
    Action.RESTRICTION_LIFTED: ("restriction_lifted", Effect.ASK),
    Action.PERSON_EDITED: ("person_changed", Effect.ASK),
    Action.PERSON_INFORMED: ("person_changed", Effect.ASK),
    Action.NOTICE_PUBLISHED: ("notice_published", Effect.ASK),
    Action.PURPOSE_PUBLISHED: ("purpose_published", Effect.ASK),
}
"""Acts beside the events of consents that the answer of a check depends on."""
_BY_CODE: Final = {action.value: told for action, told in _OTHERS.items()}
_STANDING_FIELDS: Final = frozenset({"not_mailable", "deceased", "birth_date", "country"})
"""Fields of a person that a verdict rests on."""
_CURSOR: Final = re.compile(r"([1-9]\d{0,8}):(-1|\d{1,18})")


@frozen
class Change:
    """Something that changed for senders.

    Attributes:
        place: where the log tells of it.
        id: of the audit entry; the same as that of the consent event, where it is one.
        kind: the kind of event, or `suppressed`, `suppression_lifted`, `restricted`, `restriction_lifted`,
            `person_changed`, `notice_published`, `purpose_published`.
        at: when it was recorded.
        customers: whom it is about. None where it is about everybody (a notice, a purpose); empty where nobody in the
            store holds the contact.
        purpose: key; None for every purpose.
        channel: None for every channel.
        scope, reason: of a line of the suppression ledger.
    """

    place: Place
    id: EntryId
    kind: str
    effect: Effect
    at: datetime
    customers: tuple[SubjectId, ...] | None
    purpose: str | None = None
    channel: str | None = None
    scope: str | None = None
    reason: str | None = None


@frozen
class Changes:
    """A page of the feed.

    Attributes:
        items: in the order of the log.
        place: up to which the log was read; ask on from here.
        more: whether the log goes on beyond it already.
    """

    items: tuple[Change, ...]
    place: Place
    more: bool


def read_cursor(cursor: str | None) -> Place | None:
    """The place of a cursor; the beginning for none, None for `latest`.

    Raises:
        InvalidError: it is no cursor of this feed.
    """
    if cursor is None:
        return BEGINNING
    if cursor == LATEST:
        return None
    found = _CURSOR.fullmatch(cursor)
    if found is None:
        sentence = "Give next_cursor of an earlier answer, or latest, or nothing for the beginning."
        raise InvalidError("This is no cursor of the feed.", errors={"cursor": [sentence]})
    return Place(int(found[1]), int(found[2]))


def follow(work: Work, *, cursor: str | None = None, limit: int = LIMIT) -> Changes:
    """The changes after a cursor, told of in the trail where there are any.

    A system that is kept to purposes or channels gets those of its own, and what concerns all.

    Raises:
        InvalidError: it is no cursor of this feed.
        ConflictError: the log has not come as far as the cursor, since an older copy of the store was restored.
    """
    after = read_cursor(cursor)
    if after is None:
        return Changes((), newest_place(work), more=False)
    found = page(work, after=after, limit=limit)
    own = tuple(one for one in found.items if is_within(work.actor, purpose=one.purpose, channel=one.channel))
    found = replace(found, items=own)
    if found.items:
        span = {"after": write_cursor(after), "until": write_cursor(found.place)}
        facts: dict[str, Fact] = {"count": len(found.items), **span}
        audit.append(work, Action.CHANGES_FOLLOWED, facts=facts)
    return found


def page(
    work: Work, *, after: Place, limit: int = LIMIT, scan: int = SCAN, effects: Collection[Effect] = ANY
) -> Changes:
    """Up to *limit* changes of some *effects* among the next *scan* entries of the log after a place.

    Raises:
        ConflictError: the log has not come so far.
    """
    newest = require_reached(work, after)
    last = last_after(work, after, limit=scan)
    events = _events(work, after=after, scan=scan, limit=limit, effects=effects)
    until = events[-1].place if len(events) == limit else last
    acts = _acts(work, after=after, until=until, effects=effects)
    items = sorted([*events, *acts], key=lambda one: one.place)
    if len(items) > limit:
        items = items[:limit]
        until = items[-1].place
    return Changes(tuple(items), until, more=until < newest)


def page_of_stops(work: Work, *, after: Place, limit: int = LIMIT) -> Changes:
    """As `page`, of stops alone."""
    return page(work, after=after, limit=limit, effects=STOPS_ALONE)


def between(work: Work, *, after: Place, until: Place, effects: Collection[Effect] = ANY) -> tuple[Change, ...]:
    """All changes after one place and up to another: the same whenever it is asked, erased people apart."""
    found: list[Change] = []
    while after < until:
        part = page(work, after=after, effects=effects)
        found += [one for one in part.items if one.place <= until]
        if part.place == after:
            break
        after = part.place
    return tuple(found)


def _events(work: Work, *, after: Place, scan: int, limit: int, effects: Collection[Effect]) -> list[Change]:
    places = places_after(after, limit=scan).subquery()
    row = ConsentEventRow
    query = (
        select(
            places.c.tree_id, places.c.seq, row.id, row.kind, row.recorded_at, row.person_id, row.purpose, row.channel
        )
        .join(places, places.c.eid == row.id)
        .order_by(places.c.tree_id, places.c.seq)
        .limit(limit)
    )
    if effects is not ANY:
        query = query.where(row.kind.in_([one.value for one in EventKind if _effect(one) in effects]))
    return [
        Change(
            place=Place(tree_id, seq),
            id=EntryId(eid),
            kind=kind,
            effect=_effect(EventKind(kind)),
            at=at,
            customers=(SubjectId(person),),
            purpose=purpose,
            channel=channel,
        )
        for tree_id, seq, eid, kind, at, person, purpose, channel in work.session.execute(query)
    ]


def _effect(kind: EventKind) -> Effect:
    return Effect.STOP if kind in _STOPPING else Effect.ASK


def _acts(work: Work, *, after: Place, until: Place, effects: Collection[Effect]) -> list[Change]:
    """Changes that are no events of consents, from the log itself."""
    actions = [action for action, (_, effect) in _OTHERS.items() if effect in effects]
    told = told_between(work, actions=actions, after=after, until=until)
    told = [one for one in told if _matters(one)]
    people = people_of(work, [ref for one in told for ref in _refs(one)])
    return [_act(one, people) for one in told]


def _matters(told: PlacedFacts) -> bool:
    if told.action == Action.NOTICE_PUBLISHED:
        return told.facts.get("kind") == NoticeKind.CONSENT
    if told.action != Action.PERSON_EDITED:
        return True
    fields = told.facts.get("fields")
    return isinstance(fields, list) and not _STANDING_FIELDS.isdisjoint(str(one) for one in fields)


def _act(told: PlacedFacts, people: Mapping[SubjectRef, SubjectId]) -> Change:
    kind, effect = _BY_CODE[told.action]
    general = told.action in {Action.NOTICE_PUBLISHED, Action.PURPOSE_PUBLISHED}
    purpose = told.facts.get("purpose") or (told.facts.get("key") if general else None)
    return Change(
        place=told.place,
        id=told.eid,
        kind=kind,
        effect=effect,
        at=told.at,
        customers=None if general else tuple(people[ref] for ref in _refs(told) if ref in people),
        purpose=_text(purpose),
        channel=_text(told.facts.get("channel")),
        scope=_text(told.facts.get("scope")),
        reason=_text(told.facts.get("reason")) if told.action == Action.CONTACT_SUPPRESSED else None,
    )


def _refs(told: PlacedFacts) -> Sequence[SubjectRef]:
    holders = told.facts.get("holders")
    listed = holders if isinstance(holders, list) else []
    return [*([told.subject] if told.subject else []), *(SubjectRef(UUID(str(one))) for one in listed)]


def _text(value: Json) -> str | None:
    return value if isinstance(value, str) else None
