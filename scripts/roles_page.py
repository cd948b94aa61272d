"""Writes docs/roles.md, who may call what and see what, from guards and roles: `python -m scripts.roles_page`."""

import inspect
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import UUID

from flask import Flask

from governance.api import openapi
from governance.app import BLUEPRINTS
from governance.policies import shipped
from governance.policies.access import allows
from governance.policies.classification import Field, Visibility
from governance.policies.permissions import Permission
from governance.policies.roles import RowScope
from governance.policies.sight import READ_BY

TARGET: Final = Path(__file__).resolve().parents[1] / "docs" / "roles.md"
STAFF: Final = tuple(name for name, role in shipped.roles().roles.items() if not role.scopes)
PORTAL: Final = "/v1/portal/session"
OWN: Final = "/v1/sessions"
INTRODUCTION: Final = """\
Written by `python -m scripts.roles_page` from the guards of the routes and from the roles; do not edit. A test calls
every route as every role and holds the answers to this page. What the words mean: [access.md](access.md).

## Who may call what

**yes**: whoever holds the role; **own**: for the customers whom the staff member is responsible for, all others being
unknown: not found, refused, or in a send check a no as for somebody who is held by nobody; **scope**: a
connected system that was given the permission as a scope. An empty cell is a refusal: 403, and 401 for a token of
another kind, as a visitor's of the portal is; whoever is unknown gets 401 everywhere but where no permission is asked
for."""
_VARIABLE: Final = re.compile(r"<(?:[^<>:]+:)?([a-z_]+)>")
FIELDS: Final = """\
## Who sees which field of a customer

What ordinary reading shows: **clear**, **masked**, or nothing; **+** where `reveal` opens it in the clear, with a
reason and on record. Sales see their own clients only."""


@dataclass(frozen=True, slots=True)
class Call:
    """A route and a method.

    Attributes:
        permission: what the guard asks for; None where it asks for none.
        guarded: whether there is a guard at all.
    """

    method: str
    path: str
    permission: Permission | None
    guarded: bool


@dataclass(frozen=True, slots=True)
class Holder:
    """Whoever holds a role and nothing else."""

    id: UUID | None
    permissions: frozenset[str]
    roles: tuple[str, ...]


def holder_of(role: str) -> Holder:
    """Whoever holds *role*."""
    return Holder(None, shipped.roles().grants_of([role]), (role,))


def described() -> Flask:
    """An application with the routes of this release and nothing behind them."""
    app = Flask("governance", static_folder=None)
    api = openapi.describe(app)
    for blueprint in BLUEPRINTS:
        api.register_blueprint(blueprint)
    return app


def calls_of(app: Flask) -> list[Call]:
    """All calls of *app* below /v1 that are not of its description, by path and method."""
    found = []
    for rule in app.url_map.iter_rules():
        view = inspect.unwrap(app.view_functions[rule.endpoint], stop=lambda one: hasattr(one, "view_class"))
        kind = getattr(view, "view_class", None)
        if kind is None or not rule.rule.startswith("/v1/"):
            continue
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            guard = getattr(getattr(kind, method.lower()), "_apidoc", {}).get("guard")
            said = None if guard is None else guard["permission"]
            permission = None if said is None else Permission(said)
            found.append(Call(method, rule.rule, permission, guard is not None))
    return sorted(found, key=lambda call: (call.path, call.method))


def rows_of(role: str, permission: Permission) -> RowScope:
    """Which rows an act reaches for whoever holds *role*."""
    return allows(holder_of(role), permission).rows


def render() -> str:
    """The page; the same guards and roles make the same bytes."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield from ("# Roles", "", INTRODUCTION, "")
    headings = ["call", "permission", *STAFF, "system", "customer"]
    yield from (_row(headings), "|---" * len(headings) + "|")
    for call in calls_of(described()):
        path = _VARIABLE.sub(r"{\1}", call.path)
        yield _row([f"{call.method} {path}", *_cells(call)])
    yield from ("", FIELDS, "")
    headings = ["field", *STAFF]
    yield from (_row(headings), "|---" * len(headings) + "|")
    for name, field in _fields():
        yield _row([name, *(_shown(role, field) for role in STAFF)])


def _cells(call: Call) -> list[str]:
    if call.permission is None:
        if call.path.startswith(PORTAL):
            return ["a session of the portal", *[""] * len(STAFF), "", "yes"]
        if call.guarded or call.path.startswith(OWN + "/current"):
            return ["a session", *["yes"] * len(STAFF), "", ""]
        return ["none", *["yes"] * len(STAFF), "yes", "yes"]
    words = {RowScope.ALL: "yes", RowScope.OWN: "own", RowScope.NONE: ""}
    of_staff = [words[rows_of(role, call.permission)] for role in STAFF]
    systems = "scope" if shipped.permissions()[call.permission].systems else ""
    return [f"`{call.permission.value}`", *of_staff, systems, ""]


def _fields() -> Iterator[tuple[str, Field]]:
    for one in shipped.catalogue().fields():
        if one.path.partition(".")[0] not in READ_BY:
            continue
        if not one.variants:
            yield f"`{one.path}`", one
        for value, variant in one.variants.items():
            yield f"`{one.path}` ({value})", variant


def _shown(role: str, field: Field) -> str:
    seen = allows(holder_of(role), READ_BY[field.path.partition(".")[0]], field=field)
    opens = allows(holder_of(role), Permission.CUSTOMERS_REVEAL, field=field).allowed
    word = "" if seen.visibility is Visibility.HIDDEN else seen.visibility.value
    return f"{word} +".strip() if opens else word


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


if __name__ == "__main__":
    TARGET.write_text(render(), "utf-8")
    sys.stdout.write(f"Written: {TARGET}\n")
