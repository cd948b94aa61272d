"""gunicorn's settings, from the service's own.

Code is loaded before the fork, and nothing opened: engine, keyring and LISTEN belong to the process that uses them.
"""

import importlib
import os
from pathlib import Path

from governance.api import counts
from governance.kernel import logs
from governance.kernel.late import load
from governance.kernel.lifeline import watch
from governance.kernel.settings import Settings

_settings = Settings.from_environment(os.environ)
_figures = _settings.data_dir.absolute() / "run" / "metrics"
os.environ[counts.VARIABLE] = str(_figures)
os.environ["GOVERNANCE_DATA_DIR"] = str(_settings.data_dir.absolute())
logs.configure(_settings)

bind = (
    f"[{_settings.bind_host}]:{_settings.bind_port}"
    if ":" in _settings.bind_host
    else (f"{_settings.bind_host}:{_settings.bind_port}")
)
chdir = str(Path(__file__).resolve().parent)
preload_app = False
worker_class = "governance.api.server.Worker"
logger_class = "governance.api.server.Logger"
workers = _settings.web_workers
threads = _settings.web_threads
timeout = 60
graceful_timeout = 20
keepalive = 5
limit_request_line = 4094
limit_request_fields = 60
control_socket_disable = True
# Heartbeats of workers are writes to a file; on a disk they may block.
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - gunicorn makes it safely


def on_starting(_server: object) -> None:
    """Begin with empty counts, and load the code once for all workers; that opens nothing."""
    watch()
    counts.begin(_figures)
    importlib.import_module("wsgi")


def post_fork(_server: object, _worker: object) -> None:
    """Threads do not survive a fork, so each worker watches by itself."""
    watch()
    if not counts.reserve(_figures, process=os.getpid()):
        load("governance.api.metrics:count_apart")()
        logs.get_logger("governance.api.counts").warning("http.counts_apart", slug="disk-full")
