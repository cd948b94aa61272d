"""Segments: rules that choose customers, with what they found; evaluated, checked for a purpose, taken out of use."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from flask import Response, request

from governance.consent import operations as consent
from governance.consent import segmenting
from governance.consent.segment_examples import examples
from governance.consent.segmenting import Run, RunId, Segment, SegmentId
from governance.console import people, segment_rows, words, words_segments
from governance.console.frame import go, page
from governance.console.guard import Visit, act, screen
from governance.customers import operations as customers
from governance.kernel.errors import InvalidError
from governance.kernel.records import frozen
from governance.pages.forms import EMPTY, Typed
from governance.pages.languages import language
from governance.policies.permissions import Permission
from governance.policies.purposes import Channel

PART: Final = "segments"
RUNS: Final = 20


@frozen
class Found:
    """A segment with its newest evaluation."""

    segment: Segment
    title: str
    run: Run | None


@screen("/segments", "segments")
def segments(visit: Visit) -> Response:
    """Segments in use, each with what it found last; those taken out of use; examples to begin with."""
    rows: list[Found] = []
    retired: list[Found] = []
    for one in segmenting.segments(visit.work):
        runs = [each for each in segmenting.runs(visit.work, segment=one.id, limit=RUNS) if each.source is None]
        found = Found(one, one.titles.get(language()), runs[0] if runs else None)
        (rows if one.retired_at is None else retired).append(found)
    taken = {one.segment.key for one in (*rows, *retired)}
    offered = [(key, one.titles.get(language())) for key, one in examples().items() if key not in taken]
    return page(visit, "segments", part=PART, rows=rows, retired=retired, examples=offered)


def names(visit: Visit) -> Mapping[str, str]:
    """What forms and rules call fields, extra ones included, and purposes (`may:KEY`)."""
    said = {name: label for group in words_segments.fields().values() for name, label in group.items()}
    if visit.may(Permission.EXTRA_FIELDS_READ):
        extras = customers.definitions(visit.work)
        said |= {f"extra.{one.key}": one.labels.get(language()) or one.key for one in extras}
    purposes = consent.purposes(visit.work)
    return said | {segment_rows.MAY + one.purpose.key: one.purpose.titles.get(language()) for one in purposes}


@screen("/segments/<uuid:segment>", "segment")
def segment_page(visit: Visit, segment: UUID, typed: Typed = EMPTY, **_names: object) -> Response:
    """A segment: its rule in words, what it found, whom of those a purpose may reach, and earlier versions."""
    found = segmenting.segment(visit.work, segment=SegmentId(segment))
    runs = segmenting.runs(visit.work, segment=found.id, limit=RUNS)
    usable = next((one for one in runs if one.source is None and one.state.value == "done"), None)
    called = names(visit)
    return page(
        visit,
        "segment",
        part=PART,
        found=found,
        title=found.titles.get(language()),
        clause=segment_rows.clause(found.rule, called),
        older=[(one, segment_rows.clause(one.rule, called))
               for one in segmenting.versions(visit.work, segment=found.id)[1:]],
        runs=runs,
        usable=usable if usable is not None and usable.expires_at > visit.work.now else None,
        going=any(one.state.value == "running" for one in runs),
        states=words_segments.run_states(),
        grounds=dict(words_segments.grounds()),
        purposes=[(one.purpose.key, one.purpose.titles.get(language())) for one in consent.purposes(visit.work)],
        titles={one.purpose.key: one.purpose.titles.get(language()) for one in consent.purposes(visit.work)},
        channels=words.channels(),
        known=people.names(visit),
        actors=words.actors(),
        typed=typed,
    )  # fmt: skip


def _back(segment: UUID, **_names: object) -> Response:
    return go("segment", segment=segment)


@act("/segments/<uuid:segment>/runs", "evaluate_segment", shows=segment_page, of="segment", then=_back)
def evaluate(visit: Visit, segment: UUID) -> Response:
    """Find anew who is in a segment; the worker does it."""
    segmenting.evaluate(visit.work, segment=SegmentId(segment))
    return _back(segment)


@act("/segments/<uuid:segment>/checks", "check_segment", shows=segment_page, of="segment", then=_back)
def check(visit: Visit, segment: UUID) -> Response:
    """Ask the send check of a purpose about everybody in the newest result."""
    channel = request.form.get("channel", "")
    if channel not in set(Channel):
        raise InvalidError("Choose a channel.", errors={"channel": ["Choose a channel."]})
    purpose = request.form.get("purpose", "")[:64]
    segmenting.check_for(visit.work, segment=SegmentId(segment), purpose=purpose, channel=Channel(channel))
    return _back(segment)


@act("/segments/<uuid:segment>/runs/<uuid:run>/stop", "stop_segment", shows=segment_page, of="segment", then=_back)
def stop(visit: Visit, segment: UUID, run: UUID) -> Response:
    """End an evaluation; what it found so far is shredded."""
    segmenting.stop(visit.work, run=RunId(run))
    return _back(segment)


@act("/segments/<uuid:segment>/retirement", "retire_segment", shows=segment_page, of="segment", then=_back)
def retire(visit: Visit, segment: UUID) -> Response:
    """Take a segment out of use; it stays on record."""
    segmenting.retire(visit.work, segment=SegmentId(segment))
    return _back(segment)
