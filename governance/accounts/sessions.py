"""Sessions of staff: begun with password and second factor, kept on the server, ended by time or by hand."""

from dataclasses import field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ARRAY, Row, String, bindparam, delete, func, select, update

from governance.accounts.attempts import Attempt
from governance.accounts.errors import ConfirmationNeededError, NoSuchSessionError
from governance.accounts.keys import Token, make_token, matches, token_id_of
from governance.accounts.proving import prove
from governance.accounts.recognising import authenticate_client
from governance.accounts.staff import holding
from governance.accounts.tables import RecoveryCodeRow, SessionRow, StaffRoleRow, StaffRow
from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import Fact, ObjectRef
from governance.kernel.errors import UnauthenticatedError
from governance.kernel.ids import StaffId
from governance.kernel.records import frozen
from governance.kernel.work import Actor, ActorKind, Work
from governance.policies.permissions import Permission

IDLE: Final = timedelta(minutes=30)
"""A session that was not used for so long is over (to the minute: use is noted once a minute)."""
LONGEST: Final = timedelta(hours=12)
CONFIRMED_FOR: Final = timedelta(minutes=10)
SEEN_NOTED_EVERY: Final = timedelta(minutes=1)
ENDED_KEPT: Final = timedelta(days=30)
DANGEROUS: Final = frozenset(
    {
        Permission.ACCOUNTS_INVITE,
        Permission.ACCOUNTS_GRANT,
        Permission.ACCOUNTS_DEACTIVATE,
        Permission.PROPOSALS_DECIDE,
        Permission.CUSTOMERS_RELEASE,
        Permission.CONSENT_LIFT,
        Permission.AUDIT_EXPORT,
        Permission.EXPORTS_MAKE,
        Permission.EXPORTS_FETCH,
        Permission.READINGS_GRANT,
        Permission.READINGS_CONFIGURE,
        Permission.CUSTODY_BACKUP,
    }
)
"""Acts that need password and second factor to have been shown within `CONFIRMED_FOR`."""
_ROLES: Final = select(StaffRoleRow.role).where(StaffRoleRow.staff_id == StaffRow.id).order_by(StaffRoleRow.role)
_PRESENTED: Final = (
    select(
        SessionRow.id,
        SessionRow.staff_id,
        SessionRow.digest,
        SessionRow.seen_at,
        SessionRow.expires_at,
        SessionRow.confirmed_at,
        SessionRow.ended_at,
        StaffRow.disabled_at,
        func.array(_ROLES.scalar_subquery(), type_=ARRAY(String)).label("roles"),
    )
    .join(StaffRow, StaffRow.id == SessionRow.staff_id)
    .where(SessionRow.id == bindparam("id"))
)
"""A session, whether its holder's account is open, and the roles held: asked at each request, so at once."""


@frozen
class NewSession:
    """A session just begun.

    Attributes:
        id: names it.
        expires_at: when it ends at the latest.
        recovery_codes_left: how many are unspent.
        token: what is presented from now on; shown once, and nowhere kept.
    """

    id: str
    staff: StaffId
    expires_at: datetime
    recovery_codes_left: int
    token: str = field(repr=False)


@frozen
class OwnSession:
    """A session that is not over.

    Attributes:
        seen_at: when it was last used, to the minute.
        current: whether it is the one that asks.
    """

    id: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    current: bool


@frozen
class SignedIn:
    """Who holds a session.

    Attributes:
        actor: with the roles held at this moment; named by the session.
        confirmed_at: when password and second factor were last shown.
    """

    session: str
    staff: StaffId
    actor: Actor
    confirmed_at: datetime


def sign_in(work: Work, *, attempt: Attempt, password: str, code: str) -> NewSession:
    """Begin a session. An unknown account, a wrong password and a wrong code look alike, and cost the same.

    Args:
        work: the unit of work.
        attempt: counted by `begin_attempt`, and committed.
        password: as typed.
        code: of the second factor, or a recovery code, which is spent.

    Raises:
        UnauthenticatedError: where anything is wrong.
    """
    staff, spent = prove(work, attempt, password, code)
    return begin_session(work, staff=StaffId(staff.id), factor=spent)


def begin_session(work: Work, *, staff: StaffId, factor: str) -> NewSession:
    """Begin a session of a staff member who has been recognised by a *factor*."""
    token = make_token(Token.SESSION)
    row = SessionRow(
        id=token.id,
        staff_id=staff,
        digest=token.digest,
        created_at=work.now,
        seen_at=work.now,
        expires_at=work.now + LONGEST,
        confirmed_at=work.now,
    )
    work.session.add(row)
    work.session.flush()
    left = _codes_left(work, staff)
    facts: dict[str, Fact] = {"session": token.id, "factor": factor, "recovery_codes_left": left}
    holder = Actor(kind=ActorKind.STAFF, id=staff, permissions=frozenset(), name=token.id)
    audit.append(replace(work, actor=holder), Action.SIGNED_IN, object=ObjectRef("staff", staff), facts=facts)
    return NewSession(token.id, staff, row.expires_at, left, token.presented)


def is_session_token(presented: str) -> bool:
    """Whether what was presented has the form of a session's token."""
    return bool(token_id_of(Token.SESSION, presented))


