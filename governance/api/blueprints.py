"""What the routes of a capability hang on: a blueprint that reads strictly and describes itself in OpenAPI."""

from copy import deepcopy
from typing import Any, Final

import flask_smorest

from governance.api.idempotency import HEADER
from governance.api.parsing import Parser

SCHEME: Final = "client_key"
_KEY_PARAMETER: Final = {
    "in": "header",
    "name": HEADER,
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    "description": "A key of your choice, new for each request and the same when you repeat one; kept for 24 hours.",
}
_PROBLEM: Final = {"$ref": "#/components/responses/Problem"}


class Blueprint(flask_smorest.Blueprint):  # type: ignore[misc]  # flask-smorest has no types
    """A blueprint under `/v1`.

    Args:
        name: code of the capability; also its tag in the description.
        description: one sentence.
    """

    ARGUMENTS_PARSER = Parser()

    def __init__(self, name: str, import_name: str, *, description: str) -> None:
        super().__init__(name, import_name, url_prefix="/v1", description=description)
        self._prepare_doc_cbks.append(self._prepare_guard_doc)

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
            doc["x-permission"] = guard["permission"]
            if guard["takes_key"] and _about.get("method") == "post":
                doc.setdefault("parameters", []).append(_KEY_PARAMETER)
        return doc
