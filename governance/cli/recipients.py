"""`recipients`: who gets personal data, for what, and what makes it lawful."""

import click

from governance.cli.context import answer_json, answer_table, as_json, operator_work
from governance.disclosures import operations as disclosures
from governance.reference import recipients as reference
from governance.reference.recipients import Recipient, RecipientKind
from governance.reference.safeguards import safeguards


@click.group()
def recipients() -> None:
    """Processors and third parties that get personal data."""


@recipients.command("list")
@click.option("--retired", is_flag=True, help="Those too that nothing goes to any more.")
@as_json
def list_(*, retired: bool, as_json: bool) -> None:
    """Show all recipients in the versions in force."""
    with operator_work() as work:
        found = reference.recipients(work, retired=retired)
    _tell(found, as_json=as_json)


@recipients.command()
@click.argument("key")
@as_json
def history(*, key: str, as_json: bool) -> None:
    """Show all versions of a recipient, newest first."""
    with operator_work() as work:
        found = reference.recipient_history(work, key=key)
    _tell(found, as_json=as_json)


@recipients.command()
@click.argument("key")
@click.option("--name", required=True, help="Of the company.")
@click.option("--kind", type=click.Choice([one.value for one in RecipientKind]), required=True)
@click.option("--country", required=True, help="Two letters, such as UA.")
@click.option("--purposes", required=True, help="Keys of purposes, separated by commas.")
@click.option("--fields", required=True, help="What it may get: person.given_name,contact.email,extra.KEY.")
@click.option("--safeguard", type=click.Choice(list(safeguards())), required=True)
@click.option("--contact", help="Whom to ask there; kept sealed.")
@as_json
def define(
    *,
    key: str,
    name: str,
    kind: str,
    country: str,
    purposes: str,
    fields: str,
    safeguard: str,
    contact: str | None,
    as_json: bool,
) -> None:
    """Record a recipient, or a further version of it."""
    with operator_work() as work:
        made = disclosures.define_recipient(
            work,
            key=key,
            name=name,
            kind=RecipientKind(kind),
            country=country,
            purposes=_split(purposes),
            fields=_split(fields),
            safeguard=safeguard,
            contact=contact,
        )
    _tell([made], as_json=as_json)


@recipients.command()
@click.argument("key")
@as_json
def retire(*, key: str, as_json: bool) -> None:
    """Hand nothing to a recipient any more; what was handed to it stays on record."""
    with operator_work() as work:
        gone = reference.retire_recipient(work, key=key)
    _tell([gone], as_json=as_json)


def _split(words: str) -> list[str]:
    return [one.strip() for one in words.split(",") if one.strip()]


def _tell(found: list[Recipient], *, as_json: bool) -> None:
    if as_json:
        answer_json(found)
        return
    rows = [
        (
            one.key,
            one.version,
            one.name,
            one.kind.value,
            one.country,
            one.purposes,
            one.fields,
            one.safeguard,
            "retired" if one.retired else "",
        )
        for one in found
    ]
    headings = ["key", "version", "name", "kind", "country", "purposes", "fields", "safeguard", ""]
    answer_table(headings, rows)
