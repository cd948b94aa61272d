"""`clients`: systems that use the API."""

from datetime import timedelta
from uuid import UUID

import click

from governance.accounts import operations as accounts
from governance.cli.context import answer_json, answer_table, as_json, operator_work, say
from governance.kernel.ids import ClientId
from governance.policies import shipped


@click.group()
def clients() -> None:
    """Systems that use the API."""


def _known_scopes() -> list[str]:
    return sorted(permission.value for permission, facts in shipped.permissions().items() if facts.systems)


@clients.command()
@click.option("--name", required=True, help="Name of the system, never of a person.")
@click.option(
    "--scopes", required=True, help="Permissions, separated by commas; `all` for every one a system may hold."
)
@click.option("--days", type=click.IntRange(1, 3650), help="How long its first key is taken; a year if not said.")
@as_json
def create(*, name: str, scopes: str, days: int | None, as_json: bool) -> None:
    """Connect a system and print its key, once."""
    wanted = _known_scopes() if scopes == "all" else [scope.strip() for scope in scopes.split(",") if scope.strip()]
    with operator_work() as work:
        until = None if days is None else work.now + timedelta(days=days)
        made = accounts.create_client(work, name=name, scopes=wanted, expires_at=until)
    if as_json:
        answer_json({"id": made.client.id, "key_id": made.key_id, "key": made.secret, "scopes": made.client.scopes})
        return
    click.echo(made.secret)
    say(f"Client {made.client.id} is connected. This is its key; it is shown once and kept nowhere.")


@clients.command("list")
@as_json
def list_(*, as_json: bool) -> None:
    """Show all systems and when their keys end."""
    with operator_work() as work:
        found = accounts.list_clients(work)
    if as_json:
        answer_json(found)
        return
    rows = [
        (
            client.id,
            client.name,
            "revoked" if client.revoked_at else "in use",
            client.keys[-1].expires_at,
            client.scopes,
        )
        for client in found
    ]
    answer_table(["id", "name", "state", "key ends", "scopes"], rows)


@clients.command()
@click.argument("client", type=click.UUID)
@click.option("--overlap-days", type=click.IntRange(0, 90), default=7, show_default=True)
@as_json
def rotate(*, client: UUID, overlap_days: int, as_json: bool) -> None:
    """Give a system a new key and print it, once; the old one is taken for some days yet."""
    with operator_work() as work:
        made = accounts.rotate_client_key(work, client=ClientId(client), overlap=timedelta(days=overlap_days))
    if as_json:
        answer_json({"id": made.client.id, "key_id": made.key_id, "key": made.secret})
        return
    click.echo(made.secret)
    say("This is the new key; it is shown once and kept nowhere.")


@clients.command()
@click.argument("client", type=click.UUID)
def revoke(client: UUID) -> None:
    """Disconnect a system with all its keys, at once."""
    with operator_work() as work:
        accounts.revoke_client(work, client=ClientId(client))
    say("The client is disconnected.")
