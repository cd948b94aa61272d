"""Interactions of staff with a customer, calls, meetings, letters: recorded and listed."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import marshmallow as ma
from flask.views import MethodView

from governance.api.auth import guarded
from governance.api.blueprints import Blueprint
from governance.api.events import EventQuery, event_page
from governance.api.paging import Page, page_schema
from governance.api.schemas import Instant, Moment, Schema, code, unreadable_fields
from governance.api.service import current_work
from governance.customers import operations as customers
from governance.customers.codes import InteractionKind
from governance.customers.operations import InteractionView, NewInteraction
from governance.kernel.ids import SubjectId
from governance.policies.permissions import Permission

blueprint = Blueprint("interactions", __name__, description="Calls, meetings and letters between staff and customer.")


class InteractionNew(Schema):
    """An interaction to be recorded."""

    kind = code(InteractionKind, required=True)
    at = Moment(required=True)
    seconds = ma.fields.Integer(
        strict=True, load_default=None, allow_none=True, metadata={"description": "How long it lasted."}
    )
    result = ma.fields.String(load_default=None, allow_none=True)
    note = ma.fields.String(load_default=None, allow_none=True)
    next_contact_at = Moment(load_default=None, allow_none=True)
    staff = ma.fields.UUID(load_default=None, allow_none=True, metadata={"description": "Staff member who spoke."})

    @ma.post_load
    def new(self, told: dict[str, Any], **_options: object) -> NewInteraction:
        """What the operations take."""
        return NewInteraction(**told)


class Interaction(Schema):
    """An interaction as it may be seen."""

    id = ma.fields.UUID(required=True)
    kind = ma.fields.String(required=True)
    at = Moment(required=True)
    seconds = ma.fields.Integer(required=True, allow_none=True)
    result = ma.fields.String(required=True, allow_none=True)
    note = ma.fields.String(required=True, allow_none=True)
    next_contact_at = Moment(required=True, allow_none=True)
    staff = ma.fields.UUID(required=True, allow_none=True)
    masked = ma.fields.List(ma.fields.String(), required=True)
    hidden = ma.fields.List(ma.fields.String(), required=True)
    unreadable = unreadable_fields()
    created_at = Instant(required=True)


InteractionPage = page_schema(Interaction, "InteractionPage")


@blueprint.route("/customers/<uuid:customer>/interactions")
class Interactions(MethodView):
    """Interactions."""

    @guarded(Permission.INTERACTIONS_READ)
    @blueprint.arguments(EventQuery, location="query")
    @blueprint.response(200, InteractionPage)
    def get(self, page: Mapping[str, Any], customer: UUID) -> Page[InteractionView]:
        """List the interactions with a customer, newest first."""
        found = customers.list_interactions(
            current_work(), subject=SubjectId(customer), after=page["cursor"], limit=page["limit"]
        )
        return event_page(found.items, found.next_after)

    @guarded(Permission.INTERACTIONS_RECORD)
    @blueprint.arguments(InteractionNew)
    @blueprint.response(201, Interaction)
    def post(self, interaction: NewInteraction, customer: UUID) -> InteractionView:
        """Record an interaction."""
        return customers.record_interaction(current_work(), subject=SubjectId(customer), interaction=interaction)
