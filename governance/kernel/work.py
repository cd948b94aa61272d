"""The unit of work: one transaction, one actor, one instant."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from governance.kernel.clock import Clock, SystemClock, require_aware
from governance.kernel.db import Database
from governance.kernel.records import frozen


class ActorKind(StrEnum):
    """What kind of being acts."""

    STAFF = "staff"
    CLIENT = "client"
    CUSTOMER = "customer"
    OPERATOR = "operator"
    SYSTEM = "system"


@frozen
class Actor:
    """Who acts, and what that one was granted.

    Attributes:
        kind: staff member, API client, customer, operator at the host, or the system itself.
        id: the staff, client or (random) subject reference; None for operator and system.
        permissions: granted `area:act` strings; `governance.policies.access` alone decides over them.
        roles: names of the roles that the permissions come from.
        name: code of the part that acts (`cli`, `worker`), never a personal value.
        purposes, channels: what a connected system is kept to; None where it is not. `governance.policies.limits` alone
            decides over them.
    """

    kind: ActorKind
    id: UUID | None
    permissions: frozenset[str]
    roles: tuple[str, ...] = ()
    name: str = ""
    purposes: frozenset[str] | None = None
    channels: frozenset[str] | None = None


SYSTEM = Actor(kind=ActorKind.SYSTEM, id=None, permissions=frozenset({"*"}), name="worker")
"""The service acting by itself: timetable, sequencer, resumed jobs."""
OPERATOR = Actor(kind=ActorKind.OPERATOR, id=None, permissions=frozenset({"*"}), name="cli")
"""Whoever runs `governance` on the host and can read the keyring anyway."""


@frozen
class Work:
    """One transaction.

    Attributes:
        session: the open transaction; operations never commit it.
        actor: who acts in it.
        now: aware UTC, the same for all that this transaction writes.
        request_id: id of the HTTP request or job, for logs.
    """

    session: Session
    actor: Actor
    now: datetime
    request_id: str | None = None


def tell_instant(work: Work) -> None:
    """Let triggers of the database date what this transaction changes by *work*, not by its own clock."""
    work.session.execute(text("SELECT set_config('governance.now', :now, true)"), {"now": work.now.isoformat()})


@contextmanager
def open_work(
    database: Database, actor: Actor, *, clock: Clock | None = None, request_id: str | None = None
) -> Iterator[Work]:
    """Open a transaction, commit it at the end of the block, roll it back on any exception."""
    now = require_aware((clock or SystemClock()).now())
    with database.sessions.begin() as session:
        yield Work(session=session, actor=actor, now=now, request_id=request_id)


@contextmanager
def open_singly(database: Database, actor: Actor, *, clock: Clock | None = None) -> Iterator[Work]:
    """Open a unit of work without a transaction around it: each statement commits by itself.

    For acts that read and then write by one statement, where nothing is left to be kept together; spares the server two
    rounds.
    """
    now = require_aware((clock or SystemClock()).now())
    with database.sessions(bind=database.singly) as session:
        yield Work(session=session, actor=actor, now=now)
