"""`Idempotency-Key` on requests that change something (draft-ietf-httpapi-idempotency-key-header).

A repeated request is answered with the status and the id of what the first one made, never with its body: a copy of the
answer would be a store of personal values. With another body it is refused; while the first is under way it waits.
"""

import re
from collections.abc import Callable
from http import HTTPStatus
from typing import Final
from uuid import UUID

from flask import Response, request

from governance.api.answers import json_answer, location
from governance.api.bodies import gist
from governance.api.problems import MalformedError
from governance.kernel.idempotency import Claim, Repeat, claim, settle
from governance.kernel.work import Actor, Work

HEADER: Final = "Idempotency-Key"
REPLAYED: Final = "Idempotency-Replayed"
_KEY: Final = re.compile(r"[!-~]{1,255}")


def once(work: Work, secret: bytes, act: Callable[[], Response]) -> Response:
    """Run *act*, or answer what it came to the first time.

    Raises:
        MalformedError: the key is none.
        KeyReusedError: the key was used for another request.
    """
    key = request.headers.get(HEADER)
    if key is None:
        return act()
    if not _KEY.fullmatch(key):
        raise MalformedError(f"{HEADER} takes 1 to 255 visible ASCII characters, a random UUID for example.")
    told = whole(request.method, request.full_path, gist(request))
    taken = claim(work, caller=caller_of(work.actor), key=key, request=told, secret=secret)
    if isinstance(taken, Repeat):
        return _replay(taken)
    response = act()
    _note(work, taken, response)
    return response


def whole(method: str, full_path: str, sent: bytes) -> bytes:
    """What two requests have in common where one is a repetition of the other."""
    return b"\x00".join([method.encode(), full_path.encode(), sent])


def caller_of(actor: Actor) -> str:
    """Whose keys they are."""
    return f"{actor.kind}:{actor.id}"


def _note(work: Work, taken: Claim, response: Response) -> None:
    body = response.get_json(silent=True) if response.is_json else None
    made = body.get("id") if isinstance(body, dict) else None
    try:
        object_id = None if made is None else UUID(str(made))
    except ValueError:
        object_id = None
    settle(work, taken, status=response.status_code, object_id=object_id)


def _replay(repeat: Repeat) -> Response:
    if repeat.status == HTTPStatus.NO_CONTENT:
        response = Response(status=repeat.status)
    else:
        made = {} if repeat.object_id is None else {"id": str(repeat.object_id)}
        response = json_answer(made, status=repeat.status)
    if repeat.status == HTTPStatus.CREATED and repeat.object_id is not None:
        response.headers.update(location(repeat.object_id))
    response.headers[REPLAYED] = "true"
    return response
