"""Runs that remove what is overdue: begun, watched, stopped, let go on, certified."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Response
from flask.views import MethodView

from governance.accounts.operations import Proposal
from governance.api.auth import guarded
from governance.api.blueprints import Blueprint
from governance.api.paging import Page, PageQuery, page_of
from governance.api.proposals import ProposalShown
from governance.api.retention_schemas import (
    FailurePage,
    PolicyReason,
    RetentionRunNew,
    RetentionRunShown,
    RunPage,
)
from governance.api.service import current_work
from governance.policies.permissions import Permission
from governance.retention import operations as retention
from governance.retention.operations import Run, RunFailure, RunId

blueprint = Blueprint("retention-runs", __name__, description="Runs that remove what is overdue.")


@blueprint.route("/retention/runs")
class Runs(MethodView):
    """Runs."""

    @guarded(Permission.RETENTION_READ)
    @blueprint.arguments(PageQuery, location="query")
    @blueprint.response(200, RunPage)
    def get(self, page: Mapping[str, Any]) -> Page[Run]:
        """List runs, newest first."""
        before = None if page["cursor"] is None else RunId(page["cursor"][0])
        limit = page["limit"]
        found = retention.list_runs(current_work(), before=before, limit=limit + 1)
        return page_of(found, limit)

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


@blueprint.route("/retention/runs/<uuid:run>/failures")
class RunFailures(MethodView):
    """What a run could not remove."""

    @guarded(Permission.RETENTION_READ)
    @blueprint.response(200, FailurePage)
    def get(self, run: UUID) -> Page[RunFailure]:
        """List the first thousand rows that could not go, and what hindered each; the next run tries them again."""
        return Page(retention.failures(current_work(), run=RunId(run)), None)


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
