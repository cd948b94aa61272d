"""Exports: asked for, followed, fetched once by whoever asked; and which export a leaked file comes from."""

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from io import BytesIO
from typing import Final
from uuid import UUID

from flask import Response, g, request
from flask_babel import format_timedelta, gettext

from governance.accounts import operations as accounts
from governance.accounts.operations import ProposalKind, ProposalState
from governance.consent import operations as consent
from governance.consent import segmenting
from governance.consent.segmenting import Run, RunId, SegmentId
from governance.console import people, sayings, words, words_exports, words_failures
from governance.console.frame import go, page
from governance.console.guard import LARGE_FORMS, Visit, act, screen
from governance.console.paging import asked_id, leaf
from governance.console.place import current_console
from governance.customers import operations as customers
from governance.disclosures import audiences
from governance.disclosures import operations as disclosures
from governance.disclosures.operations import Export, ExportFormat, ExportId, ExportState, Selection, Traced
from governance.kernel.errors import InvalidError
from governance.kernel.ids import SubjectId
from governance.pages.forms import EMPTY, Typed
from governance.pages.languages import SOURCE, language
from governance.policies.permissions import Permission
from governance.policies.purposes import Channel
from governance.reference import recipients as reference

PART: Final = "exports"
SHOWN: Final = 50
MOST_IDS: Final = 10_000
LEAK_MEGABYTES: Final = 16
_RUNS_LOOKED_AT: Final = 10
_ID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")

LARGE_FORMS["trace_leak"] = LEAK_MEGABYTES * 1_048_576 + 65_536


@screen("/exports", "exports")
def exports(visit: Visit) -> Response:
    """Files that were made for others, and those that wait to be approved."""
    waiting = []
    after = asked_id()
    if visit.may(Permission.PROPOSALS_READ) and after is None:
        found = accounts.list_proposals(visit.work, state=ProposalState.OPEN, limit=SHOWN)
        waiting = [one for one in found if one.kind is ProposalKind.EXPORT]
    before = None if after is None else ExportId(after)
    rows, older = leaf(disclosures.list_exports(visit.work, before=before, limit=SHOWN + 1), shown=SHOWN)
    return page(
        visit,
        "exports",
        part=PART,
        rows=[(one, state_of(one), left(visit, one)) for one in rows],
        after=after,
        older=older,
        going=any(one.state is ExportState.MAKING for one in rows),
        waiting=waiting,
        known=people.names(visit),
        actors=words.actors(),
        purposes=titles(visit),
        recipients=recipient_names(visit),
    )


def state_of(export: Export) -> tuple[str, str]:
    """How far an export is: in words, and how it is marked."""
    said = words_exports.states()
    if export.state is ExportState.DESTROYED and export.downloaded_at is None:
        return said["failed" if export.failure else "expired"]
    return said[export.state.value]


def left(visit: Visit, export: Export) -> str:
    """How long an export may still be fetched, in words; empty where it may not."""
    if export.state is not ExportState.READY or export.expires_at is None:
        return ""
    over = export.expires_at - visit.work.now
    return gettext("%(time)s left", time=format_timedelta(over)) if over > timedelta(0) else ""


def titles(visit: Visit) -> Mapping[str, str]:
    """Purposes by key, as they are called."""
    return {one.purpose.key: one.purpose.titles.get(language()) for one in consent.purposes(visit.work)}


def named_fields(visit: Visit) -> Mapping[str, str]:
    """What fields that can be handed out are called."""
    extras = customers.definitions(visit.work) if visit.may(Permission.EXTRA_FIELDS_READ) else []
    return words_exports.fields({f"extra.{one.key}": one.labels.get(language()) or one.key for one in extras})


@screen("/exports/<uuid:export>", "export")
def export_page(visit: Visit, export: UUID, typed: Typed = EMPTY) -> Response:
    """An export: for whom and what, how far it is, who is not in it and why, and who took it."""
    found = disclosures.find_export(visit.work, export=ExportId(export))
    said, called = words_exports.left_out(), named_fields(visit)
    mine = found.exporter == visit.work.actor.id
    return page(
        visit,
        "export",
        part=PART,
        found=found,
        state=state_of(found),
        why_failed=words_failures.why(found.failure, found.failure_words),
        left=left(visit, found),
        recipient=recipient_names(visit).get(found.recipient_key, found.recipient_key),
        purpose=titles(visit).get(found.purpose, found.purpose),
        channels=[words.channels().get(one, one) for one in found.channels],
        fields=[called.get(one, one) for one in found.fields],
        format=words_exports.formats()[found.format.value],
        reasons=sorted(((said.get(why, why), count) for why, count in found.left_out.items()), key=lambda one: -one[1]),
        by=people.called(people.names(visit), found.exporter_kind.value, found.exporter),
        fetches=mine and visit.may_open("fetch_export") and found.state is ExportState.READY,
        is_mine=mine,
        going=found.state is ExportState.MAKING,
        typed=typed,
    )


def recipient_names(visit: Visit) -> Mapping[str, str]:
    """Recipients by key, as they are called, those that are retired, too; none where they may not be read."""
    if not visit.may(Permission.REFERENCE_READ):
        return {}
    return {one.key: one.name for one in reference.recipients(visit.work, retired=True)}


@act("/exports/<uuid:export>/download", "fetch_export", shows=export_page, of="export")
def fetch(visit: Visit, export: UUID) -> Response:
    """Hand an export out, once: it is spent when this is committed, before the first piece leaves."""
    console, actor = current_console(), visit.work.actor
    fetched = disclosures.fetch(visit.work, export=ExportId(export))
    called = None if language() == SOURCE else named_fields(visit)
    pieces = disclosures.export_pieces(console.database, fetched, actor=actor, clock=console.clock, called=called)
    named = {"Content-Disposition": f'attachment; filename="{fetched.name}"', "Cache-Control": "no-store"}
    return Response(pieces, content_type=disclosures.MEDIA_TYPES[fetched.format], headers=named)


