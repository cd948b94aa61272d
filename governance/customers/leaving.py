"""Leaving is one act: access is cut, and the clients of whoever leaves are handed to another."""

from sqlalchemy import exists, func, select, update
from sqlalchemy.orm import aliased

from governance.accounts import operations as accounts
from governance.accounts.operations import SeenReport
from governance.accounts.seen import DAYS
from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import Fact, NewEntry, ObjectRef
from governance.customers.reach import allow
from governance.customers.tables import InteractionRow, PersonRow
from governance.kernel.errors import InvalidError
from governance.kernel.ids import StaffId, SubjectRef
from governance.kernel.records import frozen
from governance.kernel.work import Work
from governance.policies.permissions import Permission


@frozen
class Leaving:
    """What was done when somebody left.

    Attributes:
        successor: who has the clients now; None where nobody has.
        clients_handed: how many there were.
        report: what the one who left has seen in the clear and taken out of late.
    """

    staff: StaffId
    successor: StaffId | None
    clients_handed: int
    report: SeenReport


@frozen
class Entrusted:
    """What is in the hands of a staff member, and goes to another with the clients.

    Attributes:
        clients: customers whom they are responsible for.
        call_backs: how many of those were promised to be called back, and were not yet, whatever the day.
    """

    clients: int
    call_backs: int


def entrusted_to(work: Work, *, staff: StaffId) -> Entrusted:
    """How much would be handed on if a staff member left now.

    Raises:
        ForbiddenError: without `accounts:deactivate`.
    """
    allow(work, Permission.ACCOUNTS_DEACTIVATE)
    later = aliased(InteractionRow)
    settled = exists().where(later.person_id == InteractionRow.person_id, later.at > InteractionRow.at)
    theirs = select(PersonRow.id).where(PersonRow.responsible_id == staff, PersonRow.merged_into.is_(None))
    promised = (
        select(InteractionRow.person_id)
        .distinct()
        .where(InteractionRow.next_contact_at.is_not(None), ~settled, InteractionRow.person_id.in_(theirs))
    )
    clients, call_backs = (
        work.session.scalar(select(func.count()).select_from(one.subquery())) or 0 for one in (theirs, promised)
    )
    return Entrusted(clients, call_backs)


def leave(work: Work, *, staff: StaffId, successor: StaffId | None, days: int = DAYS) -> Leaving:
    """Cut the access of a staff member at once and hand the clients on; history stays, and what was seen is told.

    Args:
        work: the unit of work.
        staff: who leaves.
        successor: active staff member who is responsible from now on; None for nobody.
        days: how far back the report goes.

    Raises:
        NoSuchStaffError, DisabledError: where there is no such staff member, or the successor left, too.
        InvalidError: where the successor is the one who leaves, or *days* are out of bounds.
    """
    if successor == staff:
        raise InvalidError("The clients cannot stay.", errors={"successor": ["Name another person."]})
    if successor is not None:
        accounts.staff_actor(work, staff=successor)
    accounts.end_account(work, staff=staff)
    handed = work.session.execute(
        update(PersonRow)
        .where(PersonRow.responsible_id == staff)
        .values(responsible_id=successor, version=PersonRow.version + 1, updated_at=work.now)
        .returning(PersonRow.subject_ref, PersonRow.version),
        execution_options={"synchronize_session": False},
    ).all()
    entries = [
        NewEntry(
            Action.PERSON_EDITED,
            subject=SubjectRef(subject),
            facts={"extras": [], "fields": ["responsible"], "version": version},
        )
        for subject, version in handed
    ]
    audit.append_many(work, entries)
    facts: dict[str, Fact] = {"clients": len(handed), "successor": successor}
    audit.append(work, Action.STAFF_LEFT, object=ObjectRef("staff", staff), facts=facts)
    work.session.expire_all()
    return Leaving(staff, successor, len(handed), accounts.seen_by(work, staff=staff, days=days))
