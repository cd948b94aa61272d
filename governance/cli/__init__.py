"""The entry point for operators: `governance COMMAND`, each of them in a module that is loaded when it is called.

`context` opens the store for a command, `setup` makes one, `run` keeps the service going, the rest are the verbs of the
packages. A refusal is one sentence on standard error and exit code 1, a wrong call 2; there is never a traceback.
"""

import contextlib
import errno
import importlib
import os
import sys
from collections.abc import Sequence
from types import TracebackType
from typing import Final

import click

from governance import __version__
from governance.kernel.collecting import uncollected
from governance.kernel.errors import GovernanceError
from governance.kernel.late import load
from governance.kernel.space import DiskFullError, lacks_room

COMMANDS: Final = {
    "up": "governance.cli.run:up",
    "init": "governance.cli.setup:init",
    "migrate": "governance.cli.setup:migrate",
    "demo": "governance.cli.demo:demo",
    "serve": "governance.cli.run:serve",
    "worker": "governance.cli.run:worker",
    "database": "governance.cli.database:database",
    "import": "governance.cli.imports:imports",
    "duplicates": "governance.cli.duplicates:duplicates",
    "segments": "governance.cli.segments:segments",
    "merges": "governance.cli.merges:merges",
    "report": "governance.cli.report:report",
    "audit": "governance.cli.audit:audit",
    "keys": "governance.cli.keys:keys",
    "backup": "governance.cli.backups:backup",
    "restore": "governance.cli.backups:restore",
    "doctor": "governance.cli.doctor:doctor",
    "clients": "governance.cli.clients:clients",
    "webhooks": "governance.cli.webhooks:webhooks",
    "staff": "governance.cli.staff:staff",
    "proposals": "governance.cli.proposals:proposals",
    "alerts": "governance.cli.alerts:alerts",
    "requests": "governance.cli.requests:requests",
    "recipients": "governance.cli.recipients:recipients",
    "export": "governance.cli.exports:export",
    "packages": "governance.cli.packages:packages_group",
    "erasure": "governance.cli.erasure:erasure",
    "fields": "governance.cli.fields:fields",
    "retention": "governance.cli.retention:retention_group",
    "deadlines": "governance.cli.deadlines:deadlines",
    "consent": "governance.cli.consent:consent_group",
    "forms": "governance.cli.forms:forms",
    "access": "governance.cli.access:access",
    "languages": "governance.cli.languages:languages",
}

REFUSED, WRONG_CALL, FAILED, INTERRUPTED = 1, 2, 70, 130
"""Exit codes; 70 is EX_SOFTWARE of sysexits.h, 130 what shells give after Ctrl-C."""


class LazyCommands(click.Group):
    """A group whose commands are loaded when they are asked for, so that each starts fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's own protocol
        """Names of all commands, in the order of first use."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Load a command."""
        place = COMMANDS.get(cmd_name)
        if place is None:
            return None
        module, _, name = place.partition(":")
        with uncollected():
            found: click.Command = getattr(importlib.import_module(module), name)
        return found


@click.group(cls=LazyCommands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="governance")
def cli() -> None:
    """Keep customer data lawfully, and provably so.

    Settings are read from GOVERNANCE_* variables; GOVERNANCE_DATA_DIR names the store (./var by default).
    """


def main() -> None:
    """Run the command of this process and end it with its exit code."""
    sys.exit(run_command(sys.argv[1:]))


def run_command(arguments: Sequence[str]) -> int:
    """Run a command; returns its exit code."""
    try:
        code = cli.main(args=list(arguments), prog_name="governance", standalone_mode=False)
        sys.stdout.flush()
    except click.UsageError as error:
        error.show()
        return WRONG_CALL
    except click.ClickException as error:
        error.show()
        return REFUSED
    except (click.Abort, KeyboardInterrupt):
        _tell("Interrupted.")
        return INTERRUPTED
    except GovernanceError as error:
        _tell(error.detail)
        for field, said in error.errors.items():
            _tell(f"  {field}: {' '.join(said)}")
        return REFUSED
    except BrokenPipeError:
        # Whoever read the output has seen enough; a second error at exit would say so once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:  # noqa: BLE001 - nothing is above this: a traceback may quote what was being worked on
        told = _of_host(error)
        if told is not None:
            _tell(told)
            return REFUSED
        _tell(f"The command failed: {type(error).__name__} at {_place(error.__traceback__)}. Please report this line.")
        return FAILED
    return code if isinstance(code, int) else 0


def _of_host(error: Exception) -> str | None:
    """What to tell where it is the host or the database that refuses; None of a fault of ours."""
    if lacks_room(error):
        return DiskFullError().detail
    if isinstance(error, MemoryError):
        return "There is not enough memory for this; give it more, or raise the limit that it runs under (ulimit -v)."
    if isinstance(error, OSError) and error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return (
            f"{error.strerror}: {error.filename or 'a file'}. Look at owner, mode and disk of it; the data folder "
            "belongs, with all that is in it, to the user who runs the service."
        )
    outage: GovernanceError | None = load("governance.kernel.outage:told_of")(error)
    return None if outage is None else outage.detail


def _tell(sentence: str) -> None:
    with contextlib.suppress(BrokenPipeError):
        click.echo(sentence, err=True)


def _place(trace: TracebackType | None) -> str:
    """Where in our own code an error came from."""
    place = "an unknown place"
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if "governance" in file:
            place = f"{file.rpartition('/governance/')[2]}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place
