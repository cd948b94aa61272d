"""Bounces: contacts that mailing systems report as not working."""

from collections.abc import Mapping
from typing import Any, Final

import marshmallow as ma
from flask.views import MethodView

from governance.api.auth import guarded
from governance.api.blueprints import Blueprint
from governance.api.schemas import Instant, Schema, code
from governance.api.service import current_work
from governance.api.suppressions import BODY_LIMIT_BYTES, SuppressedContacts, kind_of
from governance.consent import operations as consent
from governance.consent.operations import ContactSaid
from governance.policies.consent_facts import Scope, SuppressionReason
from governance.policies.consent_state import Method
from governance.policies.permissions import Permission
from governance.policies.purposes import Channel

_BY_MAIL: Final = [Channel.EMAIL, Channel.SMS, Channel.POST, Channel.MESSENGER]

blueprint = Blueprint("bounces", __name__, description="Contacts that do not work any more.")


class BouncesNew(Schema):
    """Contacts to which a message came back for good."""

    channel = code(Channel, load_default=Channel.EMAIL, validate=ma.validate.OneOf(_BY_MAIL))
    at = Instant(load_default=None, allow_none=True, metadata={"description": "When it came back; now by default."})
    region = ma.fields.String(
        load_default=None,
        allow_none=True,
        validate=ma.validate.Regexp(r"[A-Z]{2}\Z"),
        metadata={"description": "Country of phone numbers without a country code; the controller's by default."},
    )
    contacts = ma.fields.List(
        ma.fields.String(validate=ma.validate.Length(1, 500)),
        required=True,
        validate=ma.validate.Length(1, consent.MOST_SUPPRESSED),
        metadata={"description": "As the messages were addressed."},
    )


@blueprint.route("/contacts/bounces")
class Bounces(MethodView):
    """Reports of mailing systems."""

    @guarded(Permission.CONSENT_SUPPRESS, body_limit_bytes=BODY_LIMIT_BYTES)
    @blueprint.arguments(BouncesNew)
    @blueprint.response(200, SuppressedContacts)
    def post(self, new: Mapping[str, Any]) -> dict[str, object]:
        """Report hard bounces: such a contact is marked with all who hold it, and nothing more is sent to it.

        Report only what will not get better by trying again. It takes no consent back, since nobody said anything.
        """
        channel: Channel = new["channel"]
        found = consent.stop_many(
            current_work(),
            contacts=[ContactSaid(kind_of(channel, value), value, new["region"]) for value in new["contacts"]],
            channel=channel,
            scope=Scope.EVERYTHING,
            reason=SuppressionReason.HARD_BOUNCE,
            method=Method.API,
            at=new["at"],
        )
        return {"items": [{"suppressed": one} for one in found]}
