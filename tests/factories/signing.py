"""Staff who can sign in."""

from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

import pyotp
from flask.testing import FlaskClient

from governance.accounts import operations as accounts
from governance.accounts.operations import NewSession
from governance.kernel.ids import StaffId
from governance.kernel.work import Work

PASSWORD = "Vier lila Tassen im Nebel"


@dataclass(frozen=True)
class Member:
    """A staff member with password and second factor."""

    id: StaffId
    email: str
    secret: str
    recovery_codes: tuple[str, ...]

    def code(self, at: datetime) -> str:
        """What the app shows at this instant."""
        return pyotp.TOTP(self.secret).at(at)


def enrol(work: Work, *roles: str) -> Member:
    """Add a staff member who has accepted the invitation."""
    made = accounts.create_staff(work, name="Daria Melnyk", email=f"{uuid4().hex}@example.org", roles=roles)
    token = accounts.invite(work, staff=made.id).token
    enrolled = accounts.accept_invitation(work, token=token, password=PASSWORD)
    return Member(made.id, made.email or "", enrolled.secret, enrolled.recovery_codes)


def signed_in(
    work: Work, member: Member, *, code: str | None = None, password: str = PASSWORD, address: str = "192.0.2.1"
) -> NewSession:
    """Sign in at the instant of *work*."""
    attempt = accounts.begin_attempt(work, email=member.email, address=address)
    given = member.code(work.now) if code is None else code
    return accounts.sign_in(work, attempt=attempt, password=password, code=given)


def bearer_of(web: FlaskClient, member: Member) -> dict[str, str]:
    """Sign in over HTTP; answers the header by which the member is known from then on."""
    at = web.application.extensions["governance"].clock.now()
    proof = {"email": member.email, "password": PASSWORD, "code": member.code(at)}
    answer = web.post("/v1/sessions", json=proof)
    assert answer.status_code == 201, answer.json
    return {"Authorization": f"Bearer {answer.json['token']}"}
