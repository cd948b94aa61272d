"""The pages of the portal, attached to the web service."""

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
    proving,
    refusing,
    requests,
    signing,
    subscriptions,
    unsubscriptions,
)

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


def attach(app: Flask) -> None:
    """Serve the pages by *app*, of whichever `Portal` it is given."""
    app.register_blueprint(pages.blueprint)
