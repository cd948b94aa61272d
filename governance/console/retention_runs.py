"""Runs that remove what is overdue: begun, watched, stopped, let go on, certified."""

from typing import Final
from uuid import UUID

from flask import Response, request

from governance.console import people
from governance.console.frame import go, page
from governance.console.guard import Visit, act, screen
from governance.console.paging import asked_id, leaf
from governance.console.retention import PART, said
from governance.pages.forms import EMPTY, Typed
from governance.pages.languages import language
from governance.retention import operations as retention
from governance.retention.operations import RunId

SHOWN: Final = 50


@screen("/retention/runs", "retention_runs")
def runs(visit: Visit, typed: Typed = EMPTY) -> Response:
    """Runs, the newest first, and the button that begins one."""
    after = asked_id()
    before = None if after is None else RunId(after)
    ahead = retention.outlook(visit.work)
    rows, older = leaf(retention.list_runs(visit.work, before=before, limit=SHOWN + 1), shown=SHOWN)
    return page(
        visit,
        "retention_runs",
        part=PART,
        tab="retention_runs",
        rows=rows,
        older=older,
        active=[one for one in retention.policies(visit.work) if one.state.value == "active"],
        counted_at=ahead.counted_at,
        overdue=sum(one.overdue.rows for one in ahead.policies),
        known=people.names(visit),
        typed=typed,
        said=said(),
    )


@act("/retention/runs", "begin_run", shows=runs, of="retention_runs", then=lambda: go("retention_runs"))
def begin(visit: Visit) -> Response:
    """Begin a run of all policies in force; one that would touch too many people waits to be approved."""
    retention.begin(visit.work)
    return go("retention_runs")


@screen("/retention/runs/<uuid:run>", "retention_run")
def run_page(visit: Visit, run: UUID, typed: Typed = EMPTY) -> Response:
    """How far a run is, policy by policy."""
    found = retention.find_run(visit.work, run=RunId(run))
    return page(
        visit,
        "retention_run",
        part=PART,
        found=found,
        titles={one.policy.key: one.policy.titles.get(language()) for one in retention.policies(visit.work)},
        failures=retention.failures(visit.work, run=RunId(run), limit=SHOWN),
        known=people.names(visit),
        typed=typed,
        said=said(),
    )


@act("/retention/runs/<uuid:run>/stop", "stop_run", shows=run_page, of="retention_run",
     then=lambda run: go("retention_run", run=run))  # fmt: skip
def stop(visit: Visit, run: UUID) -> Response:
    """Stop a run between two batches."""
    retention.stop(visit.work, run=RunId(run))
    return go("retention_run", run=run)


@act("/retention/runs/<uuid:run>/resumption", "resume_run", shows=run_page, of="retention_run",
     then=lambda run: go("retention_run", run=run))  # fmt: skip
def resume(visit: Visit, run: UUID) -> Response:
    """Propose that a run which stopped by itself go on; another person decides."""
    retention.propose_resumption(visit.work, run=RunId(run), reason=request.form.get("reason", ""))
    return go("retention_run", run=run)


@screen("/retention/runs/<uuid:run>/certificate", "run_certificate")
def certificate(visit: Visit, run: UUID) -> Response:
    """Counts, digests and proofs of what a run destroyed."""
    named = {"Content-Disposition": f'attachment; filename="run-{run}.json"'}
    content = retention.certificate(visit.work, run=RunId(run)).content
    return Response(content, content_type="application/json", headers=named)
