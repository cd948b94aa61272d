"""Entry point of the web server: `gunicorn -c gunicorn.conf.py wsgi:app`; made after the fork, never preloaded."""

import os

from governance.app import create_app
from governance.kernel.settings import Settings

app = create_app(Settings.from_environment(os.environ))
