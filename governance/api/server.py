"""gunicorn's worker and log, so that neither repeats what a client sent: a bad request line may hold anything."""

import logging
from typing import Any, Final

from gunicorn import util
from gunicorn.glogging import Logger as GunicornLogger
from gunicorn.workers.gthread import ThreadWorker

from governance.kernel.logs import get_logger

_UNREADABLE: Final = (
    b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: application/problem+json\r\n"
    b"X-Content-Type-Options: nosniff\r\nCache-Control: no-store\r\nContent-Length: %d\r\n\r\n%s"
)
_PROBLEM: Final = (
    b'{"type": "malformed", "title": "Bad Request", "status": 400, '
    b'"detail": "The request is no proper HTTP request."}\n'
)

log = get_logger(__name__)


class Worker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """Threads that answer; what cannot be read is refused without being repeated."""

    def handle_error(self, req: object, client: Any, addr: object, exc: Exception) -> None:  # noqa: ANN401, ARG002
        """Refuse a request that is no proper HTTP."""
        log.warning("http.unreadable", error_type=type(exc).__name__)
        try:
            util.write_nonblock(client, _UNREADABLE % (len(_PROBLEM), _PROBLEM))
        except OSError:
            log.debug("http.client_gone")


class Logger(GunicornLogger):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's messages among ours; those about a request say what went wrong, not with which."""

    def setup(self, cfg: Any) -> None:  # noqa: ANN401
        """Send all to the root logger, which `kernel.logs` has set up."""
        self.cfg = cfg
        self._access_log_enabled = False
        self.error_log.propagate = True
        self.error_log.setLevel(logging.WARNING)

    def exception(self, msg: str, *args: object, **kwargs: object) -> None:  # noqa: ARG002
        """An error while a request was answered; its address stays out of the log."""
        log.exception("http.failed_outside_application")

    def access(self, *_of_request: object) -> None:
        """Nothing: requests are logged by the application, by route."""

    def reopen_files(self) -> None:
        """Nothing: all goes to standard error."""
