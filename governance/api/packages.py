"""Packages: all that is kept of a person, ordered by staff, systems or the person, downloaded by whoever may."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import marshmallow as ma
from flask import Response, g
from flask.views import MethodView

from governance.api.auth import guarded
from governance.api.blueprints import Blueprint
from governance.api.paging import Page, PageQuery, page_of, page_schema
from governance.api.portal import for_visitors
from governance.api.schemas import Instant, Schema, code
from governance.api.service import current_service, current_work
from governance.kernel.ids import SubjectId
from governance.policies.permissions import Permission
from governance.rights.packages import operations as packages
from governance.rights.packages.operations import (
    Decision,
    Doubt,
    Fetched,
    Flag,
    FlagId,
    Package,
    PackageId,
    PackageKind,
    PackageState,
)

MOST_WORDS = 10_000

blueprint = Blueprint("packages", __name__, description="All that is kept of a person, to be handed to them.")


class OwnOrder(Schema):
    """A package to be made."""

    kind = code(PackageKind, load_default=PackageKind.ACCESS)
    language = ma.fields.String(
        load_default=None,
        validate=ma.validate.Length(2, 8),
        metadata={"description": "ISO 639, of the readable page: en, ru or uk."},
    )


class PackageOrder(OwnOrder):
    """A package of a customer's data to be made."""

    customer = ma.fields.UUID(required=True)


class PackageQuery(PageQuery):
    """Which packages."""

    state = code(PackageState, load_default=None)


class PackageShown(Schema):
    """A package as it stands; nothing here tells what is in it."""

    id = ma.fields.UUID(required=True)
    customer = ma.fields.UUID(required=True, attribute="person")
    kind = code(PackageKind, required=True)
    state = code(PackageState, required=True)
    language = ma.fields.String(required=True)
    request = ma.fields.UUID(required=True, allow_none=True, metadata={"description": "That it answers."})
    rows = ma.fields.Integer(required=True)
    size = ma.fields.Integer(required=True, metadata={"description": "Bytes of its files, uncompressed."})
    open_flags = ma.fields.Integer(required=True, metadata={"description": "Notes that wait for an officer."})
    failure = ma.fields.String(required=True, allow_none=True)
    created_at = Instant(required=True)
    ready_at = Instant(required=True, allow_none=True)
    expires_at = Instant(required=True, allow_none=True, metadata={"description": "Downloaded before this instant."})
    downloaded_at = Instant(required=True, allow_none=True)
    downloads = ma.fields.Integer(required=True)
    destroyed_at = Instant(required=True, allow_none=True)


class PackagesShown(Schema):
    """One's own packages."""

    items = ma.fields.List(ma.fields.Nested(PackageShown), required=True)


class FlagShown(Schema):
    """A note that may be about somebody else too."""

    id = ma.fields.UUID(required=True)
    table = ma.fields.String(required=True)
    field = ma.fields.String(required=True)
    text = ma.fields.String(required=True, allow_none=True)
    doubts = ma.fields.List(code(Doubt), required=True)
    decision = code(Decision, required=True, allow_none=True)
    instead = ma.fields.String(required=True, allow_none=True)


class FlagDecision(Schema):
    """What an officer says of a note."""

    decision = code(Decision, required=True)
    instead = ma.fields.String(
        load_default=None,
        validate=ma.validate.Length(1, MOST_WORDS),
        metadata={"description": "The note without what is about others; withheld as a whole where left out."},
    )


class FlagQuery(Schema):
    """Which notes."""

    after = ma.fields.UUID(load_default=None, metadata={"description": "Id of the last one seen."})


class FlagsShown(Schema):
    """Notes of a package."""

    items = ma.fields.List(ma.fields.Nested(FlagShown), required=True)


PackagePage = page_schema(PackageShown, "PackagePage")


