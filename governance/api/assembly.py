"""The application of the API: routes, errors, headers, limits on what is read."""

from typing import Final

from flask import Flask

from governance.api import health, metrics, openapi, problems, requests
from governance.api.blueprints import Blueprint
from governance.api.bodies import InMemoryRequest
from governance.api.rules import LateRule

BODY_LIMIT_BYTES: Final = 1_048_576
"""A request body; a route that takes files raises it for itself."""


def assemble(blueprints: tuple[Blueprint, ...]) -> Flask:
    """The application with the routes of *blueprints*, which answers as soon as it is given a `Service`."""
    app = Flask("governance", static_folder=None)
    app.request_class = InMemoryRequest
    app.url_rule_class = LateRule
    app.config.update(
        MAX_CONTENT_LENGTH=BODY_LIMIT_BYTES,
        MAX_FORM_MEMORY_SIZE=BODY_LIMIT_BYTES,
        PROVIDE_AUTOMATIC_OPTIONS=False,  # no browser of another site is meant to ask
        PROPAGATE_EXCEPTIONS=False,
    )
    app.json.ensure_ascii = False  # type: ignore[attr-defined]  # of the default provider
    app.json.sort_keys = False  # type: ignore[attr-defined]  # as above: answers keep the order of their schema
    requests.register(app)
    metrics.register(app)
    problems.register(app)
    api = openapi.describe(app)
    for blueprint in blueprints:
        api.register_blueprint(blueprint)
    app.register_blueprint(openapi.blueprint)
    app.register_blueprint(health.blueprint)
    app.register_blueprint(metrics.blueprint)
    return app
