"""Exports: proposed, approved by somebody else, fetched once by whoever proposed them; leaked files traced back."""

from collections.abc import Mapping
from typing import Any, BinaryIO, cast
from uuid import UUID

import marshmallow as ma
from flask import Response
from flask.views import MethodView
from flask_smorest.fields import Upload
from werkzeug.datastructures import FileStorage

from governance.accounts.operations import Proposal
from governance.api.auth import guarded
from governance.api.blueprints import Blueprint
from governance.api.imports import FILE_LIMIT_BYTES
from governance.api.paging import Page, PageQuery, page_of, page_schema
from governance.api.proposals import ProposalShown
from governance.api.schemas import Instant, Schema, code
from governance.api.service import current_service, current_work
from governance.consent.segmenting import RunId
from governance.disclosures import audiences
from governance.disclosures import operations as disclosures
from governance.disclosures.operations import Export, ExportFormat, ExportId, ExportState, Selection, Traced
from governance.kernel.ids import SubjectId
from governance.kernel.work import ActorKind
from governance.policies.permissions import Permission
from governance.policies.purposes import Channel

MOST_CUSTOMERS = 10_000
"""Ids in one request; more come from a segment."""

blueprint = Blueprint("exports", __name__, description="What leaves in bulk: proposed, approved, fetched once.")


class ExportOrder(Schema):
    """An export to be proposed."""

    recipient = ma.fields.String(required=True, metadata={"description": "Key of who gets it."})
    purpose = ma.fields.String(required=True, metadata={"description": "Key of what they get it for."})
    channels = ma.fields.List(
        code(Channel),
        required=True,
        metadata={"description": "People are in it whom the purpose may reach by one of them, now."},
    )
    format = code(ExportFormat, required=True)
    fields_ = ma.fields.List(
        ma.fields.String(validate=ma.validate.Length(1, 80)),
        required=True,
        data_key="fields",
        attribute="fields",
        metadata={"description": "Columns in their order: `person.family_name`, `contact.email`, `extra.KEY`."},
    )
    customers = ma.fields.List(
        ma.fields.UUID(),
        load_default=None,
        validate=ma.validate.Length(1, MOST_CUSTOMERS),
        metadata={"description": "Ids of those to look at; everybody where this is left out."},
    )
    segment_run = ma.fields.UUID(
        load_default=None,
        metadata={"description": "A run of a segment, whose people are looked at; instead of `customers`."},
    )
    reason = ma.fields.String(required=True, metadata={"description": "Why; sealed, for whoever decides."})

    @ma.validates_schema
    def _one_choice(self, told: Mapping[str, Any], **_options: object) -> None:
        if told.get("customers") is not None and told.get("segment_run") is not None:
            raise ma.ValidationError("Choose by customers or by a segment, not by both.", "segment_run")


class ExportShown(Schema):
    """An export as it stands."""

    id = ma.fields.UUID(required=True, metadata={"description": "That of the proposal."})
    state = code(ExportState, required=True)
    recipient = ma.fields.UUID(required=True, metadata={"description": "The version of the recipient."})
    recipient_key = ma.fields.String(required=True)
    purpose = ma.fields.String(required=True)
    channels = ma.fields.List(ma.fields.String(), required=True)
    format = code(ExportFormat, required=True)
    fields_ = ma.fields.List(ma.fields.String(), required=True, data_key="fields", attribute="fields")
    exporter_kind = code(ActorKind, required=True)
    exporter = ma.fields.UUID(required=True, allow_none=True)
    total = ma.fields.Integer(required=True, metadata={"description": "People to be looked at."})
    considered = ma.fields.Integer(required=True, metadata={"description": "People looked at so far."})
    rows = ma.fields.Integer(required=True)
    left_out = ma.fields.Dict(
        keys=ma.fields.String(),
        values=ma.fields.Integer(),
        required=True,
        metadata={
            "description": "How many are not in it, by reason: those of a send check, `gone`, `unreviewed_merge`."
        },
    )
    failure = ma.fields.String(
        required=True, allow_none=True, metadata={"description": "Why it could not be made: a slug."}
    )
    failure_words = ma.fields.String(
        required=True, allow_none=True, metadata={"description": "The same in words, and what to do about it."}
    )
    created_at = Instant(required=True)
    ready_at = Instant(required=True, allow_none=True)
    expires_at = Instant(required=True, allow_none=True, metadata={"description": "Fetched before this instant."})
    downloaded_at = Instant(required=True, allow_none=True)
    destroyed_at = Instant(required=True, allow_none=True)
    traceable = ma.fields.Boolean(required=True, metadata={"description": "Whether its fingerprint is kept still."})


ExportPage = page_schema(ExportShown, "ExportPage")


