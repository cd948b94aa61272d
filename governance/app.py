"""The composition root: the one module that puts the parts of the web service together."""

import atexit
import contextlib
from typing import Final

from flask import Flask, Response
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix

from governance import executors
from governance.api import (
    activity,
    alerts,
    audit,
    bounces,
    consent_changes,
    consent_checks,
    consent_events,
    consent_records,
    consent_states,
    consent_streams,
    contacts,
    customers,
    duplicates,
    erasures,
    explanations,
    exports,
    exposure,
    express,
    fields,
    forms,
    imports,
    informing,
    interactions,
    invitations,
    kept_purchases,
    links,
    marks,
    merges,
    named_readers,
    notices,
    packages,
    portal,
    portal_requests,
    problems,
    proposals,
    purchases,
    purposes,
    readings,
    recipients,
    reports,
    retention,
    retention_runs,
    reveals,
    rights,
    rights_acts,
    searches,
    segments,
    sessions,
    staff,
    suppressions,
    transfers,
    webhooks,
)
from governance.api.assembly import assemble
from governance.api.backlogs import figures_of
from governance.api.blueprints import Blueprint
from governance.api.limits import Limiter
from governance.api.service import Check, Service, install
from governance.audit.handing import Handed, hand_out
from governance.audit.keys import known_vkeys
from governance.console import assembly as console_pages
from governance.console import place as console_place
from governance.console.place import Console, Sheets
from governance.custody import recovery
from governance.custody.opening import Store, open_store, require_protected_log
from governance.custody.places import Places
from governance.custody.signing import has_signing_key, outside_of, public_key_of
from governance.kernel import logs
from governance.kernel.clock import SystemClock
from governance.kernel.errors import UnavailableError
from governance.kernel.outage import OUTAGES, outage_named
from governance.kernel.revision import require_newest
from governance.kernel.settings import Settings
from governance.kernel.space import DiskFullError, lacks_room
from governance.kernel.work import Work
from governance.pages import languages, reporting, serving
from governance.pages.brand import brand
from governance.pages.examining import examine_all
from governance.portal import place as portal_place
from governance.portal import refusing
from governance.portal.assembly import attach
from governance.portal.place import Portal
from governance.vault.derivation import derive
from governance.vault.register import check_keys

BLUEPRINTS: Final[tuple[Blueprint, ...]] = (
    customers.blueprint,
    searches.blueprint,
    reveals.blueprint,
    contacts.blueprint,
    purchases.blueprint,
    interactions.blueprint,
    activity.blueprint,
    links.blueprint,
    marks.blueprint,
    bounces.blueprint,
    duplicates.blueprint,
    segments.blueprint,
    retention.blueprint,
    retention_runs.blueprint,
    merges.blueprint,
    reports.blueprint,
    proposals.blueprint,
    alerts.blueprint,
    recipients.blueprint,
    exports.blueprint,
    packages.blueprint,
    named_readers.blueprint,
    erasures.blueprint,
    kept_purchases.blueprint,
    exposure.blueprint,
    rights.blueprint,
    rights_acts.blueprint,
    readings.blueprint,
    staff.blueprint,
    invitations.blueprint,
    sessions.blueprint,
    portal.blueprint,
    portal_requests.blueprint,
    fields.blueprint,
    imports.blueprint,
    consent_events.blueprint,
    consent_states.blueprint,
    purposes.blueprint,
    notices.blueprint,
    consent_changes.blueprint,
    consent_records.blueprint,
    transfers.blueprint,
    webhooks.blueprint,
    forms.blueprint,
    audit.blueprint,
    consent_checks.blueprint,
    consent_streams.blueprint,
    suppressions.blueprint,
    explanations.blueprint,
    informing.blueprint,
)
FACES: Final = languages.ALL
STRANGERS_PER_MINUTE: Final = 60
FORMS_PER_MINUTE: Final = 20
REPORTS_PER_MINUTE: Final = 30


def create_app(settings: Settings) -> Flask:
    """The web service on the store that *settings* name; to be called once in each process, after the fork.

    Raises:
        GovernanceError: the store cannot be opened; the detail says what to change.
    """
    logs.configure(settings)
    stack = contextlib.ExitStack()
    store = stack.enter_context(open_store(settings, listen=True))
    atexit.register(stack.close)
    require_protected_log(store.database)
    return build(store)


def build(store: Store) -> Flask:
    """The web service on an open store."""
    app = frame(BLUEPRINTS)
    serve(app, store)
    return app


