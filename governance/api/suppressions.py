"""The suppression ledger: unsubscriptions, complaints and bounces that other systems have collected."""

from collections.abc import Mapping
from typing import Any, Final

import marshmallow as ma
from flask.views import MethodView

from governance.api.auth import guarded
from governance.api.blueprints import Blueprint
from governance.api.schemas import Schema, code
from governance.api.service import current_work
from governance.consent import operations as consent
from governance.consent.codes import CONTACTS_OF
from governance.consent.operations import ContactSaid
from governance.customers.codes import ContactKind
from governance.policies.consent_facts import Scope, SuppressionReason
from governance.policies.consent_state import Method
from governance.policies.permissions import Permission
from governance.policies.purposes import Channel

BODY_LIMIT_BYTES: Final = 4 * 1_048_576
_REASONS: Final = [reason for reason in SuppressionReason if reason is not SuppressionReason.ERASED]

blueprint = Blueprint("suppressions", __name__, description="Contacts that are not to be written to.")


class SuppressionsNew(Schema):
    """Contacts that are not to be written to by a channel, and why."""

    channel = code(Channel, required=True)
    reason = ma.fields.Enum(
        SuppressionReason,
        by_value=True,
        required=True,
        validate=ma.validate.OneOf(_REASONS),
        metadata={"description": "unsubscribed, complaint, hard_bounce or do_not_contact."},
    )
    scope = code(Scope, load_default=Scope.ADVERTISING, metadata={"description": "What it covers."})
    purpose = ma.fields.String(
        load_default=None, allow_none=True, metadata={"description": "Key of the purpose, where the scope is one."}
    )
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
        metadata={"description": "As people write them."},
    )


class Suppressed(Schema):
    """What became of a contact."""

    suppressed = ma.fields.Boolean(
        required=True, metadata={"description": "False where it is no contact of the channel."}
    )


class SuppressedContacts(Schema):
    """In the order of the contacts."""

    items = ma.fields.List(ma.fields.Nested(Suppressed), required=True)


@blueprint.route("/consent/suppressions")
class Suppressions(MethodView):
    """Lines of the ledger."""

    @guarded(Permission.CONSENT_SUPPRESS, body_limit_bytes=BODY_LIMIT_BYTES)
    @blueprint.arguments(SuppressionsNew)
    @blueprint.response(200, SuppressedContacts)
    def post(self, new: Mapping[str, Any]) -> dict[str, object]:
        """Put contacts on the ledger. No person is named, and none need be known.

        Whoever holds one and had agreed to something that it covers has that taken back, unless it only bounced; a stop
        of one purpose is recorded for every holder. A line outlives the person's erasure and the import of an old list.
        A confirmed consent given more than a second later lifts `unsubscribed` for its purpose, until it is said again;
        all else is lifted by staff.
        """
        channel: Channel = new["channel"]
        contacts = [ContactSaid(kind_of(channel, value), value, new["region"]) for value in new["contacts"]]
        said = {name: new[name] for name in ("scope", "reason", "purpose")}
        found = consent.stop_many(current_work(), contacts=contacts, channel=channel, method=Method.API, **said)
        return {"items": [{"suppressed": one} for one in found]}


def kind_of(channel: Channel, value: str) -> ContactKind:
    """What kind of contact of the channel a value is, by its at sign where there are several."""
    kinds = CONTACTS_OF[channel] or (ContactKind.EMAIL,)
    return kinds[0] if len(kinds) == 1 or "@" in value else kinds[-1]
