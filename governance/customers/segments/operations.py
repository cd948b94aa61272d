"""Every verb of segments that asks after no consent; `consent.segmenting` is what entry points call."""

from governance.customers.segments.defined import (
    Segment,
    SegmentId,
    SpecialCondition,
    segment,
    segment_of_key,
    segments,
    versions,
)
from governance.customers.segments.defining import retire
from governance.customers.segments.results import Run, RunId, RunState, expire, run, runs, stop, unfinished

__all__ = [
    "Run",
    "RunId",
    "RunState",
    "Segment",
    "SegmentId",
    "SpecialCondition",
    "expire",
    "retire",
    "run",
    "runs",
    "segment",
    "segment_of_key",
    "segments",
    "stop",
    "unfinished",
    "versions",
]
