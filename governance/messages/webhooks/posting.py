"""One POST to a receiver: to the address that was looked at, within a time limit, following no redirect."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

from governance.kernel.records import frozen
from governance.messages.webhooks.addresses import ForbiddenAddressError, Resolver, Target, resolve

CONNECT_SECONDS: Final = 5.0
ANSWER_SECONDS: Final = 20.0
"""From the connection to the end of the answer's headers; the body of an answer is not read."""
LONGEST_WAIT_SECONDS: Final = 3600


@frozen
class Answer:
    """What came of it.

    Attributes:
        status: of HTTP; None where there was no answer.
        error: code of what went wrong; None where the receiver took the message.
        retry_after_seconds: how long the receiver asks to be left alone; at most an hour.
    """

    status: int | None
    error: str | None
    retry_after_seconds: int | None = None


def post(target: Target, *, body: bytes, headers: Mapping[str, str], resolver: Resolver | None = None) -> Answer:
    """Send *body*; only a status from 200 to 299 means that it was taken."""
    try:
        address = resolve(target, resolver=resolver)
        plain = socket.create_connection((address, target.port), timeout=CONNECT_SECONDS)
    except ForbiddenAddressError:
        return Answer(None, "forbidden_address")
    except TimeoutError:
        return Answer(None, "timeout")
    except OSError:
        return Answer(None, "unreachable")
    # A receiver that sends one byte at a time would outlast any timeout of the socket's.
    late = threading.Event()
    watch = threading.Timer(ANSWER_SECONDS, _cut, (plain, late))
    watch.daemon = True
    watch.start()
    try:
        return _exchange(target, plain, body, headers)
    except TimeoutError:
        return Answer(None, "timeout")
    except ssl.SSLError:
        return Answer(None, "timeout" if late.is_set() else "tls")
    except (OSError, http.client.HTTPException):
        return Answer(None, "timeout" if late.is_set() else "broken_off")
    finally:
        watch.cancel()
        plain.close()


def _exchange(target: Target, plain: socket.socket, body: bytes, headers: Mapping[str, str]) -> Answer:
    plain.settimeout(ANSWER_SECONDS)
    connection = http.client.HTTPConnection(target.host, target.port)
    connection.auto_open = 0
    connection.sock = plain
    if target.secure:
        connection.sock = ssl.create_default_context().wrap_socket(plain, server_hostname=target.host)
    with connection.sock:
        connection.request("POST", target.path, body, {"Host": target.authority, "Connection": "close", **headers})
        return _read(connection.getresponse())


def _read(response: http.client.HTTPResponse) -> Answer:
    status = response.status
    if 200 <= status < 300:
        return Answer(status, None)
    if 300 <= status < 400:
        return Answer(status, "redirected")
    told = response.getheader("Retry-After", "").strip()
    wait = min(int(told), LONGEST_WAIT_SECONDS) if told.isdecimal() and len(told) < len("1000000") else None
    return Answer(status, "refused", wait)


def _cut(plain: socket.socket, late: threading.Event) -> None:
    late.set()
    with suppress(OSError):
        plain.shutdown(socket.SHUT_RDWR)
