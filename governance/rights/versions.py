"""How a request stood when somebody looked at it, so that nobody decides on what has changed meanwhile."""

from governance.kernel.errors import PreconditionError
from governance.kernel.work import Work
from governance.rights.acting import history, version_of
from governance.rights.records import RequestId
from governance.rights.rows import locked


def hold_to(work: Work, *, request: RequestId, version: int) -> None:
    """Lock a request that stands as it was read, so that it is acted on as it was seen.

    Args:
        work: the transaction, in which the act follows.
        request: which.
        version: of it, as it was read.

    Raises:
        NoSuchRequestError: where there is none.
        PreconditionError: where somebody, or the service itself, has changed it since.
    """
    row = locked(work, request)
    if version_of(history(work, row)) != version:
        raise PreconditionError(f"The request has changed since you read it and stands at {row.state}; read it again.")
