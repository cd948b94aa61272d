"""What the API needs of this installation, put together by `governance.app`, and the unit of work of a request."""

from collections.abc import Callable, Mapping, Sequence

from flask import Flask, current_app, g

from governance.api.limits import Limiter
from governance.kernel.clock import Clock
from governance.kernel.db import Database
from governance.kernel.records import frozen
from governance.kernel.settings import Settings
from governance.kernel.work import Work

EXTENSION = "governance"


@frozen
class Check:
    """One thing that must hold before requests are let in.

    Attributes:
        name: a code.
        run: returns where it holds, raises a GovernanceError where it does not.
    """

    name: str
    run: Callable[[], object]


@frozen
class Figure:
    """A figure read from the database.

    Attributes:
        name: its name in Prometheus.
        meaning: one sentence.
        label: what its values differ by; None where there is one value.
        read: values by label, by the empty word where there is no label; raises a GovernanceError where it cannot.
    """

    name: str
    meaning: str
    label: str | None
    read: Callable[[], Mapping[str, float]]


@frozen
class Service:
    """This installation, as the API sees it.

    Attributes:
        digest_secret: key of the digests by which repeated requests are known; the same on every host.
        checks: what `/readyz` asks.
        figures: what `/metrics` tells beside the requests.
        alarms: codes of the alarms of the audit log that stand on this host.
        limiter: calls per client.
        strangers: failed sign-ins per address.
    """

    settings: Settings
    database: Database
    clock: Clock
    digest_secret: bytes
    checks: tuple[Check, ...]
    figures: tuple[Figure, ...]
    alarms: Callable[[], Sequence[str]]
    limiter: Limiter
    strangers: Limiter


def install(app: Flask, service: Service) -> None:
    """Make *service* known to the requests of *app*."""
    app.extensions[EXTENSION] = service


def current_service() -> Service:
    """The installation that the present request runs in."""
    service: Service = current_app.extensions[EXTENSION]
    return service


def current_work() -> Work:
    """The unit of work of the present request, opened by `auth.guarded`."""
    work: Work = g.work
    return work
