"""Refusals as problem documents (RFC 9457). One table says which error is which status; a test proves that it has all.

`type` is the slug of the error, `detail` a sentence that is safe to show, `errors` says by field what is wrong. The
value that was sent is never repeated.
"""

import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from types import MappingProxyType
from typing import Final, TypeAlias

from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException

from governance.api.answers import json_answer
from governance.kernel.errors import GovernanceError, TooManyError
from governance.kernel.logs import get_logger
from governance.kernel.space import DiskFullError, lacks_room

MEDIA_TYPE: Final = "application/problem+json"

STATUS: Final[Mapping[str, int]] = MappingProxyType(
    {
        "error": 500,
        "not-found": 404,
        "invalid": 422,
        "conflict": 409,
        "precondition-failed": 412,
        "precondition-required": 428,
        "unauthenticated": 401,
        "forbidden": 403,
        "too-many-requests": 429,
        "unavailable": 503,
        "disk-full": 507,
        "configuration": 500,
        "idempotency-key-reused": 422,
        "malformed": 400,
        "schema-outdated": 503,
        # vault
        "seal-broken": 500,
        "unreadable": 500,
        "shredded": 410,
        "keyring": 500,
        "unsealed-write": 500,
        # audit
        "audit-entry": 500,
        "audit-broken": 500,
        "audit-rollback": 500,
        "audit-key-changed": 500,
        "audit-anchor": 503,
        "audit-signer-busy": 503,
        "audit-signing-key": 500,
        "audit-too-young": 422,
        "audit-unprotected": 503,
        "audit-not-yet": 409,
        # custody
        "dump": 500,
        "backup": 500,
        "restore": 409,
        "recovery": 422,
        "custody-busy": 503,
        "tombstones": 500,
        # reference and accounts
        "no-controller": 409,
        "no-such-staff": 404,
        "no-such-client": 404,
        "no-such-invitation": 404,
        "no-such-session": 404,
        "confirmation-needed": 401,
        "already-enrolled": 409,
        "own-factor": 403,
        "quota-exceeded": 429,
        "own-quota": 403,
        "unknown-role": 422,
        "unknown-scope": 422,
        "account-taken": 409,
        "account-disabled": 409,
        "rotation-under-way": 409,
        "no-such-proposal": 404,
        "no-such-alert": 404,
        "not-proposable": 409,
        "own-proposal": 403,
        "proposal-decided": 409,
        "proposal-altered": 409,
        # recipients and exports
        "no-such-recipient": 404,
        "recipient-retired": 409,
        "exporter-left": 409,
        "no-such-export": 404,
        "no-such-erasure": 404,
        "being-erased": 409,
        "merge-in-erasure": 409,
        "not-certified": 409,
        "export-not-there": 409,
        "not-your-export": 403,
        # packages
        "no-such-package": 404,
        "package-not-there": 409,
        "step-up-needed": 403,
        # customers
        "already-there": 409,
        "legal-hold": 409,
        "login-taken": 409,
        "wrong-code": 403,
        "not-confirmed": 403,
        "restricted": 409,
        # requests
        "no-such-request": 404,
        "request-act": 409,
        "identity-not-proven": 409,
        "approval-needed": 409,
        "foreign-contact": 409,
        "not-excessive": 409,
        # consent
        "unknown-purpose": 404,
        "unknown-contact": 422,
        "shared-contact": 422,
        "not-after-the-version-before": 409,
        "form-closed": 409,
        "text-changed": 409,
        "spent-token": 404,
        # retention
        "no-such-policy": 404,
        "no-such-run": 404,
        "policy-conflict": 422,
        "policy-not-carried-out": 422,
        "not-simulated": 409,
        "run-open": 409,
        "no-mailbox": 409,
        # intake
        "unreadable-file": 422,
        "empty-file": 422,
        "headings-not-found": 422,
        "mapping-invalid": 422,
        "oversized-file": 413,
        "protected-file": 422,
    }
)

Messages: TypeAlias = "Mapping[object, Messages] | Sequence[object] | str"

