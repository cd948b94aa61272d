"""Signing in to a demonstration, where everybody is made up: as any member of staff, without a proof."""

from dataclasses import replace

from sqlalchemy import select

from governance.accounts.demonstration import is_demonstration
from governance.accounts.sessions import NewSession, authenticate_session, begin_session, confirm_session
from governance.accounts.tables import StaffRow
from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import ObjectRef
from governance.kernel.errors import NotFoundError
from governance.kernel.ids import StaffId
from governance.kernel.records import frozen
from governance.kernel.work import Actor, ActorKind, Work

FACTOR = "demonstration"


@frozen
class MadeUp:
    """Somebody who does not exist, to sign in as."""

    id: StaffId
    name: str
    roles: tuple[str, ...]


def made_up_staff(work: Work) -> list[MadeUp]:
    """Staff of a demonstration; nobody where the store is none."""
    if not is_demonstration(work):
        return []
    rows = work.session.scalars(select(StaffRow).where(StaffRow.disabled_at.is_(None)).order_by(StaffRow.id))
    return [MadeUp(StaffId(row.id), row.name or "", tuple(sorted(one.role for one in row.roles))) for row in rows]


def sign_in_made_up(work: Work, *, staff: StaffId) -> NewSession:
    """Begin a session of somebody made up.

    Raises:
        NotFoundError: where the store is no demonstration, or has no such member of staff.
    """
    if staff not in {one.id for one in made_up_staff(work)}:
        raise NotFoundError("There is no such member of staff in a demonstration.")
    return begin_session(work, staff=staff, factor=FACTOR)


def confirm_made_up(work: Work, *, presented: str) -> None:
    """Confirm a session of somebody made up, as dangerous acts need it.

    Raises:
        NotFoundError: where the store is no demonstration.
        UnauthenticatedError: where the session is over.
    """
    if not is_demonstration(work):
        raise NotFoundError("The store is no demonstration.")
    known = authenticate_session(work, presented=presented)
    confirm_session(work, staff=known.staff, session=known.session)
    holder = Actor(kind=ActorKind.STAFF, id=known.staff, permissions=frozenset(), name=known.session)
    facts = {"session": known.session, "factor": FACTOR}
    audit.append(
        replace(work, actor=holder), Action.SESSION_CONFIRMED, object=ObjectRef("staff", known.staff), facts=facts
    )
