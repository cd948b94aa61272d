"""What the routes of a capability hang on: a blueprint that reads strictly and describes itself in OpenAPI."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from functools import cached_property
from types import MappingProxyType
from typing import Any, Final, Literal, TypeVar

import flask_smorest
import marshmallow as ma

from governance.api.idempotency import HEADER
from governance.api.parsing import Parser

C = TypeVar("C")
View = Callable[..., Any]

SCHEME: Final = "client_key"
_KEY_PARAMETER: Final = {
    "in": "header",
    "name": HEADER,
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
    "description": "A key of your choice, new for each request and the same when you repeat one; kept for 24 hours. A "
    "repetition is answered with the first status, at most an `id`, and `Idempotency-Replayed: true`.",
}
_VERSION_PARAMETER: Final = {
    "in": "header",
    "name": "If-Match",
    "required": True,
    "schema": {"type": "string"},
    "description": "The ETag of the record that you read; where it has another one by now, nothing is changed (412).",
}
_PROBLEM: Final = {"$ref": "#/components/responses/Problem"}


class _Writer:
    """A schema for answers that is made for the first one: a schema copies its fields, and most are never asked for."""

    def __init__(self, kind: type[ma.Schema]) -> None:
        self.kind = kind

    @cached_property
    def _schema(self) -> ma.Schema:
        return self.kind()

    def dump(self, answer: object) -> object:
        """What is told of *answer*."""
        return self._schema.dump(answer)


class Blueprint(flask_smorest.Blueprint):  # type: ignore[misc]  # flask-smorest has no types
    """A blueprint under `/v1`.

    Args:
        name: code of the capability; also its tag in the description.
        description: one sentence.
    """

    ARGUMENTS_PARSER = Parser()
    DEFAULT_LOCATION_CONTENT_TYPE_MAPPING: Mapping[str, str] = MappingProxyType(
        {"json": "application/json", "upload": "multipart/form-data"}
    )

    def __init__(self, name: str, import_name: str, *, description: str) -> None:
        super().__init__(name, import_name, url_prefix="/v1", description=description)
        self._prepare_doc_cbks.append(self._prepare_guard_doc)

    def route(self, rule: str, **options: Any) -> Callable[[C], C]:  # noqa: ANN401 - werkzeug's options of a rule
        """Serve a view at *rule*."""
        decorate: Callable[[C], C] = super().route(rule, **options)
        return decorate

    def arguments(
        self,
        schema: type[ma.Schema] | ma.Schema,
        *,
        location: Literal["json", "query", "upload"] = "json",
        **options: Any,  # noqa: ANN401 - flask-smorest's options
    ) -> Callable[[View], View]:
        """Read the input by *schema* and hand it to the view, after what came before."""
        decorate: Callable[[View], View] = super().arguments(schema, location=location, **options)
        return decorate

    def response(
        self,
        status_code: int,
        schema: type[ma.Schema] | ma.Schema | None = None,
        **options: Any,  # noqa: ANN401 - flask-smorest's options
    ) -> Callable[[View], View]:
        """Answer with *status_code*, and with what the view returns written by *schema*."""
        writer = _Writer(schema) if isinstance(schema, type) else schema
        decorate: Callable[[View], View] = super().response(status_code, writer, **options)
        return decorate

    def doc(self, **described: Any) -> Callable[[View], View]:  # noqa: ANN401 - parts of OpenAPI
        """Describe what a view reads by itself."""
        decorate: Callable[[View], View] = super().doc(**described)
        return decorate

    @staticmethod
    def _make_doc_response_schema(schema: "_Writer | ma.Schema | None") -> type[ma.Schema] | ma.Schema | None:
        return schema.kind if isinstance(schema, _Writer) else schema

    @staticmethod
    def _prepare_guard_doc(doc: dict[str, Any], doc_info: dict[str, Any], **_about: object) -> dict[str, Any]:
        doc = deepcopy(doc)
        guard = doc_info.get("guard")
        responses = doc.setdefault("responses", {})
        for status in [code for code in responses if str(code).startswith(("4", "5"))]:
            del responses[status]
        responses["default"] = _PROBLEM
        if guard is not None:
            doc["security"] = [{SCHEME: []}]
            if guard["permission"] is not None:
                doc["x-permission"] = guard["permission"]
            if guard["takes_key"] and _about.get("method") == "post":
                doc.setdefault("parameters", []).append(_KEY_PARAMETER)
            if guard["takes_version"] is not False:
                needed = {**_VERSION_PARAMETER, "required": bool(guard["takes_version"])}
                doc.setdefault("parameters", []).append(needed)
        return doc
