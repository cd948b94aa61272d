"""The feed of changes for systems that send: what to stop, and what to ask about again."""

from collections.abc import Mapping
from typing import Any

import marshmallow as ma
from flask.views import MethodView

from governance.api.auth import guarded
from governance.api.blueprints import Blueprint
from governance.api.schemas import Instant, Schema
from governance.api.service import current_work
from governance.consent import operations as consent
from governance.consent.changes import LIMIT, Changes
from governance.messages.webhooks.making import write_cursor
from governance.policies.permissions import Permission

blueprint = Blueprint("consent_changes", __name__, description="What changed for senders, in order and without gaps.")


class ChangeQuery(Schema):
    """Where to go on."""

    cursor = ma.fields.String(
        load_default=None,
        validate=ma.validate.Length(1, 40),
        metadata={"description": "`next_cursor` of the last answer; `latest` for none but what comes from now on."},
    )
    limit = ma.fields.Integer(load_default=LIMIT, validate=ma.validate.Range(1, LIMIT))


class ConsentChange(Schema):
    """Something that changed for senders. It never says that something may be sent: the check alone does."""

    cursor = ma.fields.Function(
        lambda change: write_cursor(change.place), metadata={"type": "string", "description": "Place of this change."}
    )
    id = ma.fields.UUID(required=True, metadata={"description": "Of the entry in the audit log, and of the event."})
    kind = ma.fields.String(
        required=True,
        metadata={
            "description": "Kind of the event (withdrawn, given...), or suppressed, suppression_lifted, restricted, "
            "restriction_lifted, person_changed, notice_published, purpose_published."
        },
    )
    effect = ma.fields.String(
        required=True,
        metadata={
            "enum": ["stop", "ask"],
            "description": "`stop`: send nothing more of this purpose by this channel; `ask`: check before you send.",
        },
    )
    at = Instant(required=True)
    customers = ma.fields.List(
        ma.fields.UUID(),
        required=True,
        allow_none=True,
        metadata={
            "description": "Whom it is about; null for everybody, empty where no customer known holds the contact."
        },
    )
    purpose = ma.fields.String(required=True, allow_none=True, metadata={"description": "Null for every purpose."})
    channel = ma.fields.String(required=True, allow_none=True, metadata={"description": "Null for every channel."})
    scope = ma.fields.String(
        required=True, allow_none=True, metadata={"description": "Of a suppression: purpose, advertising, everything."}
    )
    reason = ma.fields.String(required=True, allow_none=True, metadata={"description": "Of a suppression."})


class ConsentChanges(Schema):
    """A page of the feed, which may hold few changes, or none, and yet not be the last."""

    items = ma.fields.List(ma.fields.Nested(ConsentChange), required=True)
    next_cursor = ma.fields.Function(
        lambda page: write_cursor(page.place), metadata={"type": "string", "description": "Keep it, and go on from it."}
    )
    more = ma.fields.Boolean(
        required=True, metadata={"description": "Whether to ask on at once; if not, in a few seconds or minutes."}
    )


@blueprint.route("/consent/changes")
class ConsentFeed(MethodView):
    """The feed."""

    @guarded(Permission.CONSENT_FOLLOW)
    @blueprint.arguments(ChangeQuery, location="query")
    @blueprint.response(200, ConsentChanges)
    def get(self, query: Mapping[str, Any]) -> Changes:
        """List what changed after a cursor, in order."""
        return consent.follow(current_work(), cursor=query["cursor"], limit=query["limit"])