def authenticate_session(work: Work, *, presented: str) -> SignedIn:
    """Who presents the token of a session; asked anew each time, so that whatever ends it ends it at once.

    Raises:
        UnauthenticatedError: where there is no such session, or it is over; which of them is not told.
    """
    row = work.session.execute(_PRESENTED, {"id": token_id_of(Token.SESSION, presented)}).one_or_none()
    right = matches(presented, None if row is None else row.digest)
    if not right or row is None or row.disabled_at is not None or not _goes_on(row, work.now):
        raise UnauthenticatedError("The session is over; sign in again.")
    actor = replace(holding(StaffId(row.staff_id), row.roles), name=row.id)
    if work.now - row.seen_at >= SEEN_NOTED_EVERY:
        _note_use(work, row.id)
    return SignedIn(row.id, StaffId(row.staff_id), actor, row.confirmed_at)


def authenticate(work: Work, *, presented: str) -> Actor:
    """Who presents the key of a client, or the token of a session.

    Raises:
        UnauthenticatedError: where it is neither, or good no more.
    """
    if is_session_token(presented):
        return authenticate_session(work, presented=presented).actor
    return authenticate_client(work, presented=presented)


def require_confirmed(work: Work, signed_in: SignedIn, permission: Permission) -> None:
    """Make sure that whoever does a dangerous act has shown lately who they are.

    Raises:
        ConfirmationNeededError: where it is too long ago.
    """
    if permission in DANGEROUS and work.now - signed_in.confirmed_at >= CONFIRMED_FOR:
        raise ConfirmationNeededError("Confirm this session with password and second factor first.")


def email_of(work: Work, *, staff: StaffId) -> str:
    """The address that a staff member signs in with, for an attempt to confirm a session; for no eye."""
    row = work.session.get(StaffRow, staff)
    return "" if row is None else row.email or ""


def reauthenticate(work: Work, *, session: str, attempt: Attempt, password: str, code: str) -> None:
    """Show again who holds a session, as dangerous acts need it.

    Raises:
        UnauthenticatedError: where anything is wrong, or the session is another's.
    """
    staff, spent = prove(work, attempt, password, code)
    confirm_session(work, staff=StaffId(staff.id), session=session)
    holder = Actor(kind=ActorKind.STAFF, id=staff.id, permissions=frozenset(), name=session)
    facts = {"session": session, "factor": spent}
    audit.append(
        replace(work, actor=holder), Action.SESSION_CONFIRMED, object=ObjectRef("staff", staff.id), facts=facts
    )


def confirm_session(work: Work, *, staff: StaffId, session: str) -> None:
    """Take down that the holder of a session has shown anew who they are.

    Raises:
        UnauthenticatedError: where the session is over, or another's.
    """
    row = _own(work, staff, session)
    if row is None:
        raise UnauthenticatedError("The session is over; sign in again.")
    row.confirmed_at = row.seen_at = work.now
    work.session.flush()


def sessions(work: Work) -> list[OwnSession]:
    """Sessions of the actor that are not over, the oldest first."""
    query = select(SessionRow).where(SessionRow.staff_id == work.actor.id, SessionRow.ended_at.is_(None))
    rows = work.session.scalars(query.order_by(SessionRow.created_at, SessionRow.id))
    return [
        OwnSession(row.id, row.created_at, row.seen_at, row.expires_at, row.id == work.actor.name)
        for row in rows
        if _goes_on(row, work.now)
    ]


def revoke_session(work: Work, *, session: str) -> None:
    """End a session of the actor from this instant on; their own present one by signing out.

    Raises:
        NoSuchSessionError: where the actor has none of this id.
    """
    row = None if work.actor.id is None else _own(work, StaffId(work.actor.id), session)
    if row is None:
        raise NoSuchSessionError("You have no such session.")
    row.ended_at = work.now
    work.session.flush()
    audit.append(work, Action.SESSION_ENDED, object=ObjectRef("staff", row.staff_id), facts={"session": session})


def sign_out(work: Work) -> None:
    """End the session that the actor came with.

    Raises:
        NoSuchSessionError: where it is over already.
    """
    revoke_session(work, session=work.actor.name)


def end_sessions(work: Work, staff: StaffId) -> int:
    """End all sessions of a staff member; answers how many."""
    ended = work.session.execute(
        update(SessionRow)
        .where(SessionRow.staff_id == staff, SessionRow.ended_at.is_(None))
        .values(ended_at=work.now)
        .returning(SessionRow.id),
        execution_options={"synchronize_session": False},
    )
    return len(ended.all())


def forget_sessions(work: Work) -> int:
    """Delete sessions that were over long ago; answers how many."""
    old = delete(SessionRow).where(SessionRow.expires_at < work.now - ENDED_KEPT).returning(SessionRow.id)
    return len(work.session.execute(old, execution_options={"synchronize_session": False}).all())


def _codes_left(work: Work, staff: StaffId) -> int:
    unspent = select(RecoveryCodeRow.digest).where(RecoveryCodeRow.staff_id == staff, RecoveryCodeRow.used_at.is_(None))
    return len(work.session.scalars(unspent).all())


def _goes_on(row: SessionRow | Row[*tuple[Any, ...]], now: datetime) -> bool:
    return row.ended_at is None and now < row.expires_at and now - row.seen_at < IDLE


def _own(work: Work, staff: StaffId, session: str) -> SessionRow | None:
    query = select(SessionRow).where(SessionRow.id == session, SessionRow.staff_id == staff).with_for_update()
    row = work.session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    return row if row is not None and _goes_on(row, work.now) else None


def _note_use(work: Work, session: str) -> None:
    # Requests of one session run at the same time; none of them waits for another's note.
    free = select(SessionRow.id).where(SessionRow.id == session).with_for_update(skip_locked=True)
    work.session.execute(
        update(SessionRow).where(SessionRow.id.in_(free)).values(seen_at=work.now),
        execution_options={"synchronize_session": False},
    )
