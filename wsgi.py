"""Entry point of the web server: `gunicorn -c gunicorn.conf.py wsgi:app`.

Importing this opens nothing. The application is made when it is asked for, which a worker does after its fork.
"""

import os
import sys

from flask import Flask

from governance.app import create_app
from governance.kernel.errors import GovernanceError
from governance.kernel.logs import get_logger
from governance.kernel.settings import Settings

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
