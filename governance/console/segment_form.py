"""The form that a segment is written in: conditions row by row, or as text; tried before it is kept."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

import yaml
from flask import Response, g, request
from flask_babel import gettext

from governance.consent import operations as consent
from governance.consent import segmenting
from governance.consent.segment_examples import examples
from governance.consent.segment_trials import Trial, try_rule
from governance.consent.segmenting import Segment, SegmentId, SpecialCondition
from governance.console import sayings, segment_rows, words_segments
from governance.console.frame import go, page
from governance.console.guard import Visit, act, screen
from governance.console.sayings import SAID
from governance.console.segment_rows import MAY, Row
from governance.console.segments import PART
from governance.customers import operations as customers
from governance.customers.codes import ExtraType
from governance.kernel.errors import InvalidError, Sentence
from governance.kernel.ids import uuid4
from governance.kernel.records import frozen
from governance.pages.forms import EMPTY, Typed, whole_number
from governance.pages.languages import NAMES, language
from governance.policies.documents import DocumentError, Titles, parse
from governance.policies.permissions import Permission
from governance.policies.segment_fields import FIELDS, ValueKind

LEAST_ROWS: Final = 3
LONGEST_TEXT: Final = 20_000
_KINDS: Final = {ExtraType.TEXT: ValueKind.TEXT, ExtraType.NUMBER: ValueKind.NUMBER, ExtraType.DATE: ValueKind.INSTANT,
                 ExtraType.BOOLEAN: ValueKind.FLAG, ExtraType.LIST: ValueKind.LIST}  # fmt: skip


@frozen
class Draft:
    """A segment as it stands in the form.

    Attributes:
        is_text: whether its rule is written as text.
        version: that it goes out from; None of a new one.
    """

    key: str = ""
    titles: Mapping[str, str] | None = None
    join: str = "all"
    rows: Sequence[Row] = ()
    is_text: bool = False
    document: str = ""
    ground: str = ""
    note: str = ""
    version: int | None = None


@frozen
class Offered:
    """A field that the form offers."""

    name: str
    label: str
    kind: str
    takes: str


@screen("/segments/new", "new_segment")
def new_segment(visit: Visit, typed: Typed = EMPTY, **_names: object) -> Response:
    """The form to define a segment by, empty or with an example."""
    if request.method == "POST":
        return _form(visit, _typed(), typed=typed)
    example = examples().get(request.args.get("like", ""))
    if example is None:
        return _form(visit, Draft())
    titles = {name: getattr(example.titles, name) for name in NAMES}
    return _form(visit, _with_rule(Draft(key=example.key, titles=titles), example.rule))


@screen("/segments/<uuid:segment>/edit", "edit_segment")
def edit_segment(visit: Visit, segment: UUID, typed: Typed = EMPTY) -> Response:
    """The form to write the next version of a segment in."""
    found = segmenting.segment(visit.work, segment=SegmentId(segment))
    if request.method == "POST":
        draft = _typed()
        if SAID in typed.errors:  # somebody else wrote a version meanwhile; the next one goes out from it
            draft = replace(draft, version=found.version)
        return _form(visit, draft, typed=typed, of=found)
    draft = Draft(
        key=found.key,
        titles={name: getattr(found.titles, name) for name in NAMES},
        ground="" if found.special is None else found.special.ground,
        note="" if found.special is None else found.special.note,
        version=found.version,
    )
    return _form(visit, _with_rule(draft, found.rule), of=found)


def _with_rule(draft: Draft, rule: Mapping[str, Any]) -> Draft:
    found = segment_rows.rows_of(rule)
    written = yaml.safe_dump(dict(rule), allow_unicode=True, sort_keys=False, default_flow_style=False)
    if found is None:
        return replace(draft, is_text=True, document=written)
    return replace(draft, join=found[0], rows=found[1], document=written)


def _form(
    visit: Visit, draft: Draft, *, typed: Typed = EMPTY, of: Segment | None = None, trial: Trial | None = None
) -> Response:
    empty = [Row()] * max(1, LEAST_ROWS - len(draft.rows))
    errors = sayings.by_field({name: said for name, said in typed.errors.items() if not name.startswith("row.")})
    rows = [*draft.rows, *empty] if not any(one.is_empty for one in draft.rows) else draft.rows
    return page(
        visit,
        "segment_edit",
        part=PART,
        scripts=("segments.js",),
        draft=replace(draft, rows=rows),
        titles=draft.titles or {},
        languages=NAMES,
        of=of,
        groups=_groups(visit),
        comparisons=words_segments.comparisons(),
        fitting={kind.value: " ".join(told) for kind, told in words_segments.COMPARISONS.items()},
        values=words_segments.values(),
        grounds=words_segments.grounds(),
        trial=trial,
        wrong_rows={name: said for name, said in typed.errors.items() if name.startswith("row.")},
        errors=errors,
    )


def _groups(visit: Visit) -> Sequence[tuple[str, Sequence[Offered]]]:
    def offered(name: str, label: str) -> Offered:
        known = FIELDS[name]
        return Offered(name, label, known.kind.value, " ".join(sorted(one.value for one in known.takes)))

    groups = [(group, [offered(*one) for one in told.items()]) for group, told in words_segments.fields().items()]
    extras = [
        Offered(f"extra.{one.key}", one.labels.get(language()) or one.key, _KINDS[one.type].value, "")
        for one in _extras(visit)
    ]
    if extras:
        groups.append((gettext("Own fields"), extras))
    purposes = [
        Offered(MAY + one.purpose.key, one.purpose.titles.get(language()), "may", "")
        for one in consent.purposes(visit.work)
    ]
    return [*groups, (gettext("Consent: may be sent"), purposes)]


def _extras(visit: Visit) -> Sequence[customers.ExtraField]:
    if not visit.may(Permission.EXTRA_FIELDS_READ):
        return ()
    return [one for one in customers.definitions(visit.work) if not one.indexed]


def _typed() -> Draft:
    form = request.form
    return Draft(
        key=form.get("key", "")[:64],
        titles={name: form.get(f"title.{name}", "")[:200] for name in NAMES},
        join="any" if form.get("join") == "any" else "all",
        rows=segment_rows.typed_rows(dict(form.lists())),
        is_text=form.get("as") == "text",
        document=form.get("document", "")[:LONGEST_TEXT],
        ground=form.get("special_ground", "")[:1],
        note=form.get("special_note", "")[:4000],
        version=whole_number(form.get("version", "")),
    )


def _rule(visit: Visit, draft: Draft) -> Mapping[str, Any]:
    if not draft.is_text:
        return segment_rows.rule_of(draft.rows, draft.join, {f"extra.{one.key}": _KINDS[one.type]
                                                             for one in _extras(visit)})  # fmt: skip
    try:
        told = parse(draft.document.encode("utf-8", "replace"), name="rule").value
    except DocumentError as error:
        raise InvalidError(
            "This is no rule of a segment.", errors={"rule": [Sentence(error.pattern, error.values, place=error.path)]}
        ) from None
    if not isinstance(told, dict):
        raise InvalidError(
            "This is no rule of a segment.",
            errors={"rule": [Sentence("Give a mapping: a condition, or one of all, any, not.")]},
        )
    return told


def _special(draft: Draft) -> SpecialCondition | None:
    return SpecialCondition(draft.ground, draft.note) if draft.ground else None


def _titles(draft: Draft) -> Titles:
    """What it is called; where a language says nothing, what another one says."""
    said = {name: " ".join(told.split()) for name, told in (draft.titles or {}).items()}
    first = said.get(language()) or next((told for told in said.values() if told), "")
    if not first:
        raise InvalidError("Give it a name.", errors={"title": ["Give it a name."]})
    return Titles(**{name: said.get(name) or first for name in NAMES})


def _shown_after(visit: Visit, typed: Typed = EMPTY) -> Response:
    """The form that the act was sent from."""
    segment = request.form.get("segment", type=UUID)
    return new_segment(visit, typed=typed) if segment is None else edit_segment(visit, segment=segment, typed=typed)


@act("/segments/trial", "try_segment", shows=_shown_after, of="new_segment")
def try_segment(visit: Visit) -> Response:
    """Count whom the rule would find, take another condition in, or turn conditions into text and back."""
    draft, wanted = _typed(), request.form.get("do", "count")
    segment = request.form.get("segment", type=UUID)
    of = None if segment is None else segmenting.segment(visit.work, segment=SegmentId(segment))
    if wanted == "more":
        return _form(visit, replace(draft, rows=[*draft.rows, Row()]), of=of)
    rule = _rule(visit, draft)
    segmenting.require_purposes(visit.work, rule)  # which reads it first: what is no rule has no rows
    if wanted == "text":
        return _form(visit, replace(_with_rule(draft, rule), is_text=True), of=of)
    if wanted == "rows":
        found = segment_rows.rows_of(rule)
        if found is None:
            raise InvalidError("No rows.", errors={"rule": [gettext("This rule goes deeper than rows can show.")]})
        return _form(visit, replace(draft, is_text=False, join=found[0], rows=found[1]), of=of)
    return _form(visit, draft, of=of, trial=try_rule(visit.work, rule=rule, special=_special(draft)))


def _made(**_names: object) -> Response:
    return go("segments") if g.get("made") is None else go("segment", segment=g.made)


@act("/segments", "define_segment", shows=new_segment, of="new_segment", then=_made)
def define(visit: Visit) -> Response:
    """Define a segment."""
    draft = _typed()
    titles, rule = _titles(draft), _rule(visit, draft)
    key = draft.key.strip() or _key_from(titles.en)
    made = segmenting.define(visit.work, key=key, titles=titles, rule=rule, special=_special(draft))
    g.made = made.id
    return _made()


@act("/segments/<uuid:segment>/versions", "change_segment", shows=edit_segment, of="edit_segment",
     then=lambda segment: go("segment", segment=segment))  # fmt: skip
def change(visit: Visit, segment: UUID) -> Response:
    """Write the next version of a segment; earlier ones stay on record."""
    draft = _typed()
    segmenting.edit(
        visit.work,
        segment=SegmentId(segment),
        titles=_titles(draft),
        rule=_rule(visit, draft),
        special=_special(draft),
        if_version=draft.version,
    )
    return go("segment", segment=segment)


def _key_from(title: str) -> str:
    key = re.sub(r"[^a-z0-9]+", "_", title.casefold()).strip("_")[:40]
    return key if key[:1].isalpha() else f"segment_{uuid4().hex[:8]}"
