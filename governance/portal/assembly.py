"""The pages of this door, attached to the web service."""

from typing import Final

from flask import Flask

from governance.portal import (
    branding,
    certificates,
    choices,
    counter,
    keeping,
    notices,
    own_data,
    pages,
    place,
    proving,
    refusing,
    requests,
    signing,
    subscriptions,
    unsubscriptions,
)
from governance.portal.place import Portal

ROUTES: Final = (
    subscriptions,
    unsubscriptions,
    keeping,
    branding,
    signing,
    proving,
    choices,
    own_data,
    requests,
    notices,
    certificates,
    counter,
    refusing,
)
"""Modules whose pages hang on the blueprint; imported for that."""


def attach(app: Flask, portal: Portal) -> None:
    """Serve the pages of *portal* by *app*."""
    place.install(app, portal)
    app.register_blueprint(pages.blueprint)
