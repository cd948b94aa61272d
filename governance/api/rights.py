"""Requests of data subjects: entered by systems and officers, listed, read; a call in one step."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from uuid import UUID

from flask.views import MethodView

from governance.api.auth import guarded
from governance.api.blueprints import Blueprint
from governance.api.etags import etag
from governance.api.paging import Page, encode_cursor, page_schema
from governance.api.rights_said import CallNew, CallShown, QueueQuery, RequestNew
from governance.api.rights_shown import RequestLineShown, RequestReceived, RequestShown
from governance.api.service import current_service, current_work
from governance.kernel.ids import SubjectId
from governance.policies.permissions import Permission
from governance.rights import operations as rights
from governance.rights.operations import (
    Called,
    NewRequest,
    QueueAfter,
    Received,
    RequestId,
    RequestLine,
    RequestView,
)

blueprint = Blueprint("requests", __name__, description="Requests of data subjects, from receipt to answer.")

RequestPage = page_schema(RequestLineShown, "RequestPage")


@blueprint.route("/requests")
class Requests(MethodView):
    """Requests."""

    @guarded(Permission.REQUESTS_READ)
    @blueprint.arguments(QueueQuery, location="query")
    @blueprint.response(200, RequestPage)
    def get(self, query: Mapping[str, Any]) -> Page[RequestLine]:
        """List requests, the one that is due first at the top."""
        limit, cursor = query["limit"], query["cursor"]
        found = rights.queue(
            current_work(),
            states=[query["state"]] if query["state"] else [],
            kinds=[query["kind"]] if query["kind"] else [],
            customer=None if query["customer"] is None else SubjectId(query["customer"]),
            due_before=query["due_before"],
            untold=query["untold"],
            after=None if cursor is None else QueueAfter.of(*cursor),
            limit=limit + 1,
        )
        shown = found[:limit]
        more = len(found) > limit
        return Page(shown, encode_cursor(shown[-1].due_on.toordinal(), shown[-1].id) if more else None)

    @guarded(Permission.REQUESTS_RECEIVE)
    @blueprint.arguments(RequestNew)
    @blueprint.response(201, RequestReceived)
    def post(self, new: Mapping[str, Any]) -> Received:
        """Put a request on record; what it ends is stopped at once, and one that stands already is counted with it."""
        said = {**new, "customer": None if new["customer"] is None else SubjectId(new["customer"])}
        return rights.receive(current_work(), new=NewRequest(**said))


@blueprint.route("/requests/calls")
class Calls(MethodView):
    """Calls."""

    @guarded(Permission.REQUESTS_WORK)
    @blueprint.arguments(CallNew)
    @blueprint.response(201, CallShown)
    def post(self, new: Mapping[str, Any]) -> Called:
        """Take a call: find the caller, stop advertising, put the request on record, send a code, all at once."""
        return rights.call(current_work(), per_hour=current_service().settings.portal_codes_per_hour, **new)


@blueprint.route("/requests/<uuid:request>")
class OneRequest(MethodView):
    """A request."""

    @guarded(Permission.REQUESTS_READ)
    @blueprint.response(200, RequestShown)
    def get(self, request: UUID) -> tuple[RequestView, int, dict[str, str]]:
        """Read a request with its due dates, history and notices."""
        seen = rights.find(current_work(), request=RequestId(request))
        return seen, HTTPStatus.OK, etag(seen.version)
