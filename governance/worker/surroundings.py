"""What jobs of the worker work with."""

from threading import Event

from governance.custody.opening import Store
from governance.kernel.clock import Clock
from governance.kernel.records import frozen


class StoppedError(Exception):
    """The worker is to end; what was begun goes on at its next start."""


@frozen
class Surroundings:
    """What jobs work with.

    Attributes:
        stopping: set when the worker is to end; long jobs stop at their next step and are resumed later.
    """

    store: Store
    clock: Clock
    stopping: Event

    def stop_where_told(self, *_progress: object) -> None:
        """What long jobs call at each step.

        Raises:
            StoppedError: the worker is to end.
        """
        if self.stopping.is_set():
            raise StoppedError
