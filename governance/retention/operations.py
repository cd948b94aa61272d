"""Every verb of this package."""

from governance.retention.beginning import (
    RUN,
    begin,
    begin_nightly,
    propose_resumption,
    stop,
)
from governance.retention.certifying import RunCertificate, certificate
from governance.retention.errors import NoSuchRunError, NotSimulatedError, PolicyConflictError, RunOpenError
from governance.retention.failing import failures
from governance.retention.fiscal import fiscal_year, set_fiscal_year
from governance.retention.holding import hold_segment
from governance.retention.life import (
    draft,
    draft_shipped,
    end,
    look_ahead,
    policies,
    policy,
    propose_activation,
    shipped,
)
from governance.retention.outlook import Outlook, PolicyAhead, count_outlook, outlook
from governance.retention.records import Run, RunFailure, RunId, RunOrigin, RunPart, RunState
from governance.retention.releasing import RESUME, begin_released
from governance.retention.returning import lift_ended
from governance.retention.running import Progress, purge_restored, see_through
from governance.retention.runs import failing_parts, find_run, list_runs, open_runs
from governance.retention.simulating import Forecast, MonthAhead, PolicyForecast, simulate
from governance.retention.warning import Keeping, keep, show_keeping, warn_next

__all__ = [
    "RESUME",
    "RUN",
    "Forecast",
    "Keeping",
    "MonthAhead",
    "NoSuchRunError",
    "NotSimulatedError",
    "Outlook",
    "PolicyAhead",
    "PolicyConflictError",
    "PolicyForecast",
    "Progress",
    "Run",
    "RunCertificate",
    "RunFailure",
    "RunId",
    "RunOpenError",
    "RunOrigin",
    "RunPart",
    "RunState",
    "begin",
    "begin_nightly",
    "begin_released",
    "certificate",
    "count_outlook",
    "draft",
    "draft_shipped",
    "end",
    "failing_parts",
    "failures",
    "find_run",
    "fiscal_year",
    "hold_segment",
    "keep",
    "lift_ended",
    "list_runs",
    "look_ahead",
    "open_runs",
    "outlook",
    "policies",
    "policy",
    "propose_activation",
    "propose_resumption",
    "purge_restored",
    "see_through",
    "set_fiscal_year",
    "shipped",
    "show_keeping",
    "simulate",
    "stop",
    "warn_next",
]
