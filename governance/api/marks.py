"""Marks on a customer: legal holds, which keep data from being lost, and restrictions of processing."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import marshmallow as ma
from flask.views import MethodView

from governance.accounts.operations import Proposal
from governance.api.auth import guarded
from governance.api.blueprints import Blueprint
from governance.api.proposals import ProposalShown
from governance.api.schemas import Instant, Schema, code
from governance.api.service import current_work
from governance.customers import operations as customers
from governance.customers.codes import RestrictionReason
from governance.customers.operations import HoldView, Marks, RestrictionView
from governance.kernel.ids import SubjectId
from governance.policies.classification import Compartment
from governance.policies.permissions import Permission
from governance.rights import operations as rights

blueprint = Blueprint("marks", __name__, description="Legal holds and restrictions of processing.")


class HoldNew(Schema):
    """A hold to be placed."""

    compartments = ma.fields.List(code(Compartment), required=True, metadata={"description": "What it keeps."})
    reason = ma.fields.String(required=True, metadata={"description": "Sealed."})
    case_ref = ma.fields.String(
        load_default=None, allow_none=True, metadata={"description": "Name of the case; sealed."}
    )
    review_at = Instant(required=True, metadata={"description": "When somebody must look at it again."})


class HoldRelease(Schema):
    """Why a hold is to be released."""

    reason = ma.fields.String(required=True, metadata={"description": "Kept sealed beside the entry in the log."})


class Hold(Schema):
    """A legal hold as it may be seen."""

    id = ma.fields.UUID(required=True)
    compartments = ma.fields.List(ma.fields.String(), required=True)
    reason = ma.fields.String(required=True, allow_none=True)
    case_ref = ma.fields.String(required=True, allow_none=True)
    placed_at = Instant(required=True)
    placed_by = ma.fields.UUID(required=True, allow_none=True)
    review_at = Instant(required=True)
    released_at = Instant(required=True, allow_none=True)
    released_by = ma.fields.UUID(required=True, allow_none=True)


class RestrictionNew(Schema):
    """A restriction to be placed."""

    reason = code(RestrictionReason, required=True)


class Restriction(Schema):
    """A restriction of processing."""

    id = ma.fields.UUID(required=True)
    reason = ma.fields.String(required=True)
    placed_at = Instant(required=True)
    placed_by = ma.fields.UUID(required=True, allow_none=True)
    lifted_at = Instant(required=True, allow_none=True)
    lifted_by = ma.fields.UUID(required=True, allow_none=True)


class CustomerMarks(Schema):
    """All marks of a customer, those that stand no more included, oldest first."""

    holds = ma.fields.List(ma.fields.Nested(Hold), required=True)
    restrictions = ma.fields.List(ma.fields.Nested(Restriction), required=True)


@blueprint.route("/customers/<uuid:customer>/marks")
class AllMarks(MethodView):
    """Marks."""

    @guarded(Permission.CUSTOMERS_READ)
    @blueprint.response(200, CustomerMarks)
    def get(self, customer: UUID) -> Marks:
        """Tell all marks of a customer."""
        return customers.marks(current_work(), subject=SubjectId(customer))


@blueprint.route("/customers/<uuid:customer>/holds")
class Holds(MethodView):
    """Holds."""

    @guarded(Permission.CUSTOMERS_HOLD)
    @blueprint.arguments(HoldNew)
    @blueprint.response(201, Hold)
    def post(self, hold: Mapping[str, Any], customer: UUID) -> HoldView:
        """Keep data of a customer from being lost (GDPR Art. 17(3)(e))."""
        return customers.place_hold(current_work(), subject=SubjectId(customer), **hold)


@blueprint.route("/customers/<uuid:customer>/holds/<uuid:hold>/releases")
class HoldReleases(MethodView):
    """Releases of a hold."""

    @guarded(Permission.CUSTOMERS_RELEASE)
    @blueprint.arguments(HoldRelease)
    @blueprint.response(202, ProposalShown)
    def post(self, release: Mapping[str, Any], customer: UUID, hold: UUID) -> Proposal:
        """Propose to release a hold; it is released once another person has approved it.

        Where nobody else may approve it, it is released at once, and `state` is `executed`.
        """
        reason = release["reason"]
        return customers.propose_release(current_work(), subject=SubjectId(customer), hold=hold, reason=reason)


@blueprint.route("/customers/<uuid:customer>/restrictions")
class Restrictions(MethodView):
    """Restrictions."""

    @guarded(Permission.CUSTOMERS_RESTRICT)
    @blueprint.arguments(RestrictionNew)
    @blueprint.response(201, Restriction)
    def post(self, restriction: Mapping[str, Any], customer: UUID) -> RestrictionView:
        """Restrict processing: from now on the data are stored and nothing else (GDPR Art. 18)."""
        return customers.restrict(current_work(), subject=SubjectId(customer), reason=restriction["reason"])


@blueprint.route("/customers/<uuid:customer>/restrictions/<uuid:restriction>")
class OneRestriction(MethodView):
    """A restriction."""

    @guarded(Permission.CUSTOMERS_RESTRICT)
    @blueprint.response(200, Restriction)
    def delete(self, customer: UUID, restriction: UUID) -> RestrictionView:
        """Lift a restriction; that it stood is kept. Who asked for it is told; it is lifted three days later."""
        return rights.end_restriction(current_work(), subject=SubjectId(customer), restriction=restriction)
