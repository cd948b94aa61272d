"""A bare application behind the service's own gunicorn worker."""

from collections.abc import Callable, Iterable


def application(_environ: object, start_response: Callable[..., object]) -> Iterable[bytes]:
    """Answer 200 to everything."""
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "2")])
    return [b"ok"]
