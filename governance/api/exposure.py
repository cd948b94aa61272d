"""Exposure: whose data an account, a system, a key or an export has shown, and the duties that follow."""

from collections.abc import Mapping
from typing import Any

import marshmallow as ma
from flask.views import MethodView

from governance.api.auth import guarded
from governance.api.blueprints import Blueprint
from governance.api.schemas import Instant, Schema
from governance.api.service import current_work
from governance.disclosures import operations as disclosures
from governance.disclosures.operations import Exposure, Viewer
from governance.policies.permissions import Permission

MOST_NAMED = 10_000

blueprint = Blueprint("exposure", __name__, description="Whose data leaked, and what follows.")


class ExposureQuery(Schema):
    """Whose sight is meant, and when: one of actor, client, client_key and export."""

    actor = ma.fields.UUID(load_default=None, metadata={"description": "Id of a member of staff."})
    client = ma.fields.UUID(load_default=None, metadata={"description": "Id of a connected system."})
    client_key = ma.fields.String(
        load_default=None, validate=ma.validate.Length(1, 32), metadata={"description": "Id of a key, not its secret."}
    )
    export = ma.fields.UUID(load_default=None, metadata={"description": "Id of an export; the time does not matter."})
    since = Instant(load_default=None, data_key="from", metadata={"description": "This instant or later."})
    until = Instant(load_default=None, data_key="to", metadata={"description": "Strictly before this instant."})
    aware = Instant(
        load_default=None,
        metadata={"description": "When the breach became known: hours run from then; now by default."},
    )
    limit = ma.fields.Integer(
        load_default=1000,
        validate=ma.validate.Range(0, MOST_NAMED),
        metadata={"description": "How many people are named; all are counted."},
    )


class ExposedShown(Schema):
    """A person whose data were seen."""

    person = ma.fields.UUID(
        required=True, allow_none=True, metadata={"description": "Null where the person was erased since."}
    )
    ref = ma.fields.UUID(required=True, metadata={"description": "Random name in the audit log."})
    country = ma.fields.String(required=True, allow_none=True)
    acts = ma.fields.Integer(required=True)
    first_at = Instant(required=True)
    last_at = Instant(required=True)
    fields_ = ma.fields.List(
        ma.fields.String(),
        required=True,
        data_key="fields",
        attribute="fields",
        metadata={"description": "Opened or exported; empty where all that was seen was masked."},
    )


class DutyShown(Schema):
    """A duty that follows, if a lawyer agrees."""

    law = ma.fields.String(required=True, attribute="duty.law")
    to = ma.fields.String(required=True, attribute="duty.to")
    title = ma.fields.Function(lambda one: one.duty.titles.get("en"), metadata={"type": "string"})
    due = Instant(required=True, allow_none=True, metadata={"description": "Null where the law gives no number."})
    because = ma.fields.String(
        required=True, metadata={"description": "`controller` is under the law, or `people` are."}
    )
    unless = ma.fields.String(required=True, attribute="duty.unless")
    citation = ma.fields.String(required=True, attribute="duty.citation")
    verified = ma.fields.Boolean(
        required=True,
        attribute="duty.verified",
        metadata={"description": "Whether the citation was compared with a published text."},
    )


def _counts(description: str) -> ma.fields.Dict:
    counted = ma.fields.Integer()
    return ma.fields.Dict(keys=ma.fields.String(), values=counted, required=True, metadata={"description": description})


class ExposureShown(Schema):
    """Whose data leaked."""

    people = ma.fields.Integer(required=True)
    in_the_clear = ma.fields.Integer(
        required=True, metadata={"description": "Of those, people of whom a field was opened or exported."}
    )
    countries = _counts("People by country.")
    fields_ = _counts("People by field.")
    fields_.data_key = fields_.attribute = "fields"
    acts = _counts("Entries of the log by action.")
    nameless = _counts("Acts that showed data without saying whose, by action.")
    named = ma.fields.List(ma.fields.Nested(ExposedShown), required=True)
    complete = ma.fields.Boolean(required=True, metadata={"description": "Whether all people are named."})
    aware = Instant(required=True)
    duties = ma.fields.List(ma.fields.Nested(DutyShown), required=True)
    notes = ma.fields.Dict(
        keys=ma.fields.String(),
        values=ma.fields.String(),
        required=True,
        metadata={"description": "Why nothing is told of a law, by its key."},
    )


@blueprint.route("/audit/exposure")
class Exposures(MethodView):
    """Exposure."""

    @guarded(Permission.AUDIT_EXPOSURE)
    @blueprint.arguments(ExposureQuery, location="query")
    @blueprint.response(200, ExposureShown)
    def get(self, query: Mapping[str, Any]) -> Exposure:
        """Tell whose data leaked: people, fields, countries, and when which duty is due."""
        by = None
        if query["actor"] or query["client"] or query["client_key"]:
            by = Viewer(
                staff=query["actor"],
                client=query["client"],
                key=query["client_key"],
                since=query["since"],
                until=query["until"],
            )
        return disclosures.exposure(
            current_work(), by=by, export=query["export"], aware=query["aware"], limit=query["limit"]
        )
