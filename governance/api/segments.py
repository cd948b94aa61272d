"""Segments: rules that choose customers, their evaluations, and whom of them a purpose may reach."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import marshmallow as ma
from flask.views import MethodView

from governance.api.answers import location
from governance.api.auth import guarded
from governance.api.blueprints import Blueprint
from governance.api.etags import etag, expected_version
from governance.api.fields import Labels
from governance.api.paging import Page, page_schema
from governance.api.schemas import Instant, Schema, code
from governance.api.service import current_work
from governance.consent import segmenting
from governance.consent.segmenting import Run, RunId, RunState, Segment, SegmentId, SpecialCondition
from governance.customers.codes import ContactKind
from governance.disclosures import audiences
from governance.disclosures.audiences import Delivered
from governance.kernel.work import ActorKind
from governance.policies.permissions import Permission
from governance.policies.purposes import Channel

blueprint = Blueprint("segments", __name__, description="Saved rules that choose customers, and what they found.")

_RULE = {
    "description": "One of `all`, `any`, `not`, or a condition: `{field, op, value}` or `{may: PURPOSE, by: CHANNEL}`; "
    "see the guide on segments."
}
_COUNT = {"description": "A number as text; `<5` where there are fewer. Null until it is done."}


class Special(Schema):
    """On what ground a rule may ask after special categories."""

    ground = ma.fields.String(
        required=True,
        validate=ma.validate.Regexp(r"[a-j]\Z"),
        metadata={"description": "Letter of GDPR Art. 9(2)."},
    )
    note = ma.fields.String(required=True, metadata={"description": "Why it holds; sealed."})

    @ma.post_load
    def condition(self, told: dict[str, str], **_options: object) -> SpecialCondition:
        """What the operations take."""
        return SpecialCondition(**told)


class SegmentChanges(Schema):
    """What may be changed of a segment; what is left out stays, but `special` is said anew."""

    titles = ma.fields.Nested(Labels)
    rule = ma.fields.Dict(keys=ma.fields.String(), metadata=_RULE)
    special = ma.fields.Nested(Special, allow_none=True)


class SegmentNew(SegmentChanges):
    """A segment to be defined."""

    key = ma.fields.String(required=True, metadata={"description": "Short name; stays for ever."})
    titles = ma.fields.Nested(Labels, required=True)
    rule = ma.fields.Dict(keys=ma.fields.String(), required=True, metadata=_RULE)


class SegmentShown(Schema):
    """A segment with its newest rule."""

    id = ma.fields.UUID(required=True)
    key = ma.fields.String(required=True)
    titles = ma.fields.Nested(Labels, required=True)
    rule = ma.fields.Dict(keys=ma.fields.String(), required=True)
    version = ma.fields.Integer(required=True)
    special = ma.fields.Nested(Special, required=True, allow_none=True)
    defined_at = Instant(required=True)
    defined_by_kind = code(ActorKind, required=True)
    defined_by = ma.fields.UUID(required=True, allow_none=True)
    created_at = Instant(required=True)
    retired_at = Instant(required=True, allow_none=True)


class SegmentRun(Schema):
    """An evaluation of a segment, or a check of one for a purpose."""

    id = ma.fields.UUID(required=True)
    segment = ma.fields.UUID(required=True)
    version = ma.fields.Integer(required=True, metadata={"description": "Of the rule."})
    source = ma.fields.UUID(required=True, allow_none=True, metadata={"description": "The evaluation that is checked."})
    purpose = ma.fields.String(required=True, allow_none=True)
    channel = ma.fields.String(required=True, allow_none=True)
    state = code(RunState, required=True)
    started_at = Instant(required=True)
    started_by_kind = code(ActorKind, required=True)
    started_by = ma.fields.UUID(required=True, allow_none=True)
    people = ma.fields.Integer(
        required=True, allow_none=True, metadata={"description": "To look at; null of a check, as it tells a count."}
    )
    done = ma.fields.Integer(required=True, allow_none=True, metadata={"description": "Looked at; null of a check."})
    left_out = ma.fields.String(required=True, allow_none=True, metadata=_COUNT)
    matched = ma.fields.String(required=True, allow_none=True, metadata=_COUNT)
    finished_at = Instant(required=True, allow_none=True)
    expires_at = Instant(required=True, metadata={"description": "Until when the result may be used."})


class AudienceOrder(Schema):
    """For what a segment is to be checked."""

    purpose = ma.fields.String(required=True)
    channel = code(Channel, required=True)


class AudienceQuery(Schema):
    """A part of an audience, for a recipient."""

    recipient = ma.fields.String(required=True, metadata={"description": "Key of the recipient that gets it."})
    part = ma.fields.Integer(strict=True, load_default=1, validate=ma.validate.Range(1, 1_000_000))


class Addressee(Schema):
    """A customer, and the contact that the purpose reaches them by."""

    customer = ma.fields.UUID(required=True)
    kind = code(ContactKind, required=True)
    contact = ma.fields.String(required=True)


class AudiencePart(Schema):
    """A part of an audience."""

    items = ma.fields.List(ma.fields.Nested(Addressee), required=True)
    disclosure = ma.fields.UUID(required=True, allow_none=True)
    next_part = ma.fields.Integer(required=True, allow_none=True)


SegmentPage = page_schema(SegmentShown, "SegmentPage")
SegmentRunPage = page_schema(SegmentRun, "SegmentRunPage")


@blueprint.route("/segments")
class Segments(MethodView):
    """Segments."""

    @guarded(Permission.SEGMENTS_READ)
    @blueprint.response(200, SegmentPage)
    def get(self) -> Page[Segment]:
        """List all segments on one page, by key, retired ones included."""
        return Page(segmenting.segments(current_work()), None)

    @guarded(Permission.SEGMENTS_DEFINE)
    @blueprint.arguments(SegmentNew)
    @blueprint.response(201, SegmentShown)
    def post(self, new: Mapping[str, Any]) -> tuple[Segment, int, dict[str, str]]:
        """Define a segment."""
        made = segmenting.define(current_work(), **new)
        return made, 201, {**location(made.id), **etag(made.version)}


@blueprint.route("/segments/<uuid:segment>")
class OneSegment(MethodView):
    """A segment."""

    @guarded(Permission.SEGMENTS_READ)
    @blueprint.response(200, SegmentShown)
    def get(self, segment: UUID) -> tuple[Segment, int, dict[str, str]]:
        """Read a segment."""
        seen = segmenting.segment(current_work(), segment=SegmentId(segment))
        return seen, 200, etag(seen.version)

    @guarded(Permission.SEGMENTS_DEFINE, versioned=True)
    @blueprint.arguments(SegmentChanges)
    @blueprint.response(200, SegmentShown)
    def patch(self, changes: Mapping[str, Any], segment: UUID) -> tuple[Segment, int, dict[str, str]]:
        """Give a segment a new version of its rule; earlier ones stay on record."""
        edited = segmenting.edit(current_work(), segment=SegmentId(segment), if_version=expected_version(), **changes)
        return edited, 200, etag(edited.version)


@blueprint.route("/segments/<uuid:segment>/retirements")
class SegmentRetirements(MethodView):
    """Taking a segment out of use."""

    @guarded(Permission.SEGMENTS_DEFINE)
    @blueprint.response(200, SegmentShown)
    def post(self, segment: UUID) -> Segment:
        """Take a segment out of use."""
        return segmenting.retire(current_work(), segment=SegmentId(segment))


@blueprint.route("/segments/<uuid:segment>/runs")
class SegmentRuns(MethodView):
    """Evaluations and checks of a segment."""

    @guarded(Permission.SEGMENTS_READ)
    @blueprint.response(200, SegmentRunPage)
    def get(self, segment: UUID) -> Page[Run]:
        """List the newest fifty runs of a segment."""
        return Page(segmenting.runs(current_work(), segment=SegmentId(segment)), None)

    @guarded(Permission.SEGMENTS_EVALUATE)
    @blueprint.response(202, SegmentRun)
    def post(self, segment: UUID) -> Run:
        """Evaluate a segment; a job does it, and its progress is read from the run."""
        return segmenting.evaluate(current_work(), segment=SegmentId(segment))


@blueprint.route("/segments/<uuid:segment>/audiences")
class Audiences(MethodView):
    """Checks of a segment for a purpose."""

    @guarded(Permission.SEGMENTS_USE)
    @blueprint.arguments(AudienceOrder)
    @blueprint.response(202, SegmentRun)
    def post(self, order: Mapping[str, Any], segment: UUID) -> Run:
        """Check whom of the newest evaluation a purpose may reach by a channel; a job asks the send check."""
        return segmenting.check_for(current_work(), segment=SegmentId(segment), **order)


@blueprint.route("/segment-runs/<uuid:run>")
class OneSegmentRun(MethodView):
    """A run."""

    @guarded(Permission.SEGMENTS_READ)
    @blueprint.response(200, SegmentRun)
    def get(self, run: UUID) -> Run:
        """See how far a run is, and what it came to."""
        return segmenting.run(current_work(), run=RunId(run))


@blueprint.route("/segment-runs/<uuid:run>/stops")
class SegmentRunStops(MethodView):
    """Ending a run."""

    @guarded(Permission.SEGMENTS_EVALUATE)
    @blueprint.response(200, SegmentRun)
    def post(self, run: UUID) -> Run:
        """End a run before it is done; what it found so far is shredded."""
        return segmenting.stop(current_work(), run=RunId(run))


@blueprint.route("/segment-runs/<uuid:run>/deliveries")
class AudienceDeliveries(MethodView):
    """Contacts of an audience."""

    @guarded(Permission.SEGMENTS_DELIVER, changes=False)
    @blueprint.arguments(AudienceQuery)
    @blueprint.response(200, AudiencePart)
    def post(self, asked: Mapping[str, Any], run: UUID) -> Delivered:
        """Get the contacts of a part of an audience, each checked once more; for connected systems only."""
        return audiences.deliver(current_work(), audience=RunId(run), **asked)
