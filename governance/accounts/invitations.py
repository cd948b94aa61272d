"""Invitations: a mail with a token, for which a password and a second factor are set up, once."""

from dataclasses import field, replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, select, update

from governance.accounts import factors, passwords
from governance.accounts.errors import DisabledError, EnrolledError, NoSuchInvitationError, NoSuchStaffError
from governance.accounts.keys import Token, make_token, matches, token_id_of
from governance.accounts.tables import CredentialRow, InvitationRow, RecoveryCodeRow, StaffRow
from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import ObjectRef
from governance.kernel.ids import StaffId
from governance.kernel.records import frozen
from governance.kernel.work import Actor, ActorKind, Work
from governance.messages import operations as messages
from governance.messages.operations import Template
from governance.messages.times import moment
from governance.reference import operations as reference

LIFE: Final = timedelta(days=3)


@frozen
class Invitation:
    """An invitation just made.

    Attributes:
        token: what it is accepted with; in the mail, and nowhere kept.
        expires_at: taken strictly before this instant.
    """

    staff: StaffId
    expires_at: datetime
    token: str = field(repr=False)


@frozen
class Enrolment:
    """What a staff member signs in with from now on; shown once.

    Attributes:
        secret: of the second factor, in base32.
        uri: the same for an app to read.
        recovery_codes: each stands in for the second factor once.
    """

    staff: StaffId
    secret: str = field(repr=False)
    uri: str = field(repr=False)
    recovery_codes: tuple[str, ...] = field(repr=False)

    @property
    def qr_svg(self) -> str:
        """The address as a picture; drawn only for whoever looks, since it costs more than all else of enrolling."""
        return factors.setup_qr(self.uri)


def invite(work: Work, *, staff: StaffId, again: bool = False) -> Invitation:
    """Invite a staff member by mail to set up password and second factor; an earlier invitation ends.

    Args:
        work: the unit of work.
        staff: who is invited.
        again: whether one may be who has set them up; the caller takes down why.

    Raises:
        NoSuchStaffError, DisabledError: as they say.
        EnrolledError: where both are set up already.
    """
    row = work.session.scalars(select(StaffRow).where(StaffRow.id == staff).with_for_update()).one_or_none()
    if row is None:
        raise NoSuchStaffError("There is no such staff member.")
    if row.disabled_at is not None or row.email is None:
        raise DisabledError("The account is disabled.")
    if not again and is_enrolled(work, staff=staff):
        raise EnrolledError("Password and second factor are set up already; where they are lost, reset the factor.")
    end_invitations(work, staff)
    token = make_token(Token.INVITATION)
    until = work.now + LIFE
    work.session.add(
        InvitationRow(id=token.id, staff_id=row.id, digest=token.digest, created_at=work.now, expires_at=until)
    )
    work.session.flush()
    controller = reference.find_controller(work)
    language, zone = (None, None) if controller is None else (controller.language, controller.zone)
    messages.enqueue(
        work,
        template=Template.STAFF_INVITED,
        language=language,
        recipient=row.email,
        values={"token": token.presented, "until": moment(until, language=language, zone=zone)},
        expires_at=until,
    )
    audit.append(work, Action.STAFF_INVITED, object=ObjectRef("staff", row.id), facts={"expires_at": until})
    return Invitation(staff, until, token.presented)


def is_enrolled(work: Work, *, staff: StaffId) -> bool:
    """Whether password and second factor are set up, so that no invitation is sent any more."""
    return work.session.scalars(select(CredentialRow.id).where(CredentialRow.staff_id == staff)).first() is not None


def end_invitations(work: Work, staff: StaffId) -> None:
    """Take no invitation of a staff member any more."""
    work.session.execute(
        update(InvitationRow)
        .where(InvitationRow.staff_id == staff, InvitationRow.ended_at.is_(None))
        .values(ended_at=work.now),
        execution_options={"synchronize_session": False},
    )


def accept_invitation(work: Work, *, token: str, password: str) -> Enrolment:
    """Set the password, and make a second factor, of whoever holds an invitation. What held before holds no more.

    The factor is confirmed by the first sign-in.

    Raises:
        NoSuchInvitationError: where it is unknown, spent, replaced or expired, or the account is disabled.
        InvalidError: where the password cannot be taken; the invitation stays good.
    """
    query = select(InvitationRow).where(InvitationRow.id == token_id_of(Token.INVITATION, token)).with_for_update()
    row = work.session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    right = matches(token, None if row is None else row.digest)
    if not right or row is None or row.ended_at is not None or row.expires_at <= work.now:
        raise NoSuchInvitationError("The invitation is spent or expired; ask for another.")
    staff = work.session.scalars(select(StaffRow).where(StaffRow.id == row.staff_id).with_for_update()).one()
    if staff.disabled_at is not None:
        raise NoSuchInvitationError("The invitation is spent or expired; ask for another.")
    passwords.check_password(password, about=(staff.name or "", staff.email or ""))
    row.ended_at = work.now
    return set_credentials(work, staff, password=password)


def set_credentials(work: Work, staff: StaffRow, *, password: str) -> Enrolment:
    """Set a password that was looked at, and make a second factor. What held before holds no more."""
    secret, codes = factors.make_secret(), factors.make_recovery_codes()
    forget_credentials(work, StaffId(staff.id))
    work.session.add(
        CredentialRow(
            owner_id=staff.owner_id,
            staff_id=staff.id,
            password=passwords.hash_password(password),
            secret=secret,
            password_set_at=work.now,
            factor_set_at=work.now,
        )
    )
    work.session.add_all(
        RecoveryCodeRow(digest=factors.recovery_digest(code), staff_id=staff.id, created_at=work.now) for code in codes
    )
    work.session.flush()
    holder = Actor(kind=ActorKind.STAFF, id=staff.id, permissions=frozenset())
    audit.append(
        replace(work, actor=holder),
        Action.CREDENTIALS_SET,
        object=ObjectRef("staff", staff.id),
        facts={"recovery_codes": len(codes)},
    )
    uri = factors.setup_uri(secret, account=staff.email or "")
    return Enrolment(StaffId(staff.id), secret, uri, tuple(codes))


def forget_credentials(work: Work, staff: StaffId) -> None:
    """Delete password, second factor and recovery codes of a staff member."""
    for table in (CredentialRow, RecoveryCodeRow):
        work.session.execute(
            delete(table).where(table.staff_id == staff), execution_options={"synchronize_session": "fetch"}
        )
