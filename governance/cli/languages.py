"""`languages`: further languages of pages, messages and notices, each a folder in the data folder."""

import click

from governance.cli.context import answer_json, answer_table, as_json, say, settings
from governance.kernel import packs
from governance.pages.completeness import SHOWN, check_language
from governance.pages.skeletons import write_skeleton

BROKEN = 1


@click.group()
def languages() -> None:
    """Further languages of pages, messages and notices."""


@languages.command("list")
@as_json
def list_(*, as_json: bool) -> None:
    """Show the languages of this installation, and how complete further ones are."""
    data_dir = settings().data_dir
    rows = [{"code": code, "name": name, "percent": 100, "shipped": True} for code, name in packs.SHIPPED.items()]
    for code, pack in packs.found_in(data_dir).items():
        percent = check_language(data_dir, code=code).percent
        rows.append({"code": code, "name": pack.name, "percent": percent, "shipped": False})
    if as_json:
        answer_json(rows)
        return
    answer_table(["code", "name", "percent"], [(row["code"], row["name"], row["percent"]) for row in rows])


@languages.command()
@click.argument("code")
@click.option("--name", help="What the language calls itself; where it is not said, as CLDR knows it.")
def new(*, code: str, name: str | None) -> None:
    """Write the folder of the language CODE (ISO 639), or add what a new release brought; what is translated stays."""
    folder = write_skeleton(settings().data_dir, code=code.lower(), name=name)
    say(f"{folder} is there. Translate its files, look at them with: governance languages check {code.lower()}")
    say("The service takes them up when it is started again.")


@languages.command()
@click.argument("code")
@click.option("--all", "whole", is_flag=True, help="Name every message, not the first ones only.")
@as_json
def check(*, code: str, whole: bool, as_json: bool) -> int:
    """Look through the language CODE: what is missing, unused, or cannot be shown; exits with 1 for the last."""
    found = check_language(settings().data_dir, code=code.lower())
    if as_json:
        answer_json({"language": code.lower(), "name": found.pack.name, "percent": found.percent, "parts": found.parts})
        return BROKEN if found.broken else 0
    head = ["file", "messages", "translated", "missing", "cannot be shown", "unused"]
    answer_table(
        head,
        [(one.file, one.wanted, one.done, len(one.missing), len(one.broken), len(one.unused)) for one in found.parts],
    )
    for part in found.parts:
        for what, named in (("cannot be shown", part.broken), ("missing", part.missing), ("unused", part.unused)):
            for one in named if whole else named[:SHOWN]:
                click.echo(f"{part.file}: {what}: {one}")
            if not whole and len(named) > SHOWN:
                click.echo(f"{part.file}: {what}: {len(named) - SHOWN} more; --all names them")
    say(f"{found.pack.name} is complete by {found.percent} percent; what is missing is said in English.")
    return BROKEN if found.broken else 0
