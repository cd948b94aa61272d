"""Staff: roles that are to be granted."""

from collections.abc import Mapping
from uuid import UUID

import marshmallow as ma
from flask.views import MethodView

from governance.accounts import operations as accounts
from governance.accounts.operations import Proposal
from governance.api.auth import guarded
from governance.api.blueprints import Blueprint
from governance.api.proposals import ProposalShown
from governance.api.schemas import Schema
from governance.api.service import current_work
from governance.kernel.ids import StaffId
from governance.policies.permissions import Permission

blueprint = Blueprint("staff", __name__, description="People who work with the store.")


class RoleGrant(Schema):
    """A role to be granted."""

    role = ma.fields.String(required=True, validate=ma.validate.Length(1, 32))
    reason = ma.fields.String(required=True, metadata={"description": "Sealed."})


@blueprint.route("/staff/<uuid:member>/roles")
class StaffRoles(MethodView):
    """Roles of a staff member."""

    @guarded(Permission.ACCOUNTS_GRANT)
    @blueprint.arguments(RoleGrant)
    @blueprint.response(202, ProposalShown)
    def post(self, grant: Mapping[str, str], member: UUID) -> Proposal:
        """Propose to give a staff member a role; it is given once another person has approved it.

        Where nobody else may approve it, it is given at once, and `state` is `executed`.
        """
        return accounts.propose_grant(current_work(), staff=StaffId(member), role=grant["role"], reason=grant["reason"])
