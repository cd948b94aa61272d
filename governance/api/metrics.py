"""Figures for Prometheus at `/metrics`: requests from all web processes of this host, and backlogs from the database.

Open to whoever reaches the address, since it tells counts only; bind the service where Prometheus alone can ask, or
close the path at the proxy.
"""

import os
import time
from collections.abc import Iterable

from flask import Blueprint, Flask, Response, g, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest, values
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import REGISTRY, Collector

from governance.api.counts import VARIABLE
from governance.api.service import Figure, current_service
from governance.kernel.errors import GovernanceError
from governance.kernel.logs import get_logger

REQUESTS = Counter("governance_http_requests", "Requests answered.", ["method", "route", "status"])
SECONDS = Histogram(
    "governance_http_request_seconds",
    "Seconds from the arrival of a request to its answer.",
    ["route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0),
)

blueprint = Blueprint("metrics", __name__)
log = get_logger(__name__)


def register(app: Flask) -> None:
    """Count every request of *app*."""
    app.after_request(_count)


def _count(response: Response) -> Response:
    route = request.url_rule.rule if request.url_rule is not None else "unmatched"
    method = request.method if request.method in {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"} else "other"
    count(method, route, response.status_code, time.perf_counter() - g.began)
    return response


def count_apart() -> None:
    """Let this process count for itself from now on; to be called before it counts anything."""
    values.ValueClass = values.MutexValue


def count(method: str, route: str, status: int, seconds: float) -> None:
    """Count a request that was answered."""
    REQUESTS.labels(method, route, str(status)).inc()
    SECONDS.labels(route).observe(seconds)


@blueprint.get("/metrics")
def metrics() -> Response:
    """All figures, in Prometheus' text format."""
    registry = CollectorRegistry()
    body = b""
    if os.environ.get(VARIABLE):
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # prometheus-client leaves this one untyped
    else:
        body = generate_latest(REGISTRY)
    registry.register(_Backlogs(current_service().figures))
    return Response(body + generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


class _Backlogs(Collector):
    """Figures that are read from the database when they are asked for."""

    def __init__(self, figures: Iterable[Figure]) -> None:
        self._figures = figures

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Read them; a figure that cannot be read is left out."""
        for figure in self._figures:
            family = GaugeMetricFamily(figure.name, figure.meaning, labels=[figure.label] if figure.label else [])
            try:
                for label, number in figure.read().items():
                    family.add_metric([label] if figure.label else [], number)
            except GovernanceError as error:
                log.warning("http.figure_missing", figure=figure.name, slug=error.slug)
                continue
            yield family
