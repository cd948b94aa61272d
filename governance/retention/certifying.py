"""What a run destroyed, as a document that proves itself: each batch with its entry and where that is in the log.

The people of an erasure have certificates of their own, as for requests; this one tells of the run as a whole. An
auditor verifies each proof with `audit/merkle.py` and the checkpoint that was kept elsewhere.
"""

import json
from base64 import b64encode
from dataclasses import asdict
from datetime import datetime
from enum import Enum
from typing import Any
from uuid import UUID

from sqlalchemy import select

from governance.audit import operations as audit
from governance.erasure import operations as erasure
from governance.kernel.errors import ConflictError
from governance.kernel.ids import EntryId
from governance.kernel.work import Work
from governance.reference.operations import controller
from governance.retention.beginning import find_run
from governance.retention.records import RunId, RunState
from governance.retention.tables import BatchRow

VERSION = 1


def certificate(work: Work, *, run: RunId) -> bytes:
    """Counts, digests and inclusion proofs of all batches of a run that is over, as canonical JSON.

    Each batch names its audit entry, the SHA-256 over the random ids of its rows, and the proof that the entry is under
    the newest checkpoint; what was erased as whole people is named by the ids of its erasures.

    Raises:
        ForbiddenError: where the actor may not see runs.
        NoSuchRunError: where there is none.
        ConflictError: where it is not over yet.
        NotYetProvableError: where no checkpoint covers all of its entries yet.
    """
    told = find_run(work, run=run)
    if told.state not in (RunState.DONE, RunState.STOPPED):
        raise ConflictError("The run is not over yet; it is certified once it is.")
    held = controller(work)
    batches = work.session.scalars(select(BatchRow).where(BatchRow.run_id == run).order_by(BatchRow.entry)).all()
    document = {
        "version": VERSION,
        "controller": {"name": held.legal_name, "country": held.country},
        "run": _plain(asdict(told)),
        "batches": [_batch(work, one) for one in batches],
        "erasures": [str(one.id) for one in erasure.of_origin(work, origin=run)],
    }
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _batch(work: Work, row: BatchRow) -> dict[str, Any]:
    proof = audit.inclusion_proof(work, eid=EntryId(row.entry))
    return {
        "at": _plain(row.at),
        "digest": row.digest.hex(),
        "entry": str(row.entry),
        "part": row.number,
        "people": row.people,
        "proof": {
            "checkpoint": proof.checkpoint.decode("utf-8"),
            "index": proof.index,
            "leaf": None if proof.leaf is None else proof.leaf.decode("utf-8"),
            "path": [b64encode(one).decode("ascii") for one in proof.path],
            "size": proof.size,
        },
        "rows": row.rows,
    }


def _plain(value: Any) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return str(value) if isinstance(value, UUID) else value
