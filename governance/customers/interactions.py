"""Interactions of staff with a person: recorded and listed."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from governance.accounts import operations as accounts
from governance.accounts.errors import DisabledError, NoSuchStaffError
from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import ObjectRef
from governance.customers.moments import kept, told
from governance.customers.pages import After, newest_first
from governance.customers.reach import find_person
from governance.customers.records import Moment, NewInteraction
from governance.customers.shown import Lens, catalogued, refuse_unwritable
from governance.customers.tables import InteractionRow
from governance.customers.texts import LONG_TEXT, Complaints, words
from governance.kernel.ids import StaffId, SubjectId, SubjectRef
from governance.kernel.records import frozen
from governance.kernel.work import ActorKind, Work
from governance.policies.permissions import Permission

LONGEST_SECONDS = 7 * 86_400
_FIELDS = ("result", "note")


@frozen(kw_only=True)
class InteractionView:
    """An interaction as it may be seen.

    Attributes:
        at, next_contact_at: an instant, or a day where no time of day is known.
        seconds: how long it lasted.
        result, note: masked where the actor may not see them in full; None where there is nothing, or nothing may be
            seen.
        staff: who spoke.
        masked, hidden: names of fields that are there, and are shown in part or not at all.
        unreadable: names of fields that are there and do not open.
    """

    id: UUID
    kind: str
    at: Moment
    seconds: int | None
    result: str | None
    note: str | None
    next_contact_at: Moment | None
    staff: StaffId | None
    masked: tuple[str, ...]
    hidden: tuple[str, ...]
    unreadable: tuple[str, ...]
    created_at: datetime


@frozen
class Interactions:
    """A page of interactions, newest first; *next_after* is where the next page begins, None on the last one."""

    items: tuple[InteractionView, ...]
    next_after: After | None


def record_interaction(work: Work, *, subject: SubjectId, interaction: NewInteraction) -> InteractionView:
    """Record an interaction; by the staff member who acts, where nobody else is named.

    It is kept even under restriction, since storing is what restriction allows (GDPR Art. 18(2)).

    Raises:
        ForbiddenError, NotFoundError: as `reach.find_person` does, and where a field may not be written.
        InvalidError: where something cannot be kept, or nobody on the staff is who spoke; `errors` says by field what
            is wrong.
    """
    person = find_person(work, subject, Permission.INTERACTIONS_RECORD, held=True)
    new = _checked(work, interaction)
    at, whole_day = kept(new.at)
    next_at, next_whole_day = (None, False) if new.next_contact_at is None else kept(new.next_contact_at)
    speaking = work.actor.id if work.actor.kind is ActorKind.STAFF else None
    row = InteractionRow(
        owner_id=person.owner_id,
        person_id=person.id,
        kind=new.kind.value,
        at=at,
        whole_day=whole_day,
        seconds=new.seconds,
        next_contact_at=next_at,
        next_whole_day=next_whole_day,
        staff_id=new.staff or speaking,
        created_at=work.now,
        result=new.result,
        note=new.note,
    )
    writing = [catalogued(row, name) for name in _FIELDS if getattr(new, name)]
    refuse_unwritable(work, Permission.INTERACTIONS_RECORD, writing, responsible=person.responsible_id)
    work.session.add(row)
    work.session.flush()
    audit.append(
        work,
        Action.INTERACTION_RECORDED,
        subject=SubjectRef(person.subject_ref),
        object=ObjectRef("interaction", row.id),
        facts={"kind": row.kind},
    )
    return _view(Lens(work, Permission.INTERACTIONS_RECORD, person), row)


def _checked(work: Work, new: NewInteraction) -> NewInteraction:
    errors = Complaints()
    with errors.at("result"):
        new = replace(new, result=None if new.result is None else words(new.result, longest=LONG_TEXT))
    with errors.at("note"):
        new = replace(new, note=None if new.note is None else words(new.note, longest=LONG_TEXT, lines=True))
    if new.seconds is not None and not 0 <= new.seconds <= LONGEST_SECONDS:
        errors.add("seconds", f"Give 0 to {LONGEST_SECONDS} seconds.")
    if new.staff is not None and new.staff != work.actor.id:
        try:
            accounts.staff_actor(work, staff=new.staff)
        except NoSuchStaffError:
            errors.add("staff", "No staff member has this id.")
        except DisabledError:
            pass  # whoever left may have spoken before
    if kept(new.at)[0] > work.now:
        errors.add("at", "This lies in the future; what is planned goes into next_contact_at.")
    errors.end("The interaction cannot be kept as it is.")
    return new


def list_interactions(work: Work, *, subject: SubjectId, after: After | None = None, limit: int = 50) -> Interactions:
    """A page of the interactions with a person, newest first; told in the log.

    Raises:
        ForbiddenError, NotFoundError: as `reach.find_person` does.
    """
    person = find_person(work, subject, Permission.INTERACTIONS_READ)
    rows, next_after = newest_first(work, person, InteractionRow, InteractionRow.at, after=after, limit=limit)
    items = tuple(_view(Lens(work, Permission.INTERACTIONS_READ, person), row) for row in rows)
    audit.append(work, Action.INTERACTIONS_READ, subject=SubjectRef(person.subject_ref), facts={"count": len(items)})
    return Interactions(items, next_after)


def _view(lens: Lens, row: InteractionRow) -> InteractionView:
    following = row.next_contact_at
    return InteractionView(
        id=row.id,
        kind=row.kind,
        at=told(row.at, whole_day=row.whole_day),
        seconds=row.seconds,
        result=lens.show(row, "result"),
        note=lens.show(row, "note"),
        next_contact_at=None if following is None else told(following, whole_day=row.next_whole_day),
        staff=None if row.staff_id is None else StaffId(row.staff_id),
        masked=tuple(lens.masked),
        hidden=tuple(lens.hidden),
        unreadable=tuple(lens.unreadable),
        created_at=row.created_at,
    )
