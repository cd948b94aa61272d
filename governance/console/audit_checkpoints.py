"""Checkpoints of the log: listed with their anchors, held against each other in the browser; the log as one file."""

import base64
import json

from flask import Response, request
from flask_babel import gettext

from governance.audit import operations as log
from governance.audit.handing import MEDIA_TYPE
from governance.audit.operations import Continuation
from governance.audit.progress import progress
from governance.console.audit import PART
from governance.console.frame import page
from governance.console.guard import Visit, act, screen
from governance.console.place import current_console
from governance.pages.forms import EMPTY, Typed

ROWS = 50


@screen("/audit/checkpoints", "audit_checkpoints")
def checkpoints(visit: Visit, typed: Typed = EMPTY) -> Response:
    """What was signed, the newest first: size, root, when, and where it was told."""
    said = request.args.get("before", "")
    before = int(said) if said.isascii() and said.isdigit() and len(said) < 19 else None
    found = log.signed_checkpoints(visit.work, outside=current_console().outside, before=before, limit=ROWS)
    return page(
        visit,
        "audit_checkpoints",
        part=PART,
        tab="audit_checkpoints",
        rows=found,
        log=progress(visit.work),
        following=found[-1].size if len(found) == ROWS else None,
        anchors={
            "file": gettext("file of the service"),
            "webhook": gettext("webhook"),
            "time-stamps": gettext("time stamp (RFC 3161)"),
        },
        keys=current_console().verifier_keys(visit.work),
        typed=typed,
    )


@screen("/audit/checkpoints/<int:size>", "audit_continuation")
def continuation_page(visit: Visit, size: int) -> Response:
    """That the newest checkpoint continues an earlier one, for the browser to compute."""
    kept = log.checkpoint_of(visit.work, size=size).note
    return _shown(visit, log.continuation(visit.work, kept=kept), own=False)


@act("/audit/checkpoints", "check_continuation", shows=checkpoints, of="audit_checkpoints")
def check(visit: Visit) -> Response:
    """The same for a checkpoint that somebody kept; it is not kept here."""
    kept = request.form.get("checkpoint", "").replace("\r\n", "\n").strip() + "\n"
    return _shown(visit, log.continuation(visit.work, kept=kept.encode()), own=True)


@act("/audit/export", "export_log", shows=checkpoints, of="audit_checkpoints")
def export(visit: Visit) -> Response:
    """The log as a file: what `governance audit export` writes, packed; told in the log."""
    handed = current_console().export_log(visit.work)
    named = {"Content-Disposition": f'attachment; filename="audit-log-{handed.exported.size}.tar"'}
    return Response(handed.pieces, content_type=MEDIA_TYPE, headers=named)


def _shown(visit: Visit, found: Continuation, *, own: bool) -> Response:
    document = {
        "first": found.first.decode(),
        "second": found.second.decode(),
        "first_size": found.first_size,
        "second_size": found.second_size,
        "path": [base64.b64encode(one).decode("ascii") for one in found.path],
    }
    return page(
        visit,
        "audit_continuation",
        part=PART,
        scripts=("proofs.js", "checks.js", "continuation.js"),
        found=found,
        own=own,
        first=found.first.decode(),
        second=found.second.decode(),
        document=json.dumps(document),
        keys="\n".join(current_console().verifier_keys(visit.work)),
    )
