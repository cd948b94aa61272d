"""Proposals: what waits for a second person, and the decisions of that person."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import marshmallow as ma
from flask.views import MethodView

from governance.accounts import operations as accounts
from governance.accounts.operations import Proposal, ProposalId, ProposalKind, ProposalState
from governance.api.auth import guarded
from governance.api.blueprints import Blueprint
from governance.api.paging import Page, PageQuery, page_of, page_schema
from governance.api.schemas import Instant, Schema, code
from governance.api.service import current_work
from governance.kernel.work import ActorKind
from governance.policies.permissions import Permission

blueprint = Blueprint("proposals", __name__, description="Acts that a second person approves or refuses.")


class ProposalShown(Schema):
    """A proposal."""

    id = ma.fields.UUID(required=True)
    kind = code(ProposalKind, required=True)
    state = code(
        ProposalState,
        required=True,
        metadata={"description": "`approved` is carried out by a job within seconds, and then `executed` or `failed`."},
    )
    payload = ma.fields.Dict(
        keys=ma.fields.String(), required=True, metadata={"description": "What is to be done, in codes and ids."}
    )
    digest = ma.fields.String(required=True, metadata={"description": "Of all that is proposed; an approval names it."})
    reason = ma.fields.String(
        required=True, allow_none=True, metadata={"description": "For those who may decide over it; not in lists."}
    )
    answer = ma.fields.String(required=True, allow_none=True, metadata={"description": "Why it was refused."})
    alone = ma.fields.Boolean(
        required=True, metadata={"description": "Executed at once, since nobody else could have decided."}
    )
    proposed_by_kind = code(ActorKind, required=True)
    proposed_by = ma.fields.UUID(required=True, allow_none=True)
    created_at = Instant(required=True)
    until = Instant(required=True, metadata={"description": "Decided before this instant, or not at all."})
    decided_by_kind = code(ActorKind, required=True, allow_none=True)
    decided_by = ma.fields.UUID(required=True, allow_none=True)
    decided_at = Instant(required=True, allow_none=True)
    ended_at = Instant(required=True, allow_none=True)
    failure = ma.fields.String(
        required=True, allow_none=True, metadata={"description": "Why it could not be carried out: a slug."}
    )
    failure_words = ma.fields.String(
        required=True, allow_none=True, metadata={"description": "The same in words, and what to do about it."}
    )


class ProposalQuery(PageQuery):
    """Query of proposals, the newest first."""

    state = code(ProposalState, load_default=None)


class ProposalApproval(Schema):
    """An approval of exactly what was looked at."""

    digest = ma.fields.String(
        required=True,
        validate=ma.validate.Regexp(r"[0-9a-fA-F]{64}\Z"),
        metadata={"description": "`digest` of the proposal, as it was read."},
    )


class ProposalRefusal(Schema):
    """A refusal."""

    reason = ma.fields.String(required=True, metadata={"description": "Sealed."})


ProposalPage = page_schema(ProposalShown, "ProposalPage")


@blueprint.route("/proposals")
class Proposals(MethodView):
    """Proposals."""

    @guarded(Permission.PROPOSALS_READ)
    @blueprint.arguments(ProposalQuery, location="query")
    @blueprint.response(200, ProposalPage)
    def get(self, page: Mapping[str, Any]) -> Page[Proposal]:
        """List proposals, newest first."""
        before = None if page["cursor"] is None else ProposalId(page["cursor"][0])
        limit = page["limit"]
        found = accounts.list_proposals(current_work(), state=page["state"], before=before, limit=limit + 1)
        return page_of(found, limit)


@blueprint.route("/proposals/<uuid:proposal>")
class OneProposal(MethodView):
    """A proposal."""

    @guarded(Permission.PROPOSALS_READ)
    @blueprint.response(200, ProposalShown)
    def get(self, proposal: UUID) -> Proposal:
        """Read a proposal."""
        return accounts.find_proposal(current_work(), proposal=ProposalId(proposal))


@blueprint.route("/proposals/<uuid:proposal>/approvals")
class ProposalApprovals(MethodView):
    """Approvals."""

    @guarded(Permission.PROPOSALS_DECIDE)
    @blueprint.arguments(ProposalApproval)
    @blueprint.response(202, ProposalShown)
    def post(self, approval: Mapping[str, str], proposal: UUID) -> Proposal:
        """Approve what somebody else proposed; a job carries it out, once and exactly as proposed."""
        return accounts.approve(current_work(), proposal=ProposalId(proposal), digest=approval["digest"])


@blueprint.route("/proposals/<uuid:proposal>/refusals")
class ProposalRefusals(MethodView):
    """Refusals."""

    @guarded(Permission.PROPOSALS_DECIDE)
    @blueprint.arguments(ProposalRefusal)
    @blueprint.response(200, ProposalShown)
    def post(self, refusal: Mapping[str, str], proposal: UUID) -> Proposal:
        """Refuse a proposal, or take back one's own."""
        return accounts.refuse(current_work(), proposal=ProposalId(proposal), reason=refusal["reason"])
