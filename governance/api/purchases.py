"""Purchases of a customer: recorded with the buyer as known at that time, and listed."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import marshmallow as ma
from flask.views import MethodView

from governance.api.auth import guarded
from governance.api.blueprints import Blueprint
from governance.api.events import EventQuery, event_page
from governance.api.paging import Page, page_schema
from governance.api.schemas import Instant, Moment, Schema, unreadable_fields
from governance.api.service import current_work
from governance.customers import operations as customers
from governance.customers.operations import NewPurchase, PurchaseView
from governance.kernel.ids import SubjectId
from governance.policies.permissions import Permission

MOST_ITEMS = 1000

blueprint = Blueprint("purchases", __name__, description="What customers bought, and who they were at that time.")


class PurchaseNew(Schema):
    """A purchase to be recorded."""

    paid_at = Moment(required=True)
    total = ma.fields.Decimal(required=True, metadata={"description": "Negative for money returned."})
    currency = ma.fields.String(required=True, metadata={"description": "ISO 4217, such as UAH."})
    number = ma.fields.String(load_default=None, allow_none=True)
    items = ma.fields.List(
        ma.fields.Raw(),
        load_default=[],
        validate=ma.validate.Length(max=MOST_ITEMS),
        metadata={"description": "Texts, or objects with name, quantity, price."},
    )
    buyer = ma.fields.Dict(
        keys=ma.fields.String(),
        load_default=None,
        allow_none=True,
        metadata={"description": "Name and contacts as of that time, over those of the customer's record."},
    )
    note = ma.fields.String(load_default=None, allow_none=True)

    @ma.post_load
    def new(self, told: dict[str, Any], **_options: object) -> NewPurchase:
        """What the operations take."""
        return NewPurchase(**{**told, "items": tuple(told["items"])})


class Purchase(Schema):
    """A purchase as it may be seen."""

    id = ma.fields.UUID(required=True)
    paid_at = Moment(required=True)
    total = ma.fields.Decimal(required=True, as_string=True)
    currency = ma.fields.String(required=True)
    number = ma.fields.String(required=True, allow_none=True)
    items = ma.fields.Raw(required=True, allow_none=True, metadata={"description": "A list, or its mask."})
    buyer = ma.fields.Raw(required=True, allow_none=True, metadata={"description": "An object, or its mask."})
    note = ma.fields.String(required=True, allow_none=True)
    masked = ma.fields.List(ma.fields.String(), required=True)
    hidden = ma.fields.List(ma.fields.String(), required=True)
    unreadable = unreadable_fields()
    created_at = Instant(required=True)


PurchasePage = page_schema(Purchase, "PurchasePage")


@blueprint.route("/customers/<uuid:customer>/purchases")
class Purchases(MethodView):
    """Purchases."""

    @guarded(Permission.PURCHASES_READ)
    @blueprint.arguments(EventQuery, location="query")
    @blueprint.response(200, PurchasePage)
    def get(self, page: Mapping[str, Any], customer: UUID) -> Page[PurchaseView]:
        """List the purchases of a customer, newest first."""
        found = customers.list_purchases(
            current_work(), subject=SubjectId(customer), after=page["cursor"], limit=page["limit"]
        )
        return event_page(found.items, found.next_after)

    @guarded(Permission.PURCHASES_RECORD)
    @blueprint.arguments(PurchaseNew)
    @blueprint.response(201, Purchase)
    def post(self, purchase: NewPurchase, customer: UUID) -> PurchaseView:
        """Record a purchase."""
        return customers.record_purchase(current_work(), subject=SubjectId(customer), purchase=purchase)
