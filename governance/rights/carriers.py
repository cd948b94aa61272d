"""Who carries out kinds of requests that this package does not carry out by itself.

Those that do (`erasure`, `rights.packages`) are registered in `governance.executors`. A kind that nobody is registered
for is done by hand: an officer starts and completes it.
"""

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias
from uuid import UUID

from governance.kernel.db import Database
from governance.kernel.ids import SubjectId
from governance.kernel.records import frozen
from governance.kernel.work import Work
from governance.policies.deadline_rules import RequestKind
from governance.rights.records import RequestId


@frozen
class Carried:
    """A request that another package carries out.

    Attributes:
        by_code: whether the person proved by code who they are.
    """

    request: RequestId
    kind: RequestKind
    person: SubjectId
    language: str
    by_code: bool


@frozen
class Carrier:
    """How another package carries out a kind of request.

    Attributes:
        begin: begins it in the request's own transaction, and answers by which id it goes on.
        is_done: whether what was begun under an id is done; asked again and again, by a job.
    """

    begin: Callable[[Work, Carried], UUID]
    is_done: Callable[[Work, UUID], bool]


Carriers: TypeAlias = Mapping[RequestKind, Carrier]
_INFO: Final = "request_carriers"


def install_carriers(database: Database, carriers: Carriers) -> None:
    """Let requests in sessions of *database* be carried out by these."""
    database.remember(**{_INFO: carriers})


def carrier_of(work: Work, kind: RequestKind) -> Carrier | None:
    """Who carries out a kind; None where an officer does it by hand."""
    found: Carriers = work.session.info.get(_INFO, {})
    return found.get(kind)
