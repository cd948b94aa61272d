"""Certificates at the command line: as JSON that can be verified, as PDF for people, or both."""

from collections.abc import Callable
from pathlib import Path
from typing import Final, ParamSpec, TypeVar

import click

from governance.cli.context import say
from governance.erasure.printing import LANGUAGES

_FILE: Final = click.Path(path_type=Path, dir_okay=False)
P = ParamSpec("P")
R = TypeVar("R")


def where_to(command: Callable[P, R]) -> Callable[P, R]:
    """Options of a command that hands a certificate out."""
    language = click.option(
        "--language", type=click.Choice(LANGUAGES), default="en", show_default=True, help="Of the PDF."
    )
    pdf = click.option("--pdf", type=_FILE, help="PDF to write beside it, for people.")
    return click.option("--output", type=_FILE, help="File to write; else it is printed.")(pdf(language(command)))


def hand_out(
    content: bytes, printed: Callable[[], bytes], *, named: str, output: Path | None, pdf: Path | None
) -> None:
    """Write a certificate where it was asked for, or print it.

    Args:
        content: the JSON, byte for byte.
        printed: makes the PDF.
        named: what a sentence calls it.
        output: where the JSON goes.
        pdf: where the PDF goes.
    """
    if pdf is not None:
        pdf.write_bytes(printed())
        say(f"{named}, for people, is in {pdf}.")
    if output is not None:
        output.write_bytes(content)
        say(f"{named} is in {output}.")
    elif pdf is None:
        click.echo(content, nl=False)
