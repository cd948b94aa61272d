"""`doctor`: what is wrong with the store, or soon will be."""

import click

from governance.cli.context import answer_json, as_json, opened, settings
from governance.custody.doctor import examine_closed
from governance.custody.findings import Level
from governance.kernel.errors import GovernanceError
from governance.pages.examining import examine_all

FAILING = 1


@click.command()
@as_json
def doctor(*, as_json: bool) -> int:
    """Examine the store; exits with 1 where a promise does not hold.

    Of a store that does not open it tells why, and what else can be seen.
    """
    try:
        with opened() as store:
            found = examine_all(store)
    except GovernanceError as refusal:
        found = examine_closed(settings(), refusal)
    if as_json:
        answer_json({"findings": found})
    else:
        for finding in found:
            click.echo(f"{finding.level.upper()} {finding.code}: {finding.sentence}")
            click.echo(f"    {finding.remedy}")
        if not found:
            click.echo("All is in order.")
    return FAILING if any(finding.level is Level.FAILING for finding in found) else 0
