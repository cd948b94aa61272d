"""`segments`: saved rules that choose customers, evaluated here or by the worker, counted and never listed."""

import contextlib
import time
from importlib.resources import files
from pathlib import Path
from typing import Final
from uuid import UUID

import click

from governance.cli.context import answer_json, answer_table, as_json, opened, operator_work, progress, say
from governance.consent import segmenting
from governance.consent.segment_examples import WrittenSegment, read_segments
from governance.consent.segmenting import Progress, Run, RunId, RunState, Segment
from governance.custody.opening import Store
from governance.kernel.errors import ConflictError, NotFoundError
from governance.kernel.work import OPERATOR, Work
from governance.policies.purposes import Channel

WAIT_SECONDS: Final = 0.5
_RUN = ["id", "state", "rule", "purpose", "channel", "started_at", "people", "done", "left out", "found", "expires_at"]


@click.group()
def segments() -> None:
    """Saved rules that choose customers."""


@segments.command()
def examples() -> None:
    """Print segments to begin with, in the form that `define` reads."""
    click.echo(files("governance.consent").joinpath("segments.yaml").read_text(encoding="utf-8"), nl=False)


@segments.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--only", "only", multiple=True, metavar="KEY", help="This segment of the file; may stand several times.")
@as_json
def define(file: Path, only: tuple[str, ...], *, as_json: bool) -> None:
    """Define the segments of FILE; one whose key is known gets a new version of its rule."""
    written = [one for one in read_segments(file.read_bytes()) if not only or one.key in only]
    with operator_work() as work:
        made = [_defined(work, one) for one in written]
    if as_json:
        answer_json(made)
        return
    answer_table(["key", "version", "title"], [(one.key, one.version, one.titles.en) for one in made])


@segments.command("list")
@as_json
def list_(*, as_json: bool) -> None:
    """Show all segments."""
    with operator_work() as work:
        found = segmenting.segments(work)
    if as_json:
        answer_json(found)
        return
    rows = [(one.key, one.version, one.titles.en, one.defined_at, one.retired_at) for one in found]
    answer_table(["key", "version", "title", "defined_at", "retired_at"], rows)


@segments.command()
@click.argument("key")
@as_json
def evaluate(key: str, *, as_json: bool) -> None:
    """Evaluate the segment KEY here and now; whoever interrupts this leaves the rest to the worker."""
    with opened() as store:
        with operator_work(store) as work:
            begun = segmenting.evaluate(work, segment=segmenting.segment_of_key(work, key=key))
        _answer([_seen_through(store, begun)], as_json=as_json)


@segments.command()
@click.argument("key")
@click.option("--purpose", required=True, help="Key of a purpose.")
@click.option("--channel", required=True, type=click.Choice([one.value for one in Channel]))
@as_json
def check(key: str, purpose: str, channel: str, *, as_json: bool) -> None:
    """Count whom of the newest result of KEY a purpose may reach by a channel."""
    with opened() as store:
        with operator_work(store) as work:
            segment = segmenting.segment_of_key(work, key=key)
            begun = segmenting.check_for(work, segment=segment, purpose=purpose, channel=Channel(channel))
        _answer([_seen_through(store, begun)], as_json=as_json)


@segments.command()
@click.argument("key")
@as_json
def runs(key: str, *, as_json: bool) -> None:
    """Show the newest evaluations and checks of KEY."""
    with operator_work() as work:
        found = segmenting.runs(work, segment=segmenting.segment_of_key(work, key=key))
    _answer(found, as_json=as_json)


@segments.command()
@click.argument("run", type=click.UUID)
def stop(run: UUID) -> None:
    """End a run before it is done; what it found so far is shredded."""
    with operator_work() as work:
        ended = segmenting.stop(work, run=RunId(run))
    say("Stopped." if ended.state is RunState.STOPPED else f"It was over before: {ended.state.value}.")


@segments.command()
@click.argument("key")
def retire(key: str) -> None:
    """Take the segment KEY out of use."""
    with operator_work() as work:
        segmenting.retire(work, segment=segmenting.segment_of_key(work, key=key))
    say("Retired.")


def _defined(work: Work, one: WrittenSegment) -> Segment:
    try:
        known = segmenting.segment_of_key(work, key=one.key)
    except NotFoundError:
        return segmenting.define(work, key=one.key, titles=one.titles, rule=one.rule, special=one.special)
    return segmenting.edit(work, segment=known, titles=one.titles, rule=one.rule, special=one.special)


def _seen_through(store: Store, begun: Run) -> Run:
    with progress("Looking at customers") as bar:

        def told(at: Progress) -> None:
            bar(at.done, at.total)

        while True:
            # Where the worker was quicker it goes on with it, and all that is left is to wait.
            with contextlib.suppress(ConflictError):
                segmenting.see_through(store.database, actor=OPERATOR, run=begun.id, on_progress=told)
            with operator_work(store) as work:
                seen = segmenting.run(work, run=begun.id)
            if seen.state is not RunState.RUNNING:
                return seen
            time.sleep(WAIT_SECONDS)


def _answer(found: list[Run], *, as_json: bool) -> None:
    if as_json:
        answer_json(found)
        return
    rows = [
        (one.id, one.state, one.version, one.purpose, one.channel, one.started_at, one.people, one.done, one.left_out,
         one.matched, one.expires_at)
        for one in found
    ]  # fmt: skip
    answer_table(_RUN, rows)
