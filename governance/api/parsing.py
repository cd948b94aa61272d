"""Reading input: strict JSON, unknown fields refused, messages that never repeat what was sent."""

import json
import re
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, Final, NoReturn

import flask
import marshmallow as ma
from webargs import core
from webargs.flaskparser import FlaskParser
from werkzeug.datastructures import CombinedMultiDict, MultiDict
from werkzeug.exceptions import UnsupportedMediaType

from governance.api.bodies import whole_body
from governance.api.problems import MalformedError, flatten
from governance.kernel.errors import InvalidError

DEPTH_LIMIT: Final = 20
_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")


class Parser(FlaskParser):
    """Reads requests into schemas; all that a schema does not name is refused, wherever it stands."""

    DEFAULT_UNKNOWN_BY_LOCATION: dict[str, str | None] = dict.fromkeys(
        ("json", "form", "upload", "query", "querystring", "files", "path", "view_args"), ma.RAISE
    )
    __location_map__: dict[str, Any] = dict(FlaskParser.__location_map__, upload="load_upload")  # noqa: RUF012

    def use_args(
        self,
        argmap: Any,  # noqa: ANN401 - webargs' own protocol
        req: flask.Request | None = None,
        **options: Any,  # noqa: ANN401
    ) -> Callable[..., Callable[..., Any]]:
        """Read what a view takes by a schema; of a class, one instance is made for the first request."""
        return super().use_args(_made_once(argmap) if isinstance(argmap, type) else argmap, req, **options)

    def load_upload(self, req: flask.Request, schema: ma.Schema) -> Any:  # noqa: ANN401 - webargs' own protocol
        """Files and fields of a multipart form (RFC 7578), together."""
        if req.mimetype != "multipart/form-data":
            raise UnsupportedMediaType
        sent: MultiDict[str, Any] = CombinedMultiDict([req.files, req.form])
        _require_once(sent, schema)
        return self._makeproxy(sent, schema)

    def load_querystring(self, req: flask.Request, schema: ma.Schema) -> Any:  # noqa: ANN401 - webargs' own protocol
        """Parameters of a query."""
        _require_once(req.args, schema)
        return self._makeproxy(req.args, schema)

    def _raw_load_json(self, req: flask.Request) -> Any:  # noqa: ANN401 - any JSON
        body = whole_body(req)
        if not body:
            return core.missing
        if not core.is_json(req.mimetype):
            raise UnsupportedMediaType
        return read_json(body)

    def handle_error(
        self,
        error: ma.ValidationError,
        req: flask.Request,  # noqa: ARG002 - webargs' own protocol
        schema: ma.Schema,  # noqa: ARG002
        *,
        error_status_code: int | None,  # noqa: ARG002
        error_headers: object,  # noqa: ARG002
    ) -> NoReturn:
        """Refuse the input, saying by field what is wrong with it.

        Raises:
            InvalidError: always.
        """
        messages = error.messages
        by_place = messages if isinstance(messages, dict) else {"_schema": messages}
        # webargs puts the location first (`json`, `query`); callers know where they put a field.
        inner: list[object] = list(by_place.values())
        raise InvalidError("Some fields cannot be used as they are.", errors=_merged(inner))


def _require_once(sent: MultiDict[str, Any], schema: ma.Schema) -> None:
    """Refuse what stands twice where one value is taken, of which the other would be lost in silence."""
    lists = {field.data_key or name for name, field in schema.fields.items() if isinstance(field, ma.fields.List)}
    twice = {name: ["Give this once."] for name, told in sent.lists() if len(told) > 1 and name not in lists}
    if twice:
        raise ma.ValidationError(twice)


def _made_once(kind: type[ma.Schema]) -> Callable[[flask.Request], ma.Schema]:
    made = cache(kind)
    return lambda _request: made()


def _merged(parts: list[object]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for part in parts:
        for name, said in flatten(part).items():  # type: ignore[arg-type]  # marshmallow's messages are of any shape
            found.setdefault(name, []).extend(said)
    return found


def read_json(body: bytes) -> Any:  # noqa: ANN401 - any JSON
    """Read a JSON document as RFC 8259 has it: no NaN, no name twice, nothing that no database stores.

    Raises:
        MalformedError: it is not such a document, or nested deeper than twenty levels.
    """
    document = _read(body)
    _require_storable(document, 1)
    return document


def read_lists(body: bytes, names: Sequence[str]) -> tuple[dict[str, Any], dict[str, list[Any]]]:
    """Read a JSON object, and set its lists of these *names* aside: they hold thousands, of which nothing is stored.

    Raises:
        MalformedError: as `read_json`, and where the document is no object.
        InvalidError: one of *names* is no list.
    """
    document = _read(body)
    if not isinstance(document, dict):
        raise MalformedError("The body is no JSON object.")
    lists = {name: document.pop(name) for name in names if name in document}
    wrong = {name: ["Give a list."] for name, value in lists.items() if not isinstance(value, list)}
    if wrong:
        raise InvalidError("Some fields cannot be used as they are.", errors=wrong)
    _require_storable(document, 1)
    return document, lists


def _read(body: bytes) -> Any:  # noqa: ANN401 - any JSON
    try:
        return _decode(body.decode("utf-8"))
    except (ValueError, RecursionError):
        # Not chained: the message of a decoding error quotes the document.
        raise MalformedError("The body is no JSON document in UTF-8, or a name stands in it twice.") from None


def _refuse_constant(_name: str) -> NoReturn:
    raise ValueError("NaN and Infinity are no JSON")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found


_decode: Final = json.JSONDecoder(parse_constant=_refuse_constant, object_pairs_hook=_object).decode


def _require_storable(value: object, depth: int) -> None:
    if isinstance(value, str):
        if _UNSTORABLE.search(value):
            raise MalformedError("The body holds characters that cannot be stored (U+0000 or lone surrogates).")
        return
    if not isinstance(value, dict | list):
        return
    if depth > DEPTH_LIMIT:
        raise MalformedError(f"The body is nested deeper than {DEPTH_LIMIT} levels.")
    if isinstance(value, dict):
        for name in value:
            _require_storable(name, depth)
    for inner in value.values() if isinstance(value, dict) else value:
        _require_storable(inner, depth + 1)
