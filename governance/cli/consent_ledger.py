"""`consent lift`: take a contact off the suppression ledger, which nothing but staff does."""

import sys

import click

from governance.cli.context import answer_json, as_json, on_terminal, operator_work, say
from governance.consent import operations as consent
from governance.consent.operations import ContactSaid
from governance.customers.codes import ContactKind
from governance.policies.consent_facts import Scope
from governance.policies.purposes import Channel


@click.command()
@click.option("--channel", type=click.Choice([one.value for one in Channel]), required=True, help="Of the lines.")
@click.option(
    "--kind",
    type=click.Choice([one.value for one in (ContactKind.EMAIL, ContactKind.PHONE, ContactKind.POSTAL)]),
    default=ContactKind.EMAIL.value,
    show_default=True,
    help="Of the contact, which is asked for or read from standard input, so that no other user of this host sees it.",
)
@click.option("--region", help="Country of a phone number without a country code: RU, UA, DE.")
@click.option("--scope", type=click.Choice([one.value for one in Scope]), help="Of the lines; every one if left out.")
@click.option("--purpose", help="Of the lines, likewise.")
@as_json
def lift(*, channel: str, kind: str, region: str | None, scope: str | None, purpose: str | None, as_json: bool) -> None:
    """Take a contact off the suppression ledger, for one who asked to be written to again or whose address works again.

    Nothing is agreed to by it: what the person withdrew stays withdrawn until they consent anew.
    """
    value = click.prompt("Contact", err=True) if on_terminal() else sys.stdin.readline()
    with operator_work() as work:
        lifted = consent.lift(
            work,
            contact=ContactSaid(ContactKind(kind), value.strip(), region),
            channel=Channel(channel),
            scope=None if scope is None else Scope(scope),
            purpose=purpose,
        )
    if as_json:
        answer_json([{"scope": one.scope, "purpose": one.purpose, "reason": one.reason} for one in lifted])
        return
    for one in lifted:
        say(f"Lifted: {one.scope.value}{'' if one.purpose is None else ' ' + one.purpose}, {one.reason.value}")
    if not lifted:
        say("No such line stands for this contact.")
