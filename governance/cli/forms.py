"""`forms`: public subscription forms, with double opt-in."""

from pathlib import Path

import click

from governance.cli.context import answer_json, answer_table, as_json, opened, operator_work, say
from governance.consent import operations as consent
from governance.kernel.errors import InvalidError
from governance.policies.documents import DocumentError, parse


@click.group()
def forms() -> None:
    """Public subscription forms, with double opt-in."""


@forms.command("list")
@as_json
def list_(*, as_json: bool) -> None:
    """Show the forms, and where each is served."""
    with opened() as store:
        base = store.settings.public_base
        with operator_work(store) as work:
            found = consent.forms(work)
    rows: list[dict[str, object]] = [
        {
            "key": one.key,
            "version": one.version,
            "purposes": [item.purpose for item in one.document.items],
            "open": one.document.open,
            "published_at": one.published_at,
            "address": f"{base}/subscribe/{one.key}",
        }
        for one in found
    ]
    if as_json:
        answer_json(rows)
        return
    names = ["key", "version", "purposes", "open", "published_at", "address"]
    answer_table(names, [tuple(row[name] for name in names) for row in rows])


@forms.command()
@click.argument("key")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@as_json
def publish(*, key: str, file: Path, as_json: bool) -> None:
    """Publish the form KEY from FILE (YAML); it is served at once, in the place of its version before."""
    try:
        document = parse(file.read_bytes(), name=file.name).entries()
    except DocumentError as wrong:
        raise InvalidError(f"{wrong}.") from None
    with opened() as store:
        base = store.settings.public_base
        with operator_work(store) as work:
            made = consent.publish_form(
                work,
                key=key,
                document={name: node.value for name, node in document.items()},  # type: ignore[misc]  # YAML is JSON here
            )
    if as_json:
        answer_json({"key": made.key, "version": made.version})
        return
    say(f"Published as version {made.version}: {base}/subscribe/{made.key}")
