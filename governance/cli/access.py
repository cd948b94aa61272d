"""`access explain`: why somebody may do something, or not."""

from collections.abc import Iterator
from uuid import UUID

import click

from governance.accounts import operations as accounts
from governance.cli.context import answer_json, answer_table, as_json, operator_work
from governance.kernel.records import frozen
from governance.policies import access as policy
from governance.policies import shipped
from governance.policies.classification import Field, Sensitivity, Visibility


@frozen
class _Holder:
    """Somebody who holds roles, for asking what they come to."""

    id: UUID | None
    permissions: frozenset[str]
    roles: tuple[str, ...]


@click.group()
def access() -> None:
    """Who may do what, and why."""


@access.command()
@click.argument("words", nargs=-1, required=True, metavar="[USER] PERMISSION [FIELD]")
@click.option("--roles", help="Instead of USER: roles to ask about, separated by commas.")
@click.option("--staff", "member", help="The same as USER.")
@click.option("--field", "path", help="The same as FIELD.")
@click.option("--purpose", help="What it would be done for.")
@as_json
def explain(
    *,
    words: tuple[str, ...],
    roles: str | None,
    member: str | None,
    path: str | None,
    purpose: str | None,
    as_json: bool,
) -> None:
    """Say whether PERMISSION (customers:reveal) is granted to USER, and every rule that spoke on it.

    USER is the id or the e-mail address of a staff member. FIELD is a field as the catalogue names it
    (person.family_name), or a category of fields (user.contact.email), which stands for all fields of that category.
    """
    who, permission, path = _read(words, roles or member, path)
    holder = _of_roles(roles) if roles is not None else _of_member(who)
    if path is None:
        found = {"": policy.explain(holder, permission, purpose=purpose)}
    else:
        fields = _fields(path).items()
        found = {name: policy.explain(holder, permission, field=one, purpose=purpose) for name, one in fields}
    if as_json:
        told = list(found.values())
        answer_json(told[0] if len(told) == 1 else found)
        return
    for name, one in found.items():
        _tell(name, one)


def _read(words: tuple[str, ...], said: str | None, path: str | None) -> tuple[str, str, str | None]:
    """Who is asked about, which permission, and which field: USER comes first where no option names one."""
    rest = list(words)
    who = said or rest.pop(0)
    if not rest:
        raise click.UsageError("Give USER and PERMISSION, or PERMISSION with --roles or --staff.")
    permission = rest.pop(0)
    if rest and path is None:
        path = rest.pop(0)
    if rest:
        raise click.UsageError("Give USER, PERMISSION and FIELD, and nothing more.")
    return who, permission, path


def _fields(path: str) -> dict[str, Field]:
    """The fields that *path* stands for, by what they are called; those that access sees alike as one."""
    alike: dict[tuple[str, Sensitivity, Visibility], dict[str, Field]] = {}
    for name, one in _called():
        if name == path or one.path == path or f"{one.category}.".startswith(f"{path}."):
            alike.setdefault((one.category, one.sensitivity, one.visibility), {})[name] = one
    if not alike:
        raise click.UsageError("There is no such field, and no field of such a category.")
    return {", ".join(same): next(iter(same.values())) for same in alike.values()}


def _called() -> Iterator[tuple[str, Field]]:
    for one in shipped.catalogue().fields():
        if not one.variants:
            yield one.path, one
        for value, variant in one.variants.items():
            yield f"{one.path} ({value})", variant


def _tell(name: str, found: policy.Explanation) -> None:
    decision = found.decision
    answer = f"{'Allowed' if decision.allowed else 'Refused'}: {decision.reason} by {decision.rule}"
    click.echo(f"{name}: {answer}" if name else answer)
    click.echo(f"Rows: {decision.rows}. Field: {decision.visibility if name else 'not asked about'}.")
    answer_table(["rule", "says"], [(hit.rule, hit.effect) for hit in found.rules])


def _of_roles(roles: str) -> policy.Grantee:
    names = tuple(name.strip() for name in roles.split(",") if name.strip())
    unknown = [name for name in names if name not in shipped.roles().roles]
    if unknown:
        raise click.UsageError("There is no such role; known are " + ", ".join(shipped.roles().roles) + ".")
    return _Holder(None, shipped.roles().grants_of(names), names)


def _of_member(who: str) -> policy.Grantee:
    with operator_work() as work:
        return accounts.staff_actor(work, staff=accounts.find_staff(work, who=who))
