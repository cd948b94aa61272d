"""What commands share: settings, an open store, output for people and for machines."""

import contextlib
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, is_dataclass, replace
from datetime import date, datetime
from enum import Enum
from typing import Any, Final
from uuid import UUID

import click
from rich.console import Console
from rich.measure import Measurement
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from governance.accounts.proposed import Executor, ProposalKind, install_executors
from governance.custody.opening import Store, open_store
from governance.erasure.shedding import Shedder, install_shedders
from governance.intake.parting import Parting, install_partings
from governance.kernel import logs
from governance.kernel.late import LateMapping
from governance.kernel.settings import Settings
from governance.kernel.work import OPERATOR, Work, open_work
from governance.policies.deadline_rules import RequestKind
from governance.retention.installed import install_stocks, late_stocks
from governance.rights.carriers import Carrier, install_carriers

WIDEST_TABLE = 100_000
"""Columns of a terminal; no cell comes near."""

EXECUTORS: Final = LateMapping[ProposalKind, Executor]("governance.executors:EXECUTORS")
CARRIERS: Final = LateMapping[RequestKind, Carrier]("governance.executors:CARRIERS")
SHEDDERS: Final = LateMapping[str, Shedder]("governance.executors:SHEDDERS")
PARTINGS: Final = LateMapping[str, Parting]("governance.executors:PARTINGS")
STOCKS: Final = late_stocks("governance.executors:STOCKS")
"""Few commands carry anything out, and it takes all packages to be loaded."""

as_json = click.option("--json", "as_json", is_flag=True, help="Answer in JSON, for machines.")


def settings() -> Settings:
    """The settings of this process; commands tell people in sentences, so only errors are logged."""
    found = Settings.from_environment(os.environ)
    logs.configure(replace(found, log_level="error", log_format="console"))
    return found


@contextlib.contextmanager
def opened(found: Settings | None = None) -> Iterator[Store]:
    """The store that *found* names, or else the settings of this process, opened for this command."""
    with open_store(found or settings()) as store:
        install_executors(store.database, EXECUTORS)
        install_carriers(store.database, CARRIERS)
        install_shedders(store.database, SHEDDERS)
        install_partings(store.database, PARTINGS)
        install_stocks(store.database, STOCKS)
        yield store


@contextlib.contextmanager
def operator_work(store: Store | None = None) -> Iterator[Work]:
    """A unit of work of the operator; opens the store for it where none is given."""
    if store is not None:
        with open_work(store.database, OPERATOR) as work:
            yield work
        return
    with opened() as own, open_work(own.database, OPERATOR) as work:
        yield work


def say(sentence: str) -> None:
    """Tell the operator something that is not the answer itself."""
    click.echo(sentence, err=True)


def answer_json(value: object) -> None:
    """Print *value* as one JSON document."""
    click.echo(json.dumps(_plain(value), ensure_ascii=False, indent=2))


def answer_table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table; cells are neither cut nor broken, however narrow the terminal, so that they can be copied."""
    table = Table(*headings, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*(_cell(value) for value in row))
    console = Console(width=WIDEST_TABLE, markup=False, emoji=False, highlight=False)
    console.width = max(1, Measurement.get(console, console.options, table).maximum)
    console.print(table, crop=False)


@contextlib.contextmanager
def progress(what: str) -> Iterator[Callable[[int, int | None], None]]:
    """A progress bar on standard error, where somebody looks; call it with rows done and rows in all, if known."""
    if not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def on_terminal() -> bool:
    """Whether somebody is there to be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def make_sure(question: str) -> None:
    """Go on only if somebody answers *question* with yes; where nobody can be asked, say what to give instead."""
    if not on_terminal():
        raise click.UsageError("Nobody is there to be asked; say --yes.")
    click.confirm(question, abort=True, err=True)


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%SZ")
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(_cell(one) for one in value)
    return str(value)


def _plain(value: object) -> Any:  # noqa: ANN401 - any JSON
    if is_dataclass(value) and not isinstance(value, type):
        return _plain(asdict(value))
    if isinstance(value, dict):
        return {str(_plain(name)): _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(inner) for inner in value]
    if isinstance(value, Enum):
        return _plain(value.value)
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, UUID | date):
        return str(value)
    return value
