"""What an import would do, or did, told to a person: places and reasons, never values."""

from collections.abc import Iterator
from pathlib import Path

import click

from governance.cli.context import answer_table
from governance.intake.reports import BatchReport, DryRun

REFUSALS_SHOWN = 20


def show_dry_run(tried: DryRun, file: Path) -> None:
    """Tell what an import would do."""
    for line in _summary(tried, file):
        click.echo(line)
    named = [(one.heading, one.field or "nothing is read from it") for one in tried.file.columns]
    answer_table(["column", "read as"], named)
    if tried.file.unknown:
        click.echo(f"Columns without a meaning: {', '.join(tried.file.unknown)}. Name them in a file for --mapping.")
    if tried.file.repeated:
        click.echo(f"Columns that repeat an earlier one: {', '.join(tried.file.repeated)}.")
    if tried.refusals:
        click.echo("Refused:")
        shown = [
            (one.row, one.column, one.reason, "row" if one.whole else "cell") for one in tried.refusals[:REFUSALS_SHOWN]
        ]
        answer_table(["row", "column", "why", "refused"], shown)
        left = sum(one.rows for one in tried.refusal_counts) - len(shown)
        if left > 0:
            click.echo(f"and {left} more; after the import: governance import refused BATCH")


def _summary(tried: DryRun, file: Path) -> Iterator[str]:
    facts = tried.file
    text = f", {facts.encoding}, separated by {_name(facts.delimiter)}" if facts.encoding else ""
    sheet = f", sheet {facts.sheet}" if facts.sheet else ""
    yield f"{file.name}: {facts.kind}, {facts.format}{text}{sheet}, headings in row {facts.heading_row}"
    if any((one.field or "").startswith("phone") for one in facts.columns):
        yield f"Phone numbers without a country code are read as of {facts.phone_region}; --region names another."
    if facts.other_sheets:
        yield f"Other sheets are not read: {', '.join(facts.other_sheets)}."
    if facts.damaged:
        yield "Some bytes do not fit the encoding; they are shown as a replacement character."
    skipped = ", ".join(f"{count} {why}" for why, count in tried.skipped.items())
    yield f"{tried.rows} rows: {tried.good} good, {tried.refused} refused{f', skipped: {skipped}' if skipped else ''}"
    doubles, store = tried.doubles, tried.store
    if doubles.doubles or doubles.possible:
        seen = "" if doubles.complete else " (not all of the file was compared)"
        yield f"Within the file: {doubles.doubles} doubles, {doubles.possible} possible ones{seen}."
    if store.known or store.possible_doubles:
        yield f"In the store already: {store.known}; possible doubles of others: {store.possible_doubles}."
    if store.unknown_person or store.several_people:
        yield (
            f"Of nobody in the store: {store.unknown_person}, which the import will refuse unless their people are "
            f"brought in before; of several people: {store.several_people}."
        )
    if tried.consents_yes or tried.consents_no:
        yield f"Consents: {tried.consents_yes} yes, {tried.consents_no} no."
        claims = tried.consents_yes - tried.consents_given
        if claims:
            yield (
                f"Of the yes, {claims} have no day or no notice named for them: they are kept as claims, and nothing "
                "is sent on them; --notice PURPOSE=VERSION names what these people were shown."
            )
    if tried.already is not None:
        yield f"This very file was imported before, as {tried.already}."


def _name(delimiter: str) -> str:
    return {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}.get(delimiter, delimiter)


def show_batch(batch: BatchReport) -> None:
    """Tell how an import stands."""
    click.echo(f"Import {batch.id}: {batch.state}, {batch.done} of {batch.good} rows, {batch.refused} refused")
    click.echo(f"Made: {batch.created}; added to: {batch.enriched}; told nothing new: {batch.unchanged}")
    if batch.incomplete:
        click.echo(f"Without some cells, which were refused: {batch.incomplete} rows")
    if batch.refused_late:
        click.echo(f"Refused against the store: {batch.refused_late}")
    if batch.possible_doubles:
        click.echo(f"Possible doubles to look at: {batch.possible_doubles}")
    if batch.inform_by is not None:
        click.echo(
            f"People of {batch.to_inform} rows did not give their data themselves; "
            f"tell them by {batch.inform_by:%Y-%m-%d} (Art. 14)."
        )
    if batch.refused_until is not None and (batch.refused or batch.refused_late or batch.incomplete):
        click.echo(
            f"What was refused is kept until {batch.refused_until:%Y-%m-%d}: governance import refused {batch.id}"
        )
    if batch.undone_at is None:
        click.echo(f"To take it back: governance import undo {batch.id}")
