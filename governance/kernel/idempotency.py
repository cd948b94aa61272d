"""Requests that a caller may repeat without doing the thing twice, whatever got lost on the way.

The record is made in the transaction of the work itself: if that is rolled back, so is the record, and a second request
with the same key waits at the record's row until the first has ended.
"""

import hmac
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert

from governance.kernel.arrays import byteas, texts, uuids
from governance.kernel.db import driver_connection
from governance.kernel.errors import GovernanceError
from governance.kernel.records import frozen
from governance.kernel.tables import IdempotentRequestRow
from governance.kernel.work import Work

KEPT: Final = timedelta(hours=24)


class KeyReusedError(GovernanceError):
    """The key was used within the last day for another request."""

    slug = "idempotency-key-reused"


class RepeatedError(Exception):
    """One of several keys was used before, or stands twice among them: each request is to be answered alone."""


@frozen
class Repeat:
    """What the first request with this key came to.

    Attributes:
        status: HTTP status of its answer.
        object_id: what it made, if that has an id.
    """

    status: int
    object_id: UUID | None


@frozen
class Claim:
    """A key taken for the request under way; `settle` notes what it came to."""

    caller: str
    key_digest: bytes


def claim(work: Work, *, caller: str, key: str, request: bytes, secret: bytes) -> Claim | Repeat:
    """Take *key* for this request, or answer what the first request with it came to.

    Args:
        work: the unit of work.
        caller: who sends it; each caller has keys of their own.
        key: the caller's `Idempotency-Key`; kept as a digest only.
        request: method, address and body; kept as a digest only, since it is full of personal values.
        secret: key of the digests.

    Raises:
        KeyReusedError: the key was used for another request.
    """
    key_digest, request_digest = _digest(secret, b"key", key.encode()), _digest(secret, b"request", request)
    fresh = {"request_digest": request_digest, "created_at": work.now, "status": None, "object_id": None}
    row = IdempotentRequestRow
    statement = (
        insert(row)
        .values(caller=caller, key_digest=key_digest, **fresh)
        .on_conflict_do_update(
            index_elements=["caller", "key_digest"], set_=fresh, where=row.created_at < work.now - KEPT
        )
        .returning(row.key_digest)
    )
    if work.session.execute(statement).first() is not None:
        return Claim(caller, key_digest)
    kept = work.session.execute(
        select(row.request_digest, row.status, row.object_id).where(row.caller == caller, row.key_digest == key_digest)
    ).one()
    if not hmac.compare_digest(kept.request_digest, request_digest):
        raise KeyReusedError("This Idempotency-Key was used for another request; use a new key for each.")
    return Repeat(kept.status, kept.object_id)


def claim_fresh(work: Work, requests: Sequence[tuple[str, str, bytes]], *, secret: bytes) -> list[Claim]:
    """Take the keys of several requests at once, before anything is locked for them.

    Args:
        work: the unit of work.
        requests: caller, key and request of each, as `claim` takes them.
        secret: key of the digests.

    Raises:
        RepeatedError: not all of them are new; what was taken goes with the transaction.
    """
    taken = [(caller, _digest(secret, b"key", key.encode())) for caller, key, _ in requests]
    if len(set(taken)) < len(taken):
        raise RepeatedError
    # In one order, so that two who take several do not wait for one another.
    rows = sorted((*one, _digest(secret, b"request", told)) for one, (_, _, told) in zip(taken, requests, strict=True))
    row = IdempotentRequestRow
    new = insert(row).values(
        [
            {"caller": caller, "key_digest": key, "request_digest": told, "created_at": work.now}
            for caller, key, told in rows
        ]
    )
    anew = {"request_digest": new.excluded.request_digest, "created_at": work.now, "status": None, "object_id": None}
    statement = new.on_conflict_do_update(
        index_elements=["caller", "key_digest"], set_=anew, where=row.created_at < work.now - KEPT
    )
    if len(work.session.execute(statement.returning(row.key_digest)).all()) < len(rows):
        raise RepeatedError
    return [Claim(*one) for one in taken]


def settle_many(work: Work, claimed: Mapping[Claim, UUID | None], *, status: int) -> None:
    """Note of each what it made; a claim that came to nothing is let go, for whoever answers that request."""
    for one, object_id in claimed.items():
        if object_id is None:
            row = IdempotentRequestRow
            gone = delete(row).where(row.caller == one.caller, row.key_digest == one.key_digest)
            work.session.execute(gone, execution_options={"synchronize_session": False})
    made = [(one, object_id) for one, object_id in claimed.items() if object_id is not None]
    driver_connection(work.session).execute(
        "UPDATE idempotent_request AS request SET status = %s, object_id = made.id "
        "FROM unnest(%b, %b, %b) AS made (caller, key, id) WHERE (request.caller, key_digest) = (made.caller, key)",
        [
            status,
            texts(one.caller for one, _ in made),
            byteas(one.key_digest for one, _ in made),
            uuids(object_id for _, object_id in made),
        ],
    )


def settle(work: Work, claimed: Claim, *, status: int, object_id: UUID | None) -> None:
    """Note what the request came to; its answer is not kept."""
    row = IdempotentRequestRow
    work.session.execute(
        update(row)
        .where(row.caller == claimed.caller, row.key_digest == claimed.key_digest)
        .values(status=status, object_id=object_id),
        execution_options={"synchronize_session": False},
    )


def purge(work: Work) -> int:
    """Forget requests older than a day; answers how many."""
    row = IdempotentRequestRow
    done = work.session.execute(
        delete(row).where(row.created_at < work.now - KEPT).returning(row.caller),
        execution_options={"synchronize_session": False},
    )
    return len(done.all())


def _digest(secret: bytes, what: bytes, content: bytes) -> bytes:
    return hmac.digest(secret, what + b"\x00" + content, "sha256")
