"""Erasures: planned, begun by an officer with a reason, followed step by step, certified."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import marshmallow as ma
from flask import Response
from flask.views import MethodView

from governance.api.auth import guarded
from governance.api.blueprints import Blueprint
from governance.api.paging import Page, PageQuery, page_of, page_schema
from governance.api.schemas import Instant, Schema, code
from governance.api.service import current_work
from governance.erasure import operations as erasures
from governance.erasure.operations import Erasure, ErasureId, ErasureState, OriginKind, Plan, Step, StepState
from governance.erasure.printing import LANGUAGES, print_certificate
from governance.kernel.ids import SubjectId
from governance.kernel.work import ActorKind
from governance.policies.classification import Compartment
from governance.policies.erasure import Fate
from governance.policies.permissions import Permission

blueprint = Blueprint("erasures", __name__, description="What may go goes, what must stay is named, and it is proved.")


class PlanOrder(Schema):
    """Whose erasure is to be looked at beforehand."""

    customer = ma.fields.UUID(required=True)


class PlannedShown(Schema):
    """What becomes of a group of fields."""

    compartment = code(Compartment, required=True)
    fate = code(Fate, required=True)
    until = ma.fields.Date(
        required=True, allow_none=True, metadata={"description": "The last day that the last of it is kept."}
    )
    first = ma.fields.Date(
        required=True, allow_none=True, metadata={"description": "The last day that the first of it is kept."}
    )
    rule = ma.fields.String(required=True)
    in_force = ma.fields.Boolean(
        required=True,
        metadata={"description": "False where the law's period is heeded that no policy here has put into force."},
    )
    citation = ma.fields.String(required=True)
    holds = ma.fields.List(ma.fields.UUID(), required=True)


class PlanShown(Schema):
    """What would become of a customer's data today."""

    person = ma.fields.UUID(required=True)
    on = ma.fields.Date(required=True)
    steps = ma.fields.List(ma.fields.Nested(PlannedShown), required=True)
    recipients = ma.fields.Integer(
        required=True, metadata={"description": "Recipients of past disclosures who are to be told."}
    )
    others = ma.fields.Integer(required=True, metadata={"description": "People who share a contact, and keep it."})


class ErasureOrder(Schema):
    """Who is to be erased, and why."""

    customer = ma.fields.UUID(required=True)
    reason = ma.fields.String(required=True, metadata={"description": "Sealed, for whoever looks into it later."})


class OriginShown(Schema):
    """Who asked for an erasure."""

    kind = code(OriginKind, required=True)
    id = ma.fields.UUID(required=True, allow_none=True, metadata={"description": "Of the request or run."})
    rule = ma.fields.String(required=True, allow_none=True)


class StepShown(Schema):
    """A step of an erasure."""

    step = code(Step, required=True)
    state = code(StepState, required=True)
    until = ma.fields.Date(required=True, allow_none=True)
    first_until = ma.fields.Date(required=True, allow_none=True)
    rule = ma.fields.String(required=True)
    in_force = ma.fields.Boolean(required=True)
    citation = ma.fields.String(required=True)
    holds = ma.fields.List(ma.fields.UUID(), required=True)
    attempts = ma.fields.Integer(required=True)
    failure = ma.fields.String(required=True, allow_none=True)
    next_at = Instant(required=True, allow_none=True)
    done_at = Instant(required=True, allow_none=True)
    entry = ma.fields.UUID(required=True, allow_none=True, metadata={"description": "Its receipt in the audit log."})
    counts = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.Integer(), required=True)


class ToldShown(Schema):
    """A recipient of past disclosures."""

    recipient = ma.fields.UUID(required=True, metadata={"description": "The version of the recipient."})
    disclosures = ma.fields.List(ma.fields.UUID(), required=True)
    told_at = Instant(required=True, allow_none=True)


class ErasureShown(Schema):
    """An erasure as it stands."""

    id = ma.fields.UUID(required=True)
    origin = ma.fields.Nested(OriginShown, required=True)
    state = code(ErasureState, required=True)
    people = ma.fields.Integer(required=True)
    refs = ma.fields.List(
        ma.fields.UUID(),
        required=True,
        metadata={"description": "Random names in the audit log."},
    )
    begun_at = Instant(required=True)
    begun_by_kind = code(ActorKind, required=True)
    begun_by = ma.fields.UUID(required=True, allow_none=True)
    completed_at = Instant(required=True, allow_none=True, metadata={"description": "When all that may go had gone."})
    closed_at = Instant(required=True, allow_none=True, metadata={"description": "When nothing was left."})
    steps = ma.fields.List(ma.fields.Nested(StepShown), required=True)
    recipients = ma.fields.List(ma.fields.Nested(ToldShown), required=True)
    certificates = ma.fields.Integer(required=True)


