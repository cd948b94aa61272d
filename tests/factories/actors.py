"""Actors as roles and scopes make them."""

from dataclasses import replace
from uuid import UUID

from governance.kernel.ids import uuid4
from governance.kernel.work import Actor, ActorKind, Work
from governance.policies import shipped
from governance.policies.permissions import Permission


def staff(*roles: str, id: UUID | None = None) -> Actor:  # noqa: A002 (the field's own name)
    """A staff member who holds *roles*."""
    return Actor(ActorKind.STAFF, id or uuid4(), shipped.roles().grants_of(roles), roles)


def client(*scopes: Permission) -> Actor:
    """A connected system with *scopes*."""
    return Actor(ActorKind.CLIENT, uuid4(), frozenset(scope.value for scope in scopes), ("system",))


def by(work: Work, actor: Actor) -> Work:
    """The same transaction, somebody else acting."""
    return replace(work, actor=actor)