@screen("/exports/new", "new_export")
def new_export(visit: Visit, typed: Typed = EMPTY) -> Response:
    """The form to ask for an export by: first for whom and what for, then what of whom."""
    asked = request.form if request.method == "POST" else request.args
    to, purpose = asked.get("recipient", "")[:64], asked.get("purpose", "")[:64]
    errors, offered = dict(typed.errors), None
    if to and purpose:
        try:
            offered = disclosures.exportable(visit.work, recipient=to, purpose=purpose)
        except InvalidError as wrong:
            errors |= {name: " ".join(told) for name, told in wrong.errors.items()}
    called = named_fields(visit)
    known = {one.purpose.key: one.purpose for one in consent.purposes(visit.work)}
    by = words.channels()
    return page(
        visit,
        "export_new",
        part=PART,
        recipients=[(one.key, one.name) for one in reference.recipients(visit.work)],
        purposes=list(titles(visit).items()),
        to=to,
        purpose=purpose,
        offered=None if offered is None else [(name, called.get(name, name)) for name in offered],
        channels=[(one, by.get(one, one)) for one in sorted(known[purpose].channels)] if purpose in known else [],
        formats=list(words_exports.formats().items()),
        results=results_of_segments(visit),
        run=asked.get("run", "")[:36],
        ticked={"field": asked.getlist("field"), "channel": asked.getlist("channel")},
        typed=typed,
        errors=sayings.by_field(errors),
    )


def results_of_segments(visit: Visit) -> Sequence[tuple[Run, str]]:
    """Results of segments that may be used, the newest of each kind, with what it is called."""
    if not (visit.may(Permission.SEGMENTS_READ) and visit.may(Permission.SEGMENTS_USE)):
        return ()
    newest = dict[tuple[SegmentId, str | None, str | None], tuple[Run, str]]()
    purposes, by = titles(visit), words.channels()
    for one in segmenting.segments(visit.work):
        for run in segmenting.runs(visit.work, segment=one.id, limit=_RUNS_LOOKED_AT):
            if run.state.value == "done" and run.expires_at > visit.work.now:
                checked = [purposes.get(run.purpose or "", run.purpose), by.get(run.channel or "", run.channel)]
                called = ", ".join([one.titles.get(language()), *filter(None, checked)])
                newest.setdefault((one.id, run.purpose, run.channel), (run, called))
    return list(newest.values())


def _proposed(**_names: object) -> Response:
    return go("exports") if g.get("made") is None else go("proposal", proposal=g.made)


@act("/exports", "propose_export", shows=new_export, of="new_export", then=_proposed)
def propose(visit: Visit) -> Response:
    """Propose an export; another person approves exactly that, and a job makes the file."""
    said = request.form
    form, by = said.get("format", ""), said.getlist("channel")
    if form not in set(ExportFormat) or not set(by) <= set(Channel):
        raise InvalidError("Choose.", errors={"format": ["Choose what the file is."]})
    proposed = disclosures.propose_export(
        visit.work,
        recipient=said.get("recipient", ""),
        purpose=said.get("purpose", ""),
        channels=[Channel(one) for one in by],
        format=ExportFormat(form),
        fields=said.getlist("field"),
        reason=said.get("reason", ""),
        selection=_selection(visit),
    )
    g.made = proposed.id
    return _proposed()


def _selection(visit: Visit) -> Selection | None:
    said = request.form
    if said.get("whom") == "segment":
        run = said.get("run", type=UUID)
        if run is None:
            raise InvalidError("Choose.", errors={"run": ["Choose a result of a segment."]})
        return audiences.selection_of(visit.work, run=RunId(run))
    if said.get("whom") == "chosen":
        return Selection(read_ids(said.get("customers", ""), "customers"))
    return None


def read_ids(text: str, field: str) -> list[SubjectId]:
    """Ids of customers as they were pasted, in any form that has them.

    Raises:
        InvalidError: where there is none, or something that is no id.
    """
    words_of = [one for one in re.split(r"[\s,;]+", text) if one]
    if not words_of or len(words_of) > MOST_IDS or not all(_ID.fullmatch(one) for one in words_of):
        sentence = f"Write ids of customers, a line each, 1 to {MOST_IDS}."
        raise InvalidError("These are no ids.", errors={field: [sentence]})
    return [SubjectId(UUID(one)) for one in dict.fromkeys(words_of)]


@screen("/exports/trace", "leak")
def leak(visit: Visit, typed: Typed = EMPTY, traced: Traced | None = None) -> Response:
    """The form to hand in a file by that was found somewhere; it is compared and not kept."""
    return page(
        visit,
        "leak",
        part=PART,
        scripts=("drop.js",),
        traced=traced,
        recipients={} if traced is None else recipient_names(visit),
        known=people.names(visit),
        actors=words.actors(),
        megabytes=LEAK_MEGABYTES,
        typed=typed,
    )


@act("/exports/trace", "trace_leak", shows=leak, of="leak")
def trace(visit: Visit) -> Response:
    """Name the exports that a file comes from."""
    sent = request.files.get("file")
    content = b"" if sent is None else sent.read()
    if not content:
        raise InvalidError("Choose a file.", errors={"file": ["Choose the file that was found."]})
    return leak(visit, traced=disclosures.trace(visit.work, file=BytesIO(content)))
