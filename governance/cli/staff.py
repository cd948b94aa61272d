"""`staff`: people who work with the store, and their roles."""

from uuid import UUID

import click

from governance.accounts import operations as accounts
from governance.cli.context import answer_json, answer_table, as_json, operator_work, say
from governance.kernel.ids import StaffId


@click.group()
def staff() -> None:
    """People who work with the store."""


@staff.command()
@click.option("--name", required=True, help="Name of the person.")
@click.option("--email", required=True, help="E-mail address to sign in with.")
@click.option("--roles", required=True, help="Roles, separated by commas.")
@as_json
def create(*, name: str, email: str, roles: str, as_json: bool) -> None:
    """Add a person with roles."""
    wanted = [role.strip() for role in roles.split(",") if role.strip()]
    with operator_work() as work:
        made = accounts.create_staff(work, name=name, email=email, roles=wanted)
    if as_json:
        answer_json({"id": made.id, "roles": made.roles})
        return
    click.echo(str(made.id))
    say(f"Added with {', '.join(made.roles)}.")


@staff.command("list")
@as_json
def list_(*, as_json: bool) -> None:
    """Show who works here, and with which roles."""
    with operator_work() as work:
        found = accounts.list_staff(work)
    shown = [{"id": one.id, "roles": one.roles, "active": one.active, "created_at": one.created_at} for one in found]
    if as_json:
        answer_json(shown)
        return
    rows = [(one.id, one.roles, "active" if one.active else "disabled", one.created_at) for one in found]
    answer_table(["id", "roles", "state", "since"], rows)


@staff.command()
@click.argument("member", type=click.UUID)
@click.argument("role")
def grant(member: UUID, role: str) -> None:
    """Give a person a role."""
    with operator_work() as work:
        accounts.grant_role(work, staff=StaffId(member), role=role)
    say("Granted.")


@staff.command()
@click.argument("member", type=click.UUID)
@click.argument("role")
def withdraw(member: UUID, role: str) -> None:
    """Take a role from a person."""
    with operator_work() as work:
        accounts.withdraw_role(work, staff=StaffId(member), role=role)
    say("Withdrawn.")


@staff.command()
@click.argument("member", type=click.UUID)
def disable(member: UUID) -> None:
    """Cut a person's access, at once."""
    with operator_work() as work:
        accounts.disable_staff(work, staff=StaffId(member))
    say("Disabled.")
