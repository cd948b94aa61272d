"""The description of the interface: OpenAPI 3.1 as JSON, and the same as a page that needs no script."""

import hashlib
import json
from collections.abc import Mapping
from threading import Lock
from typing import Any, Final, cast

import flask_smorest
import marshmallow as ma
from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Blueprint, Flask, Response, current_app, render_template, request

from governance import __version__
from governance.api import reference_page
from governance.api.blueprints import SCHEME
from governance.api.problems import MEDIA_TYPE
from governance.api.schemas import Problem

DESCRIPTION = (
    "Keeps a company's customer data lawfully. Personal values are masked unless revealed with a reason, every call is "
    "on record, and refusals are problem documents (RFC 9457). Searching is a POST, so that no contact stands in a URL."
)
PAGE_POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

_END: Final = r"\Z"

blueprint = Blueprint("description", __name__, url_prefix="/v1", static_folder="static", template_folder="templates")


class Api(flask_smorest.Api):  # type: ignore[misc]  # flask-smorest has no types
    """The interface, with our own refusals in its description, which is made when somebody first asks for it."""

    ERROR_SCHEMA = Problem

    def __init__(self, app: Flask, *, spec_kwargs: Mapping[str, object]) -> None:
        super().__init__(app, spec_kwargs=spec_kwargs)
        self._describing = Lock()
        self._undescribed: list[flask_smorest.Blueprint] = []

    def register_blueprint(self, blp: flask_smorest.Blueprint) -> None:
        """Serve the routes of a blueprint: a description of all takes megabytes, and most processes never tell it."""
        self._app.extensions["flask-smorest"]["blp_name_to_api"][blp.name] = self
        self._app.register_blueprint(blp)
        self._undescribed.append(blp)

    def document(self) -> dict[str, Any]:
        """The description of all that is registered, in OpenAPI 3.1."""
        with self._describing:
            while self._undescribed:
                blp = self._undescribed[0]
                blp.register_views_in_doc(self, self._app, self.spec, name=blp.name, parameters=None)
                self.spec.tag({"name": blp.name, "description": blp.description})
                del self._undescribed[0]
        described: dict[str, Any] = self.spec.to_dict()
        return described

    def _register_error_handlers(self) -> None:
        """Leave all errors to `problems`."""

    def _register_pagination_header(self) -> None:
        """Pages have cursors."""


def describe(app: Flask) -> Api:
    """Begin the description of *app*; blueprints are registered with what is returned."""
    app.config.update(API_TITLE="Governance", API_VERSION=__version__, OPENAPI_VERSION="3.1.0")
    plugin = MarshmallowPlugin(schema_name_resolver=_schema_name)
    api = Api(app, spec_kwargs={"info": {"description": DESCRIPTION}, "marshmallow_plugin": plugin})
    cast("Any", plugin.converter).add_attribute_function(_closer)
    components = api.spec.components
    said = "Key of an API client, gov_<id>_<secret>, or token of a staff session, gov_session_<id>_<secret>."
    scheme = {"type": "http", "scheme": "bearer", "description": said}
    components.security_scheme(SCHEME, scheme)
    schema = {"$ref": "#/components/schemas/Problem"}
    components.response("Problem", {"description": "A refusal.", "content": {MEDIA_TYPE: {"schema": schema}}})
    return api


def _closer(_converter: object, field: ma.fields.Field[Any], **_found: object) -> dict[str, object]:
    """What apispec does not see in a field, or says in words of Python.

    A pattern of JSON Schema is one of ECMA-262, in which Python's end of the text is a letter, and finds it anywhere.
    """
    said: dict[str, object] = {}
    for rule in field.validators:
        if isinstance(rule, ma.validate.Regexp):
            said["pattern"] = f"^{str(rule.regex.pattern).removeprefix('^').removesuffix(_END)}$"
        elif isinstance(rule, ma.validate.OneOf) and isinstance(field, ma.fields.Enum):
            said["enum"] = [*(one.value for one in rule.choices), *([None] if field.allow_none else [])]
    if isinstance(field, ma.fields.Decimal):
        # What is written is exact; what is read may be a number, too.
        said["type"] = ["string", *(["null"] if field.allow_none else []), *([] if field.as_string else ["number"])]
    return said


def _schema_name(schema: type[ma.Schema] | ma.Schema) -> str:
    """A schema and what may be left out of it in an edit are two shapes."""
    if isinstance(schema, ma.Schema):
        return type(schema).__name__ + ("Changes" if schema.partial else "")
    return schema.__name__


def _document() -> dict[str, Any]:
    extension: dict[str, Any] = current_app.extensions["flask-smorest"]["apis"][""]
    api: Api = extension["ext_obj"]
    return api.document()


def _answer(body: bytes, media_type: str) -> Response:
    response = Response(body, mimetype=media_type)
    response.headers["Cache-Control"] = "no-cache"
    response.set_etag(hashlib.sha256(body).hexdigest()[:32])
    response.make_conditional(request)
    return response


@blueprint.get("/openapi.json")
def openapi_json() -> Response:
    """The description, for machines."""
    return _answer(json.dumps(_document(), ensure_ascii=False).encode(), "application/json")


@blueprint.get("/docs")
def docs() -> Response:
    """The description, for people."""
    page = reference_page.build(_document())
    response = _answer(render_template("reference.html", page=page).encode(), "text/html")
    response.headers["Content-Security-Policy"] = PAGE_POLICY
    return response
