"""`duplicates`: people who stand twice, in a file or in the store."""

from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import click

from governance.cli.context import answer_json, answer_table, as_json, opened, operator_work, progress, say
from governance.cli.imports import FileFirst
from governance.intake import operations as intake
from governance.intake.duplicates import PairId, PairState
from governance.intake.duplicates_files import FileDuplicates
from governance.intake.files import FileOptions
from governance.kernel.work import OPERATOR

PAIRS_SHOWN = 20


@click.group("duplicates", cls=FileFirst, epilog="For a file: governance duplicates FILE")
def duplicates() -> None:
    """Find people who stand twice."""


@duplicates.command("file")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False, readable=True))
@click.option("--mapping", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="Headings to fields.")
@click.option("--sheet", help="Sheet of a workbook; the first that holds anything if not said.")
@click.option("--region", help="Country of phone numbers without a country code: RU, UA, DE.")
@click.option("--month-first", is_flag=True, help="03/04/2024 is the fourth of March.")
@as_json
def in_file(
    *, file: Path, mapping: Path | None, sheet: str | None, region: str | None, month_first: bool, as_json: bool
) -> None:
    """Show which rows of FILE are probably one person; nothing is imported, and no store is asked.

    The word `file` may be left out: governance duplicates clients.csv
    """
    columns, _ = intake.notices_told({} if mapping is None else intake.read_mapping(mapping.read_bytes()))
    options = FileOptions(
        file_name=file.name,
        sheet=sheet,
        mapping=columns,
        region=region,
        day_first=not month_first,
    )
    with progress("Comparing") as bar, file.open("rb") as content:
        found = intake.duplicates_in(
            content, options=options, now=datetime.now(UTC), on_rows=lambda rows: bar(rows, None), on_pairs=bar
        )
    if as_json:
        answer_json(found)
        return
    _show(found)


@duplicates.command("list")
@click.option("--state", type=click.Choice([one.value for one in PairState]), default="open", show_default=True)
@click.option("--limit", type=click.IntRange(1, 100), default=50, show_default=True)
@as_json
def list_(*, state: str, limit: int, as_json: bool) -> None:
    """Show pairs of people in the store who are probably one, the surest first."""
    with operator_work() as work:
        found = intake.duplicates(work, state=PairState(state), limit=limit)
    if as_json:
        answer_json(found.items)
        return
    rows = [(one.id, *one.customers, f"{one.score}%", ", ".join(one.reasons)) for one in found.items]
    answer_table(["pair", "customer", "customer", "score", "reasons"], rows)
    if found.more:
        say("There are more; --limit shows up to 100.")


@duplicates.command()
@as_json
def find(*, as_json: bool) -> None:
    """Compare all people in the store now, as the worker does every night and after each import."""
    with opened() as store, progress("Comparing") as bar:
        found = intake.find_duplicates(store.database, actor=OPERATOR, on_progress=bar)
    if as_json:
        answer_json(found)
        return
    say(f"{found.people} people compared: {found.pairs} pairs wait, {found.fresh} of them new; {found.gone} are gone.")


@duplicates.command()
@click.argument("pair", type=click.UUID)
def apart(*, pair: UUID) -> None:
    """Decide that the two of a pair are two people; it holds for good."""
    with operator_work() as work:
        intake.mark_apart(work, pair=PairId(pair))
    say("They are two people, and are not shown as a pair again.")


def _show(found: FileDuplicates) -> None:
    repeated = sum(len(one) - 1 for one in found.clusters)
    say(
        f"{found.rows} rows compared: {len(found.clusters)} people stand more than once, in {repeated} rows too many."
        + (f" {found.refused} rows hold nothing that could be imported." if found.refused else "")
    )
    if found.phone_region is None:
        say("Phone numbers without a country code were not read; name their country by --region.")
    else:
        say(f"Phone numbers without a country code were read as of {found.phone_region}; --region names another.")
    if found.crowded:
        say(f"{found.crowded} values are shared by so many rows that not all of these were compared.")
    if found.clusters:
        answer_table(["rows of one person"], [(", ".join(map(str, one)),) for one in found.clusters])
    together = {row: place for place, one in enumerate(found.clusters) for row in one}
    unsure = [one for one in found.pairs if together.get(one.rows[0], -1) != together.get(one.rows[1], -2)]
    if unsure:
        say("Left apart, since they fit others who cannot be the same person:")
        shown = [(*one.rows, f"{one.score}%", ", ".join(one.reasons)) for one in unsure[:PAIRS_SHOWN]]
        answer_table(["row", "row", "score", "reasons"], shown)
