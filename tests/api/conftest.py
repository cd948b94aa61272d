"""A web service on a store of its own, API clients for it, and a few routes to try the door with."""

from collections.abc import Callable, Iterator, Sequence
from copy import copy
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from uuid import UUID

import marshmallow as ma
import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask.views import MethodView

from governance import app as composition
from governance.accounts import operations as accounts
from governance.api.auth import guarded
from governance.api.blueprints import Blueprint
from governance.api.etags import etag, expected_version
from governance.api.limits import Limiter
from governance.api.paging import PageQuery
from governance.api.schemas import Instant, Schema
from governance.api.service import Service, current_work
from governance.consent import operations as consent
from governance.consent.codes import NoticeKind
from governance.custody.opening import Store as OpenStore
from governance.kernel import jobs, logs
from governance.kernel.errors import ForbiddenError, PreconditionError, TooManyError
from governance.kernel.ids import uuid4, uuid7
from governance.kernel.server import Server
from governance.kernel.settings import Secret, Settings
from governance.kernel.work import OPERATOR, open_work
from governance.policies import shipped
from governance.policies.consent_state import EventKind, Method
from governance.policies.permissions import Permission
from governance.reference.operations import find_controller, set_controller
from governance.vault.keyring import Keyring
from tests.conftest import NOW, Store, clone, open_database
from tests.factories.recording import an_email, make
from tests.factories.saying import TEXTS, said
from tests.factories.signing import bearer_of, enrol

SignIn = Callable[..., dict[str, str]]
"""Gives headers of a staff member of these roles."""
PROBE = Blueprint("probe", __name__, description="Routes of the tests.")


class Inner(Schema):
    """Something nested."""

    word = ma.fields.String(required=True)


class Note(Schema):
    """Input with all the usual kinds of fields."""

    text = ma.fields.String(required=True, validate=ma.validate.Length(1, 200))
    kind = ma.fields.String(validate=ma.validate.OneOf(["call", "visit"]))
    count = ma.fields.Integer(strict=True)
    at = Instant()
    inner = ma.fields.List(ma.fields.Nested(Inner))
    refuse = ma.fields.Boolean()


class Made(Schema):
    """What was made."""

    id = ma.fields.UUID(required=True)


@PROBE.route("/notes")
class Notes(MethodView):
    """A collection."""

    @guarded(Permission.INTERACTIONS_READ)
    @PROBE.arguments(PageQuery, location="query")
    @PROBE.response(200, Made(many=True))
    def get(self, page: dict[str, object]) -> Sequence[object]:
        """List."""
        return [{"id": page["cursor"][0]}] if page["cursor"] else []

    @guarded(Permission.INTERACTIONS_RECORD)
    @PROBE.arguments(Note)
    @PROBE.response(201, Made)
    def post(self, note: dict[str, object]) -> dict[str, object]:
        """Make: a job in the queue is the trace that it leaves."""
        jobs.defer(current_work(), "test.note", n=len(str(note["text"])))
        if note.get("refuse"):
            raise ForbiddenError("Not this one.")
        return {"id": uuid7()}


@PROBE.route("/notes/<uuid:note>")
class OneNote(MethodView):
    """A member."""

    @guarded(Permission.INTERACTIONS_READ)
    @PROBE.response(200, Made)
    def get(self, note: object) -> tuple[dict[str, object], int, dict[str, str]]:
        """Read."""
        return {"id": note}, 200, etag(3)

    @guarded(Permission.INTERACTIONS_RECORD)
    @PROBE.arguments(Note(partial=True))
    @PROBE.response(200, Made)
    def patch(self, changes: dict[str, object], note: object) -> dict[str, object]:
        """Edit."""
        if expected_version() != 3:
            raise PreconditionError("It has changed since.")
        return {"id": note}

    @guarded(Permission.INTERACTIONS_RECORD)
    @PROBE.response(204)
    def delete(self, note: object) -> None:
        """Fail as nothing should."""
        raise RuntimeError(f"petrov@example.org {note}")


@PROBE.route("/busy")
class Busy(MethodView):
    """Somebody is too fast."""

    @guarded(Permission.INTERACTIONS_READ)
    @PROBE.response(204)
    def get(self) -> None:
        """Refuse."""
        raise TooManyError("Too fast.", retry_after_seconds=7)


@cache
def frame() -> Flask:
    """All routes and those of the tests, made once and copied: to make them takes longer than most of what is asked."""
    made = composition.frame((*composition.BLUEPRINTS, PROBE))
    assert made.jinja_env is not None  # whose templates all copies share
    return made


