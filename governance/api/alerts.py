"""Alerts: what officers should know of."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import marshmallow as ma
from flask.views import MethodView

from governance.accounts import operations as accounts
from governance.accounts.operations import Alert, AlertId, AlertKind
from governance.api.auth import guarded
from governance.api.blueprints import Blueprint
from governance.api.paging import Page, PageQuery, page_of, page_schema
from governance.api.schemas import Instant, Schema, code
from governance.api.service import current_work
from governance.kernel.work import ActorKind
from governance.policies.permissions import Permission

blueprint = Blueprint("alerts", __name__, description="What officers should know of.")


class AlertShown(Schema):
    """An alert."""

    id = ma.fields.UUID(required=True)
    kind = code(AlertKind, required=True)
    at = Instant(required=True)
    staff = ma.fields.UUID(
        required=True, allow_none=True, metadata={"description": "The member of staff whom it is about."}
    )
    facts = ma.fields.Dict(
        keys=ma.fields.String(), required=True, metadata={"description": "Codes, counts, instants and ids."}
    )
    seen_by_kind = code(ActorKind, required=True, allow_none=True)
    seen_by = ma.fields.UUID(required=True, allow_none=True)
    seen_at = Instant(required=True, allow_none=True)


class AlertQuery(PageQuery):
    """Query of alerts, the newest first."""

    unseen = ma.fields.Boolean(load_default=False, metadata={"description": "Only those that nobody has seen."})


AlertPage = page_schema(AlertShown, "AlertPage")


@blueprint.route("/alerts")
class Alerts(MethodView):
    """Alerts."""

    @guarded(Permission.ALERTS_READ)
    @blueprint.arguments(AlertQuery, location="query")
    @blueprint.response(200, AlertPage)
    def get(self, page: Mapping[str, Any]) -> Page[Alert]:
        """List alerts, newest first."""
        before = None if page["cursor"] is None else AlertId(page["cursor"][0])
        limit = page["limit"]
        found = accounts.list_alerts(current_work(), unseen=page["unseen"], before=before, limit=limit + 1)
        return page_of(found, limit)


@blueprint.route("/alerts/<uuid:alert>/seen")
class AlertsSeen(MethodView):
    """That an alert was seen."""

    @guarded(Permission.ALERTS_SEE)
    @blueprint.response(200, AlertShown)
    def post(self, alert: UUID) -> Alert:
        """Mark an alert as seen; whoever saw it first stays on record."""
        return accounts.see_alert(current_work(), alert=AlertId(alert))
