"""Send checks of lists of any length: lines in, lines out, in constant memory."""

import json
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from itertools import islice
from typing import IO, Final, NamedTuple

from flask import Response, g, request
from flask.views import MethodView
from werkzeug.exceptions import UnsupportedMediaType

from governance.accounts import operations as accounts
from governance.api.auth import STRANGER, guarded, presented_key
from governance.api.blueprints import Blueprint
from governance.api.consent_checks import require_details, uses, with_links
from governance.api.consent_questions import CheckedContact, Envelope, read_envelope, write_head, write_rows
from governance.api.consent_uses import Uses
from governance.api.parsing import read_json
from governance.api.problems import MalformedError
from governance.api.server import ARRIVALS
from governance.api.service import Service, current_service, current_work
from governance.consent import operations as consent
from governance.consent.operations import Asked
from governance.kernel.errors import GovernanceError
from governance.kernel.logs import get_logger
from governance.kernel.outage import outage_named
from governance.kernel.work import open_work
from governance.policies.permissions import Permission

MEDIA_TYPE: Final = "application/x-ndjson"
LINES: Final = consent.MOST_CONTACTS
AT_ONCE: Final = 2
"""Parts that are answered at the same time: while the database looks one up, the other is read or written."""
BLOCK_BYTES: Final = 1 << 17
LONGEST_LINE_BYTES: Final = 16_384
_TOO_LONG: Final = b"?"
"""Stands for a line that no contact is as long as; no JSON, so that it is answered `invalid`."""
PART_SECONDS: Final = 60.0
"""For each part to arrive; a list may take as long as it likes, part by part."""

blueprint = Blueprint("consent streams", __name__, description="Send checks of lists of any length.")
log = get_logger(__name__)


class _Stream(NamedTuple):
    """A list on its way; *key* is looked at anew for each part of it."""

    service: Service
    key: str
    asked: Asked
    uses: Uses
    request_id: str


@blueprint.route("/consent/checks/stream")
class CheckStreams(MethodView):
    """Streams of checks."""

    @guarded(Permission.CONSENT_CHECK, changes=False)
    @blueprint.doc(
        requestBody={
            "required": True,
            "description": "The first line is the question without its contacts, each further one a contact as a JSON "
            "string.",
            "content": {MEDIA_TYPE: {"schema": Envelope}},
        }
    )
    @blueprint.response(200, CheckedContact, content_type=MEDIA_TYPE)
    def post(self) -> Response:
        """Ask about a list of any length, line by line (NDJSON); read the answer while you send.

        For every 10,000 lines there is a decision of its own: a line with `decision_id`, `at` and `count`, then a line
        for each contact in its order. The last line is `{"end": true, "count": …}`. Where it is missing, the answer
        broke off; a line with `problem` may say why. What was not answered may not be sent.
        """
        service = current_service()
        if request.mimetype != MEDIA_TYPE:
            raise UnsupportedMediaType
        request.max_content_length = sys.maxsize  # it is never held as a whole
        lines = _lines(request.stream, request.environ.get("gunicorn.socket"))
        document = read_json(next(lines, b""))
        if not isinstance(document, dict):
            raise MalformedError("The first line is the question: a JSON object.")
        asked, unsubscribe = read_envelope(document)
        require_details(asked, current_work().actor)
        consent.require_within(current_work().actor, purpose=asked.purpose, channel=asked.channel)
        asked = with_links(service, asked) if unsubscribe else asked
        stream = _Stream(service, presented_key(), asked, uses(service), g.request_id)
        return Response(_answers(stream, lines), mimetype=MEDIA_TYPE)


def _lines(stream: IO[bytes], socket: object) -> Iterator[bytes]:
    """Lines of a body as they arrive, without their ends; blank ones are left out.

    One that is longer than any contact is answered like any other that is none, and not kept until its end.
    """
    rest = b""
    while block := stream.read(BLOCK_BYTES):
        ARRIVALS.go_on(socket, seconds=PART_SECONDS)
        *whole, rest = (rest + block).split(b"\n")
        rest = rest[: LONGEST_LINE_BYTES + 1]  # as much as shows that it is too long
        for line in whole:
            if line and not line.isspace():
                yield line if len(line) <= LONGEST_LINE_BYTES else _TOO_LONG
    if rest and not rest.isspace():
        yield rest if len(rest) <= LONGEST_LINE_BYTES else _TOO_LONG


def _answers(stream: _Stream, lines: Iterator[bytes]) -> Iterator[bytes]:
    """The answers, part by part; a few parts are under way at a time, in their order."""
    under_way: deque[Future[tuple[int, bytes]]] = deque()
    count = 0
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="stream") as pool:
        try:
            while True:
                part = list(islice(lines, LINES))
                if part:
                    under_way.append(pool.submit(_answer, stream, part))
                while under_way and (not part or len(under_way) >= AT_ONCE):
                    answered, text = under_way.popleft().result()
                    count += answered
                    yield text
                if not part:
                    break
        except GovernanceError as error:
            log.warning("consent.stream_refused", request_id=stream.request_id, slug=error.slug)
            yield _encoded({"problem": {"type": error.slug, "detail": error.detail}})
            return
    yield _encoded({"end": True, "count": count})


def _answer(stream: _Stream, part: Sequence[bytes]) -> tuple[int, bytes]:
    """The answer for one part, in a transaction of its own."""
    service, asked = stream.service, stream.asked
    contacts = _contacts(part)
    with (
        outage_named(),
        open_work(service.database, STRANGER, clock=service.clock, request_id=stream.request_id) as work,
    ):
        actor = accounts.authenticate(work, presented=stream.key)
        checked = consent.check(replace(work, actor=actor), question=asked, contacts=contacts)
    if checked.used:
        stream.uses.note(asked.purpose, asked.channel, checked.used)
    rows = "\n".join(write_rows(checked, details=asked.details))
    return len(contacts), f"{write_head(checked)}\n{rows}\n".encode()


def _contacts(part: Sequence[bytes]) -> Sequence[object]:
    """The contacts that lines hold; None for a line that is no JSON.

    They are read at once where each line is one string for certain: no string goes on past the end of a line, and as
    many strings as lines, with nothing around them, leave no comma for any line.
    """
    try:
        found: list[object] = json.loads(b"[" + b",\n".join(part) + b"]")
    except (ValueError, RecursionError):
        return [_contact(line) for line in part]
    if len(found) == len(part) and all(type(one) is str for one in found):
        return found
    return [_contact(line) for line in part]


def _contact(line: bytes) -> object:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _encoded(line: object) -> bytes:
    return json.dumps(line, separators=(",", ":")).encode() + b"\n"
