"""How long data are kept: policies, their life, what they would remove."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from flask.views import MethodView

from governance.accounts.operations import Proposal
from governance.api.auth import guarded
from governance.api.blueprints import Blueprint
from governance.api.paging import Page
from governance.api.proposals import ProposalShown
from governance.api.retention_schemas import (
    FiscalYear,
    ForecastQuery,
    ForecastShown,
    HappenedPage,
    PolicyDraft,
    PolicyPage,
    PolicyReason,
    PolicyShown,
)
from governance.api.service import current_work
from governance.erasure import operations as erasures
from governance.erasure.operations import Happened
from governance.policies.permissions import Permission
from governance.reference.retention_rules import PolicyId, PolicyVersion
from governance.retention import operations as retention
from governance.retention.operations import Forecast

blueprint = Blueprint("retention", __name__, description="How long data are kept, and the removal of what is overdue.")


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
