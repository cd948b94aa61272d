"""Runs the worker: `python -m governance.worker`."""
# ruff: noqa: E402 - what is loaded below is loaded while no garbage is collected.

import gc

# What modules make while they load stays until the process ends, so looking through it again and again finds nothing.
gc.disable()

import os
import sys

from governance.kernel import logs
from governance.kernel.errors import GovernanceError, UnavailableError
from governance.kernel.lifeline import watch
from governance.kernel.revision import SchemaOutdatedError
from governance.kernel.settings import Settings
from governance.kernel.supervisor import WAITING
from governance.worker.running import run

gc.freeze()
gc.enable()


def main() -> int:
    """Run until a signal comes; returns the exit code, `WAITING` where the database does not answer."""
    watch()
    try:
        settings = Settings.from_environment(os.environ)
        logs.configure(settings)
        return run(settings)
    except GovernanceError as error:
        sys.stderr.write(f"{error.detail}\n")
        return WAITING if isinstance(error, UnavailableError) and not isinstance(error, SchemaOutdatedError) else 1


if __name__ == "__main__":
    sys.exit(main())
