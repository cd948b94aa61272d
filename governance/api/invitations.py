"""Invitations of staff, accepted by whoever was invited."""

from collections.abc import Mapping

import marshmallow as ma
from flask import g
from flask.views import MethodView

from governance.accounts import operations as accounts
from governance.accounts.operations import Enrolment
from governance.api.auth import stranger_work
from governance.api.blueprints import Blueprint
from governance.api.schemas import Schema

blueprint = Blueprint("invitations", __name__, description="Setting up password and second factor.")


class Acceptance(Schema):
    """An invitation and the password wished for."""

    token = ma.fields.String(required=True, validate=ma.validate.Length(1, 128))
    password = ma.fields.String(
        required=True,
        validate=ma.validate.Length(1, 1024),
        metadata={"description": "12 characters at least, and none that is tried first."},
    )


class Enrolled(Schema):
    """What to sign in with from now on; shown once."""

    staff = ma.fields.UUID(required=True)
    secret = ma.fields.String(required=True, metadata={"description": "Of the second factor, base32."})
    uri = ma.fields.String(required=True, metadata={"description": "The same as an address that apps read."})
    qr_svg = ma.fields.String(required=True, metadata={"description": "The address as a QR code."})
    recovery_codes = ma.fields.List(
        ma.fields.String(), required=True, metadata={"description": "Each stands in for the second factor once."}
    )


@blueprint.route("/invitations/acceptances")
class Acceptances(MethodView):
    """Acceptances."""

    @blueprint.arguments(Acceptance)
    @blueprint.response(201, Enrolled)
    def post(self, acceptance: Mapping[str, str]) -> Enrolment:
        """Set a password with the code of an invitation; the first sign-in confirms the factor answered."""
        with stranger_work() as work:
            enrolment = accounts.accept_invitation(work, token=acceptance["token"], password=acceptance["password"])
        g.actor = str(enrolment.staff)
        return enrolment
