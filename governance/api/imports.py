"""Imports: lists of customers, purchases or interactions brought in by another system, tried first or done at once."""

from collections.abc import Mapping
from typing import Any, BinaryIO, Final, cast
from uuid import UUID

import marshmallow as ma
from flask.views import MethodView
from flask_smorest.fields import Upload
from werkzeug.datastructures import FileStorage

from governance.api.auth import guarded
from governance.api.blueprints import Blueprint
from governance.api.paging import Page, PageQuery, page_of, page_schema
from governance.api.parsing import read_json
from governance.api.problems import MalformedError
from governance.api.schemas import Instant, Schema
from governance.api.service import current_work
from governance.customers.codes import Ground, Source
from governance.intake import operations as intake
from governance.intake.bounds import Bounds
from governance.intake.files import FileOptions, Provenance
from governance.intake.headings import FileKind
from governance.intake.reports import BatchReport, BatchState, DryRun
from governance.kernel import jobs
from governance.kernel.errors import InvalidError
from governance.kernel.ids import BatchId
from governance.policies.permissions import Permission

FILE_LIMIT_BYTES: Final = 16_777_216
"""Larger files go in by `governance import`, which reads them in constant memory."""
TRIAL_BOUNDS: Final = Bounds(rows=20_000, seconds=10)
"""What is tried while a thread waits; the report is of so much of the file."""
IMPORT_BOUNDS: Final = Bounds(rows=200_000, seconds=45)
"""What is read and kept while a thread waits; the rest of the work is the worker's."""
RESUME: Final = "intake.resume"

blueprint = Blueprint("imports", __name__, description="Lists brought in from files, tried first or done at once.")


def _codes(kind: type[Source | Ground | FileKind | BatchState], **options: Any) -> ma.fields.Enum[Any]:  # noqa: ANN401
    return ma.fields.Enum(kind, by_value=True, **options)


class ImportTry(Schema):
    """A file, and what it does not say of itself."""

    file = Upload(required=True, metadata={"description": "CSV, TSV, XLSX, XLS or ODS, up to 16 MiB."})
    kind = _codes(
        FileKind, load_default=None, metadata={"description": "What the rows are, if the headings do not tell."}
    )
    sheet = ma.fields.String(load_default=None, metadata={"description": "Sheet of a workbook."})
    notices = ma.fields.String(
        load_default=None,
        metadata={
            "description": "A JSON object: purpose to the version of its notice that these people were shown when they "
            "agreed, such as `2` or `2:uk`. Without it every yes is kept as a claim, and nothing is sent on it."
        },
    )
    mapping = ma.fields.String(
        load_default=None,
        metadata={
            "description": "A JSON object: column heading to field key, `ignore`, `extra:KEY` or "
            "`consent:PURPOSE/CHANNEL` (several with `+`); and `notice:PURPOSE` to the version that people were shown."
        },
    )
    region = ma.fields.String(
        load_default=None,
        validate=ma.validate.Regexp(r"[A-Z]{2}\Z", error="Two capital letters, such as UA."),
        metadata={"description": "Country of phone numbers without a country code."},
    )
    currency = ma.fields.String(
        load_default=None,
        validate=ma.validate.Regexp(r"[A-Z]{3}\Z", error="Three capital letters, such as UAH."),
        metadata={"description": "Currency of sums that name none."},
    )
    month_first = ma.fields.Boolean(load_default=False, metadata={"description": "03/04/2024 is the fourth of March."})


class ImportOrder(ImportTry):
    """An import, with what must be known of every person's data."""

    source = _codes(Source, required=True, metadata={"description": "Where the data came from (GDPR Art. 14(2)(f))."})
    ground = _codes(Ground, required=True, metadata={"description": "Lawful ground (GDPR Art. 6(1))."})


class Column(Schema):
    """A column and what is read from it."""

    heading = ma.fields.String(required=True)
    field = ma.fields.String(required=True, allow_none=True)


class ImportFile(Schema):
    """What was found out about a file."""

    format = ma.fields.String(required=True)
    kind = _codes(FileKind, required=True)
    encoding = ma.fields.String(required=True)
    delimiter = ma.fields.String(required=True)
    damaged = ma.fields.Boolean(required=True)
    sheet = ma.fields.String(required=True)
    heading_row = ma.fields.Integer(required=True)
    columns = ma.fields.List(ma.fields.Nested(Column), required=True)
    columns_unknown = ma.fields.List(ma.fields.String(), required=True, attribute="unknown")
    phone_region = ma.fields.String(required=True)
    columns_repeated = ma.fields.List(ma.fields.String(), required=True, attribute="repeated")


class RefusalSeen(Schema):
    """Why something of a row was refused; never the value itself."""

    row = ma.fields.Integer(required=True)
    column = ma.fields.String(required=True)
    code = ma.fields.String(required=True)
    reason = ma.fields.String(required=True)
    whole = ma.fields.Boolean(required=True)


class FileDoublesSeen(Schema):
    """Doubles within the file."""

    doubles = ma.fields.Integer(required=True)
    possible = ma.fields.Integer(required=True)
    complete = ma.fields.Boolean(required=True)


class StoreDoubles(Schema):
    """What the rows come to against the people who are there already."""

    known = ma.fields.Integer(required=True)
    possible_doubles = ma.fields.Integer(required=True)
    unknown_person = ma.fields.Integer(required=True)
    several_people = ma.fields.Integer(required=True)


