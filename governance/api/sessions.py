"""Sessions of staff."""

from collections.abc import Mapping
from contextlib import AbstractContextManager

import marshmallow as ma
from flask import g, request
from flask.views import MethodView

from governance.accounts import operations as accounts
from governance.accounts.operations import Attempt, NewSession, OwnSession
from governance.api.auth import presented_key, signed_in, stranger_work
from governance.api.blueprints import Blueprint
from governance.api.paging import Page, page_schema
from governance.api.schemas import Instant, Schema
from governance.api.service import current_work
from governance.kernel.ids import StaffId

blueprint = Blueprint("sessions", __name__, description="Signing in and out.")


class Proof(Schema):
    """What proves who somebody is."""

    password = ma.fields.String(required=True, validate=ma.validate.Length(1, 1024))
    code = ma.fields.String(
        required=True,
        validate=ma.validate.Length(1, 64),
        metadata={"description": "Of the second factor, or a recovery code, which is spent."},
    )


class SignIn(Proof):
    """Who wants to sign in."""

    email = ma.fields.String(required=True, validate=ma.validate.Length(1, 254))


class Session(Schema):
    """A session just begun."""

    id = ma.fields.String(required=True)
    staff = ma.fields.UUID(required=True)
    token = ma.fields.String(required=True, metadata={"description": "Presented as a bearer from now on; shown once."})
    expires_at = Instant(required=True, metadata={"description": "At the latest; half an hour unused ends it, too."})
    recovery_codes_left = ma.fields.Integer(required=True)


class SessionShown(Schema):
    """A session of one's own."""

    id = ma.fields.String(required=True)
    created_at = Instant(required=True)
    seen_at = Instant(required=True, metadata={"description": "When it was last used, to the minute."})
    expires_at = Instant(required=True)
    current = ma.fields.Boolean(required=True)


SessionPage = page_schema(SessionShown, "SessionPage")


def _tried(email: str) -> AbstractContextManager[Attempt]:
    return accounts.tried(stranger_work, email=email, address=request.remote_addr or "")


class PasswordChange(Proof):
    """A proof, and the password wished for."""

    new_password = ma.fields.String(
        required=True,
        validate=ma.validate.Length(1, 1024),
        metadata={"description": "12 characters at least, and none that is tried first."},
    )


@blueprint.route("/sessions")
class Sessions(MethodView):
    """Sessions."""

    @blueprint.arguments(SignIn)
    @blueprint.response(201, Session)
    def post(self, given: Mapping[str, str]) -> NewSession:
        """Sign in with e-mail address, password and a code of the second factor.

        Failures in a row make the next attempt wait ever longer (429 with `Retry-After`), never for good.
        """
        with _tried(given["email"]) as attempt, stranger_work() as work:
            made = accounts.sign_in(work, attempt=attempt, password=given["password"], code=given["code"])
        g.actor = str(made.staff)
        return made

    @signed_in
    @blueprint.response(200, SessionPage)
    def get(self) -> Page[OwnSession]:
        """List one's own sessions that are not over, all on one page, oldest first."""
        return Page(accounts.sessions(current_work()), None)


@blueprint.route("/sessions/current")
class CurrentSession(MethodView):
    """The session that asks."""

    @signed_in
    @blueprint.response(204)
    def delete(self) -> None:
        """Sign out."""
        accounts.sign_out(current_work())


@blueprint.route("/sessions/<session>")
class OneSession(MethodView):
    """A session of one's own."""

    @signed_in
    @blueprint.response(204)
    def delete(self, session: str) -> None:
        """End a session of one's own."""
        accounts.revoke_session(current_work(), session=session)


@blueprint.route("/sessions/current/confirmations")
class Confirmations(MethodView):
    """Confirmations of the session that asks."""

    @blueprint.arguments(Proof)
    @blueprint.response(204)
    def post(self, given: Mapping[str, str]) -> None:
        """Show password and second factor again, as dangerous acts need it; good for ten minutes."""
        with stranger_work() as work:
            known = accounts.authenticate_session(work, presented=presented_key())
            email = accounts.email_of(work, staff=StaffId(known.staff))
        with _tried(email) as attempt, stranger_work() as work:
            accounts.reauthenticate(
                work, session=known.session, attempt=attempt, password=given["password"], code=given["code"]
            )


@blueprint.route("/sessions/current/password-changes")
class PasswordChanges(MethodView):
    """Changes of one's own password."""

    @blueprint.arguments(PasswordChange)
    @blueprint.response(204)
    def post(self, given: Mapping[str, str]) -> None:
        """Take another password; password and second factor are shown again, and all other sessions end."""
        with stranger_work() as work:
            known = accounts.authenticate_session(work, presented=presented_key())
            accounts.check_new_password(work, staff=known.staff, password=given["new_password"])
            email = accounts.email_of(work, staff=known.staff)
        with _tried(email) as attempt, stranger_work() as work:
            accounts.change_password(work, session=known.session, attempt=attempt, **given)
