"""What each job does. A job gets ids and opens its own units of work; it may be run twice, and must bear that."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Event
from typing import Any, Final

from procrastinate import App, RetryStrategy
from procrastinate.connector import BaseConnector

from governance.custody.opening import Store
from governance.kernel import idempotency
from governance.kernel.clock import Clock
from governance.kernel.jobs import QUEUE
from governance.kernel.logs import get_logger
from governance.kernel.work import SYSTEM, open_work

ATTEMPTS: Final = 8
FIRST_PAUSE_SECONDS: Final = 4

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What jobs work with.

    Attributes:
        stopping: set when the worker is to end; long jobs stop at their next step and are resumed later.
    """

    store: Store
    clock: Clock
    stopping: Event


Task = Callable[..., None]


def purge(around: Surroundings) -> None:
    """Forget what was kept for a time only: repeated requests after a day."""
    with open_work(around.store.database, SYSTEM, clock=around.clock) as work:
        requests = idempotency.purge(work)
    log.info("worker.purged", requests=requests)


TASKS: Final[Mapping[str, Callable[..., None]]] = {
    "service.purge": purge,
}


def make_app(connector: BaseConnector, around: Surroundings) -> App:
    """The queue's view of all tasks."""
    app = App(connector=connector)
    for name, function in TASKS.items():
        retry = RetryStrategy(max_attempts=ATTEMPTS, exponential_wait=FIRST_PAUSE_SECONDS)
        app.task(name=name, queue=QUEUE, retry=retry)(_bound(name, function, around))
    return app


def _bound(name: str, function: Task, around: Surroundings) -> Callable[..., None]:
    def run(**ids: Any) -> None:  # noqa: ANN401 - ids as the queue keeps them: numbers and text
        log.info("worker.job_started", task=name)
        function(around, **ids)
        log.info("worker.job_done", task=name)

    run.__name__ = name.replace(".", "_")
    return run