@blueprint.route("/exports")
class Exports(MethodView):
    """Exports."""

    @guarded(Permission.EXPORTS_READ)
    @blueprint.arguments(PageQuery, location="query")
    @blueprint.response(200, ExportPage)
    def get(self, page: Mapping[str, Any]) -> Page[Export]:
        """List exports, newest first; those that nobody approved yet are proposals."""
        before = None if page["cursor"] is None else ExportId(page["cursor"][0])
        limit = page["limit"]
        found = disclosures.list_exports(current_work(), before=before, limit=limit + 1)
        return page_of(found, limit)

    @guarded(Permission.EXPORTS_MAKE)
    @blueprint.arguments(ExportOrder)
    @blueprint.response(202, ProposalShown)
    def post(self, order: Mapping[str, Any]) -> Proposal:
        """Propose an export; another person approves the proposal, and a job makes the file."""
        said = dict(order)
        chosen = said.pop("customers")
        selection = None if chosen is None else Selection([SubjectId(one) for one in chosen])
        run = said.pop("segment_run")
        if run is not None:
            selection = audiences.selection_of(current_work(), run=RunId(run))
        return disclosures.propose_export(current_work(), selection=selection, **said)


@blueprint.route("/exports/<uuid:export>")
class OneExport(MethodView):
    """An export."""

    @guarded(Permission.EXPORTS_READ)
    @blueprint.response(200, ExportShown)
    def get(self, export: UUID) -> Export:
        """See how far an export is, and what became of it."""
        return disclosures.find_export(current_work(), export=ExportId(export))


@blueprint.route("/exports/<uuid:export>/downloads")
class ExportDownloads(MethodView):
    """The file of an export."""

    @guarded(Permission.EXPORTS_FETCH, changes=False)
    @blueprint.response(200, content_type="application/octet-stream")
    def post(self, export: UUID) -> Response:
        """Fetch an export, once: then its keys are destroyed, and what broke off on the way is proposed anew."""
        work, service = current_work(), current_service()
        fetched = disclosures.fetch(work, export=ExportId(export))
        pieces = disclosures.export_pieces(service.database, fetched, actor=work.actor, clock=service.clock)
        named = {"Content-Disposition": f'attachment; filename="{fetched.name}"', "Cache-Control": "no-store"}
        return Response(pieces, content_type=disclosures.MEDIA_TYPES[fetched.format], headers=named)


class LeakUpload(Schema):
    """A file that was found somewhere."""

    file = Upload(required=True, metadata={"description": "CSV, XLSX, XLS, ODS or JSON, up to 16 MiB."})


class SuspectShown(Schema):
    """An export that a file comes from."""

    export = ma.fields.UUID(required=True)
    exporter_kind = code(ActorKind, required=True)
    exporter = ma.fields.UUID(required=True, allow_none=True)
    recipient_key = ma.fields.String(required=True)
    made_at = Instant(required=True)
    downloaded_at = Instant(required=True, allow_none=True)
    share = ma.fields.Integer(required=True, metadata={"description": "Of the recognised rows, in percent."})
    rows = ma.fields.Integer(
        required=True, metadata={"description": "Recognised rows that it held exactly as they stand."}
    )
    times_likelier = ma.fields.Integer(
        required=True, metadata={"description": "Than if it had nothing to do with it; at most a million is told."}
    )
    or_else = ma.fields.List(
        ma.fields.UUID(), required=True, metadata={"description": "Exports that might be it just as well."}
    )


class Trace(Schema):
    """Which exports a file comes from."""

    rows = ma.fields.Integer(required=True)
    compared = ma.fields.Integer(required=True, metadata={"description": "Rows looked at; of a long file a sample."})
    recognised = ma.fields.Integer(
        required=True, metadata={"description": "Of those, rows of people who were in an export."}
    )
    people = ma.fields.Integer(required=True)
    exports = ma.fields.Integer(required=True, metadata={"description": "With how many it was compared."})
    suspects = ma.fields.List(ma.fields.Nested(SuspectShown), required=True)
    certain = ma.fields.Boolean(
        required=True, metadata={"description": "False where the file does not tell one export from another."}
    )


@blueprint.route("/exports/traces")
class ExportTraces(MethodView):
    """Leaked files."""

    @guarded(Permission.EXPORTS_TRACE, changes=False, body_limit_bytes=FILE_LIMIT_BYTES)
    @blueprint.arguments(LeakUpload, location="upload")
    @blueprint.response(200, Trace)
    def post(self, upload: Mapping[str, FileStorage]) -> Traced:
        """Find out which export a leaked file comes from, and so who fetched it."""
        return disclosures.trace(current_work(), file=cast("BinaryIO", upload["file"].stream))
