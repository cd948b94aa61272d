"""`staff`: people who work with the store, and their roles."""

from uuid import UUID

import click

from governance.accounts import operations as accounts
from governance.accounts.operations import SeenReport
from governance.accounts.seen import DAYS, MOST_DAYS
from governance.cli.context import answer_json, answer_table, as_json, operator_work, say
from governance.customers import operations as customers
from governance.customers.leaving import Entrusted, entrusted_to
from governance.kernel.errors import InvalidError
from governance.kernel.ids import StaffId

CREATED = "Role named when the account was made."
WAITS = "A second person has to approve this: proposal {}"


@click.group()
def staff() -> None:
    """People who work with the store."""


@staff.command()
@click.option("--name", required=True, help="Name of the person.")
@click.option("--email", required=True, help="E-mail address to sign in with.")
@click.option("--roles", required=True, help="Roles, separated by commas.")
@as_json
def create(*, name: str, email: str, roles: str, as_json: bool) -> None:
    """Add a person with roles. Where two others may decide, each role waits for one of them."""
    wanted = sorted({role.strip() for role in roles.split(",") if role.strip()})
    with operator_work() as work:
        made = accounts.create_staff(work, name=name, email=email)
        asked = [accounts.propose_grant(work, staff=made.id, role=role, reason=CREATED) for role in wanted]
    granted = [role for role, one in zip(wanted, asked, strict=True) if one.alone]
    waiting = [one.id for one in asked if not one.alone]
    if as_json:
        answer_json({"id": made.id, "roles": granted, "proposals": waiting})
        return
    click.echo(str(made.id))
    say(f"Added with {', '.join(granted) or 'no role yet'}.")
    for proposal in waiting:
        say(WAITS.format(proposal))


@staff.command()
@click.argument("who")
@click.option("--show", is_flag=True, help="Print the code as well: where no mail can be sent.")
def invite(*, who: str, show: bool) -> None:
    """Send a person, named by id or e-mail address, the code to set up password and second factor with."""
    with operator_work() as work:
        made = accounts.invite(work, staff=accounts.find_staff(work, who=who))
    if show:
        click.echo(made.token)
    say(f"Invited; the code in the mail is good until {made.expires_at:%Y-%m-%d %H:%M} UTC.")


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
@click.option("--reason", default="Granted at the command line.", help="Why; sealed.")
def grant(member: UUID, role: str, reason: str) -> None:
    """Give a person a role. Where two people may decide, one of them has to approve it."""
    with operator_work() as work:
        asked = accounts.propose_grant(work, staff=StaffId(member), role=role, reason=reason)
    say("Granted." if asked.alone else WAITS.format(asked.id))


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


@staff.command("reset-factor")
@click.argument("who")
@click.option("--show", is_flag=True, help="Print the code as well: where no mail can be sent.")
def reset_factor(*, who: str, show: bool) -> None:
    """Reset the lost second factor of a person, named by id or e-mail address, and send an invitation by mail."""
    with operator_work() as work:
        made = accounts.reset_factor(work, staff=accounts.find_staff(work, who=who))
    if show:
        click.echo(made.token)
    say(f"Reset; the code in the mail is good until {made.expires_at:%Y-%m-%d %H:%M} UTC.")


@staff.command("allow-reading")
@click.argument("who")
@click.option("--people", type=int, required=True, help="How many people in all may be seen in the clear today.")
def allow_reading(*, who: str, people: int) -> None:
    """Let a person see more people in the clear today than the quota."""
    with operator_work() as work:
        done = accounts.grant_reading(work, staff=accounts.find_staff(work, who=who), people=people)
    say(f"Granted for {done.day}: {done.allowed} people, of whom {done.people} were seen already.")


@staff.command()
@click.argument("who")
@click.option("--hand-to", metavar="WHO", help="Who is responsible for the clients from now on.")
@click.option("--hand-to-nobody", is_flag=True, help="Leave the clients with nobody responsible.")
@click.option("--days", type=click.IntRange(1, MOST_DAYS), default=DAYS, show_default=True, help="Report of so many.")
@as_json
def leave(*, who: str, hand_to: str | None, hand_to_nobody: bool, days: int, as_json: bool) -> None:
    """Let a person leave: access is cut at once, the clients are handed to another, and what was seen is told.

    Who takes the clients over has to be said where there are any: --hand-to WHO, or --hand-to-nobody.
    """
    if hand_to is not None and hand_to_nobody:
        raise InvalidError("Say one: --hand-to WHO, or --hand-to-nobody.")
    with operator_work() as work:
        member = accounts.find_staff(work, who=who)
        if hand_to is None and not hand_to_nobody:
            _refuse_unsaid(entrusted_to(work, staff=member))
        successor = None if hand_to is None else accounts.find_staff(work, who=hand_to)
        done = customers.leave(work, staff=member, successor=successor, days=days)
    if as_json:
        answer_json(done)
        return
    became = "left with nobody responsible" if successor is None else "handed over"
    say(f"Access is cut; clients {became}: {done.clients_handed}.")
    _tell_seen(done.report)


def _refuse_unsaid(entrusted: Entrusted) -> None:
    if entrusted.clients:
        wrong = "Name who takes them over by --hand-to WHO, or leave them to nobody by --hand-to-nobody."
        raise InvalidError(
            f"Clients in the hands of this person: {entrusted.clients}. Nothing was done.", errors={"hand-to": [wrong]}
        )


@staff.command()
@click.argument("who")
@click.option("--days", type=click.IntRange(1, MOST_DAYS), default=DAYS, show_default=True)
@as_json
def seen(*, who: str, days: int, as_json: bool) -> None:
    """Show what a person has seen in the clear and taken out, in codes and the references of the audit log."""
    with operator_work() as work:
        report = accounts.seen_by(work, staff=accounts.find_staff(work, who=who), days=days)
    if as_json:
        answer_json(report)
    else:
        _tell_seen(report)


def _tell_seen(report: SeenReport) -> None:
    say(f"Since {report.since:%Y-%m-%d %H:%M} UTC: {len(report.people)} people seen, {len(report.files)} files taken.")
    if report.people:
        rows = [(one.subject, one.times, one.last_at, one.fields) for one in report.people]
        answer_table(["person", "times", "last", "fields"], rows)
    if report.files:
        answer_table(["file", "of", "at"], [(one.action, one.object, one.at) for one in report.files])
