"""The first member of staff, who is let in by a link that the operator reads in the terminal."""

from datetime import timedelta
from typing import Final

from sqlalchemy import select, update

from governance.accounts import passwords
from governance.accounts.invitations import Enrolment, set_credentials
from governance.accounts.keys import Token, make_token, matches, token_id_of
from governance.accounts.staff import create_staff
from governance.accounts.tables import CredentialRow, SetupLinkRow, StaffRow
from governance.kernel.errors import InvalidError, NotFoundError
from governance.kernel.work import Work

LIFE: Final = timedelta(days=7)
FIRST_ROLES: Final = ("admin", "officer", "steward")
"""What whoever sets a store up holds: one who adds others, decides until there are others, and brings in the list."""


def is_set_up(work: Work) -> bool:
    """Whether anybody has ever signed in; from then on no link lets anybody in."""
    confirmed = select(CredentialRow.id).where(CredentialRow.factor_confirmed_at.is_not(None)).limit(1)
    return work.session.scalar(confirmed) is not None


def make_setup_link(work: Work) -> str:
    """The token of a new link; an earlier one is good no more."""
    work.session.execute(update(SetupLinkRow).where(SetupLinkRow.ended_at.is_(None)).values(ended_at=work.now))
    token = make_token(Token.SETUP)
    until = work.now + LIFE
    work.session.add(SetupLinkRow(id=token.id, digest=token.digest, created_at=work.now, expires_at=until))
    work.session.flush()
    return token.presented


def require_setup(work: Work, *, presented: str) -> None:
    """Make sure that a link is good, and that the store still waits to be set up.

    Raises:
        NotFoundError: where it is not.
    """
    row = work.session.get(SetupLinkRow, token_id_of(Token.SETUP, presented) or "-")
    right = matches(presented, None if row is None else row.digest)
    if not right or row is None or row.ended_at is not None or row.expires_at <= work.now or is_set_up(work):
        raise NotFoundError("This link is spent or expired; start the service again for another.")


def enrol_first(work: Work, *, presented: str, name: str, email: str, password: str) -> Enrolment:
    """Put the first member of staff on record, with password and second factor; may be repeated until they sign in.

    Raises:
        NotFoundError: where the link is not good.
        InvalidError: where name, address or password cannot be taken, or the address is not of who is on record.
    """
    require_setup(work, presented=presented)
    passwords.check_password(password, about=(name, email))
    known = {one.email: one for one in work.session.scalars(select(StaffRow).where(StaffRow.disabled_at.is_(None)))}
    row = known.get(email.strip())
    if row is None and known:
        sentence = "Somebody else is on record as the administrator; give that address."
        raise InvalidError(sentence, errors={"email": [sentence]})
    if row is None:
        made = create_staff(work, name=name, email=email, roles=FIRST_ROLES)
        row = work.session.get_one(StaffRow, made.id)
    return set_credentials(work, row, password=password)
