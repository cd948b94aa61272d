"""Writes docs/api.md, the reference of the JSON API, from its own description: `python -m scripts.api_page`."""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from flask import Flask

from governance.api import openapi, problems, reference_page
from governance.api.reference_page import Answer, Call, FieldLine, Group, Page, SchemaView
from governance.app import BLUEPRINTS

TARGET: Final = Path(__file__).resolve().parents[1] / "docs" / "api.md"
INTRODUCTION: Final = """\
Written by `python -m scripts.api_page` from the description that the service serves at `/v1/openapi.json`; do not edit.
The same, laid out for a browser, is at `/v1/docs` of a running service. How to begin: [integrate.md](integrate.md).

Every call needs `Authorization: Bearer KEY`; the key's client must hold the permission that is named. A field in
**bold** must be sent, or is always in the answer. Unknown fields are refused."""
REFUSALS: Final = """\
A refusal is a document of type `application/problem+json` (see `Problem`). These are the values of its `type`:"""


def render() -> str:
    """The page, from the routes of this release; the same routes make the same bytes."""
    app = Flask("governance", static_folder=None)
    api = openapi.describe(app)
    for blueprint in BLUEPRINTS:
        api.register_blueprint(blueprint)
    return "\n".join(_lines(reference_page.build(api.document()))) + "\n"


def _lines(page: Page) -> Iterator[str]:
    yield from ("# The JSON API", "", INTRODUCTION, "", page.description, "")
    for group in page.groups:
        yield from _group(group)
    yield from ("## Refusals", "", REFUSALS, "", "| type | status |", "|---|---|")
    pairs = {*problems.STATUS.items(), *((slug, status) for status, (slug, _) in problems.HTTP.items())}
    yield from (f"| `{slug}` | {status} |" for slug, status in sorted(pairs))
    yield from ("", "## Shapes of data", "")
    for schema in page.schemas:
        yield from _schema(schema)


def _group(group: Group) -> Iterator[str]:
    yield from (f"## {group.name}", "", group.description, "")
    for call in group.calls:
        yield from _call(call)


def _call(call: Call) -> Iterator[str]:
    yield from (f'<a id="{call.anchor}"></a>', f"### {call.method} {call.path}", "", call.summary, "")
    if call.description and call.description != call.summary:
        yield from (call.description, "")
    yield f"- Permission: `{call.permission}`"
    if call.body:
        yield f"- Body: {_linked(call.body)}"
    yield from (f"- Answer {_answer(answer)}" for answer in call.answers if answer.status.isdecimal())
    yield ""
    if call.parameters:
        yield from _table(call.parameters, placed=True)


def _answer(answer: Answer) -> str:
    return f"{answer.status}: {_linked(answer.link) if answer.link else answer.description or 'without a body'}"


def _schema(schema: SchemaView) -> Iterator[str]:
    yield from (f'<a id="{schema.anchor}"></a>', f"### {schema.name}", "")
    yield from _table(schema.fields, placed=False) if schema.fields else ("Any JSON object.", "")


def _table(fields: Iterable[FieldLine], *, placed: bool) -> Iterator[str]:
    headings = ["name", "in", "takes", "meaning"] if placed else ["name", "takes", "meaning"]
    yield from (_row(headings), "|---" * len(headings) + "|")
    for field in fields:
        name = f"**`{field.name}`**" if field.required else f"`{field.name}`"
        kind = _cell(field.kind)
        takes = f"[{kind}](#{field.link})" if field.link else kind
        place = [field.place] if placed else []
        yield _row([name, *place, takes, _cell(field.description)])
    yield ""


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _linked(anchor: str) -> str:
    return f"[{anchor.removeprefix('schema-')}](#{anchor})"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


if __name__ == "__main__":
    TARGET.write_text(render(), encoding="utf-8")
    sys.stdout.write(f"Written: {TARGET}\n")
