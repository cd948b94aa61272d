"""Entry point of the web server: `gunicorn -c gunicorn.conf.py wsgi:app`; made after the fork, never preloaded."""

import os
import sys

from governance.app import create_app
from governance.kernel.errors import GovernanceError
from governance.kernel.logs import get_logger
from governance.kernel.settings import Settings

APP_LOAD_ERROR = 4
"""What gunicorn takes for "do not try again"."""

try:
    app = create_app(Settings.from_environment(os.environ))
except GovernanceError as error:
    get_logger(__name__).error("service.not_started", slug=error.slug, detail=error.detail)
    sys.exit(APP_LOAD_ERROR)
