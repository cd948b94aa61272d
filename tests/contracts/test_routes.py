"""Every route is guarded or on the short public list; every error has a status."""

import importlib
import inspect
import pkgutil

from flask import Flask

import governance
from governance.api.problems import STATUS, status_of
from governance.kernel.errors import GovernanceError
from governance.policies.permissions import Permission
from tests.api.conftest import door, door_store

__all__ = ["door", "door_store"]

PUBLIC = {
    "/",
    "/healthz",
    "/readyz",
    "/metrics",
    "/v1/openapi.json",
    "/v1/docs",
    "/v1/static/<path:filename>",
    "/pages/static/<path:filename>",
    "/subscribe/<form>/sent",
    "/brand/colours.css",
    "/brand/logo",
    "/privacy",
    "/privacy/<notice>/<int:version>",
    "/counter",
}
LINKS_IN_MAIL = {"/confirm/<token>", "/unsubscribe/<token>", "/keep/<token>"}
"""A link in a mail needs something that only the mail holds; it names nobody."""
LINK_OF_THE_TERMINAL = "/console/setup/<token>"
"""Sets a new store up, once; the terminal that began it shows it, and it names nobody."""
FORMS = {"/subscribe/<form>", "/certificate", "/certificate/number", "/pages/reports", *LINKS_IN_MAIL}
"""Pages with a button, and where browsers tell of what they refused: without login, since whoever comes has none."""
SIGN_IN = {
    "POST /v1/invitations/acceptances",
    "POST /v1/sessions",
    "POST /v1/sessions/current/confirmations",
    "POST /v1/sessions/current/password-changes",
    "POST /v1/portal/codes",
    "POST /v1/portal/sessions",
}
"""Whoever comes here has yet to prove who he is: that is what it is for."""
OWN = ("/v1/sessions", "/v1/portal/session")
"""What is about the session itself needs that session and no permission."""
FACES = ("/console", "/my")
"""Pages behind a sign-in have tests of their own for who opens them, in tests/console and tests/portal."""
# Started as programs of their own, or loaded by Alembic.
NOT_FOR_IMPORT = {"governance.__main__", "governance.worker.__main__"}


def _load_all() -> None:
    for module in pkgutil.walk_packages(governance.__path__, "governance."):
        if module.name not in NOT_FOR_IMPORT and not module.name.endswith("_child"):
            importlib.import_module(module.name)


def _kinds(root: type[GovernanceError]) -> set[type[GovernanceError]]:
    return {root}.union(*(_kinds(kind) for kind in root.__subclasses__()))


def test_every_route_is_guarded_or_public(door: Flask) -> None:
    unguarded = []
    for rule in door.url_map.iter_rules():
        view = inspect.unwrap(door.view_functions[rule.endpoint], stop=lambda one: hasattr(one, "view_class"))
        kind = getattr(view, "view_class", None)
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            function = view if kind is None else getattr(kind, method.lower())
            guard = getattr(function, "_apidoc", {}).get("guard")
            if rule.rule.startswith(FACES):
                continue
            if guard is None and rule.rule not in PUBLIC | FORMS and f"{method} {rule.rule}" not in SIGN_IN:
                unguarded.append(f"{method} {rule.rule}")
            elif guard is not None:
                own = rule.rule.startswith(OWN)
                assert guard["permission"] in ({None} if own else set(Permission))
    assert unguarded == []


def test_only_reading_is_public_apart_from_pages_with_a_button(door: Flask) -> None:
    for rule in door.url_map.iter_rules():
        if rule.rule in PUBLIC:
            assert (rule.methods or set()) <= {"GET", "HEAD"}
        elif rule.rule in FORMS:
            assert (rule.methods or set()) <= {"GET", "HEAD", "POST"}


def test_no_contact_name_or_token_stands_in_an_address(door: Flask) -> None:
    given_out = {*LINKS_IN_MAIL, LINK_OF_THE_TERMINAL}
    named = {name for rule in door.url_map.iter_rules() if rule.rule not in given_out for name in rule.arguments}

    assert not named & {"email", "phone", "contact_value", "name", "token", "key", "query", "q"}


def test_the_table_of_problems_has_every_error_and_no_other() -> None:
    _load_all()
    slugs = {kind.slug for kind in _kinds(GovernanceError) if kind.__module__.startswith("governance.")}

    assert slugs - set(STATUS) == set()
    assert set(STATUS) - slugs == set()


def test_a_slug_belongs_to_one_kind_or_to_those_derived_from_it() -> None:
    _load_all()
    owners: dict[str, set[type[GovernanceError]]] = {}
    for kind in _kinds(GovernanceError):
        if "slug" in vars(kind):
            owners.setdefault(kind.slug, set()).add(kind)

    assert {slug: kinds for slug, kinds in owners.items() if len(kinds) > 1} == {}


def test_an_error_of_a_later_release_has_the_status_of_its_kind() -> None:
    class LaterError(governance.kernel.errors.ConflictError):
        slug = "conflict"

    assert status_of(LaterError("x")) == 409
