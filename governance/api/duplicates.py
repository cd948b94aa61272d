"""Duplicates: pairs of customers who are probably one person, and the decision that two are two."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import marshmallow as ma
from flask.views import MethodView

from governance.api.auth import guarded
from governance.api.blueprints import Blueprint
from governance.api.paging import CursorField, Page, PageQuery, encode_cursor, page_schema
from governance.api.schemas import Instant, Schema, code
from governance.api.service import current_work
from governance.intake import operations as intake
from governance.intake.duplicates import MOST_LISTED, After, Duplicate, PairId, PairState
from governance.intake.duplicates_scores import Reason
from governance.policies.permissions import Permission

blueprint = Blueprint("duplicates", __name__, description="Customers who are probably kept twice.")


class DuplicateShown(Schema):
    """Two customers who are probably one person."""

    id = ma.fields.UUID(required=True)
    customers = ma.fields.List(ma.fields.UUID(), required=True, metadata={"description": "The two."})
    score = ma.fields.Integer(required=True, metadata={"description": "Probability in percent."})
    reasons = ma.fields.List(
        code(Reason), required=True, metadata={"description": "What the two have in common, and what not; no values."}
    )
    state = code(PairState, required=True)
    found_at = Instant(required=True)
    decided_at = Instant(required=True, allow_none=True)
    decided_by = ma.fields.UUID(required=True, allow_none=True)


class DuplicateQuery(PageQuery):
    """Query of pairs, the surest first."""

    state = code(PairState, load_default=PairState.OPEN)
    cursor = CursorField(
        int,
        UUID,
        largest=2**15 - 1,  # of a score
        load_default=None,
        metadata={"description": "`next_cursor` of the page before."},
    )
    limit = ma.fields.Integer(
        load_default=50, validate=ma.validate.Range(1, MOST_LISTED), metadata={"description": "Rows on a page."}
    )


DuplicatePage = page_schema(DuplicateShown, "DuplicatePage")


@blueprint.route("/duplicates")
class AllDuplicates(MethodView):
    """Pairs."""

    @guarded(Permission.DUPLICATES_READ)
    @blueprint.arguments(DuplicateQuery, location="query")
    @blueprint.response(200, DuplicatePage)
    def get(self, page: Mapping[str, Any]) -> Page[Duplicate]:
        """List pairs of customers who are probably one person, the surest first.

        Looked for every night and after each import; nothing is merged by itself.
        """
        after = None if page["cursor"] is None else After(*page["cursor"])
        found = intake.duplicates(current_work(), state=page["state"], after=after, limit=page["limit"])
        return Page(found.items, None if found.more is None else encode_cursor(*found.more))


@blueprint.route("/duplicates/<uuid:pair>/denials")
class Denials(MethodView):
    """Decisions that two are two."""

    @guarded(Permission.DUPLICATES_DECIDE)
    @blueprint.response(200, DuplicateShown)
    def post(self, pair: UUID) -> Duplicate:
        """Decide that the two are two people; it holds for good."""
        return intake.mark_apart(current_work(), pair=PairId(pair))
