"""Whose data somebody saw, as the log tells it: parts of statements for the package that adds who they are.

An entry of the class *read* is about the person whom it names; a list names all that it showed.
"""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, Uuid, cast, func, literal, select, union_all
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.sql.selectable import Subquery

from governance.audit.actions import Action, ActionClass, Outcome
from governance.audit.tables import BodyRow
from governance.kernel.records import frozen
from governance.kernel.work import ActorKind

NOTHING_PERSONAL: Final = (Action.AUDIT_SEARCHED, Action.AUDIT_ENTRY_READ)
"""Reading the trail by a person's reference shows acts, and nothing of the person."""


@frozen(kw_only=True)
class Viewer:
    """Who looked, and when.

    Attributes:
        staff, client: one of them, or neither where a key is named.
        key: id of a key of a client.
        since: this instant or later; until: strictly before.
    """

    staff: UUID | None = None
    client: UUID | None = None
    key: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def sightings(by: Viewer) -> Select[UUID, str, datetime, str]:
    """Reference of the person, action, instant, and name of a field that was opened (empty where all was masked)."""
    entries = _entries(by)
    facts = entries.c.told["facts"]
    what = (entries.c.subject_ref.label("ref"), entries.c.action, entries.c.at)
    names = func.coalesce(func.nullif(facts["fields"], cast("null", JSONB)), cast([""], JSONB))
    opened = entries.c.action == Action.PERSON_REVEALED.value
    somebody = entries.c.subject_ref.is_not(None)
    revealed = select(*what, func.jsonb_array_elements_text(names).label("field")).where(somebody, opened)
    masked = select(*what, literal("").label("field")).where(somebody, ~opened)
    people = cast(func.jsonb_array_elements_text(facts["people"]), Uuid).label("ref")
    listed = select(people, entries.c.action, entries.c.at, literal("").label("field")).where(
        entries.c.action == Action.PEOPLE_LISTED.value
    )
    found = union_all(revealed, masked, listed).subquery("sighting")
    return select(found.c.ref, found.c.action, found.c.at, found.c.field)


def nameless(by: Viewer) -> Select[str, int]:
    """Acts that showed data without saying whose, by action: refused rows of a file, for example."""
    entries = _entries(by)
    return (
        select(entries.c.action, func.count())
        .where(entries.c.subject_ref.is_(None))
        .where(entries.c.action.not_in([one.value for one in _NAMED_ELSEWHERE]))
        .group_by(entries.c.action)
        .order_by(entries.c.action)
    )


def disclosed_with(by: Viewer) -> Select[UUID]:
    """Ids of the disclosures that were made with a key of a system, in its time."""
    query = _narrowed(select(BodyRow.object_id), by).where(BodyRow.action == Action.DATA_DISCLOSED.value)
    return query.where(BodyRow.object_id.is_not(None))


_NAMED_ELSEWHERE: Final = (
    Action.PEOPLE_LISTED,
    Action.PEOPLE_SEARCHED,  # without a person it found nobody
    Action.EXPORT_FETCHED,
    Action.AUDIENCE_DELIVERED,  # the disclosure beside it names them; without one it handed out nobody
    Action.LEAK_TRACED,
    Action.EXPOSURE_TOLD,
    Action.AUDIT_ENTRY_PROVED,
    Action.AUDIT_VERIFIED,
    Action.AUDIT_EXPORTED,
)


def _entries(by: Viewer) -> Subquery:
    query = select(BodyRow.subject_ref, BodyRow.action, BodyRow.at, _TOLD.label("told")).where(
        BodyRow.action_class == ActionClass.READ.value,
        BodyRow.action.not_in([one.value for one in NOTHING_PERSONAL]),
    )
    return _narrowed(query, by).subquery("entry")


_TOLD: Final = cast(func.convert_from(BodyRow.leaf, "UTF8"), JSONB)


def _narrowed(query: Select[Any], by: Viewer) -> Select[Any]:
    query = query.where(BodyRow.outcome == Outcome.DONE.value)
    if by.staff is not None:
        query = query.where(BodyRow.actor_kind == ActorKind.STAFF.value, BodyRow.actor_id == by.staff)
    if by.client is not None:
        query = query.where(BodyRow.actor_kind == ActorKind.CLIENT.value, BodyRow.actor_id == by.client)
    if by.key is not None:
        query = query.where(BodyRow.actor_kind == ActorKind.CLIENT.value, _TOLD["actor"]["name"].astext == by.key)
    if by.since is not None:
        query = query.where(BodyRow.at >= by.since)
    return query if by.until is None else query.where(BodyRow.at < by.until)
