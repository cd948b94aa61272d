"""Heads of requests, read as gunicorn reads them and known again by their bytes.

The first time that a head is met, gunicorn's own parser reads it and the application says what it makes of it. From
then on the same bytes say the same. What differs from one request to the next, its length and its ids, is looked at
each time, and taken in one spelling only. So nothing is read here that the ordinary way would read otherwise: a request
that two readers end at different places is how others are smuggled in (RFC 9112, 11.2).
"""

import re
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, Final, Generic, NamedTuple, TypeAlias, TypeVar

from gunicorn.http import get_parser, wsgi
from gunicorn.http.errors import ParseException

Caller = TypeVar("Caller")
Environ: TypeAlias = Mapping[str, Any]

HEAD_BYTES: Final = 8192
BODY_BYTES: Final = 8192
KNOWN: Final = 2048
"""Heads that are known again; when there are more, it begins anew."""
_FIELDS: Final = 40
_END: Final = b"\r\n\r\n"
_VARIABLE: Final = re.compile(rb"\r\n(content-length|x-request-id|idempotency-key):[ \t]*([^\r\n]*)", re.IGNORECASE)
_SPELLINGS: Final = {
    b"content-length": re.compile(rb"0|[1-9][0-9]{0,4}"),
    b"x-request-id": re.compile(rb"[!-~]{1,200}"),
    b"idempotency-key": re.compile(rb"[!-~]{1,255}"),
}
# With one of these the body may end elsewhere, or the connection may become something else.
_ELSEWHERE: Final = frozenset(
    {"TRANSFER-ENCODING", "TE", "TRAILER", "EXPECT", "UPGRADE", "HTTP2-SETTINGS", "PROXY-CONNECTION", "SCRIPT_NAME"}
)


class Unread(Enum):
    """Why there is no request yet."""

    INCOMPLETE = "incomplete"
    OTHER = "other"  # not one of those that are read here


class Arrived(NamedTuple, Generic[Caller]):
    """A request that has arrived in full.

    Attributes:
        caller: what the application made of its head.
        request_id, repeat_key: as they were sent, empty where they were not.
    """

    caller: Caller
    request_id: str
    repeat_key: str
    body: bytes


class Heads(Generic[Caller]):
    """Reads requests.

    Args:
        settings: gunicorn's.
        recognise: says of a request, as WSGI has it, who asks for what; None where it is not to be read here.
    """

    def __init__(self, settings: Any, recognise: Callable[[Environ], Caller | None]) -> None:  # noqa: ANN401 - gunicorn has no types
        self._settings = settings
        self._recognise = recognise
        self._known: dict[tuple[bytes, object], Caller] = {}

    def read(self, received: bytes, connection: Any) -> Arrived[Caller] | Unread:  # noqa: ANN401 - as above
        """The one request that *received* is, on a connection of gunicorn's."""
        end = received.find(_END)
        if end < 0:
            return Unread.INCOMPLETE if len(received) <= HEAD_BYTES else Unread.OTHER
        if end > HEAD_BYTES:
            return Unread.OTHER
        parts = _VARIABLE.split(received[:end])
        told = dict(zip([name.lower() for name in parts[1::3]], parts[2::3], strict=True))
        if len(told) * 3 + 1 != len(parts) or b"content-length" not in told:
            return Unread.OTHER
        if not all(_SPELLINGS[name].fullmatch(value) for name, value in told.items()):
            return Unread.OTHER
        start, length = end + len(_END), int(told[b"content-length"])
        if length > BODY_BYTES or len(received) > start + length:
            return Unread.OTHER
        caller = self._caller(b"".join(parts[::3]), received[:start], connection)
        if caller is None:
            return Unread.OTHER
        if len(received) < start + length:
            return Unread.INCOMPLETE
        request_id, repeat_key = (told.get(name, b"").decode("ascii") for name in (b"x-request-id", b"idempotency-key"))
        return Arrived(caller, request_id, repeat_key, received[start:])

    def _caller(self, rest: bytes, head: bytes, connection: Any) -> Caller | None:  # noqa: ANN401 - as above
        host = connection.client[0] if isinstance(connection.client, tuple) else connection.client
        name = (rest, host)
        known = self._known.get(name)
        if known is not None:
            return known
        found = self._vetted(head, connection)
        if found is not None:
            if len(self._known) >= KNOWN:
                self._known.clear()
            self._known[name] = found
        return found

    def _vetted(self, head: bytes, connection: Any) -> Caller | None:  # noqa: ANN401 - as above
        try:
            request = next(get_parser(self._settings, [head], connection.client))
        except (ParseException, OSError, StopIteration):
            return None  # the ordinary way refuses it
        names = [name for name, _ in request.headers]
        if len(names) > _FIELDS or len(set(names)) != len(names) or not _ELSEWHERE.isdisjoint(names):
            return None
        if request.version != (1, 1) or request.should_close() or "HOST" not in names:
            return None
        _, environ = wsgi.create(request, connection.sock, connection.client, connection.server, self._settings)
        return self._recognise(environ)