class ImportTrial(Schema):
    """What an import would do."""

    file = ma.fields.Nested(ImportFile, required=True)
    rows = ma.fields.Integer(required=True)
    good = ma.fields.Integer(required=True)
    refused = ma.fields.Integer(required=True)
    skipped = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.Integer(), required=True)
    refusals = ma.fields.List(ma.fields.Nested(RefusalSeen), required=True)
    doubles = ma.fields.Nested(FileDoublesSeen, required=True)
    store = ma.fields.Nested(StoreDoubles, required=True)
    consents_yes = ma.fields.Integer(required=True)
    consents_no = ma.fields.Integer(required=True)
    consents_given = ma.fields.Integer(
        required=True,
        metadata={"description": "Of the yes, those whose day and notice are known; the others are kept as claims."},
    )
    complete = ma.fields.Boolean(
        required=True,
        metadata={
            "description": f"False where the list is longer than a trial reads ({TRIAL_BOUNDS.rows:,} rows, "
            f"{TRIAL_BOUNDS.seconds} seconds): then all counts are of its first rows. "
            "An import reads all of it, or refuses it."
        },
    )
    already = ma.fields.UUID(required=True, allow_none=True)


class Import(Schema):
    """An import as it stands."""

    id = ma.fields.UUID(required=True)
    state = _codes(BatchState, required=True)
    kind = _codes(FileKind, required=True)
    source = _codes(Source, required=True)
    ground = _codes(Ground, required=True)
    created_at = Instant(required=True)
    finished_at = Instant(required=True, allow_none=True)
    undone_at = Instant(required=True, allow_none=True)
    done = ma.fields.Integer(required=True)
    good = ma.fields.Integer(required=True)
    refused = ma.fields.Integer(required=True)
    skipped = ma.fields.Integer(required=True)
    incomplete = ma.fields.Integer(
        required=True, metadata={"description": "Rows of `good` without some cell, which was refused."}
    )
    created = ma.fields.Integer(required=True)
    enriched = ma.fields.Integer(required=True)
    unchanged = ma.fields.Integer(required=True)
    refused_late = ma.fields.Integer(required=True)
    possible_doubles = ma.fields.Integer(required=True)
    to_inform = ma.fields.Integer(
        required=True, metadata={"description": "Rows whose people did not give their data themselves (GDPR Art. 14)."}
    )
    inform_by = Instant(required=True, allow_none=True)
    refused_until = Instant(required=True, allow_none=True)


ImportPage = page_schema(Import, "ImportPage")


@blueprint.route("/imports")
class Imports(MethodView):
    """Imports."""

    @guarded(Permission.INTAKE_READ)
    @blueprint.arguments(PageQuery, location="query")
    @blueprint.response(200, ImportPage)
    def get(self, page: Mapping[str, Any]) -> Page[BatchReport]:
        """List imports, newest first."""
        limit, cursor = page["limit"], page["cursor"]
        before = None if cursor is None else BatchId(cursor[0])
        found = intake.batches(current_work(), limit=limit + 1, before=before)
        return page_of(found, limit)

    @guarded(Permission.INTAKE_IMPORT, body_limit_bytes=FILE_LIMIT_BYTES)
    @blueprint.arguments(ImportOrder, location="upload")
    @blueprint.response(202, Import)
    def post(self, order: Mapping[str, Any]) -> BatchReport:
        """Bring a file in; it is checked and kept at once, and done by the worker.

        Whoever brings the same file again gets the earlier import; told otherwise (another source or mapping), it is
        refused until that is undone.
        """
        work = current_work()
        provenance = Provenance(order["source"], order["ground"])
        content, options = _opened(order)
        started = intake.start(work, file=content, provenance=provenance, options=options, bounds=IMPORT_BOUNDS)
        jobs.defer_once(work, RESUME, waiting=f"import {started.batch.id}", batch=started.batch.id)
        return started.batch


@blueprint.route("/imports/trials")
class Trials(MethodView):
    """Imports that are only tried."""

    @guarded(Permission.INTAKE_IMPORT, changes=False, body_limit_bytes=FILE_LIMIT_BYTES)
    @blueprint.arguments(ImportTry, location="upload")
    @blueprint.response(200, ImportTrial)
    def post(self, trial: Mapping[str, Any]) -> DryRun:
        """Tell what an import of a file would do; nothing is written."""
        content, chosen = _opened(trial)
        return intake.dry_run(current_work(), file=content, options=chosen, bounds=TRIAL_BOUNDS)


@blueprint.route("/imports/<uuid:batch>")
class OneImport(MethodView):
    """An import."""

    @guarded(Permission.INTAKE_READ)
    @blueprint.response(200, Import)
    def get(self, batch: UUID) -> BatchReport:
        """Tell how an import stands."""
        return intake.report(current_work(), batch=BatchId(batch))


def _opened(said: Mapping[str, Any]) -> tuple[BinaryIO, FileOptions]:
    file: FileStorage = said["file"]
    columns, notices = intake.notices_told(
        _mapping(said["mapping"], "mapping", "A JSON object of heading to field key.")
    )
    named = _mapping(said["notices"], "notices", "A JSON object of purpose to version of its notice.")
    options = FileOptions(
        file_name=file.filename or "",
        kind=said["kind"],
        sheet=said["sheet"],
        mapping=columns,
        region=said["region"],
        currency=said["currency"],
        day_first=not said["month_first"],
        notices={**notices, **{purpose: intake.read_notice(purpose, shown) for purpose, shown in named.items()}},
    )
    return cast("BinaryIO", file.stream), options


def _mapping(text: str | None, field: str, sentence: str) -> Mapping[str, str]:
    if text is None:
        return {}
    try:
        told = read_json(text.encode())
    except MalformedError:  # it speaks of the body, which is a form
        told = None
    if isinstance(told, dict):
        told = {key: str(value) if type(value) is int else value for key, value in told.items()}
    if not isinstance(told, dict) or not all(isinstance(value, str) for value in told.values()):
        raise InvalidError("The file cannot be read with these options.", errors={field: [sentence]})
    return told
