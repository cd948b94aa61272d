"""Certificates: what they say is fixed with the last step and its digest told in the log; proofs are added when asked.

So a certificate can be had again for any later checkpoint, and says the same each time.
"""

import hashlib
import json
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import func, select

from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import Fact, ObjectRef
from governance.audit.errors import NotYetProvableError
from governance.audit.trail import Proof
from governance.custody import rotation
from governance.customers.reach import allow
from governance.erasure.errors import NoSuchErasureError, NotCertifiedError
from governance.erasure.parting import PARTED
from governance.erasure.records import COMPARTMENT_OF, LINES, ErasureId, Step, StepState, gone_of
from governance.erasure.rows import MISSING
from governance.erasure.tables import CertificateRow, ErasureRow, PartRow, StepRow
from governance.erasure.targets import Target
from governance.erasure.verifying import VERSION, Json, canonical
from governance.kernel.ids import EntryId, spelled
from governance.kernel.records import frozen
from governance.kernel.work import Work
from governance.policies.permissions import Permission
from governance.reference.operations import find_controller

EPOCH_DAYS: Final = 30
"""The longest that a key-encryption key lives, whatever the settings say."""
METHOD: Final = (
    "Data keys (AES-256) destroyed, so that nothing they sealed can be opened here or in any copy; rows and blind "
    "indexes deleted."
)
SUPPRESSED: Final = "GDPR Art. 17(3)(b), 21(3)"
REMAINS: Final[Mapping[str, str]] = {
    "suppression": "Keyed digests of contacts, so that no old list brings the person back (GDPR Art. 17(3)(b), 21(3)).",
    "audit": "Entries under random names that nothing leads to any more (GDPR Art. 5(2)).",
    "export_print": "Keyed digests of what exports held, to trace a leaked file; destroyed after three years.",
}


@frozen
class Certificate:
    """A certificate with its proofs.

    Attributes:
        content: the JSON file, byte for byte as it can be verified.
        body: what it says.
    """

    erasure: ErasureId
    number: int
    made_at: datetime
    content: bytes
    body: Mapping[str, Json]


def issue(work: Work, row: ErasureRow, made: Sequence[StepRow], targets: Iterable[Target]) -> None:
    """Write down what a certificate says of *targets*, with an entry that holds its digest."""
    highest = work.session.scalar(select(func.max(CertificateRow.number)).where(CertificateRow.erasure_id == row.id))
    number = (highest or 0) + 1
    body = canonical(_body(work, row, made, sorted(targets, key=lambda one: one.ref.int), number))
    facts: dict[str, Fact] = {"digest": hashlib.sha256(body).hexdigest(), "number": number}
    entry = audit.append(work, Action.ERASURE_CERTIFIED, object=ObjectRef("erasure", row.id), facts=facts)
    work.session.add(CertificateRow(erasure_id=row.id, number=number, made_at=work.now, body=body, entry=entry))
    work.session.flush()


def certificate(work: Work, *, erasure: ErasureId, number: int | None = None) -> Certificate:
    """A certificate with proofs for the newest checkpoint; told in the log.

    Args:
        work: the transaction.
        erasure: of which.
        number: which one; the newest where nothing is said.

    Raises:
        ForbiddenError: without `erasure:read`.
        NoSuchErasureError: where there is no such erasure.
        NotCertifiedError: where there is none yet, or no checkpoint covers it: come back in some seconds.
    """
    allow(work, Permission.ERASURE_READ)
    row = work.session.get(ErasureRow, erasure)
    if row is None:
        raise NoSuchErasureError(MISSING)
    query = select(CertificateRow).where(CertificateRow.erasure_id == erasure).order_by(CertificateRow.number.desc())
    if number is not None:
        query = query.where(CertificateRow.number == number)
    kept = work.session.scalars(query.limit(1)).one_or_none()
    if kept is None:
        raise NotCertifiedError("There is no such certificate; the first is made when all that may go has gone.")
    body: dict[str, Json] = json.loads(kept.body)
    return Certificate(
        erasure, kept.number, kept.made_at, with_proofs(work, body=body, entry=EntryId(kept.entry)), body
    )


def certificates_of(work: Work, *, origin: UUID) -> list[tuple[UUID, int, str]]:
    """Certificates of all erasures that a request or run began: of which, which number, SHA-256 of what it says."""
    query = (
        select(CertificateRow.erasure_id, CertificateRow.number, func.sha256(CertificateRow.body))
        .join(ErasureRow, ErasureRow.id == CertificateRow.erasure_id)
        .where(ErasureRow.origin_id == origin)
        .order_by(CertificateRow.erasure_id, CertificateRow.number)
    )
    return [(erasure, number, bytes(digest).hex()) for erasure, number, digest in work.session.execute(query)]


