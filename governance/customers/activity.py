"""What customers do by themselves, visits, clicks, answers: recorded and listed."""

from datetime import datetime
from uuid import UUID

from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import ObjectRef
from governance.customers.event_values import json_value
from governance.customers.pages import After, newest_first
from governance.customers.reach import find_person
from governance.customers.records import Json, NewActivity
from governance.customers.shown import Lens, catalogued, refuse_unwritable
from governance.customers.standing import refuse_if_restricted
from governance.customers.tables import ActivityRow
from governance.customers.texts import Complaints
from governance.kernel.ids import SubjectId, SubjectRef
from governance.kernel.records import frozen
from governance.kernel.work import Work
from governance.policies.permissions import Permission


@frozen(kw_only=True)
class ActivityView:
    """An activity as it may be seen.

    Attributes:
        detail: masked where the actor may not see it in full; None where there is none, or it may not be seen.
        masked, hidden: names of fields that are there, and are shown in part or not at all.
        unreadable: names of fields that are there and do not open.
    """

    id: UUID
    kind: str
    at: datetime
    detail: Json
    masked: tuple[str, ...]
    hidden: tuple[str, ...]
    unreadable: tuple[str, ...]
    created_at: datetime


@frozen
class Activities:
    """A page of activity, newest first; *next_after* is where the next page begins, None on the last one."""

    items: tuple[ActivityView, ...]
    next_after: After | None


def record_activity(work: Work, *, subject: SubjectId, activity: NewActivity) -> ActivityView:
    """Record what a customer did.

    Raises:
        ForbiddenError, NotFoundError: as `reach.find_person` does, and where the detail may not be written.
        RestrictedError: where processing is restricted: following somebody's steps is more than storing.
        InvalidError: where something cannot be kept; `errors` says by field what is wrong.
    """
    person = find_person(work, subject, Permission.ACTIVITY_RECORD, held=True)
    refuse_if_restricted(work, person)
    errors = Complaints()
    with errors.at("detail"):
        json_value(dict(activity.detail or {}))
    if activity.at > work.now:
        errors.add("at", "This instant lies in the future.")
    errors.end("The activity cannot be kept as it is.")
    row = ActivityRow(
        owner_id=person.owner_id,
        person_id=person.id,
        kind=activity.kind.value,
        at=activity.at,
        created_at=work.now,
        detail=dict(activity.detail) if activity.detail else None,
    )
    writing = [catalogued(row, "detail")] if activity.detail else []
    refuse_unwritable(work, Permission.ACTIVITY_RECORD, writing, responsible=person.responsible_id)
    work.session.add(row)
    work.session.flush()
    audit.append(
        work,
        Action.ACTIVITY_RECORDED,
        subject=SubjectRef(person.subject_ref),
        object=ObjectRef("activity", row.id),
        facts={"kind": row.kind},
    )
    return _view(Lens(work, Permission.ACTIVITY_RECORD, person), row)


def list_activity(work: Work, *, subject: SubjectId, after: After | None = None, limit: int = 50) -> Activities:
    """A page of the activity of a person, newest first; told in the log.

    Raises:
        ForbiddenError, NotFoundError: as `reach.find_person` does.
    """
    person = find_person(work, subject, Permission.ACTIVITY_READ)
    rows, next_after = newest_first(work, person, ActivityRow, ActivityRow.at, after=after, limit=limit)
    items = tuple(_view(Lens(work, Permission.ACTIVITY_READ, person), row) for row in rows)
    audit.append(work, Action.ACTIVITY_READ, subject=SubjectRef(person.subject_ref), facts={"count": len(items)})
    return Activities(items, next_after)


def _view(lens: Lens, row: ActivityRow) -> ActivityView:
    return ActivityView(
        id=row.id,
        kind=row.kind,
        at=row.at,
        detail=lens.show(row, "detail"),
        masked=tuple(lens.masked),
        hidden=tuple(lens.hidden),
        unreadable=tuple(lens.unreadable),
        created_at=row.created_at,
    )
