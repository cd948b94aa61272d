"""`access explain`: why somebody may do something, or not."""

from dataclasses import dataclass
from uuid import UUID

import click

from governance.accounts import operations as accounts
from governance.cli.context import answer_json, answer_table, as_json, operator_work
from governance.kernel.ids import StaffId
from governance.policies import access as policy
from governance.policies import shipped


@dataclass(frozen=True, slots=True)
class _Holder:
    """Somebody who holds roles, for asking what they come to."""

    id: UUID | None
    permissions: frozenset[str]
    roles: tuple[str, ...]


@click.group()
def access() -> None:
    """Who may do what, and why."""


@access.command()
@click.argument("permission")
@click.option("--roles", help="Roles to ask about, separated by commas.")
@click.option("--staff", "member", type=click.UUID, help="A staff member to ask about.")
@click.option("--field", "path", help="A field, as the catalogue names it: person.family_name.")
@click.option("--purpose", help="What it would be done for.")
@as_json
def explain(
    *, permission: str, roles: str | None, member: UUID | None, path: str | None, purpose: str | None, as_json: bool
) -> None:
    """Say whether PERMISSION (customers:reveal) is granted, and every rule that spoke on it."""
    if (roles is None) == (member is None):
        raise click.UsageError("Give either --roles or --staff.")
    holder = _of_roles(roles) if roles is not None else _of_member(member)
    field = None if path is None else shipped.catalogue().field(path)
    found = policy.explain(holder, permission, field=field, purpose=purpose)
    decision = found.decision
    if as_json:
        answer_json(found)
        return
    click.echo(f"{'Allowed' if decision.allowed else 'Refused'}: {decision.reason} by {decision.rule}")
    click.echo(f"Rows: {decision.rows}. Field: {decision.visibility if field is not None else 'not asked about'}.")
    answer_table(["rule", "says"], [(hit.rule, hit.effect) for hit in found.rules])


def _of_roles(roles: str) -> policy.Grantee:
    names = tuple(name.strip() for name in roles.split(",") if name.strip())
    unknown = [name for name in names if name not in shipped.roles().roles]
    if unknown:
        raise click.UsageError("There is no such role; known are " + ", ".join(shipped.roles().roles) + ".")
    return _Holder(None, shipped.roles().grants_of(names), names)


def _of_member(member: UUID | None) -> policy.Grantee:
    with operator_work() as work:
        return accounts.staff_actor(work, staff=StaffId(member or UUID(int=0)))
