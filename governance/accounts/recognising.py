"""API clients, recognised by their key, which is looked up anew each time."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from psycopg import RawCursor
from sqlalchemy import select, update

from governance.accounts.demonstration import is_demonstration
from governance.accounts.keys import id_of, is_test_key, matches
from governance.accounts.tables import ApiClientKeyRow
from governance.kernel.db import driver_connection
from governance.kernel.errors import UnauthenticatedError
from governance.kernel.work import Actor, ActorKind, Work
from governance.policies import shipped
from governance.policies.permissions import Permission

USE_NOTED_EVERY = timedelta(hours=1)
CLIENT_ROLE = "system"
"""The role whose field rules speak for scopes."""


def authenticate_client(work: Work, *, presented: str) -> Actor:
    """The actor that presents an API key. Unknown id and wrong secret take the same path.

    That the key was used is noted once an hour at most, and never waited for.

    Raises:
        UnauthenticatedError: where the key is unknown, expired or revoked; which of them is not told. That a key is for
            demonstrations shows from its form.
    """
    (actor,) = authenticate_clients(work, presented=[presented])
    if actor is not None:
        return actor
    if is_test_key(presented) and not is_demonstration(work):
        raise UnauthenticatedError("This is a test key; it opens demonstrations only.")
    raise UnauthenticatedError("The API key is unknown, expired or revoked.")


def authenticate_clients(work: Work, *, presented: Sequence[str]) -> list[Actor | None]:
    """The actors that present API keys, each as `authenticate_client` has it; None where it would refuse.

    One statement, asked anew each time: a key that is revoked is refused from then on.
    """
    return ask_clients(work, presented=presented)()


def ask_clients(work: Work, *, presented: Sequence[str]) -> Callable[[], list[Actor | None]]:
    """As `authenticate_clients`, within a `one_trip`; what is given back tells of it behind that."""
    ids = [id_of(one) for one in presented]
    cursor = RawCursor(driver_connection(work.session))  # the driver need not look for parameters each time
    cursor.execute(_KEYS, [work.now, list(set(ids))], binary=True)
    return lambda: _recognised(work, presented, ids, {row[0]: row for row in cursor.fetchall()})


def _recognised(
    work: Work, presented: Sequence[str], ids: Sequence[str], found: Mapping[str, Sequence[Any]]
) -> list[Actor | None]:
    actors: list[Actor | None] = []
    used: dict[str, datetime | None] = {}
    for one, key_id in zip(presented, ids, strict=True):
        row = found.get(key_id)
        if not matches(one, None if row is None else row[1]) or row is None or not row[2]:
            actors.append(None)
            continue
        used[key_id] = row[3]
        actors.append(_actor(row[4], tuple(row[5]), key_id, _kept_to(row[6]), _kept_to(row[7])))
    for key_id, last_used_at in used.items():
        _note_use(work, key_id, last_used_at)
    return actors


_KEYS: Final = b"""
SELECT k.id, k.digest, k.revoked_at IS NULL AND c.revoked_at IS NULL AND k.expires_at > $1
        AND (NOT c.is_test OR EXISTS (SELECT FROM demonstration)),
    k.last_used_at, c.id, c.scopes, c.purposes, c.channels
FROM api_client_key k JOIN api_client c ON c.id = k.client_id WHERE k.id = ANY($2)
"""


@lru_cache(maxsize=1024)
def _actor(
    client: UUID,
    scopes: tuple[str, ...],
    key_id: str,
    purposes: frozenset[str] | None,
    channels: frozenset[str] | None,
) -> Actor:
    # A scope that systems may hold no longer says nothing, whoever was given it before.
    known = shipped.permissions()
    held = frozenset(one for one in scopes if one in set(Permission) and known[Permission(one)].systems)
    return Actor(
        kind=ActorKind.CLIENT,
        id=client,
        permissions=held,
        roles=(CLIENT_ROLE,),
        name=key_id,
        purposes=purposes,
        channels=channels,
    )


def _kept_to(kept: list[str] | None) -> frozenset[str] | None:
    return None if kept is None else frozenset(kept)


def _note_use(work: Work, key_id: str, last_used_at: datetime | None) -> None:
    if last_used_at is not None and work.now - last_used_at < USE_NOTED_EVERY:
        return
    # Requests of one client run at the same time; none of them waits for another's note.
    free = select(ApiClientKeyRow.id).where(ApiClientKeyRow.id == key_id).with_for_update(skip_locked=True)
    work.session.execute(
        update(ApiClientKeyRow).where(ApiClientKeyRow.id.in_(free)).values(last_used_at=work.now),
        execution_options={"synchronize_session": False},
    )
