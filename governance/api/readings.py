"""How many customers staff may see in the clear: the rules, and more for a day."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import marshmallow as ma
from flask.views import MethodView

from governance.accounts import operations as accounts
from governance.accounts.operations import ReadingDay, ReadingRules
from governance.api.auth import guarded
from governance.api.blueprints import Blueprint
from governance.api.schemas import Schema
from governance.api.service import current_work
from governance.kernel.ids import StaffId
from governance.policies.permissions import Permission

blueprint = Blueprint("readings", __name__, description="How many customers staff may see in the clear.")


class ReadingRulesShown(Schema):
    """The rules in force."""

    people_per_day = ma.fields.Integer(
        required=True,
        strict=True,
        metadata={"description": "How many people a member of staff may see in the clear in a day."},
    )
    watch_unusual = ma.fields.Boolean(
        required=True, metadata={"description": "Whether officers are told of unusual reading."}
    )


class ReadingGrant(Schema):
    """More for a day."""

    people = ma.fields.Integer(
        required=True, strict=True, metadata={"description": "How many people in all, today; more than the quota."}
    )


class ReadingDayShown(Schema):
    """A member's day."""

    staff = ma.fields.UUID(required=True)
    day = ma.fields.Date(required=True, metadata={"description": "In the controller's zone."})
    people = ma.fields.Integer(required=True, metadata={"description": "Seen in the clear so far."})
    allowed = ma.fields.Integer(required=True)


@blueprint.route("/reading-rules")
class Rules(MethodView):
    """The rules."""

    @guarded(Permission.REFERENCE_READ)
    @blueprint.response(200, ReadingRulesShown)
    def get(self) -> ReadingRules:
        """Read how many customers a member of staff may see in the clear in a day."""
        return accounts.reading_rules(current_work())

    @guarded(Permission.READINGS_CONFIGURE)
    @blueprint.arguments(ReadingRulesShown(partial=True))
    @blueprint.response(200, ReadingRulesShown)
    def patch(self, changes: Mapping[str, Any]) -> ReadingRules:
        """Change the rules; what is left out stays.

        A higher quota would be one's own, too: the operator sets it on the host.
        """
        return accounts.set_reading_rules(current_work(), **changes)


@blueprint.route("/staff/<uuid:member>/reading-grants")
class ReadingGrants(MethodView):
    """Grants for a day."""

    @guarded(Permission.READINGS_GRANT)
    @blueprint.arguments(ReadingGrant)
    @blueprint.response(201, ReadingDayShown)
    def post(self, grant: Mapping[str, int], member: UUID) -> ReadingDay:
        """Let another member of staff see more customers in the clear today than the quota."""
        return accounts.grant_reading(current_work(), staff=StaffId(member), people=grant["people"])
