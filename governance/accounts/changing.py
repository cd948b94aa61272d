"""Changing one's own password: shown anew who it is, and all other sessions end."""

from dataclasses import replace

from sqlalchemy import select, update

from governance.accounts import passwords
from governance.accounts.attempts import Attempt
from governance.accounts.errors import NoSuchStaffError
from governance.accounts.proving import prove
from governance.accounts.sessions import confirm_session
from governance.accounts.tables import CredentialRow, SessionRow, StaffRow
from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import ObjectRef
from governance.kernel.errors import InvalidError
from governance.kernel.ids import StaffId
from governance.kernel.work import Actor, ActorKind, Work


def check_new_password(work: Work, *, staff: StaffId, password: str) -> None:
    """Make sure that a password is one to be taken, before an attempt to change it is counted.

    Raises:
        NoSuchStaffError: where there is no such staff member.
        InvalidError: where it is too short, too long, or easily guessed.
    """
    row = work.session.get(StaffRow, staff)
    if row is None:
        raise NoSuchStaffError("There is no such staff member.")
    passwords.check_password(password, about=(row.name or "", row.email or ""), field="new_password")


def change_password(work: Work, *, session: str, attempt: Attempt, password: str, code: str, new_password: str) -> int:
    """Take another password from now on; all sessions but this one end. Answers how many did.

    Args:
        work: the unit of work.
        session: id of the one that asks.
        attempt: counted by `begin_attempt`, and committed.
        password: the one that holds.
        code: of the second factor, or a recovery code, which is spent.
        new_password: looked at by `check_new_password`.

    Raises:
        UnauthenticatedError: where anything is wrong, or the session is another's.
        InvalidError: where it is the same password.
    """
    staff, _ = prove(work, attempt, password, code)
    confirm_session(work, staff=StaffId(staff.id), session=session)
    if passwords.normal_password(new_password) == passwords.normal_password(password):
        raise InvalidError(
            "The password stays.", errors={"new_password": ["This is the one that holds; take another."]}
        )
    passwords.check_password(new_password, about=(staff.name or "", staff.email or ""), field="new_password")
    kept = work.session.scalars(select(CredentialRow).where(CredentialRow.staff_id == staff.id)).one()
    kept.password, kept.password_set_at = passwords.hash_password(new_password), work.now
    others = (SessionRow.staff_id == staff.id, SessionRow.id != session, SessionRow.ended_at.is_(None))
    ended = work.session.scalars(
        update(SessionRow).where(*others).values(ended_at=work.now).returning(SessionRow.id),
        execution_options={"synchronize_session": False},
    ).all()
    work.session.flush()
    holder = Actor(kind=ActorKind.STAFF, id=staff.id, permissions=frozenset(), name=session)
    audit.append(
        replace(work, actor=holder),
        Action.PASSWORD_CHANGED,
        object=ObjectRef("staff", staff.id),
        facts={"sessions_ended": len(ended)},
    )
    return len(ended)
