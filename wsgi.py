"""Entry point of the web server: `gunicorn -c gunicorn.conf.py wsgi:app`.

Importing this opens nothing. The application is made when it is asked for, which a worker does after its fork.
"""
# ruff: noqa: E402 - what is loaded below is loaded while no garbage is collected.

import gc

# What modules make while they load stays until the process ends, so looking through it again and again finds nothing.
gc.disable()

import os
import sys

from flask import Flask

from governance.app import create_app
from governance.kernel.errors import GovernanceError
from governance.kernel.logs import get_logger
from governance.kernel.settings import Settings

gc.freeze()
gc.enable()

APP_LOAD_ERROR = 4
"""What gunicorn takes for "do not try again"."""


def __getattr__(name: str) -> Flask:
    if name != "app":
        raise AttributeError(name)
    try:
        return create_app(Settings.from_environment(os.environ))
    except GovernanceError as error:
        get_logger(__name__).error("service.not_started", slug=error.slug, detail=error.detail)
        sys.exit(APP_LOAD_ERROR)
