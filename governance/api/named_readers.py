"""Readers whose names a person is told where packages tell roles by default; an officer decides, with a reason."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import marshmallow as ma
from flask.views import MethodView

from governance.api.auth import guarded
from governance.api.blueprints import Blueprint
from governance.api.schemas import Schema
from governance.api.service import current_work
from governance.kernel.ids import StaffId, SubjectId
from governance.policies.permissions import Permission
from governance.rights.packages import operations as packages

blueprint = Blueprint("named readers", __name__, description="Whose names a person is told, who read their data.")


class ReaderNamed(Schema):
    """A reader whose name is told."""

    staff = ma.fields.UUID(required=True)
    reason = ma.fields.String(
        required=True, validate=ma.validate.Length(1, 4000), metadata={"description": "Why they need it; sealed."}
    )


@blueprint.route("/customers/<uuid:customer>/named-readers")
class NamedReaders(MethodView):
    """Readers whose names a customer is told."""

    @guarded(Permission.REQUESTS_DECIDE)
    @blueprint.arguments(ReaderNamed)
    @blueprint.response(204)
    def post(self, told: Mapping[str, Any], customer: UUID) -> None:
        """Let packages made from now on tell the name of a member of staff beside what they read."""
        person, staff = SubjectId(customer), StaffId(told["staff"])
        packages.name_reader(current_work(), person=person, staff=staff, reason=told["reason"])


@blueprint.route("/customers/<uuid:customer>/named-readers/<uuid:staff>")
class OneNamedReader(MethodView):
    """A reader whose name a customer is told."""

    @guarded(Permission.REQUESTS_DECIDE)
    @blueprint.response(204)
    def delete(self, customer: UUID, staff: UUID) -> None:
        """Let packages made from now on tell the role alone again."""
        packages.unname_reader(current_work(), person=SubjectId(customer), staff=StaffId(staff))
