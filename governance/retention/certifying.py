"""What a run destroyed, as a document that proves itself, in the form that certificates of erasures have.

What it says is fixed when the run ends, and its digest told in the log; proofs are added when it is asked for. The
people whom it erased have certificates of their own, as for requests; this one names them with their digests.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Final

from sqlalchemy import select

from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import Fact, ObjectRef
from governance.erasure import operations as erasure
from governance.erasure.errors import NotCertifiedError
from governance.erasure.verifying import Json, canonical
from governance.kernel.errors import ConflictError
from governance.kernel.ids import EntryId
from governance.kernel.records import frozen
from governance.kernel.work import Work
from governance.reference.operations import controller
from governance.retention.records import Run, RunId, RunState
from governance.retention.runs import find_run
from governance.retention.tables import BatchRow, CertificateRow

VERSION: Final = 1
METHOD: Final = (
    "Rows deleted or values emptied, with their blind indexes; of people and compartments the data keys (AES-256) "
    "destroyed as well, so that no copy of them can be opened."
)


@frozen
class RunCertificate:
    """A certificate with its proofs.

    Attributes:
        content: the JSON file, byte for byte as it can be verified.
        body: what it says.
    """

    run: RunId
    content: bytes
    body: Mapping[str, Json]


def issue(work: Work, told: Run) -> None:
    """Write down what the certificate of a run that is over says, with an entry that holds its digest."""
    body = canonical(_body(work, told))
    facts: dict[str, Fact] = {"digest": sha256(body).hexdigest()}
    entry = audit.append(work, Action.PURGE_CERTIFIED, object=ObjectRef("retention-run", told.id), facts=facts)
    work.session.add(CertificateRow(run_id=told.id, made_at=work.now, body=body, entry=entry))
    work.session.flush()


def certificate(work: Work, *, run: RunId) -> RunCertificate:
    """Counts, digests and inclusion proofs of all batches of a run that is over.

    Each batch names its audit entry and the SHA-256 over the random ids of its rows. It is verified as those of
    erasures are, with no database.

    Raises:
        ForbiddenError: where the actor may not see runs.
        NoSuchRunError: where there is none.
        ConflictError: where it is not over yet.
        NotCertifiedError: where no checkpoint covers all of its entries yet: come back in some seconds.
    """
    told = find_run(work, run=run)
    if told.state not in (RunState.DONE, RunState.STOPPED):
        raise ConflictError("The run is not over yet; it is certified once it is.")
    kept = work.session.get(CertificateRow, run)
    if kept is None:
        raise NotCertifiedError("The run was over before runs were certified.")
    body: dict[str, Json] = json.loads(kept.body)
    return RunCertificate(run, erasure.with_proofs(work, body=body, entry=EntryId(kept.entry)), body)


def _body(work: Work, told: Run) -> dict[str, Json]:
    held = controller(work)
    batches = work.session.scalars(select(BatchRow).where(BatchRow.run_id == told.id).order_by(BatchRow.entry)).all()
    return {
        "at": told.at.isoformat(),
        "controller": {
            "address": held.address,
            "country": held.country,
            "laws": list[Json](held.laws),
            "legal_name": held.legal_name,
            "registration": held.registration,
        },
        "destroyed": [_batch(told, one) for one in batches],
        "erasures": [
            {"certificate": number, "digest": digest, "erasure": str(one)}
            for one, number, digest in erasure.certificates_of(work, origin=told.id)
        ],
        "finished_at": _text(told.finished_at),
        "made_at": work.now.isoformat(),
        "method": METHOD,
        "origin": {
            "by": None if told.started_by is None else str(told.started_by),
            "kind": told.origin.value,
            "role": told.started_by_kind.value,
        },
        "policies": [
            {
                "failed": one.failed,
                "left_over": one.left_over,
                "people": one.people,
                "policy": one.key,
                "rows": one.rows,
                "version": one.version,
            }
            for one in told.parts
        ],
        "run": str(told.id),
        "started_at": told.started_at.isoformat(),
        "state": told.state.value,
        "store_people": told.store_people,
        "v": VERSION,
    }


def _batch(told: Run, row: BatchRow) -> Json:
    part = told.parts[row.number - 1]
    return {
        "at": row.at.isoformat(),
        "digest": row.digest.hex(),
        "entry": str(row.entry),
        "people": row.people,
        "policy": part.key,
        "rows": row.rows,
        "version": part.version,
    }


def _text(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
