"""One POST to an address that the operator named: within a time limit, following no redirect."""

from __future__ import annotations

import http.client
import ssl
from typing import Final
from urllib.parse import urlsplit

from governance.audit.errors import AnchorError

TIMEOUT_SECONDS: Final = 10.0
MAX_ANSWER_BYTES: Final = 64 * 1024


def post(url: str, body: bytes, *, content_type: str) -> bytes:
    """Send *body*; answers what came back. Proxies of the environment are not used.

    Raises:
        AnchorError: where the address cannot be reached, answers with anything but 2xx, or with too much.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection = (
            http.client.HTTPSConnection(host, parts.port, timeout=TIMEOUT_SECONDS, context=ssl.create_default_context())
            if parts.scheme == "https"
            else http.client.HTTPConnection(host, parts.port, timeout=TIMEOUT_SECONDS)
        )
        try:
            connection.request("POST", path, body, {"Content-Type": content_type, "Connection": "close"})
            response = connection.getresponse()
            answer = response.read(MAX_ANSWER_BYTES + 1)
        finally:
            connection.close()
    except (OSError, http.client.HTTPException) as error:
        raise AnchorError(f"The anchor at {host} does not answer ({type(error).__name__}).") from None
    if not 200 <= response.status < 300 or len(answer) > MAX_ANSWER_BYTES:
        raise AnchorError(f"The anchor at {host} refused the checkpoint (status {response.status}).")
    return answer
