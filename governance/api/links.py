"""Who acts for whom: guardians and representatives of customers."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import marshmallow as ma
from flask.views import MethodView

from governance.api.auth import guarded
from governance.api.blueprints import Blueprint
from governance.api.paging import Page, page_schema
from governance.api.schemas import Instant, Schema, code
from governance.api.service import current_work
from governance.customers import operations as customers
from governance.customers.codes import LinkKind
from governance.customers.operations import LinkView
from governance.kernel.ids import SubjectId
from governance.policies.permissions import Permission

blueprint = Blueprint("links", __name__, description="Guardians and representatives.")


class LinkNew(Schema):
    """A link to be made."""

    other = ma.fields.UUID(required=True, metadata={"description": "The customer who acts for this one."})
    kind = code(LinkKind, required=True)


class Link(Schema):
    """A link between two customers."""

    id = ma.fields.UUID(required=True)
    person = ma.fields.UUID(required=True, metadata={"description": "For whom the other one acts."})
    other = ma.fields.UUID(required=True)
    kind = ma.fields.String(required=True)
    since = Instant(required=True)
    until = Instant(required=True, allow_none=True, metadata={"description": "Since when it stands no more."})


LinkPage = page_schema(Link, "LinkPage")


@blueprint.route("/customers/<uuid:customer>/links")
class Links(MethodView):
    """Links."""

    @guarded(Permission.CUSTOMERS_READ)
    @blueprint.response(200, LinkPage)
    def get(self, customer: UUID) -> Page[LinkView]:
        """Tell who acts for a customer and for whom the customer acts, all on one page, oldest first."""
        return Page(customers.links(current_work(), subject=SubjectId(customer)), None)

    @guarded(Permission.CUSTOMERS_EDIT)
    @blueprint.arguments(LinkNew)
    @blueprint.response(201, Link)
    def post(self, new: Mapping[str, Any], customer: UUID) -> LinkView:
        """Name a guardian or representative of a customer."""
        return customers.link(
            current_work(), subject=SubjectId(customer), other=SubjectId(new["other"]), kind=new["kind"]
        )


@blueprint.route("/customers/<uuid:customer>/links/<uuid:link>")
class OneLink(MethodView):
    """A link."""

    @guarded(Permission.CUSTOMERS_EDIT)
    @blueprint.response(200, Link)
    def delete(self, customer: UUID, link: UUID) -> LinkView:
        """End a link; that it stood is kept."""
        return customers.unlink(current_work(), subject=SubjectId(customer), link_id=link)
