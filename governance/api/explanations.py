"""The whole story of a contact: why something was sent to it, or was not."""

from collections.abc import Mapping
from typing import Any

import marshmallow as ma
from flask.views import MethodView

from governance.api.auth import guarded
from governance.api.blueprints import Blueprint
from governance.api.consent_schemas import ConsentContact, ConsentEvent
from governance.api.schemas import Instant, Schema
from governance.api.service import current_work
from governance.consent import operations as consent
from governance.kernel.ids import SubjectId
from governance.policies.permissions import Permission

blueprint = Blueprint("explanations", __name__, description="Why a contact was written to, or was not.")


class ExplanationAsked(Schema):
    """Whose story is wanted, of which instant, and why."""

    contact = ma.fields.Nested(ConsentContact, load_default=None, allow_none=True)
    customer_id = ma.fields.UUID(
        load_default=None,
        allow_none=True,
        metadata={
            "description": "Instead of a contact: by the contacts that messages to this customer go to, and by push, "
            "which reaches devices and no contact that is kept."
        },
    )
    as_of = Instant(
        load_default=None,
        allow_none=True,
        metadata={"description": "By what was recorded up to then; now if left out."},
    )
    days = ma.fields.Integer(
        strict=True,
        load_default=31,
        validate=ma.validate.Range(0, 366),
        metadata={"description": "How long before it send checks are looked for."},
    )
    reason = ma.fields.String(
        required=True,
        validate=ma.validate.Length(1, 500),
        metadata={"description": "Why you need it; kept sealed beside the entry of the log that tells of it."},
    )


class WordsShown(Schema):
    """The words of a notice in one language."""

    title = ma.fields.String(required=True)
    body = ma.fields.String(required=True)


class InformingExplained(Schema):
    """What the holder was told of the processing."""

    id = ma.fields.UUID(required=True)
    notice = ma.fields.String(required=True)
    version = ma.fields.Integer(required=True)
    language = ma.fields.String(required=True, allow_none=True)
    method = ma.fields.String(required=True)
    at = Instant(required=True)


class EventExplained(ConsentEvent):
    """Something that was said, with the very words that it was said to."""

    import_id = ma.fields.UUID(required=True, allow_none=True)
    said_on = ma.fields.Date(
        required=True,
        allow_none=True,
        metadata={"description": "Your day on which it was said, where no more than the day is known."},
    )
    words = ma.fields.Dict(
        keys=ma.fields.String(),
        values=ma.fields.Nested(WordsShown),
        required=True,
        metadata={"description": "By language: that which was shown, or all where nobody knows which."},
    )
    digests = ma.fields.Dict(
        keys=ma.fields.String(),
        values=ma.fields.String(),
        required=True,
        metadata={"description": "SHA-256 of title, line feed and body, by language."},
    )


class RestrictionExplained(Schema):
    """A restriction of processing."""

    reason = ma.fields.String(required=True)
    placed_at = Instant(required=True)
    lifted_at = Instant(required=True, allow_none=True)


class HolderExplained(Schema):
    """Somebody who holds the contact."""

    customer_id = ma.fields.UUID(required=True)
    created_at = Instant(required=True)
    source = ma.fields.String(required=True, allow_none=True)
    acquired_at = Instant(required=True)
    inform_by = Instant(required=True, allow_none=True)
    informed_at = Instant(required=True, allow_none=True)
    not_mailable = ma.fields.String(required=True, allow_none=True)
    deceased = ma.fields.Boolean(required=True)
    restrictions = ma.fields.List(ma.fields.Nested(RestrictionExplained), required=True)
    events = ma.fields.List(ma.fields.Nested(EventExplained), required=True)
    informings = ma.fields.List(ma.fields.Nested(InformingExplained), required=True)


class SuppressionExplained(Schema):
    """A line of the suppression ledger."""

    id = ma.fields.UUID(required=True)
    channel = ma.fields.String(required=True)
    scope = ma.fields.String(required=True)
    purpose = ma.fields.String(required=True, allow_none=True)
    reason = ma.fields.String(required=True)
    at = Instant(required=True)
    lifted_at = Instant(required=True, allow_none=True)


