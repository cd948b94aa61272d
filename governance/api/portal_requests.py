"""Requests that customers make by themselves, with what their session of the portal proves."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import marshmallow as ma
from flask import g
from flask.views import MethodView

from governance.api.blueprints import Blueprint
from governance.api.portal import for_visitors
from governance.api.schemas import Schema, code, flag
from governance.api.service import current_work
from governance.customers.visiting import Visitor
from governance.policies.deadline_rules import RequestKind
from governance.policies.requests import RequestState
from governance.rights import operations as rights
from governance.rights.codes import About, Outcome, RefusalGround
from governance.rights.operations import OwnRequest, RequestId

blueprint = Blueprint("portal requests", __name__, description="What customers ask of their data, by themselves.")

_WORDS = ma.validate.Length(1, 4000)


class OwnRequestNew(Schema):
    """A request of the visitor."""

    kind = code(RequestKind, required=True)
    about = code(
        About,
        load_default=None,
        metadata={"description": "Of an objection: advertising or processing; of a restriction: place or lift."},
    )
    said = ma.fields.String(load_default=None, validate=_WORDS)
    changes = ma.fields.Dict(
        keys=ma.fields.String(),
        values=ma.fields.Raw(allow_none=True),
        load_default=None,
        metadata={
            "description": "Of a rectification: the right values by field, `extra.KEY`, `contact.ID` (`{value}`, or "
            "null to remove it) and `contact.new`, `contact.new2`... (`{kind, value}`)."
        },
    )
    country = ma.fields.String(load_default=None, metadata={"description": "Where the visitor lives; ISO 3166."})


class OwnReply(Schema):
    """A reply to what was asked."""

    words = ma.fields.String(required=True, validate=_WORDS)


class OwnRequestShown(Schema):
    """A request as whoever made it sees it."""

    id = ma.fields.UUID(required=True)
    number = ma.fields.String(required=True)
    kind = code(RequestKind, required=True)
    about = code(About, required=True, allow_none=True)
    state = code(RequestState, required=True)
    received_on = ma.fields.Date(required=True)
    due_on = ma.fields.Date(required=True)
    waiting_until = ma.fields.Date(required=True, allow_none=True)
    outcome = code(Outcome, required=True, allow_none=True)
    ground = code(RefusalGround, required=True, allow_none=True)
    answer = ma.fields.String(
        required=True, allow_none=True, metadata={"description": "Null where it is not sure who looks."}
    )
    needs = ma.fields.String(
        required=True,
        allow_none=True,
        metadata={
            "description": "What is still to be proved: `second_fact` or `step_up`; then send a proof. "
            "`settled_contact` where the only other contact was entered a few days ago: wait a week, or ask us."
        },
    )
    joined = flag(required=True, metadata={"description": "The same stood already; this one was counted with it."})


def _visitor() -> Visitor:
    found: Visitor = g.visitor
    return found


@blueprint.route("/portal/session/requests")
class OwnRequests(MethodView):
    """Requests of the visitor."""

    @for_visitors
    @blueprint.response(200, OwnRequestShown(many=True))
    def get(self) -> list[OwnRequest]:
        """List the visitor's requests, newest first."""
        return rights.own_requests(current_work(), visitor=_visitor())

    @for_visitors
    @blueprint.arguments(OwnRequestNew)
    @blueprint.response(201, OwnRequestShown)
    def post(self, new: Mapping[str, Any]) -> OwnRequest:
        """Make a request. An end to advertising holds at once; what cannot be taken back may need more proof."""
        return rights.make_request(current_work(), visitor=_visitor(), **new)


@blueprint.route("/portal/session/requests/<uuid:request>/proofs")
class OwnProofs(MethodView):
    """Proofs."""

    @for_visitors
    @blueprint.response(201, OwnRequestShown)
    def post(self, request: UUID) -> OwnRequest:
        """Let what the session proves by now count for a request."""
        return rights.prove_own(current_work(), visitor=_visitor(), request=RequestId(request))


@blueprint.route("/portal/session/requests/<uuid:request>/replies")
class OwnReplies(MethodView):
    """Replies."""

    @for_visitors
    @blueprint.arguments(OwnReply)
    @blueprint.response(201, OwnRequestShown)
    def post(self, said: Mapping[str, str], request: UUID) -> OwnRequest:
        """Reply to what was asked."""
        return rights.reply_own(current_work(), visitor=_visitor(), request=RequestId(request), words=said["words"])


@blueprint.route("/portal/session/requests/<uuid:request>/withdrawals")
class OwnWithdrawals(MethodView):
    """Withdrawals."""

    @for_visitors
    @blueprint.response(201, OwnRequestShown)
    def post(self, request: UUID) -> OwnRequest:
        """Take a request back."""
        return rights.withdraw_own(current_work(), visitor=_visitor(), request=RequestId(request))