def frame(blueprints: tuple[Blueprint, ...]) -> Flask:
    """Routes, pages, and what is said of errors; of no store yet, so that one can be copied for several."""
    app = assemble(blueprints)
    languages.register(app, FACES)
    app.register_blueprint(serving.blueprint)
    attach(app)
    console_pages.attach(app)
    for outage in OUTAGES:
        app.register_error_handler(outage, _on_lost_database)
    app.register_error_handler(HTTPException, _on_http)
    return app


def serve(app: Flask, store: Store) -> None:
    """Let *app*, made by `frame`, answer for an open store."""
    settings = store.settings
    executors.install(store.database)

    def alarms() -> list[str]:
        return [alarm.slug for alarm in outside_of(settings.data_dir).alarms()]

    service = Service(
        settings=settings,
        database=store.database,
        clock=SystemClock(),
        digest_secret=_secret(store, b"governance/idempotency"),
        checks=_checks(store),
        figures=figures_of(store.database, alarms, lambda: [str(place) for place in store.vault.unreadable.known()]),
        alarms=alarms,
        limiter=Limiter(max(1, settings.requests_per_minute // settings.web_workers)),
        strangers=Limiter(max(1, STRANGERS_PER_MINUTE // settings.web_workers)),
    )
    install(app, service)
    reporting.attach(app, count_sender=Limiter(max(1, REPORTS_PER_MINUTE // settings.web_workers)).take)
    portal_place.install(app, _portal(store, service))
    console_place.install(app, _console(store, service))
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=0)  # type: ignore[method-assign]  # Flask's own way
    routes: dict[str, express.Route] = {
        "/v1/consent/checks": consent_checks.ExpressChecks(),
        "/v1/consent/events": consent_events.express(),
    }
    app.extensions[express.NAME] = express.Express(app, routes)


def _portal(store: Store, service: Service) -> Portal:
    settings = store.settings
    return Portal(
        settings=settings,
        database=store.database,
        clock=service.clock,
        forms_per_minute=FORMS_PER_MINUTE,
        secret=_secret(store, b"governance/portal"),
        count_stranger=service.strangers.take,
        verifier_keys=lambda work: known_vkeys(work.session, outside_of(settings.data_dir)),
        brand=brand(name=settings.brand_name, logo=settings.brand_logo, colour=settings.brand_colour),
    )


def _export_log(store: Store, work: Work) -> Handed:
    secrets = store.settings.secrets_dir
    return hand_out(
        work,
        folder=store.settings.data_dir / "handing",
        outside=outside_of(store.settings.data_dir),
        public_key=public_key_of(secrets) if has_signing_key(secrets) else None,
    )


def _console(store: Store, service: Service) -> Console:
    return Console(
        settings=store.settings,
        database=store.database,
        clock=service.clock,
        secret=_secret(store, b"governance/console"),
        count_stranger=service.strangers.take,
        count_call=service.limiter.take,
        verifier_keys=lambda work: known_vkeys(work.session, outside_of(store.settings.data_dir)),
        statuses=problems.STATUS,
        sheets=_sheets(store),
        examine=lambda: examine_all(store, clock=service.clock),
        outside=outside_of(store.settings.data_dir),
        export_log=lambda work: _export_log(store, work),
    )


def _sheets(store: Store) -> Sheets:
    places, ring = Places(store.settings.data_dir), store.keyring
    return Sheets(
        status=lambda: recovery.status(places, ring),
        make=lambda work, passphrase, tongue: recovery.make(work, ring=ring, passphrase=passphrase, language=tongue),
        page=recovery.page_of,
        confirm=lambda work, text, passphrase, code: recovery.confirm(
            work, places=places, ring=ring, text=text, passphrase=passphrase, check_code=code
        ),
    )


def _secret(store: Store, label: bytes) -> bytes:
    # Of the oldest index root, which outlives a rotation: what was sent and sealed before it stays known after it.
    oldest = store.keyring.index_roots()[0].version
    return derive(store.keyring.index_root(oldest), label)


def _checks(store: Store) -> tuple[Check, ...]:
    def schema() -> None:
        with outage_named(), store.database.sessions() as session:
            require_newest(session)

    def keyring() -> None:
        with outage_named(), store.database.sessions() as session:
            check_keys(session, store.keyring)

    return (
        Check("database", schema),
        Check("keyring", keyring),
        Check("audit_log", lambda: require_protected_log(store.database)),
    )


def _on_http(error: HTTPException) -> Response:
    """What no page and no operation answers: a page for whoever reads, a document for a system."""
    return refusing.of_address(error) if refusing.is_for_reader() else problems.on_http(error)


def _on_lost_database(error: Exception) -> Response:
    told = DiskFullError() if lacks_room(error) else UnavailableError("The database does not answer at the moment.")
    return problems.refuse(told, cause=error)
