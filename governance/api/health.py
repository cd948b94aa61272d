"""Whether the service lives, and whether it may be sent requests."""

from flask import Blueprint, Response

from governance.api.answers import json_answer
from governance.api.service import current_service
from governance.kernel.errors import GovernanceError
from governance.kernel.logs import get_logger

blueprint = Blueprint("health", __name__)
log = get_logger(__name__)


@blueprint.get("/healthz")
def healthz() -> Response:
    """The process lives; asks nobody else."""
    return json_answer({"status": "alive"})


@blueprint.get("/readyz")
def readyz() -> Response:
    """Every check holds: 200; else 503 and which ones do not. Why stands in the log, since anybody may ask.

    An alarm of the audit log is told, but makes nothing unready: taking the service down would mend nothing.
    """
    states: dict[str, str] = {}
    for check in current_service().checks:
        try:
            check.run()
            states[check.name] = "ok"
        except GovernanceError as error:
            log.warning("http.not_ready", check=check.name, slug=error.slug, detail=error.detail)
            states[check.name] = error.slug
    ready = all(state == "ok" for state in states.values())
    told = {"status": "ready" if ready else "not ready", "checks": states, "alarms": list(current_service().alarms())}
    return json_answer(told, status=200 if ready else 503)
