"""API clients: connected, recognised by their key, given a new key while the old one lasts, disconnected."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final
from uuid import UUID

from psycopg import RawCursor
from psycopg.errors import UniqueViolation
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from governance.accounts.errors import (
    AccountTakenError,
    DisabledError,
    NoSuchClientError,
    RotationUnderWayError,
    UnknownScopeError,
)
from governance.accounts.keys import NewKey, id_of, make_key, matches
from governance.accounts.tables import ApiClientKeyRow, ApiClientRow
from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import ObjectRef
from governance.kernel.clock import require_aware
from governance.kernel.db import driver_connection
from governance.kernel.errors import InvalidError, UnauthenticatedError
from governance.kernel.ids import ClientId
from governance.kernel.work import Actor, ActorKind, Work
from governance.policies import shipped
from governance.policies.permissions import Permission

KEY_LIFE = timedelta(days=365)
"""How long a key is taken where nothing else is said."""
OVERLAP = timedelta(days=7)
"""How long the old key is taken beside the new one where nothing else is said."""
KEYS_AT_ONCE = 2
USE_NOTED_EVERY = timedelta(minutes=1)
CLIENT_ROLE = "system"
"""The role whose field rules speak for scopes."""
NAME_LENGTH = 100
_REFUSAL = "The API key is unknown, expired or revoked."


@dataclass(frozen=True, slots=True)
class ClientKey:
    """A key of a client, without its secret.

    Attributes:
        id: names it.
        expires_at: taken strictly before this instant.
        last_used_at: to the minute.
    """

    id: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class Client:
    """A connected system.

    Attributes:
        scopes: permissions.
        keys: all that it ever had, oldest first.
    """

    id: ClientId
    name: str
    scopes: tuple[str, ...]
    created_at: datetime
    revoked_at: datetime | None
    keys: tuple[ClientKey, ...]


@dataclass(frozen=True, slots=True)
class NewClient:
    """A client with a key just made.

    Attributes:
        key_id: names the new key.
        secret: what the client presents from now on; shown once, and nowhere kept.
    """

    client: Client
    key_id: str
    secret: str = field(repr=False)


def create_client(work: Work, *, name: str, scopes: Sequence[str], expires_at: datetime | None = None) -> NewClient:
    """Connect a system.

    Args:
        work: the unit of work.
        name: of the system, never of a person: it is kept readable.
        scopes: permissions, each by its full name.
        expires_at: when its first key ends; after a year where nothing is said.

    Raises:
        InvalidError: where name or expiry cannot be used.
        UnknownScopeError: where a scope is no permission that a system may hold.
        AccountTakenError: where a connected system has this name.
    """
    told = " ".join(name.split())
    if not told or len(told) > NAME_LENGTH or not told.isprintable():
        sentence = f"Give a name of 1 to {NAME_LENGTH} characters."
        raise InvalidError("The system cannot be connected as given.", errors={"name": [sentence]})
    row = ApiClientRow(name=told, scopes=_checked_scopes(scopes), created_at=work.now)
    key = _add_key(work, row, expires_at)
    try:
        with work.session.begin_nested():
            work.session.add(row)
    except IntegrityError as error:
        if isinstance(error.orig, UniqueViolation):
            raise AccountTakenError("A connected system has this name already.") from None
        raise
    audit.append(
        work,
        Action.CLIENT_CREATED,
        object=ObjectRef("client", row.id),
        facts={"key": key.id, "scopes": row.scopes, "expires_at": row.keys[-1].expires_at},
    )
    return NewClient(_shown(row), key.id, key.presented)


def authenticate_client(work: Work, *, presented: str) -> Actor:
    """The actor that presents an API key. Unknown id and wrong secret take the same path.

    That the key was used is noted once a minute at most, and never waited for.

    Raises:
        UnauthenticatedError: where the key is unknown, expired or revoked; which of them is not told.
    """
    (actor,) = authenticate_clients(work, presented=[presented])
    if actor is None:
        raise UnauthenticatedError(_REFUSAL)
    return actor


def authenticate_clients(work: Work, *, presented: Sequence[str]) -> list[Actor | None]:
    """The actors that present API keys, each as `authenticate_client` has it; None where it would refuse.

    One statement, asked anew each time: a key that is revoked is refused from then on.
    """
    ids = [id_of(one) for one in presented]
    with RawCursor(driver_connection(work.session)) as cursor:  # the driver need not look for parameters each time
        cursor.execute(_KEYS, [work.now, list(set(ids))], binary=True)
        found = {row[0]: row for row in cursor.fetchall()}
    actors: list[Actor | None] = []
    used: dict[str, datetime | None] = {}
    for one, key_id in zip(presented, ids, strict=True):
        row = found.get(key_id)
        if not matches(one, None if row is None else row[1]) or row is None or not row[2]:
            actors.append(None)
            continue
        used[key_id] = row[3]
        actors.append(_actor(row[4], tuple(row[5]), key_id))
    for key_id, last_used_at in used.items():
        _note_use(work, key_id, last_used_at)
    return actors


_KEYS: Final = b"""
SELECT k.id, k.digest, k.revoked_at IS NULL AND c.revoked_at IS NULL AND k.expires_at > $1, k.last_used_at, c.id,
    c.scopes
