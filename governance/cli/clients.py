"""`clients`: systems that use the API."""

from datetime import timedelta
from uuid import UUID

import click

from governance.accounts import operations as accounts
from governance.accounts.operations import Client, Limits
from governance.cli.context import answer_json, answer_table, as_json, operator_work, say
from governance.consent import operations as consent
from governance.kernel.ids import ClientId
from governance.kernel.work import Work
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
@click.option("--purposes", help="Keep it to these purposes, separated by commas.")
@click.option("--channels", help="Keep it to these channels, separated by commas.")
@click.option("--days", type=click.IntRange(1, 3650), help="How long its first key is taken; a year if not said.")
@as_json
def create(
    *, name: str, scopes: str, purposes: str | None, channels: str | None, days: int | None, as_json: bool
) -> None:
    """Connect a system and print its key, once. In a demonstration it is a test key, which no other store takes."""
    wanted = _known_scopes() if scopes == "all" else _listed(scopes)
    with operator_work() as work:
        until = None if days is None else work.now + timedelta(days=days)
        limits = _limits(work, purposes, channels)
        made = accounts.create_client(work, name=name, scopes=wanted, limits=limits, expires_at=until)
    if as_json:
        answer_json({"id": made.client.id, "key_id": made.key_id, "key": made.secret, "scopes": made.client.scopes})
        return
    click.echo(made.secret)
    say(f"Client {made.client.id} is connected. This is its key; it is shown once and kept nowhere.")


def _listed(words: str) -> list[str]:
    return [word.strip() for word in words.split(",") if word.strip()]


def _limits(work: Work, purposes: str | None, channels: str | None) -> Limits:
    """Limits as they were said; a purpose that does not exist is a misspelt one."""
    wanted = None if purposes is None else _listed(purposes)
    known = {one.purpose.key for one in consent.purposes(work)} if wanted else set()
    wrong = [one for one in wanted or () if one not in known]
    if wrong:
        raise click.UsageError("There is no such purpose; known are " + ", ".join(sorted(known)) + ".")
    return Limits(wanted, None if channels is None else _listed(channels))


def _kept_to(client: Client) -> list[str]:
    return [*(client.purposes or ()), *(client.channels or ())]


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
            max((key.last_used_at for key in client.keys if key.last_used_at is not None), default=None),
            client.scopes,
            _kept_to(client),
        )
        for client in found
    ]
    answer_table(["id", "name", "state", "key ends", "last used", "scopes", "kept to"], rows)


@clients.command()
@click.argument("client", type=click.UUID)
@click.option("--purposes", help="Purposes, separated by commas; left out: all.")
@click.option("--channels", help="Channels, separated by commas; left out: all.")
def limit(client: UUID, purposes: str | None, channels: str | None) -> None:
    """Keep a system to purposes and channels from now on, in place of what it was kept to."""
    with operator_work() as work:
        accounts.limit_client(work, client=ClientId(client), limits=_limits(work, purposes, channels))
    say("The limits are in force.")


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
