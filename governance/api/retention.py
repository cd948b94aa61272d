"""Retention: policies, what they would remove, and runs that remove it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import marshmallow as ma
from flask import Response
from flask.views import MethodView

from governance.accounts.operations import Proposal
from governance.api.auth import guarded
from governance.api.blueprints import Blueprint
from governance.api.paging import Page, page_schema
from governance.api.proposals import ProposalShown
from governance.api.schemas import Instant, Schema, code
from governance.api.service import current_work
from governance.erasure import operations as erasures
from governance.erasure.operations import Happened
from governance.kernel.work import ActorKind
from governance.policies.permissions import Permission
from governance.policies.retention import Anchor, Clock, RetentionAction, TargetKind
from governance.policies.retention_conflicts import ConflictReason
from governance.reference.retention_rules import PolicyId, PolicyState, PolicyVersion
from governance.retention import operations as retention
from governance.retention.operations import Forecast, Run, RunId, RunOrigin, RunState

blueprint = Blueprint("retention", __name__, description="How long data are kept, and the removal of what is overdue.")


class PolicyTarget(Schema):
    """What a policy is about."""

    kind = code(TargetKind, required=True)
    name = ma.fields.String(required=True, metadata={"description": "Of the table or log class; empty for people."})
    fields_ = ma.fields.List(ma.fields.String(), required=True, attribute="fields", data_key="fields")


class PolicyDraft(Schema):
    """Policies to be drafted."""

    document = ma.fields.String(
        required=True, metadata={"description": "YAML in the form of `retention.yaml`; see the guide on retention."}
    )


class PolicyShown(Schema):
    """A version of a policy."""

    id = ma.fields.UUID(required=True)
    key = ma.fields.String(required=True, attribute="policy.key")
    version = ma.fields.Integer(required=True, attribute="policy.version")
    state = code(PolicyState, required=True)
    target = ma.fields.Nested(PolicyTarget, required=True, attribute="policy.target")
    clock = code(Clock, required=True, attribute="policy.clock")
    anchor = code(Anchor, required=True, attribute="policy.anchor")
    keep = ma.fields.Function(
        lambda one: str(one.policy.keep), required=True, metadata={"type": "string", "description": "ISO 8601."}
    )
    action = code(RetentionAction, required=True, attribute="policy.action")
    citation = ma.fields.String(required=True, attribute="policy.citation")
    verified = ma.fields.Boolean(required=True, attribute="policy.verified")
    warning_days = ma.fields.Integer(required=True, attribute="policy.warning_days")
    drafted_at = Instant(required=True)
    drafted_by_kind = code(ActorKind, required=True)
    drafted_by = ma.fields.UUID(required=True, allow_none=True)
    simulated_at = Instant(required=True, allow_none=True)
    simulated_people = ma.fields.Integer(required=True, allow_none=True)
    simulated_rows = ma.fields.Integer(required=True, allow_none=True)
    wave_size = ma.fields.Integer(required=True, allow_none=True)
    waves_left = ma.fields.Integer(required=True)
    approved_at = Instant(required=True, allow_none=True)
    ended_at = Instant(required=True, allow_none=True)


class PolicyReason(Schema):
    """Why."""

    reason = ma.fields.String(required=True, metadata={"description": "Sealed."})


class FiscalYear(Schema):
    """When the fiscal year begins."""

    begins = ma.fields.String(required=True, metadata={"description": "Month and day: `04-01`."})


class ForecastQuery(Schema):
    """The instant to look at."""

    at = Instant(load_default=None, metadata={"description": "Now where left out; nothing is taken down otherwise."})


class RetentionMonth(Schema):
    """What comes due in a month."""

    month = ma.fields.Date(required=True)
    people = ma.fields.Integer(required=True)
    rows = ma.fields.Integer(required=True)


class PolicyForecastShown(Schema):
    """What a policy would remove."""

    key = ma.fields.String(required=True)
    version = ma.fields.Integer(required=True)
    action = code(RetentionAction, required=True)
    cutoff = Instant(required=True, metadata={"description": "What has its clock strictly before this is due."})
    carried_out = ma.fields.Boolean(required=True)
    people = ma.fields.Integer(required=True)
    rows = ma.fields.Integer(required=True)
    emptied = ma.fields.Integer(required=True, attribute="fields", metadata={"description": "Values emptied."})
    consents = ma.fields.Integer(required=True, metadata={"description": "That stand, and would lapse."})
    invoices = ma.fields.Integer(required=True, metadata={"description": "Purchases that a law keeps."})
    held = ma.fields.Integer(required=True)
    restricted = ma.fields.Integer(required=True)
    curve = ma.fields.List(ma.fields.Nested(RetentionMonth), required=True)


class PolicyConflict(Schema):
    """Something that makes no sense about policies in force."""

    reason = code(ConflictReason, required=True)
    policy = ma.fields.String(required=True)
    other = ma.fields.String(required=True)
    citation = ma.fields.String(required=True)


class ForecastShown(Schema):
    """What all policies would remove at an instant."""

    at = Instant(required=True)
    store_people = ma.fields.Integer(required=True)
    due_people = ma.fields.Integer(required=True)
    fuse_people = ma.fields.Integer(required=True, metadata={"description": "More than this have to be approved."})
    policies = ma.fields.List(ma.fields.Nested(PolicyForecastShown), required=True)
    conflicts = ma.fields.List(ma.fields.Nested(PolicyConflict), required=True)


class RetentionRunNew(Schema):
    """A run to be begun."""

    policies = ma.fields.List(
        ma.fields.String(), load_default=None, metadata={"description": "Keys; all in force where left out."}
    )


class RetentionRunPart(Schema):
    """What a run did by a policy."""

    policy = ma.fields.UUID(required=True)
    key = ma.fields.String(required=True)
    version = ma.fields.Integer(required=True)
    is_done = ma.fields.Boolean(required=True)
    due_people = ma.fields.Integer(required=True)
    due_rows = ma.fields.Integer(required=True)
    at_most = ma.fields.Integer(required=True, allow_none=True)
    people = ma.fields.Integer(required=True)
    rows = ma.fields.Integer(required=True)
    batches = ma.fields.Integer(required=True)
    failed = ma.fields.Integer(required=True)
    left_over = ma.fields.Integer(required=True)


class RetentionRunShown(Schema):
    """A run."""

    id = ma.fields.UUID(required=True)
    origin = code(RunOrigin, required=True)
    state = code(RunState, required=True)
    at = Instant(required=True, metadata={"description": "The instant that decides what is due."})
    started_at = Instant(required=True)
    started_by_kind = code(ActorKind, required=True)
    started_by = ma.fields.UUID(required=True, allow_none=True)
    store_people = ma.fields.Integer(required=True)
    due_people = ma.fields.Integer(required=True)
    finished_at = Instant(required=True, allow_none=True)
    parts = ma.fields.List(ma.fields.Nested(RetentionRunPart), required=True)


class HappenedShown(Schema):
    """How often something of a kind happened in a month."""

    kind = ma.fields.String(required=True)
    code = ma.fields.String(required=True, metadata={"description": "Currency of purchases, else the kind of it."})
    country = ma.fields.String(required=True, allow_none=True)
    month = ma.fields.Date(required=True)
    rows = ma.fields.Integer(required=True)
    total = ma.fields.Decimal(required=True, allow_none=True, as_string=True)


HappenedPage = page_schema(HappenedShown, "RetentionStatisticsPage")
PolicyPage = page_schema(PolicyShown, "RetentionPolicyPage")
RunPage = page_schema(RetentionRunShown, "RetentionRunPage")


@blueprint.route("/retention/policies")
class Policies(MethodView):
    """Versions of policies."""

    @guarded(Permission.RETENTION_READ)
    @blueprint.response(200, PolicyPage)
    def get(self) -> Page[PolicyVersion]:
        """List all versions of all policies on one page, by key, the newest first."""
        return Page(retention.policies(current_work()), None)

    @guarded(Permission.RETENTION_DRAFT)
    @blueprint.arguments(PolicyDraft)
    @blueprint.response(201, PolicyShown(many=True))
    def post(self, new: Mapping[str, Any]) -> Sequence[PolicyVersion]:
        """Draft the policies of a document; each becomes the next version of its key."""
        return retention.draft(current_work(), **new)


@blueprint.route("/retention/policies/<uuid:policy>")
class OnePolicy(MethodView):
    """A version of a policy."""

    @guarded(Permission.RETENTION_READ)
    @blueprint.response(200, PolicyShown)
    def get(self, policy: UUID) -> PolicyVersion:
        """Read a version of a policy."""
        return retention.policy(current_work(), policy=PolicyId(policy))


@blueprint.route("/retention/policies/<uuid:policy>/simulations")
class PolicySimulations(MethodView):
    """Looking ahead with a version."""

    @guarded(Permission.RETENTION_DRAFT)
    @blueprint.arguments(ForecastQuery)
    @blueprint.response(200, ForecastShown)
    def post(self, asked: Mapping[str, datetime | None], policy: UUID) -> Forecast:
        """Simulate a version in the place of the one in force; of now, it is taken down for the approval."""
        return retention.look_ahead(current_work(), policy=PolicyId(policy), at=asked["at"])


@blueprint.route("/retention/policies/<uuid:policy>/activations")
class PolicyActivations(MethodView):
    """Putting a version into force."""

    @guarded(Permission.RETENTION_ACTIVATE)
    @blueprint.arguments(PolicyReason)
    @blueprint.response(202, ProposalShown)
    def post(self, said: Mapping[str, str], policy: UUID) -> Proposal:
        """Propose that a simulated version be put into force; another person decides."""
        return retention.propose_activation(current_work(), policy=PolicyId(policy), reason=said["reason"])


@blueprint.route("/retention/fiscal-year")
class FiscalYears(MethodView):
    """From whose end some laws count."""

    @guarded(Permission.RETENTION_READ)
    @blueprint.response(200, FiscalYear)
    def get(self) -> Mapping[str, str]:
        """Tell on which day the fiscal year begins."""
        return {"begins": retention.fiscal_year(current_work())}

    @guarded(Permission.RETENTION_ACTIVATE)
    @blueprint.arguments(FiscalYear)
    @blueprint.response(200, FiscalYear)
    def put(self, said: Mapping[str, str]) -> Mapping[str, str]:
        """Say on which day the fiscal year begins; periods are counted so from now on."""
        return {"begins": retention.set_fiscal_year(current_work(), begins=said["begins"])}


@blueprint.route("/retention/statistics")
class Statistics(MethodView):
    """What stays of people who were made anonymous."""

    @guarded(Permission.RETENTION_READ)
    @blueprint.response(200, HappenedPage)
    def get(self) -> Page[Happened]:
        """Tell what people did who were made anonymous, by month; groups of less than five are left out."""
        return Page(erasures.statistics(current_work()), None)


@blueprint.route("/retention/simulations")
class Simulations(MethodView):
    """Looking ahead."""

    @guarded(Permission.RETENTION_READ, changes=False)
    @blueprint.arguments(ForecastQuery)
    @blueprint.response(200, ForecastShown)
    def post(self, asked: Mapping[str, datetime | None]) -> Forecast:
        """Tell what the policies in force would remove now or at an instant, with a curve of two years."""
        return retention.simulate(current_work(), at=asked["at"])


@blueprint.route("/retention/runs")
class Runs(MethodView):
    """Runs."""

    @guarded(Permission.RETENTION_READ)
    @blueprint.response(200, RunPage)
    def get(self) -> Page[Run]:
        """List the newest fifty runs."""
        return Page(retention.list_runs(current_work()), None)

    @guarded(Permission.RETENTION_RUN)
    @blueprint.arguments(RetentionRunNew)
    @blueprint.response(202, RetentionRunShown)
    def post(self, asked: Mapping[str, Any]) -> Run:
        """Begin a run; a job does it, or it waits to be approved where it would touch too many people."""
        return retention.begin(current_work(), keys=asked["policies"])


@blueprint.route("/retention/runs/<uuid:run>")
class OneRun(MethodView):
    """A run."""

    @guarded(Permission.RETENTION_READ)
    @blueprint.response(200, RetentionRunShown)
    def get(self, run: UUID) -> Run:
        """See how far a run is, and what it removed."""
        return retention.find_run(current_work(), run=RunId(run))


@blueprint.route("/retention/runs/<uuid:run>/stops")
class RunStops(MethodView):
    """Ending a run."""

    @guarded(Permission.RETENTION_RUN)
    @blueprint.response(200, RetentionRunShown)
    def post(self, run: UUID) -> Run:
        """Stop a run between two batches; what has gone has gone."""
        return retention.stop(current_work(), run=RunId(run))


@blueprint.route("/retention/runs/<uuid:run>/approvals")
class RunApprovals(MethodView):
    """Letting a large run go on."""

    @guarded(Permission.RETENTION_RUN)
    @blueprint.arguments(PolicyReason)
    @blueprint.response(202, ProposalShown)
    def post(self, said: Mapping[str, str], run: UUID) -> Proposal:
        """Propose that a run which would touch too many people go on; another person decides."""
        return retention.propose_resumption(current_work(), run=RunId(run), reason=said["reason"])


@blueprint.route("/retention/runs/<uuid:run>/certificate")
class RunCertificate(MethodView):
    """What a run destroyed."""

    @guarded(Permission.RETENTION_READ)
    @blueprint.response(200)
    def get(self, run: UUID) -> Response:
        """Get counts, digests and inclusion proofs of all batches of a run that is over, as JSON."""
        return Response(retention.certificate(current_work(), run=RunId(run)).content, mimetype="application/json")