class HolderFacts(Schema):
    """What was known of one holder when the verdict was reached."""

    customer_id = ma.fields.UUID(required=True)
    standing = ma.fields.String(required=True, allow_none=True)
    restricted = ma.fields.Boolean(required=True)
    country = ma.fields.String(required=True, allow_none=True)
    age_at_least = ma.fields.Integer(required=True, allow_none=True)
    kept_on = ma.fields.String(required=True, allow_none=True)
    sale_at = Instant(required=True, allow_none=True)
    opt_out_offered_at = Instant(required=True, allow_none=True)


class VerdictFacts(Schema):
    """What a verdict went by."""

    holders = ma.fields.List(ma.fields.Nested(HolderFacts), required=True)
    suppressions = ma.fields.List(ma.fields.Nested(SuppressionExplained), required=True)
    controller_country = ma.fields.String(required=True)
    minimum_notice = ma.fields.Integer(required=True)
    minimum_age = ma.fields.Integer(required=True, allow_none=True)
    valid_for = ma.fields.String(required=True, allow_none=True)
    confirmed = ma.fields.Boolean(
        required=True, metadata={"description": "Whether the holder of the contact had to confirm."}
    )


class VerdictExplained(Schema):
    """The answer of that instant for one purpose and channel."""

    contact = ma.fields.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "Which of `contacts`, from 0; null for push, which is about the customer."},
    )
    purpose = ma.fields.String(required=True)
    channel = ma.fields.String(required=True)
    allowed = ma.fields.Boolean(required=True)
    reason = ma.fields.String(required=True)
    rule = ma.fields.String(required=True)
    citation = ma.fields.String(required=True, allow_none=True)
    citation_verified = ma.fields.Boolean(required=True, allow_none=True)
    ground = ma.fields.String(required=True, allow_none=True)
    valid_until = Instant(required=True, allow_none=True)
    notice = ma.fields.Integer(required=True, allow_none=True)
    event_id = ma.fields.UUID(required=True, allow_none=True)
    only_with_opt_out = ma.fields.Boolean(
        required=True, metadata={"description": "Allowed only in a message that itself offers a way to refuse."}
    )
    facts = ma.fields.Nested(VerdictFacts, required=True)


class CheckExplained(Schema):
    """A send check that answered yes before that instant."""

    decision_id = ma.fields.UUID(required=True)
    at = Instant(required=True)
    purpose = ma.fields.String(required=True)
    channel = ma.fields.String(required=True)
    campaign = ma.fields.String(required=True, allow_none=True)
    asked_by = ma.fields.String(required=True)
    client_id = ma.fields.UUID(required=True, allow_none=True)
    count = ma.fields.Integer(required=True)
    allowed = ma.fields.Integer(required=True)
    exact = ma.fields.Boolean(
        required=True,
        metadata={
            "description": "It was about this contact alone. Otherwise about a list that may have held it: the log "
            "holds no contact, and only whoever has the list can tell."
        },
    )


class Explanation(Schema):
    """The whole story."""

    entry_id = ma.fields.UUID(required=True)
    as_of = Instant(required=True)
    contacts = ma.fields.List(ma.fields.String(), required=True, metadata={"description": "Their kinds."})
    holders = ma.fields.List(ma.fields.Nested(HolderExplained), required=True)
    suppressions = ma.fields.List(ma.fields.Nested(SuppressionExplained), required=True)
    verdicts = ma.fields.List(ma.fields.Nested(VerdictExplained), required=True)
    checks = ma.fields.List(ma.fields.Nested(CheckExplained), required=True)
    checks_since = Instant(required=True)
    checks_complete = ma.fields.Boolean(required=True)


@blueprint.route("/consent/explanations")
class Explanations(MethodView):
    """Stories of contacts."""

    @guarded(Permission.CONSENT_EXPLAIN, changes=False)
    @blueprint.arguments(ExplanationAsked)
    @blueprint.response(200, Explanation)
    def post(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Tell who held a contact at an instant, what they had said to which words, and what a check answered, and why.

        The telling is itself in the log, with your reason.
        """
        customer = asked["customer_id"]
        story = consent.explain(
            current_work(),
            reason=asked["reason"],
            contact=asked["contact"],
            subject=None if customer is None else SubjectId(customer),
            as_of=asked["as_of"],
            days=asked["days"],
        )
        return consent.tell_story(story)