def open_service(store: Store, ring: Keyring, folder: Path) -> Flask:
    """The web service on *store*, with all its routes and those of the tests."""
    settings = Settings(
        data_dir=folder, database_url=Secret(store.app_url), role_prefix=store.roles.prefix, web_workers=1
    )
    logs.configure(settings)
    database = open_database(store, ring)
    vault = database.sessions.kw["info"]["vault"]
    app = copy(frame())
    app.extensions = dict(app.extensions)
    composition.serve(app, OpenStore(settings, Server(settings, store.roles), database, ring, vault))
    return app


@pytest.fixture(scope="session")
def door_store(server_url: str, template: Store) -> Iterator[Store]:
    """The store that tests of the door share; what they commit stays."""
    with clone(server_url, template) as store:
        yield store


@pytest.fixture(scope="session")
def door(door_store: Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The web service that tests share."""
    folder = tmp_path_factory.mktemp("door")
    ring = Keyring.create(folder / "secrets" / "keyring.json", now=NOW)
    app = open_service(door_store, ring, folder)
    yield app
    service_of(app).database.dispose()


@pytest.fixture
def web(door: Flask) -> Iterator[FlaskClient]:
    """Asks the shared service; nobody has spent a call yet."""
    fresh = replace(service_of(door), limiter=Limiter(6000), strangers=Limiter(60))
    door.extensions["governance"] = fresh
    with door.test_client() as client:
        yield client


@pytest.fixture
def own_web(fresh_store: Store, keyring: Keyring, tmp_path: Path) -> Iterator[FlaskClient]:
    """Asks a service on a store of this test alone, which it may break."""
    app = open_service(fresh_store, keyring, tmp_path)
    with app.test_client() as client:
        yield client
    service_of(app).database.dispose()


def service_of(app: Flask) -> Service:
    """The installation behind *app*."""
    found: Service = app.extensions["governance"]
    return found


def bearer_for(app: Flask, *scopes: Permission) -> dict[str, str]:
    """Connect a system with these scopes; answers the header by which it is known."""
    with open_work(service_of(app).database, OPERATOR) as work:
        new = accounts.create_client(work, name=f"system {uuid4()}", scopes=[scope.value for scope in scopes])
    return {"Authorization": f"Bearer {new.secret}"}


Bearer = Callable[..., dict[str, str]]


@pytest.fixture
def bearer(door: Flask) -> Bearer:
    """Connects systems to the shared service."""
    return partial(bearer_for, door)


@pytest.fixture
def recorder(bearer: Bearer) -> dict[str, str]:
    """A client that may read and record notes."""
    return bearer(Permission.INTERACTIONS_READ, Permission.INTERACTIONS_RECORD)


SYSTEM_OF_ALL = "tests.system"
"""Name in the extensions of an application under which a client with every scope is kept."""


@pytest.fixture
def system(door: Flask) -> dict[str, str]:
    """A client with every scope that there is, in a store whose controller is known."""
    with open_work(service_of(door).database, OPERATOR) as work:
        known = find_controller(work)
        if known is None or (known.legal_name, known.country) != ("ООО Ромашка", "RU"):
            set_controller(work, legal_name="ООО Ромашка", address="Псков", country="RU")
    if SYSTEM_OF_ALL not in door.extensions:
        scopes = [permission for permission, facts in shipped.permissions().items() if facts.systems]
        door.extensions[SYSTEM_OF_ALL] = bearer_for(door, *scopes)
    kept: dict[str, str] = door.extensions[SYSTEM_OF_ALL]
    return dict(kept)


@pytest.fixture
def sign_in(own_web: FlaskClient) -> SignIn:
    """Makes staff members who have signed in."""

    def make(*roles: str) -> dict[str, str]:
        with open_work(service_of(own_web.application).database, OPERATOR) as work:
            member = enrol(work, *roles)
        return bearer_of(own_web, member)

    return make


@pytest.fixture(scope="module")
def version(door: Flask) -> int:
    """The notice that people agree to."""
    with open_work(service_of(door).database, OPERATOR) as work:
        made = consent.publish_notice(work, kind=NoticeKind.CONSENT, key="newsletter", texts=TEXTS, material=False)
        return made.version.version


@pytest.fixture
def subscriber(web: FlaskClient, door: Flask, system: dict[str, str], version: int) -> str:
    """The address of somebody who wants the newsletter."""
    address = an_email()
    made = make(web, system, contacts=[{"kind": "email", "value": address}])
    with open_work(service_of(door).database, OPERATOR) as work:
        given = said(EventKind.CONFIRMED, subject=UUID(made["id"]), method=Method.PORTAL, notice=version)
        consent.record(work, event=given)
    return address
