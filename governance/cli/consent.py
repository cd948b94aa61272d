"""`consent`: purposes, notices, what lapses, and the states that verdicts rest on."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

import click
import yaml

from governance.cli.consent_ledger import lift
from governance.cli.consent_lists import check, prove, suppress
from governance.cli.consent_stories import explain, inform, uninformed
from governance.cli.context import answer_json, answer_table, as_json, opened, operator_work, progress, say
from governance.cli.transfers import transfer
from governance.consent import operations as consent
from governance.consent.codes import NoticeKind
from governance.consent.operations import Draft, NoticeText, NoticeVersion
from governance.custody.opening import Store
from governance.kernel.errors import InvalidError
from governance.kernel.records import frozen
from governance.kernel.work import Work
from governance.policies.documents import DocumentError, Node, parse

PAGE: Final = 1000


@click.group("consent")
def consent_group() -> None:
    """Consents: purposes, notices, what lapses."""


for command in (transfer, check, prove, suppress, lift, explain, inform, uninformed):
    consent_group.add_command(command)


@consent_group.command()
@as_json
def purposes(*, as_json: bool) -> None:
    """Show the purposes in force."""
    with operator_work() as work:
        found = consent.purposes(work)
    rows: list[dict[str, object]] = [
        {
            "key": one.purpose.key,
            "version": one.version,
            "title": one.purpose.titles.en,
            "channels": sorted(one.purpose.channels),
            "advertising": one.purpose.advertising,
            "valid_for": one.purpose.valid_for and str(one.purpose.valid_for),
            "minimum_age": one.purpose.minimum_age,
            "effective_from": one.effective_from,
        }
        for one in found
    ]
    _answer(rows, as_json=as_json)


@consent_group.group()
def notices() -> None:
    """The words that people agree to, and those that tell what is done with data."""


@notices.command("list")
@as_json
def list_(*, as_json: bool) -> None:
    """Show all versions of all notices."""
    with operator_work() as work:
        found = consent.notices(work)
    rows: list[dict[str, object]] = [
        {
            "kind": one.kind.value,
            "key": one.key,
            "version": one.version,
            "material": one.material,
            "languages": sorted(one.languages),
            "effective_from": one.effective_from,
            "published_at": one.published_at,
        }
        for one in found
    ]
    _answer(rows, as_json=as_json)


@notices.command()
def suggest() -> None:
    """Print the notices that this controller needs, as a file to be read, changed and published."""
    with operator_work() as work:
        found = consent.drafts(work)
    click.echo(yaml.dump(_file(found), Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=10_000), nl=False)
    if any(one.has_blanks for one in found):
        say("Fill in what stands between ⟦ and ⟧, or take those notices out; then:")
        say("governance consent notices publish FILE")


@notices.command()
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--suggested", is_flag=True, help="Publish what is suggested, where nothing has to be filled in.")
@as_json
def publish(*, file: Path | None, suggested: bool, as_json: bool) -> None:
    """Publish the notices of FILE; those whose words are in force already stay as they are."""
    if (file is None) is not suggested:
        raise click.UsageError("Name a file, or say --suggested.")
    with operator_work() as work:
        if file is None:
            wanted = [_Wanted(one.kind, one.key, one.texts) for one in consent.drafts(work) if not one.has_blanks]
        else:
            wanted = list(_read(file))
        made = [published for one in wanted if (published := _publish(work, one)) is not None]
    if as_json:
        answer_json([{"kind": one.kind.value, "key": one.key, "version": one.version} for one in made])
        return
    for one in made:
        say(f"Published: {one.kind.value} {one.key}, version {one.version}")
    if len(made) < len(wanted):
        say(f"In force already: {len(wanted) - len(made)}")


@consent_group.command()
@click.option("--check", is_flag=True, help="Only compare; exit code 1 where anything differs.")
@as_json
def rebuild(*, check: bool, as_json: bool) -> int:
    """Fold all states from their events anew, and put right those that differ."""
    people = states = 0
    differences: list[consent.Difference] = []
    with opened() as store, progress("people") as show:
        for done in _rebuilt(store, repair=not check):
            people, states = people + done.people, states + done.states
            differences += done.differences
            show(people, None)
    if as_json:
        answer_json({"people": people, "states": states, "differences": differences, "repaired": not check})
    else:
        say(f"{people} people, {states} states compared, {len(differences)} {'differ' if check else 'put right'}.")
        for one in differences:
            click.echo(f"{one.subject} {one.purpose} {one.channel}")
    return 1 if check and differences else 0


@consent_group.command()
@click.option("--days", type=click.IntRange(0, 3660), default=30, show_default=True, help="How far to look ahead.")
@click.option("--purpose", help="Key of a purpose; all of them where it is left out.")
@as_json
def lapsing(*, days: int, purpose: str | None, as_json: bool) -> None:
    """Show consents that lapse within some days."""
    found: list[consent.Lapsing] = []
    with operator_work() as work:
        page = consent.lapsing(work, days=days, purpose=purpose, limit=PAGE)
        found += page.items
        while page.next_after is not None:
            page = consent.lapsing(work, days=days, purpose=purpose, after=page.next_after, limit=PAGE)
            found += page.items
    rows: list[dict[str, object]] = [
        {
            "customer": one.subject,
            "purpose": one.purpose,
            "channel": one.channel.value,
            "given_at": one.given_at,
            "lapses_at": one.lapses_at,
            "last_used_at": one.last_used_at,
        }
        for one in found
    ]
    _answer(rows, as_json=as_json)


def _rebuilt(store: Store, *, repair: bool) -> Iterator[consent.Rebuilt]:
    after = None
    while True:
        with operator_work(store) as work:
            done = consent.rebuild(work, repair=repair, after=after)
        yield done
        after = done.next_after
        if after is None:
            return


def _answer(rows: list[dict[str, object]], *, as_json: bool) -> None:
    if as_json:
        answer_json(rows)
    elif rows:
        answer_table(list(rows[0]), [tuple(row.values()) for row in rows])


@frozen
class _Wanted:
    """A notice to be published."""

    kind: NoticeKind
    key: str
    texts: Mapping[str, NoticeText]
    material: bool = True


def _publish(work: Work, one: _Wanted) -> NoticeVersion | None:
    """Publish a notice, unless people are shown these very words already."""
    in_force = consent.notice_in_force(work, kind=one.kind, key=one.key)
    if in_force is not None:
        shown = consent.notice(work, kind=one.kind, key=one.key, version=in_force.version)
        if shown.texts == one.texts:
            return None
    return consent.publish_notice(work, kind=one.kind, key=one.key, texts=one.texts, material=one.material).version


def _file(found: Iterable[Draft]) -> dict[str, dict[str, object]]:
    told: dict[str, dict[str, object]] = {}
    for one in found:
        texts = {code: {"title": text.title, "body": text.body} for code, text in one.texts.items()}
        told.setdefault(one.kind.value, {})[one.key] = {"material": True, "texts": texts}
    return told


def _read(file: Path) -> list[_Wanted]:
    try:
        kinds = parse(file.read_bytes(), name=file.name).fields(optional=[kind.value for kind in NoticeKind])
        return [_wanted(NoticeKind(kind), key, node) for kind, node in kinds.items() for key, node in _entries(node)]
    except DocumentError as wrong:
        raise InvalidError(f"The file cannot be used: {wrong}.") from None


def _entries(node: Node) -> Iterable[tuple[str, Node]]:
    return node.entries().items()


def _wanted(kind: NoticeKind, key: str, node: Node) -> _Wanted:
    said = node.fields(required=("texts", "material"))
    texts: dict[str, NoticeText] = {}
    for code, words in said["texts"].entries().items():
        parts = words.fields(required=("title", "body"))
        texts[code] = NoticeText(parts["title"].text(), parts["body"].text())
    return _Wanted(kind, key, texts, said["material"].flag())


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as blocks, so that people can change them."""


def _block(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _block)
