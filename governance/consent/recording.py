"""Recording what people say."""

from collections.abc import Sequence

from governance.consent.events import NewEvent, Recorded, Refused
from governance.kernel.work import Work


def record(work: Work, *, event: NewEvent) -> Recorded:
    """Record one event; the state changes in the same transaction."""
    raise NotImplementedError


def record_many(work: Work, *, events: Sequence[NewEvent]) -> list[Recorded | Refused]:
    """Record many events, set by set; what is wrong with one does not stop the others."""
    raise NotImplementedError
