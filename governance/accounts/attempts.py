"""Attempts to sign in: each is counted before it is looked at; whoever fails often waits ever longer, never for good.

Counted are failures in a row by account and by address. So that a stranger who fails on purpose does not keep the
holder waiting, an address that the account was signed in from within 30 days is counted by itself, and from elsewhere
one waits a minute at most. Unknown accounts are counted like known ones.
"""

import ipaddress
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import field
from datetime import datetime, timedelta
from math import ceil
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from governance.accounts.tables import AttemptRow, StaffRow
from governance.audit import operations as audit
from governance.audit.actions import Action, Outcome
from governance.audit.entries import ObjectRef
from governance.kernel.errors import TooManyError, UnauthenticatedError
from governance.kernel.records import frozen
from governance.kernel.work import Work
from governance.vault.blind import BlindIndex, normal_email
from governance.vault.runtime import vault_of

KEPT: Final = timedelta(days=30)
"""How long a successful sign-in makes an address known, and how long attempts are remembered."""
CALM: Final = timedelta(days=1)
"""After this long without a failure, counting begins anew."""


@frozen
class _Patience:
    """How failures in a row are borne.

    Attributes:
        free: so many cost nothing.
        longest: what doubling ends at.
    """

    free: int
    longest: timedelta


_PATIENCE: Final[Mapping[str, _Patience]] = {
    "account": _Patience(5, timedelta(minutes=1)),
    "pair": _Patience(5, timedelta(minutes=15)),
    "address": _Patience(20, timedelta(minutes=15)),
}
_INDEXES: Final[Mapping[str, BlindIndex]] = {
    kind: BlindIndex(f"sign_in_attempt.digest/{kind}", lambda value: value) for kind in _PATIENCE
}


@frozen
class Attempt:
    """An attempt that was counted.

    Attributes:
        email: as typed.
        counted: digests that it was counted under, by kind.
        pair: digest of account and address together.
    """

    email: str = field(repr=False)
    counted: Mapping[str, bytes]
    pair: bytes


def begin_attempt(work: Work, *, email: str, address: str) -> Attempt:
    """Count an attempt to sign in; to be committed before it is looked at, so that many at once are counted, too.

    Args:
        work: a unit of work of its own.
        email: as typed.
        address: where it comes from, an IP address.

    Raises:
        TooManyError: it comes too early; it is not counted then.
    """
    account, place = normal_email(email), place_of(address)
    values = {"account": account, "address": place, "pair": f"{place} {account}"}
    indexer = vault_of(work.session).indexer
    digests = {kind: indexer.digest(_INDEXES[kind], value) for kind, value in values.items()}
    pair = work.session.get(AttemptRow, digests["pair"], populate_existing=True)
    known = pair is not None and pair.succeeded_at is not None and work.now - pair.succeeded_at < KEPT
    counted = {kind: digests[kind] for kind in ("pair" if known else "account", "address")}
    rows = _locked(work, counted)
    wait = max((row.blocked_until - work.now for row in rows if row.blocked_until is not None), default=timedelta(0))
    if wait > timedelta(0):
        seconds = max(1, ceil(wait.total_seconds()))
        raise TooManyError("Too many failed attempts; come back later.", retry_after_seconds=seconds)
    for row in rows:
        row.failures = 1 if work.now - row.tried_at > CALM else row.failures + 1
        row.tried_at = work.now
        row.blocked_until = _until(row, work.now)
    work.session.flush()
    return Attempt(email, counted, digests["pair"])


@contextmanager
def tried(stranger_work: Callable[[], AbstractContextManager[Work]], *, email: str, address: str) -> Iterator[Attempt]:
    """An attempt to sign in: counted before it is looked at, and recorded where it fails.

    Args:
        stranger_work: opens a unit of work of somebody who is not known yet; each of the two is one of its own.
        email: as typed.
        address: where it comes from, an IP address.

    Raises:
        TooManyError: it comes too early; it is not counted then.
    """
    with stranger_work() as work:
        attempt = begin_attempt(work, email=email, address=address)
    try:
        yield attempt
    except UnauthenticatedError:
        with stranger_work() as work:
            _record_failure(work, attempt)
        raise


def end_attempt(work: Work, attempt: Attempt) -> None:
    """Take down that an attempt succeeded: failures of the account are forgotten, of the address all but this one."""
    for row in _locked(work, attempt.counted):
        row.failures = max(0, row.failures - 1) if row.kind == "address" else 0
        row.blocked_until = None
    for row in _locked(work, {"pair": attempt.pair}):
        row.succeeded_at = row.tried_at = work.now
    work.session.flush()


def _record_failure(work: Work, attempt: Attempt) -> None:
    staff = work.session.scalars(select(StaffRow.id).where(StaffRow.email == attempt.email)).one_or_none()
    named = None if staff is None else ObjectRef("staff", staff)
    audit.append(work, Action.LOGIN_REFUSED, object=named, outcome=Outcome.REFUSED)


def forget_attempts(work: Work) -> int:
    """Delete what was kept of attempts long ago; answers how many."""
    old = delete(AttemptRow).where(AttemptRow.tried_at < work.now - KEPT).returning(AttemptRow.digest)
    return len(work.session.execute(old, execution_options={"synchronize_session": False}).all())


def _locked(work: Work, digests: Mapping[str, bytes]) -> list[AttemptRow]:
    # In one order, so that two attempts never wait for each other.
    ordered = sorted((one, kind) for kind, one in digests.items())
    new = [{"digest": one, "kind": kind, "failures": 0, "tried_at": work.now} for one, kind in ordered]
    work.session.execute(insert(AttemptRow.__table__).values(new).on_conflict_do_nothing())  # type: ignore[arg-type]
    query = select(AttemptRow).where(AttemptRow.digest.in_(digests.values())).order_by(AttemptRow.digest)
    return list(work.session.scalars(query.with_for_update().execution_options(populate_existing=True)))


def _until(row: AttemptRow, now: datetime) -> datetime | None:
    patience = _PATIENCE[row.kind]
    over = row.failures - patience.free
    if over < 0:
        return None
    return now + min(timedelta(seconds=2 ** min(over, 20)), patience.longest)


def place_of(address: str) -> str:
    """Where attempts come from: an IPv4 address, or the network of an IPv6 one, which is a household's or a host's."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if isinstance(found, ipaddress.IPv6Address):
        mapped = found.ipv4_mapped
        return str(mapped) if mapped else str(ipaddress.ip_network((found.packed[:8] + bytes(8), 64)))
    return str(found)
