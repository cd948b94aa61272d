"""API clients: connected, kept to purposes and channels, given a new key while the old one lasts, disconnected."""

from collections.abc import Sequence
from dataclasses import field
from datetime import datetime, timedelta
from uuid import UUID

from psycopg.errors import UniqueViolation
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from governance.accounts.demonstration import is_demonstration
from governance.accounts.errors import (
    AccountTakenError,
    DisabledError,
    NoSuchClientError,
    RotationUnderWayError,
    UnknownScopeError,
)
from governance.accounts.keys import NewKey, make_key
from governance.accounts.limiting import UNLIMITED, Limits, checked_limits, limit_facts
from governance.accounts.tables import ApiClientKeyRow, ApiClientRow
from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import ObjectRef
from governance.kernel.clock import require_aware
from governance.kernel.errors import InvalidError
from governance.kernel.ids import ClientId
from governance.kernel.records import frozen
from governance.kernel.work import Work
from governance.policies import shipped
from governance.policies.permissions import Permission

KEY_LIFE = timedelta(days=365)
"""How long a key is taken where nothing else is said."""
OVERLAP = timedelta(days=7)
"""How long the old key is taken beside the new one where nothing else is said."""
KEYS_AT_ONCE = 2
NAME_LENGTH = 100


@frozen
class ClientKey:
    """A key of a client, without its secret.

    Attributes:
        id: names it.
        expires_at: taken strictly before this instant.
        last_used_at: to the hour.
    """

    id: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    last_used_at: datetime | None


@frozen
class Client:
    """A connected system.

    Attributes:
        scopes: permissions.
        purposes, channels: what it is kept to; None where it is not.
        is_test: whether its keys open demonstrations only.
        keys: all that it ever had, oldest first.
    """

    id: ClientId
    name: str
    scopes: tuple[str, ...]
    purposes: tuple[str, ...] | None
    channels: tuple[str, ...] | None
    is_test: bool
    created_at: datetime
    revoked_at: datetime | None
    keys: tuple[ClientKey, ...]


@frozen
class NewClient:
    """A client with a key just made.

    Attributes:
        key_id: names the new key.
        secret: what the client presents from now on; shown once, and nowhere kept.
    """

    client: Client
    key_id: str
    secret: str = field(repr=False)


def create_client(
    work: Work,
    *,
    name: str,
    scopes: Sequence[str],
    limits: Limits = UNLIMITED,
    expires_at: datetime | None = None,
) -> NewClient:
    """Connect a system. In a demonstration its keys are test keys, which no other store takes.

    Args:
        work: the unit of work.
        name: of the system, never of a person: it is kept readable.
        scopes: permissions, each by its full name.
        limits: purposes and channels that it is kept to in checks, records and changes of consents.
        expires_at: when its first key ends; after a year where nothing is said.

    Raises:
        InvalidError: where name, limits or expiry cannot be used.
        UnknownScopeError: where a scope is no permission that a system may hold.
        AccountTakenError: where a connected system has this name.
    """
    told = " ".join(name.split())
    if not told or len(told) > NAME_LENGTH or not told.isprintable():
        sentence = f"Give a name of 1 to {NAME_LENGTH} characters."
        raise InvalidError("The system cannot be connected as given.", errors={"name": [sentence]})
    kept_to = checked_limits(limits, scopes := _checked_scopes(scopes))
    row = ApiClientRow(
        name=told,
        scopes=scopes,
        purposes=kept_to.purposes,
        channels=kept_to.channels,
        is_test=is_demonstration(work),
        created_at=work.now,
    )
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
        facts={"key": key.id, "scopes": row.scopes, "expires_at": row.keys[-1].expires_at, **limit_facts(row)},
    )
    return NewClient(_shown(row), key.id, key.presented)


def limit_client(work: Work, *, client: ClientId, limits: Limits) -> Client:
    """Keep a system to purposes and channels from this instant on, or to none.

    Raises:
        NoSuchClientError, DisabledError: where there is no such client, or it is revoked.
        InvalidError: where the limits cannot be used.
    """
    row = _locked(work, client)
    if row.revoked_at is not None:
        raise DisabledError("The client is revoked; connect the system anew.")
    kept_to = checked_limits(limits, row.scopes)
    row.purposes = None if kept_to.purposes is None else list(kept_to.purposes)
    row.channels = None if kept_to.channels is None else list(kept_to.channels)
    work.session.flush()
    audit.append(work, Action.CLIENT_LIMITED, object=ObjectRef("client", row.id), facts=limit_facts(row))
    return _shown(row)


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
        raise RotationUnderWayError(
            "Two keys are in use already; wait until the older one ends, or rotate without overlap, which ends both."
        )
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


def client_names(work: Work) -> dict[UUID, str]:
    """Names of all systems ever connected, by id, oldest first; for pages that name them and tell no more."""
    query = select(ApiClientRow.id, ApiClientRow.name).order_by(ApiClientRow.id)
    return {row.id: row.name for row in work.session.execute(query)}


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
    key = make_key(test=row.is_test)
    row.keys.append(ApiClientKeyRow(id=key.id, digest=key.digest, created_at=work.now, expires_at=until))
    return key


def _in_use(key: ApiClientKeyRow, now: datetime) -> bool:
    return key.revoked_at is None and now < key.expires_at


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
        purposes=None if row.purposes is None else tuple(row.purposes),
        channels=None if row.channels is None else tuple(row.channels),
        is_test=row.is_test,
        created_at=row.created_at,
        revoked_at=row.revoked_at,
        keys=tuple(
            ClientKey(key.id, key.created_at, key.expires_at, key.revoked_at, key.last_used_at) for key in row.keys
        ),
    )