class CertificateQuery(Schema):
    """Which certificate."""

    number = ma.fields.Integer(load_default=None, validate=ma.validate.Range(min=1))
    form = ma.fields.String(
        load_default="json",
        validate=ma.validate.OneOf(("json", "pdf")),
        metadata={"description": "json is what can be verified; pdf is for people."},
    )
    language = ma.fields.String(
        load_default="en", validate=ma.validate.OneOf(LANGUAGES), metadata={"description": "Of the PDF."}
    )


ErasurePage = page_schema(ErasureShown, "ErasurePage")


@blueprint.route("/erasures")
class Erasures(MethodView):
    """Erasures."""

    @guarded(Permission.ERASURE_READ)
    @blueprint.arguments(PageQuery, location="query")
    @blueprint.response(200, ErasurePage)
    def get(self, page: Mapping[str, Any]) -> Page[Erasure]:
        """List erasures, newest first."""
        before = None if page["cursor"] is None else ErasureId(page["cursor"][0])
        limit = page["limit"]
        found = erasures.list_erasures(current_work(), before=before, limit=limit + 1)
        return page_of(found, limit)

    @guarded(Permission.ERASURE_BEGIN)
    @blueprint.arguments(ErasureOrder)
    @blueprint.response(202, ErasureShown)
    def post(self, order: Mapping[str, Any]) -> Erasure:
        """Begin to erase a customer, as an officer with a reason; a job does it, and it cannot be undone."""
        work = current_work()
        begun = erasures.order(work, person=SubjectId(order["customer"]), reason=order["reason"])
        return erasures.show(work, erasure=begun)


@blueprint.route("/erasures/plans")
class ErasurePlans(MethodView):
    """What an erasure would do."""

    @guarded(Permission.ERASURE_BEGIN, changes=False)
    @blueprint.arguments(PlanOrder)
    @blueprint.response(200, PlanShown)
    def post(self, order: Mapping[str, Any]) -> Plan:
        """See what would become of a customer's data today; nothing is done."""
        return erasures.look_ahead(current_work(), person=SubjectId(order["customer"]))


@blueprint.route("/erasures/<uuid:erasure>")
class OneErasure(MethodView):
    """An erasure."""

    @guarded(Permission.ERASURE_READ)
    @blueprint.response(200, ErasureShown)
    def get(self, erasure: UUID) -> Erasure:
        """See the steps of an erasure: done, waiting, or to be tried again."""
        return erasures.show(current_work(), erasure=ErasureId(erasure))


@blueprint.route("/erasures/<uuid:erasure>/certificate")
class ErasureCertificate(MethodView):
    """The certificate of an erasure."""

    @guarded(Permission.ERASURE_READ)
    @blueprint.arguments(CertificateQuery, location="query")
    @blueprint.response(200, content_type="application/octet-stream")
    def get(self, asked: Mapping[str, Any], erasure: UUID) -> Response:
        """Get the certificate with proofs for the newest checkpoint, byte for byte as it can be verified offline.

        As PDF it is for people: under 152-FZ the act of destruction, with the extract of the log.
        """
        found = erasures.certificate(current_work(), erasure=ErasureId(erasure), number=asked["number"])
        form = asked["form"]
        named = {"Content-Disposition": f'attachment; filename="erasure-{erasure}-{found.number}.{form}"'}
        if form == "pdf":
            printed = print_certificate(found, language=asked["language"])
            return Response(printed, content_type="application/pdf", headers=named)
        return Response(found.content, content_type="application/json", headers=named)


@blueprint.route("/erasures/<uuid:erasure>/recipients/<uuid:recipient>")
class ErasureRecipient(MethodView):
    """A recipient who is to be told of an erasure."""

    @guarded(Permission.ERASURE_BEGIN)
    @blueprint.response(200, ErasureShown)
    def post(self, erasure: UUID, recipient: UUID) -> Erasure:
        """Note that a recipient of past disclosures was told (GDPR Art. 19)."""
        return erasures.note_told(current_work(), erasure=ErasureId(erasure), recipient=recipient)
