"""`database`: the way in for PostgreSQL's own tools."""

import os
import subprocess
from pathlib import Path

import click

from governance.cli.context import say, settings
from governance.kernel.account import wheel_programs
from governance.kernel.errors import UnavailableError
from governance.kernel.server import reach


@click.group()
def database() -> None:
    """The database behind the store."""


@database.command()
@click.option(
    "--role", type=click.Choice(["admin", "app"]), default="admin", show_default=True, help="As whom to log in."
)
def url(role: str) -> None:
    """Print the URL of the database, password included."""
    found = settings()
    with reach(found) as server:
        click.echo(server.admin_url() if role == "admin" else server.app_url())
        if server.embedded is not None:
            say("The embedded server runs while the service or a command uses it: keep `governance up` running.")


@database.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def dump(file: Path) -> None:
    """Dump the database into FILE with pg_dump. Sealed values stay sealed; the wrapped keys are among them.

    For inspection and moving house. For backups use `governance backup`, which keeps data and keys apart.
    """
    found = settings()
    with reach(found) as server:
        environment = {**os.environ, **server.client_environment()}
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as target:
            result = subprocess.run(
                [str(wheel_programs() / "pg_dump"), "--no-password"], env=environment, stdout=target, check=False
            )
        if result.returncode != 0:
            raise UnavailableError(f"pg_dump ended with code {result.returncode}; {file} is not complete.")
    say(f"Dumped to {file}.")
