"""Who saw data of one person: when, in which role, which fields, what for and why; read back from the log."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from governance.accounts.staff import roles_held
from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.details import Details
from governance.audit.entries import Entry
from governance.customers.merged import merged_into
from governance.customers.reach import allow, find_person
from governance.kernel.errors import InvalidError
from governance.kernel.ids import EntryId, SubjectId, SubjectRef
from governance.kernel.records import frozen
from governance.kernel.work import ActorKind, Work
from governance.policies.access import allows
from governance.policies.permissions import Permission

MOST_SIGHTINGS: Final = 200
REVEALS_OF: Final = timedelta(days=30)


@frozen
class Sighting:
    """That somebody read something of a person.

    Attributes:
        action: code of the act.
        actor_kind, actor_id: who did it.
        roles: which the member of staff holds now; the log keeps none.
        fields: what was opened; `contacts.ID` and the like without the id. Empty where the act names none.
        purpose: key of the purpose, where one was told.
        reason: in the clear, for those who may read it; None where there is none, it was erased, or it is not shown.
        has_reason: whether one was given.
    """

    entry: EntryId
    at: datetime
    action: str
    actor_kind: str
    actor_id: UUID | None
    roles: tuple[str, ...]
    fields: tuple[str, ...]
    purpose: str | None
    reason: str | None
    has_reason: bool


@frozen
class Sightings:
    """A page of them, the newest first.

    Attributes:
        ref: the person's name in the log.
        cursor: continues the list; None at its end.
    """

    ref: SubjectRef
    items: tuple[Sighting, ...]
    cursor: str | None


def sightings(work: Work, *, subject: SubjectId, cursor: str | None = None, limit: int = 50) -> Sightings:
    """Who read data of a person, those who were merged into them included; this reading is told in the log, too.

    Lists in which the person stood masked among others are not told of, as such an entry names nobody. Reasons are
    opened for whoever may read details of entries; that is told in the log beside.

    Raises:
        ForbiddenError: without `audit:read`.
        NotFoundError: where there is no such person.
        InvalidError: where *cursor* is none of ours, or *limit* is out of bounds.
    """
    if not 1 <= limit <= MOST_SIGHTINGS:
        raise InvalidError(f"A page holds 1 to {MOST_SIGHTINGS}.", errors={"limit": ["out of bounds"]})
    person = find_person(work, subject, Permission.AUDIT_READ)
    others = merged_into(work, [person.id]).get(person.id, ())
    ref = SubjectRef(person.subject_ref)
    refs = [ref, *(SubjectRef(one.subject_ref) for one in others)]
    found, following = audit.newest_readings(work, subjects=refs, cursor=cursor, limit=limit)
    audit.append(
        work, Action.AUDIT_SEARCHED, subject=ref, facts={"by": ["subject", "action_class"], "found": len(found)}
    )
    shows = allows(work.actor, Permission.AUDIT_DETAILS).allowed
    reasons = audit.details_of(work, entries=found, subject=ref) if shows else {}
    staff = {one.actor_id for one in found if one.actor_id is not None and one.actor_kind == ActorKind.STAFF.value}
    roles = roles_held(work, staff)
    items = (_told(one, roles.get(one.actor_id, ()) if one.actor_id else (), reasons.get(one.eid, {})) for one in found)
    return Sightings(ref, tuple(items), following)


def reveals_by_role(work: Work) -> Mapping[tuple[str, ...], int]:
    """How often fields were opened in the clear in the last thirty days, by the roles that whoever did it holds now.

    Who is no member of staff counts under their kind; who holds no role any more under none.

    Raises:
        ForbiddenError: without `audit:read`.
    """
    allow(work, Permission.AUDIT_READ)
    counted = audit.counts_of(work, action=Action.PERSON_REVEALED, since=work.now - REVEALS_OF)
    held = roles_held(work, {actor for kind, actor in counted if actor and kind == ActorKind.STAFF.value})
    found: Counter[tuple[str, ...]] = Counter()
    for (kind, actor), times in counted.items():
        roles = held.get(actor, ()) if actor and kind == ActorKind.STAFF.value else (kind,)
        found[roles] += times
    return dict(found.most_common())


def _told(entry: Entry, roles: tuple[str, ...], details: Details) -> Sighting:
    purpose, fields = entry.facts.get("purpose"), entry.facts.get("fields")
    return Sighting(
        entry=entry.eid,
        at=entry.at,
        action=entry.action,
        actor_kind=entry.actor_kind,
        actor_id=entry.actor_id,
        roles=roles,
        fields=_groups(map(str, fields)) if isinstance(fields, list) else (),
        purpose=purpose if isinstance(purpose, str) else None,
        reason=details.get("reason"),
        has_reason="reason" in entry.personal,
    )


def _groups(fields: Iterable[str]) -> tuple[str, ...]:
    """`contacts.ID` and the like without the id, each once."""
    split = (one.partition(".") for one in fields)
    return tuple(dict.fromkeys(head if rest and head != "extra" else f"{head}{dot}{rest}" for head, dot, rest in split))
