"""`audit exposure`: whose data leaked, and what follows."""

from datetime import datetime
from uuid import UUID

import click

from governance.cli.context import answer_json, answer_table, as_json, operator_work, say
from governance.cli.instants import Instant
from governance.disclosures import operations as disclosures
from governance.disclosures.operations import ExportId, Exposure, Viewer


@click.command()
@click.option("--actor", type=click.UUID, help="Id of a member of staff.")
@click.option("--client", type=click.UUID, help="Id of a connected system.")
@click.option("--key", help="Id of one of its keys, not the secret.")
@click.option("--export", "export_id", type=click.UUID, help="Id of an export.")
@click.option("--from", "since", type=Instant(), help="From this instant on, UTC.")
@click.option("--to", "until", type=Instant(), help="Before this instant, UTC.")
@click.option("--aware", type=Instant(), help="When the breach became known; now by default.")
@as_json
def exposure(
    *,
    actor: UUID | None,
    client: UUID | None,
    key: str | None,
    export_id: UUID | None,
    since: datetime | None,
    until: datetime | None,
    aware: datetime | None,
    as_json: bool,
) -> None:
    """Tell whose data leaked: people, fields, countries, and when which duty is due."""
    by = Viewer(staff=actor, client=client, key=key, since=since, until=until) if actor or client or key else None
    with operator_work() as work:
        found = disclosures.exposure(
            work, by=by, export=None if export_id is None else ExportId(export_id), aware=aware
        )
    if as_json:
        answer_json(found)
        return
    _tell(found)


def _tell(found: Exposure) -> None:
    say(f"Data of {found.people} people were seen, of {found.in_the_clear} of them in the clear.")
    for words, counted in (
        ("in", found.countries),
        ("field", found.fields),
        ("act", found.acts),
        ("of nobody named", found.nameless),
    ):
        for name, count in counted.items():
            say(f"{count:>8}  {words} {name}")
    rows = [
        (
            one.due or "without delay",
            one.duty.titles.get("en"),
            one.duty.citation,
            one.because,
            "" if one.duty.verified else "not verified",
        )
        for one in found.duties
    ]
    answer_table(["due", "duty", "citation", "because of", ""], rows)
    for law, note in found.notes.items():
        say(f"{law}: {note}")
    say("Whether a duty applies is for your lawyers to say. --json names the people.")
