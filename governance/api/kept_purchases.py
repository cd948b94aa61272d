"""Purchases that a law keeps of people who were erased: for whoever does the accounts, with a reason."""

from collections.abc import Mapping
from typing import Any

import marshmallow as ma
from flask.views import MethodView

from governance.api.auth import guarded
from governance.api.blueprints import Blueprint
from governance.api.events import EventQuery, event_page
from governance.api.paging import Page, page_schema
from governance.api.schemas import Moment, Schema
from governance.api.service import current_work
from governance.erasure import operations as erasures
from governance.erasure.operations import KeptPurchase, Wanted
from governance.policies.permissions import Permission

blueprint = Blueprint("kept_purchases", __name__, description="What tax law keeps of people who were erased.")


class KeptSearch(EventQuery):
    """Which purchases are to be read, and why."""

    reason = ma.fields.String(required=True, metadata={"description": "Sealed, for whoever looks into it later."})
    number = ma.fields.String(load_default=None, allow_none=True, metadata={"description": "Of the invoice."})
    since = ma.fields.Date(load_default=None, allow_none=True, metadata={"description": "First day of payment."})
    until = ma.fields.Date(load_default=None, allow_none=True, metadata={"description": "Last day of payment."})


class KeptShown(Schema):
    """A purchase of somebody who was erased."""

    id = ma.fields.UUID(required=True)
    paid_at = Moment(required=True)
    total = ma.fields.Decimal(required=True, as_string=True)
    currency = ma.fields.String(required=True)
    number = ma.fields.String(required=True, allow_none=True)
    items = ma.fields.Raw(required=True, allow_none=True)
    buyer = ma.fields.Raw(required=True, allow_none=True, metadata={"description": "As known when it was bought."})


KeptPage = page_schema(KeptShown, "KeptPurchasePage")


@blueprint.route("/erasures/kept-purchases/searches")
class KeptPurchases(MethodView):
    """Purchases that a law keeps."""

    @guarded(Permission.ERASURE_KEPT, changes=False)
    @blueprint.arguments(KeptSearch)
    @blueprint.response(200, KeptPage)
    def post(self, asked: Mapping[str, Any]) -> Page[KeptPurchase]:
        """Read purchases of people who were erased, newest first; told in the log with the reason."""
        found = erasures.read_kept(
            current_work(),
            wanted=Wanted(asked["number"], asked["since"], asked["until"]),
            reason=asked["reason"],
            after=asked["cursor"],
            limit=asked["limit"],
        )
        return event_page(found.items, found.next_after)