HTTP: Final[Mapping[int, tuple[str, str]]] = MappingProxyType(
    {
        400: ("malformed", "The request cannot be read."),
        404: ("not-found", "There is nothing at this address."),
        405: ("method-not-allowed", "This address does not take this method."),
        408: ("timeout", "The request took too long to arrive."),
        413: ("too-large", "The request is larger than what this address takes."),
        414: ("too-large", "The address is longer than what this service takes."),
        415: ("unsupported-media-type", "This address takes another content type; the reference at /v1/docs names it."),
        431: ("too-large", "The headers are larger than what this service takes."),
    }
)
# What a caller may have misspelt is shown; anything that could be somebody's name, number or address is not.
_FIELD_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,49}|\d{1,6}")
_HIDDEN_NAME: Final = "(name not shown)"
_RETRY_SECONDS: Final = 5

log = get_logger(__name__)


class MalformedError(GovernanceError):
    """The request is no request of this interface: no JSON, nested too deep, a bad header."""

    slug = "malformed"


class PreconditionRequiredError(GovernanceError):
    """An edit needs `If-Match` with the ETag that was read (RFC 6585, 3)."""

    slug = "precondition-required"


def flatten(messages: Messages) -> dict[str, list[str]]:
    """Validation messages by dotted path of the field, `_` for the document as a whole."""
    found: dict[str, list[str]] = {}
    _collect(messages, (), found)
    return found


def _collect(messages: object, path: tuple[str, ...], found: dict[str, list[str]]) -> None:
    if isinstance(messages, Mapping):
        for name, inner in messages.items():
            _collect(inner, path if name == "_schema" else (*path, _shown(str(name))), found)
    elif isinstance(messages, str):
        found.setdefault(".".join(path) or "_", []).append(messages)
    elif isinstance(messages, Sequence):
        for inner in messages:
            _collect(inner, path, found)


def _shown(name: str) -> str:
    return name if _FIELD_NAME.fullmatch(name) else _HIDDEN_NAME


def _shown_path(path: str) -> str:
    return ".".join(_shown(name) for name in path.split(".")) if path not in ("_", "") else "_"


def status_of(error: GovernanceError) -> int:
    """The status of an error; of a kind that the table lacks, that of the kind it derives from."""
    for kind in type(error).__mro__:
        status = STATUS.get(getattr(kind, "slug", ""))
        if status is not None:
            return status
    return 500


def problem(status: int, slug: str, detail: str, errors: Mapping[str, Sequence[str]] | None = None) -> Response:
    """A problem document as the answer."""
    document: dict[str, object] = {
        "type": slug,
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "request_id": g.get("request_id"),
    }
    if errors:
        document["errors"] = {name: list(said) for name, said in errors.items()}
    return json_answer(document, status=status, media_type=MEDIA_TYPE)


def refuse(error: GovernanceError, *, cause: Exception | None = None) -> Response:
    """Answer with an error of ours; *cause* is what the log tells of, where that is another one."""
    status = status_of(error)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.error("http.failed", slug=error.slug, route=_route(), exc_info=cause or error)
    errors = {_shown_path(name): said for name, said in error.errors.items()}
    response = problem(status, error.slug, error.detail, errors)
    if isinstance(error, TooManyError):
        response.headers["Retry-After"] = str(error.retry_after_seconds)
    elif status == HTTPStatus.SERVICE_UNAVAILABLE:
        response.headers["Retry-After"] = str(_RETRY_SECONDS)
    elif status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def on_http(error: HTTPException) -> Response:
    """Answer with what HTTP itself refuses, such as an address at which nothing is."""
    status = error.code or 500
    if status < HTTPStatus.BAD_REQUEST:  # a redirect
        return Response(status=status, headers=error.get_headers())
    slug, detail = HTTP.get(status, ("error", "The request cannot be answered."))
    response = problem(status, slug, detail)
    for name in ("Allow", "Retry-After"):
        value = dict(error.get_headers()).get(name)
        if value is not None:
            response.headers[name] = value
    return response


def _on_failure(error: Exception) -> Response:
    if lacks_room(error):
        return refuse(DiskFullError(), cause=error)
    log.error("http.failed", slug="error", route=_route(), exc_info=error)
    return problem(500, "error", "The service failed; the error is in its log under the request id.")


def _route() -> str | None:
    return request.url_rule.rule if request.url_rule is not None else None


def register(app: Flask) -> None:
    """Answer every error of *app* with a problem document."""
    app.register_error_handler(GovernanceError, refuse)
    app.register_error_handler(HTTPException, on_http)
    app.register_error_handler(Exception, _on_failure)
