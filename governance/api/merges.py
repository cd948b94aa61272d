"""Merges: two records of one person made one, looked at by a person, and made two again."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import marshmallow as ma
from flask.views import MethodView

from governance.api.auth import guarded
from governance.api.blueprints import Blueprint
from governance.api.paging import Page, PageQuery, encode_cursor, page_schema
from governance.api.schemas import Instant, Schema, code
from governance.api.service import current_work
from governance.intake import operations as intake
from governance.intake.merges import MergeId, MergeState, MergeView, Parted
from governance.kernel.ids import SubjectId
from governance.kernel.work import ActorKind
from governance.policies.permissions import Permission

blueprint = Blueprint("merges", __name__, description="Two records of one person made one, and made two again.")


class MergeNew(Schema):
    """Two to be made one."""

    into = ma.fields.UUID(required=True, metadata={"description": "Who stays; what they say counts where both differ."})
    other = ma.fields.UUID(required=True, metadata={"description": "Who is merged; their id answers with the first."})
    reason = ma.fields.String(required=True, metadata={"description": "Why they are one; sealed."})


class MergeShown(Schema):
    """A merge."""

    id = ma.fields.UUID(required=True)
    into = ma.fields.UUID(required=True)
    other = ma.fields.UUID(required=True)
    state = code(
        MergeState,
        required=True,
        metadata={"description": "While `unreviewed`, data of the two leave in no package and no export."},
    )
    at = Instant(required=True)
    by_kind = code(ActorKind, required=True)
    by = ma.fields.UUID(required=True, allow_none=True)
    reason = ma.fields.String(required=True, allow_none=True)
    score = ma.fields.Integer(
        required=True, allow_none=True, metadata={"description": "In percent, where they were listed as duplicates."}
    )
    undo_until = Instant(required=True)
    reviewed_at = Instant(required=True, allow_none=True)
    reviewed_by = ma.fields.UUID(required=True, allow_none=True)
    undone_at = Instant(required=True, allow_none=True)
    undone_by = ma.fields.UUID(required=True, allow_none=True)


class PartedShown(Schema):
    """A merge that was undone."""

    merge = ma.fields.Nested(MergeShown, required=True)
    stayed = ma.fields.Dict(
        keys=ma.fields.String(),
        values=ma.fields.Integer(),
        required=True,
        metadata={"description": "How many records of each kind came meanwhile, and stay with the one who stayed."},
    )


class MergeQuery(PageQuery):
    """Query of merges, the newest first."""

    state = code(MergeState, load_default=None)


MergePage = page_schema(MergeShown, "MergePage")


@blueprint.route("/merges")
class Merges(MethodView):
    """Merges."""

    @guarded(Permission.DUPLICATES_READ)
    @blueprint.arguments(MergeQuery, location="query")
    @blueprint.response(200, MergePage)
    def get(self, page: Mapping[str, Any]) -> Page[MergeView]:
        """List merges, the newest first."""
        before = None if page["cursor"] is None else MergeId(page["cursor"][0])
        found = intake.list_merges(current_work(), state=page["state"], before=before, limit=page["limit"])
        return Page(found.items, None if found.next_before is None else encode_cursor(found.next_before))

    @guarded(Permission.DUPLICATES_DECIDE)
    @blueprint.arguments(MergeNew)
    @blueprint.response(201, MergeShown)
    def post(self, new: Mapping[str, Any]) -> MergeView:
        """Merge one customer into another; for thirty days it can be undone."""
        into, other = SubjectId(new["into"]), SubjectId(new["other"])
        return intake.merge(current_work(), into=into, other=other, reason=new["reason"])


@blueprint.route("/merges/<uuid:merge>/reviews")
class MergeReviews(MethodView):
    """Looks at merges."""

    @guarded(Permission.DUPLICATES_DECIDE)
    @blueprint.response(200, MergeShown)
    def post(self, merge: UUID) -> MergeView:
        """Say that a person has looked at a merge and found it right; its data may leave from now on.

        Members of staff only: a system looks at nothing.
        """
        return intake.review_merge(current_work(), merge=MergeId(merge))


@blueprint.route("/merges/<uuid:merge>/undo")
class MergeUndo(MethodView):
    """Undoing a merge."""

    @guarded(Permission.DUPLICATES_DECIDE)
    @blueprint.response(200, PartedShown)
    def post(self, merge: UUID) -> Parted:
        """Make two again of those who were merged at most thirty days ago."""
        return intake.undo_merge(current_work(), merge=MergeId(merge))