FROM api_client_key k JOIN api_client c ON c.id = k.client_id WHERE k.id = ANY($2)
"""


@lru_cache(maxsize=1024)
def _actor(client: UUID, scopes: tuple[str, ...], key_id: str) -> Actor:
    return Actor(kind=ActorKind.CLIENT, id=client, permissions=frozenset(scopes), roles=(CLIENT_ROLE,), name=key_id)


def rotate_client_key(
    work: Work, *, client: ClientId, overlap: timedelta = OVERLAP, expires_at: datetime | None = None
) -> NewClient:
    """Give a client a new key; the old one is taken for *overlap* longer, or not at all where that is nothing.

    Raises:
        NoSuchClientError, DisabledError: where there is no such client, or it is revoked.
        RotationUnderWayError: where two keys are in use; without overlap the new key ends both.
        InvalidError: where the overlap is negative or the expiry is past.
    """
    if overlap < timedelta(0):
        raise InvalidError("The overlap cannot be negative.", errors={"overlap": ["Give zero or more."]})
    row = _locked(work, client)
    if row.revoked_at is not None:
        raise DisabledError("The client is revoked; connect the system anew.")
    in_use = [key for key in row.keys if _in_use(key, work.now)]
    if overlap and len(in_use) >= KEYS_AT_ONCE:
        raise RotationUnderWayError("Two keys are in use already; revoke the older one, or rotate without overlap.")
    for old in in_use:
        if overlap:
            old.expires_at = min(old.expires_at, work.now + overlap)
        else:
            old.revoked_at = work.now
    key = _add_key(work, row, expires_at)
    work.session.flush()
    audit.append(
        work,
        Action.CLIENT_ROTATED,
        object=ObjectRef("client", row.id),
        facts={"key": key.id, "replaced": [old.id for old in in_use], "overlap_seconds": int(overlap.total_seconds())},
    )
    return NewClient(_shown(row), key.id, key.presented)


def revoke_client_key(work: Work, *, client: ClientId, key_id: str) -> Client:
    """Refuse one key from this instant on; nothing happens where it is refused already.

    Raises:
        NoSuchClientError: where there is no such client, or it has no such key.
    """
    row = _locked(work, client)
    key = next((one for one in row.keys if one.id == key_id), None)
    if key is None:
        raise NoSuchClientError("The client has no such key.")
    if key.revoked_at is None:
        key.revoked_at = work.now
        work.session.flush()
        audit.append(work, Action.CLIENT_REVOKED, object=ObjectRef("client", row.id), facts={"key": key.id})
    return _shown(row)


def revoke_client(work: Work, *, client: ClientId) -> Client:
    """Disconnect a system with all its keys from this instant on; nothing happens where that was done.

    Raises:
        NoSuchClientError: where there is no such client.
    """
    row = _locked(work, client)
    if row.revoked_at is None:
        row.revoked_at = work.now
        for key in row.keys:
            key.revoked_at = key.revoked_at or work.now
        work.session.flush()
        audit.append(work, Action.CLIENT_REVOKED, object=ObjectRef("client", row.id))
    return _shown(row)


def list_clients(work: Work) -> list[Client]:
    """All systems ever connected, oldest first."""
    return [_shown(row) for row in work.session.scalars(select(ApiClientRow).order_by(ApiClientRow.id))]


def _checked_scopes(scopes: Sequence[str]) -> list[str]:
    known = {permission.value for permission, facts in shipped.permissions().items() if facts.systems}
    wrong = [scope for scope in scopes if scope not in known]
    if wrong or not scopes:
        sentence = "Scopes that a system may hold: " + ", ".join(sorted(known)) + "."
        raise UnknownScopeError("A scope cannot be given to a system.", errors={"scopes": [sentence]})
    return sorted({Permission(scope).value for scope in scopes})


def _add_key(work: Work, row: ApiClientRow, expires_at: datetime | None) -> NewKey:
    until = work.now + KEY_LIFE if expires_at is None else require_aware(expires_at)
    if until <= work.now:
        raise InvalidError("The key would have expired already.", errors={"expires_at": ["Give a later instant."]})
    key = make_key()
    row.keys.append(ApiClientKeyRow(id=key.id, digest=key.digest, created_at=work.now, expires_at=until))
    return key


def _in_use(key: ApiClientKeyRow, now: datetime) -> bool:
    return key.revoked_at is None and now < key.expires_at


def _note_use(work: Work, key_id: str, last_used_at: datetime | None) -> None:
    if last_used_at is not None and work.now - last_used_at < USE_NOTED_EVERY:
        return
    # Requests of one client run at the same time; none of them waits for another's note.
    free = select(ApiClientKeyRow.id).where(ApiClientKeyRow.id == key_id).with_for_update(skip_locked=True)
    work.session.execute(
        update(ApiClientKeyRow).where(ApiClientKeyRow.id.in_(free)).values(last_used_at=work.now),
        execution_options={"synchronize_session": False},
    )


def _locked(work: Work, client: UUID) -> ApiClientRow:
    query = (
        select(ApiClientRow)
        .where(ApiClientRow.id == client)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    row = work.session.scalars(query).one_or_none()
    if row is None:
        raise NoSuchClientError("There is no such API client.")
    return row


def _shown(row: ApiClientRow) -> Client:
    return Client(
        id=ClientId(row.id),
        name=row.name,
        scopes=tuple(row.scopes),
        created_at=row.created_at,
        revoked_at=row.revoked_at,
        keys=tuple(
            ClientKey(key.id, key.created_at, key.expires_at, key.revoked_at, key.last_used_at) for key in row.keys
        ),
    )
