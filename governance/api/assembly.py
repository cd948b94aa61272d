"""The application of this door: routes, errors, headers, limits on what is read."""

from typing import Final

from flask import Flask

from governance.api import health, metrics, openapi, problems, requests
from governance.api.blueprints import Blueprint
from governance.api.service import Service, install

BODY_LIMIT_BYTES: Final = 1_048_576
"""A request body; a route that takes files raises it for itself."""


def assemble(service: Service, blueprints: tuple[Blueprint, ...]) -> Flask:
    """The application that answers for *service* with the routes of *blueprints*."""
    app = Flask("governance", static_folder=None)
    app.config.update(
        MAX_CONTENT_LENGTH=BODY_LIMIT_BYTES,
        MAX_FORM_MEMORY_SIZE=BODY_LIMIT_BYTES,
        PROVIDE_AUTOMATIC_OPTIONS=False,  # no browser of another site is meant to ask
        PROPAGATE_EXCEPTIONS=False,
    )
    app.json.ensure_ascii = False  # type: ignore[attr-defined]  # of the default provider
    install(app, service)
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