@blueprint.route("/packages")
class Packages(MethodView):
    """Packages."""

    @guarded(Permission.PACKAGES_READ)
    @blueprint.arguments(PackageQuery, location="query")
    @blueprint.response(200, PackagePage)
    def get(self, query: Mapping[str, Any]) -> Page[Package]:
        """List packages, newest first."""
        before = None if query["cursor"] is None else PackageId(query["cursor"][0])
        limit = query["limit"]
        found = packages.list_packages(current_work(), state=query["state"], before=before, limit=limit + 1)
        return page_of(found, limit)

    @guarded(Permission.PACKAGES_MAKE)
    @blueprint.arguments(PackageOrder)
    @blueprint.response(202, PackageShown)
    def post(self, order: Mapping[str, Any]) -> Package:
        """Have a package of a customer's data made; one that is being made already is given again."""
        return packages.order(
            current_work(), person=SubjectId(order["customer"]), kind=order["kind"], language=order["language"]
        )


@blueprint.route("/packages/<uuid:package>")
class OnePackage(MethodView):
    """A package."""

    @guarded(Permission.PACKAGES_READ)
    @blueprint.response(200, PackageShown)
    def get(self, package: UUID) -> Package:
        """See how far a package is."""
        return packages.find_package(current_work(), package=PackageId(package))

    @guarded(Permission.PACKAGES_REVIEW)
    @blueprint.response(204)
    def delete(self, package: UUID) -> None:
        """Destroy a package before its time, with its keys."""
        packages.discard(current_work(), package=PackageId(package))


@blueprint.route("/packages/<uuid:package>/notes")
class PackageNotes(MethodView):
    """Notes of a package that may be about somebody else too."""

    @guarded(Permission.PACKAGES_REVIEW)
    @blueprint.arguments(FlagQuery, location="query")
    @blueprint.response(200, FlagsShown)
    def get(self, query: Mapping[str, Any], package: UUID) -> dict[str, list[Flag]]:
        """Read such notes, 200 at a time; told in the log."""
        after = None if query["after"] is None else FlagId(query["after"])
        return {"items": packages.flags_of(current_work(), package=PackageId(package), after=after)}


@blueprint.route("/packages/<uuid:package>/notes/<uuid:note>/decisions")
class NoteDecisions(MethodView):
    """Decisions over notes."""

    @guarded(Permission.PACKAGES_REVIEW)
    @blueprint.arguments(FlagDecision)
    @blueprint.response(200, PackageShown)
    def post(self, said: Mapping[str, Any], package: UUID, note: UUID) -> Package:
        """Release a note as it is, or redact it; with the last one the package is made."""
        return packages.decide(current_work(), package=PackageId(package), flag=FlagId(note), **said)


@blueprint.route("/packages/<uuid:package>/downloads")
class PackageDownloads(MethodView):
    """The archive of a package."""

    @guarded(Permission.PACKAGES_FETCH, changes=False)
    @blueprint.response(200, content_type="application/zip")
    def post(self, package: UUID) -> Response:
        """Download a package to hand it to the person; told in the log."""
        return _archive(packages.fetch(current_work(), package=PackageId(package)))


@blueprint.route("/portal/session/packages")
class OwnPackages(MethodView):
    """One's own packages."""

    @for_visitors
    @blueprint.response(200, PackagesShown)
    def get(self) -> dict[str, list[Package]]:
        """See how far one's own packages are."""
        return {"items": packages.own_packages(current_work(), visitor=g.visitor)}

    @for_visitors
    @blueprint.arguments(OwnOrder)
    @blueprint.response(202, PackageShown)
    def post(self, order: Mapping[str, Any]) -> Package:
        """Have a package of one's own data made; one of the last day is given again."""
        return packages.order_own(current_work(), visitor=g.visitor, **order)


@blueprint.route("/portal/session/packages/<uuid:package>/downloads")
class OwnDownloads(MethodView):
    """The archive of one's own package."""

    @for_visitors
    @blueprint.response(200, content_type="application/zip")
    def post(self, package: UUID) -> Response:
        """Download one's own package; needs a second contact to be proven, where there is one."""
        return _archive(packages.fetch_own(current_work(), visitor=g.visitor, package=PackageId(package)))


def _archive(fetched: Fetched) -> Response:
    work, service = current_work(), current_service()
    pieces = packages.package_pieces(service.database, fetched, actor=work.actor, clock=service.clock)
    named = {"Content-Disposition": f'attachment; filename="{fetched.name}"', "Cache-Control": "no-store"}
    return Response(pieces, content_type=packages.MEDIA_TYPE, headers=named)
