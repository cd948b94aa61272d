"""What customers do by themselves, visits, clicks, answers: recorded and listed."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import marshmallow as ma
from flask.views import MethodView

from governance.api.auth import guarded
from governance.api.blueprints import Blueprint
from governance.api.events import EventQuery, event_page
from governance.api.paging import Page, page_schema
from governance.api.schemas import Instant, Schema, code, unreadable_fields
from governance.api.service import current_work
from governance.customers import operations as customers
from governance.customers.codes import ActivityKind
from governance.customers.operations import ActivityView, NewActivity
from governance.kernel.ids import SubjectId
from governance.policies.permissions import Permission

blueprint = Blueprint("activity", __name__, description="What customers do by themselves: visits, clicks, answers.")


class ActivityNew(Schema):
    """An activity to be recorded."""

    kind = code(ActivityKind, required=True)
    at = Instant(required=True)
    detail = ma.fields.Dict(
        keys=ma.fields.String(),
        load_default=None,
        allow_none=True,
        metadata={"description": "Any JSON object: page, survey and answers."},
    )

    @ma.post_load
    def new(self, told: dict[str, Any], **_options: object) -> NewActivity:
        """What the operations take."""
        return NewActivity(**told)


class Activity(Schema):
    """An activity as it may be seen."""

    id = ma.fields.UUID(required=True)
    kind = ma.fields.String(required=True)
    at = Instant(required=True)
    detail = ma.fields.Raw(required=True, allow_none=True, metadata={"description": "An object, or its mask."})
    masked = ma.fields.List(ma.fields.String(), required=True)
    hidden = ma.fields.List(ma.fields.String(), required=True)
    unreadable = unreadable_fields()
    created_at = Instant(required=True)


ActivityPage = page_schema(Activity, "ActivityPage")


@blueprint.route("/customers/<uuid:customer>/activity")
class Activities(MethodView):
    """Activity."""

    @guarded(Permission.ACTIVITY_READ)
    @blueprint.arguments(EventQuery, location="query")
    @blueprint.response(200, ActivityPage)
    def get(self, page: Mapping[str, Any], customer: UUID) -> Page[ActivityView]:
        """List what a customer did, newest first."""
        found = customers.list_activity(
            current_work(), subject=SubjectId(customer), after=page["cursor"], limit=page["limit"]
        )
        return event_page(found.items, found.next_after)

    @guarded(Permission.ACTIVITY_RECORD)
    @blueprint.arguments(ActivityNew)
    @blueprint.response(201, Activity)
    def post(self, activity: NewActivity, customer: UUID) -> ActivityView:
        """Record what a customer did."""
        return customers.record_activity(current_work(), subject=SubjectId(customer), activity=activity)
