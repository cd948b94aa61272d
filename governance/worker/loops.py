"""Short steps repeated without end, each in a thread: what cannot wait for a job to be fetched."""

import threading
from collections.abc import Callable
from typing import Final

from governance.kernel.errors import ConflictError, GovernanceError
from governance.kernel.logs import get_logger
from governance.kernel.outage import outage_named
from governance.kernel.space import DiskFullError, lacks_room

PAUSE_LIMIT_SECONDS: Final = 30.0
FIRST_PAUSE_SECONDS: Final = 1.0

log = get_logger(__name__)


class Loop:
    """A step and its rhythm.

    A refusal is logged and tried again, with pauses that double up to half a minute; an error that nobody named ends
    the loop, and with it the worker, which is then started anew.

    Args:
        name: code of the loop.
        step: what to do each time.
        every_seconds: pause between two steps.
        expected: refusals that belong to the rhythm (another host is at it just now).
    """

    def __init__(
        self,
        name: str,
        step: Callable[[], object],
        *,
        every_seconds: float,
        expected: tuple[type[GovernanceError], ...] = (ConflictError,),
    ) -> None:
        self.name = name
        self._step = step
        self._every_seconds = every_seconds
        self._expected = expected

    def run(self, stopping: threading.Event) -> None:
        """Repeat the step until *stopping* is set."""
        pause = self._every_seconds
        while not stopping.wait(pause):
            pause = (
                self._every_seconds
                if self.run_once()
                else min(max(pause * 2, FIRST_PAUSE_SECONDS), PAUSE_LIMIT_SECONDS)
            )

    def run_once(self) -> bool:
        """Do the step; answers whether it succeeded, or need not."""
        try:
            with outage_named():
                self._step()
        except self._expected:
            return True
        except GovernanceError as error:
            log.warning("worker.step_failed", loop=self.name, slug=error.slug)
            return False
        except OSError as error:
            why = {"slug": DiskFullError.slug} if lacks_room(error) else {"error_type": type(error).__name__}
            log.warning("worker.step_failed", loop=self.name, **why)
            return False
        return True