def with_proofs(work: Work, *, body: Mapping[str, Json], entry: EntryId) -> bytes:
    """The file of a certificate: what it says, the newest checkpoint, and proofs for what issued it and all receipts.

    Raises:
        NotCertifiedError: where no checkpoint covers all of it yet.
    """
    try:
        proofs = audit.inclusion_proofs(work, eids=[entry, *(EntryId(UUID(str(one))) for one in _entries(body))])
    except NotYetProvableError:
        raise NotCertifiedError("No checkpoint covers the certificate yet; ask again in some seconds.") from None
    issued, *receipts = map(_proof, proofs)
    told: dict[str, Json] = {
        "certificate": dict(body),
        "checkpoint": proofs[0].checkpoint.decode("utf-8"),
        "issued": issued,
        "receipts": list[Json](receipts),
    }
    return canonical(told)


def _entries(body: Mapping[str, Json]) -> list[Json]:
    destroyed = body["destroyed"]
    return [one["entry"] for one in destroyed if isinstance(one, dict)] if isinstance(destroyed, list) else []


def _proof(proof: Proof) -> dict[str, Json]:
    return {
        "index": proof.index,
        "leaf": None if proof.leaf is None else proof.leaf.decode("utf-8"),
        "path": [b64encode(one).decode("ascii") for one in proof.path],
        "size": proof.size,
    }


def _body(
    work: Work, row: ErasureRow, made: Sequence[StepRow], targets: Sequence[Target], number: int
) -> dict[str, Json]:
    named = find_controller(work)
    controller: dict[str, Json] = {}
    if named is not None:
        controller = {
            "address": named.address,
            "country": named.country,
            "laws": list[Json](named.laws),
            "legal_name": named.legal_name,
            "registration": named.registration,
        }
    keys = next((one for one in made if one.step == Step.KEYS.value), None)
    copies = rotation.copies_end_at(work, epoch_days=EPOCH_DAYS)
    return {
        "begun_at": row.begun_at.isoformat(),
        "begun_by": {"id": _text(row.begun_by), "kind": row.begun_by_kind},
        "completed_at": _text(row.completed_at),
        "controller": controller,
        "destroyed": _destroyed(work, row.id, made),
        "erasure": str(row.id),
        "held": [
            {"citation": one.citation, "compartment": one.step, "holds": [str(hold) for hold in one.holds]}
            for one in made
            if one.state == StepState.HELD.value and Step(one.step) in COMPARTMENT_OF
        ],
        "kept": [
            {
                "citation": one.citation,
                "compartment": one.step,
                "from": _text(one.first_until),
                "in_force": one.in_force,
                "rule": one.rule,
                "until": _text(one.until),
            }
            for one in made
            if one.state == StepState.KEPT.value
        ],
        "key_owners": list[Json](sorted(spelled(owner) for target in targets for owner in target.owners)),
        "made_at": work.now.isoformat(),
        "method": METHOD,
        "number": number,
        "origin": {"id": _text(row.origin_id), "kind": row.origin, "rule": row.rule},
        "remains": dict[str, Json](REMAINS),
        "subjects": [spelled(target.ref) for target in targets],
        "suppressed": {
            "citation": SUPPRESSED,
            "digests": max(one.counts.get(LINES, 0) for one in made),
            "until": None,
        },
        "unreadable_here_since": _text(None if keys is None else keys.done_at),
        "unreadable_in_copies_from": copies.isoformat(),
        "v": VERSION,
    }


def _destroyed(work: Work, erasure: UUID, made: Sequence[StepRow]) -> list[Json]:
    """Each step with its receipt, and what went of a kept compartment before the rest, since its own day had passed."""
    steps = [
        _receipt(one.step, one.done_at, one.entry, one.counts) for one in made if one.state == StepState.DONE.value
    ]
    query = select(PartRow).where(PartRow.erasure_id == erasure).order_by(PartRow.entry)
    parts = [
        _receipt(one.step, one.at, one.entry, {PARTED[Step(one.step)]: one.rows}) for one in work.session.scalars(query)
    ]
    return [*steps, *parts]


def _receipt(step: str, at: datetime | None, entry: UUID | None, rows: Mapping[str, int]) -> Json:
    compartment = COMPARTMENT_OF.get(Step(step))
    return {
        "at": _text(at),
        "compartment": None if compartment is None else compartment.value,
        "entry": _text(entry),
        "rows": dict[str, Json](gone_of(rows)),
        "step": step,
    }


def _text(value: UUID | datetime | date | None) -> str | None:
    if value is None:
        return None
    return str(value) if isinstance(value, UUID) else value.isoformat()
