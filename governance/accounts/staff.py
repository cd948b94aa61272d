"""Staff: made, given and deprived of roles, disabled, and turned into the actor of a unit of work."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from psycopg.errors import UniqueViolation
from sqlalchemy import Select, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import lazyload

from governance.accounts.alerts import AlertKind, raise_alert
from governance.accounts.deciders import holder_of
from governance.accounts.errors import AccountTakenError, DisabledError, NoSuchStaffError, UnknownRoleError
from governance.accounts.tables import StaffRoleRow, StaffRow
from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import ObjectRef
from governance.kernel.emails import normalized
from governance.kernel.errors import InvalidError
from governance.kernel.ids import OwnerId, StaffId, uuid7
from governance.kernel.records import frozen
from governance.kernel.work import Actor, ActorKind, Work
from governance.policies import shipped
from governance.policies.access import allows
from governance.policies.permissions import Permission
from governance.vault.compartments import OwnerKind
from governance.vault.runtime import vault_of

NAME_LENGTH = 200


@frozen
class StaffMember:
    """A staff member, as the actor may see one.

    Attributes:
        name, email: masked, or None, where the actor may not see them.
        roles: names of the roles held.
        active: whether the account may act.
    """

    id: StaffId
    name: str | None
    email: str | None
    roles: tuple[str, ...]
    active: bool
    created_at: datetime


def create_staff(work: Work, *, name: str, email: str, roles: Sequence[str] = ()) -> StaffMember:
    """Add a staff member with roles.

    Raises:
        InvalidError: where name or address cannot be used.
        UnknownRoleError: where a role does not exist.
        AccountTakenError: where somebody has this address already.
    """
    told, address = check_staff(name=name, email=email)
    for role in roles:
        known_role(role)
    owner = OwnerId(uuid7())
    vault_of(work.session).owners.create(work.session, OwnerKind.STAFF, [owner])
    row = StaffRow(owner_id=owner, name=told, email=address, created_at=work.now)
    row.roles = [StaffRoleRow(role=role, granted_at=work.now) for role in sorted(set(roles))]
    if work.session.scalars(select(StaffRow.id).where(StaffRow.email == address)).first() is not None:
        raise AccountTakenError("A staff member with this address exists.")
    try:
        with work.session.begin_nested():
            work.session.add(row)
    except IntegrityError as error:
        if isinstance(error.orig, UniqueViolation):
            raise AccountTakenError("A staff member with this address exists.") from None
        raise
    audit.append(
        work, Action.STAFF_CREATED, object=ObjectRef("staff", row.id), facts={"roles": [one.role for one in row.roles]}
    )
    return _shown(work, row)


def grant_role(work: Work, *, staff: StaffId, role: str) -> StaffMember:
    """Give a staff member a role; nothing happens where it is held already.

    Raises:
        NoSuchStaffError, UnknownRoleError, DisabledError: as they say.
    """
    known_role(role)
    row = _locked(work, staff)
    if row.disabled_at is not None:
        raise DisabledError("The account is disabled; no role can be given to it.")
    if role not in {one.role for one in row.roles}:
        row.roles.append(StaffRoleRow(role=role, granted_at=work.now))
        work.session.flush()
        audit.append(work, Action.ROLE_GRANTED, object=ObjectRef("staff", row.id), facts={"role": role})
    return _shown(work, row)


def withdraw_role(work: Work, *, staff: StaffId, role: str) -> StaffMember:
    """Take a role away; nothing happens where it is not held.

    Raises:
        NoSuchStaffError: where there is no such staff member.
    """
    row = _locked(work, staff)
    held = [one for one in row.roles if one.role == role]
    if held:
        row.roles.remove(held[0])
        work.session.flush()
        audit.append(work, Action.ROLE_WITHDRAWN, object=ObjectRef("staff", row.id), facts={"role": role})
    return _shown(work, row)


def disable_staff(work: Work, *, staff: StaffId) -> StaffMember:
    """Cut the access of a staff member from this instant on; roles stay on record and grant nothing.

    That one of those left who decide over acts of others is told to all officers, the one who leaves included.

    Raises:
        NoSuchStaffError: where there is no such staff member.
    """
    row = _locked(work, staff)
    if row.disabled_at is None:
        if allows(holder_of(row), Permission.PROPOSALS_DECIDE).allowed:
            by = work.actor.id or work.actor.kind.value
            raise_alert(work, kind=AlertKind.DECIDER_LEFT, staff=StaffId(row.id), facts={"by": by})
        row.disabled_at = work.now
        work.session.flush()
        audit.append(work, Action.STAFF_DISABLED, object=ObjectRef("staff", row.id))
    return _shown(work, row)


def list_staff(work: Work) -> list[StaffMember]:
    """All staff, those who left included, oldest first."""
    return [_shown(work, row) for row in work.session.scalars(select(StaffRow).order_by(StaffRow.id))]


def staff_names(work: Work) -> dict[UUID, str | None]:
    """Names of all staff as the actor may see them, by id, oldest first; for pages that name them and tell no more."""
    query = select(StaffRow).options(lazyload(StaffRow.roles)).order_by(StaffRow.id)
    return {row.id: _as_seen(work, "staff.name", row.name) for row in work.session.scalars(query)}


def find_staff(work: Work, *, who: str) -> StaffId:
    """The staff member of this id, or of this e-mail address.

    Raises:
        NoSuchStaffError: where there is none.
    """
    try:
        wanted = StaffRow.id == UUID(who)
    except ValueError:
        wanted = StaffRow.email == who
    found = work.session.scalars(select(StaffRow.id).where(wanted)).one_or_none()
    if found is None:
        raise NoSuchStaffError("There is no such staff member; name one by id or e-mail address.")
    return StaffId(found)


def staff_actor(work: Work, *, staff: StaffId) -> Actor:
    """The actor that a staff member is: what the roles held at this moment grant and deny.

    Raises:
        NoSuchStaffError: where there is no such staff member.
        DisabledError: where the account is disabled.
    """
    row = work.session.get(StaffRow, staff)
    if row is None:
        raise NoSuchStaffError("There is no such staff member.")
    if row.disabled_at is not None:
        raise DisabledError("The account is disabled.")
    return holding(StaffId(row.id), [one.role for one in row.roles])


def holding(staff: StaffId, roles: Sequence[str]) -> Actor:
    """The actor that a staff member with these roles is."""
    return Actor(kind=ActorKind.STAFF, id=staff, permissions=shipped.roles().grants_of(roles), roles=tuple(roles))


def departed() -> Select[UUID]:
    """Ids of those who left, for statements of packages above."""
    return select(StaffRow.id).where(StaffRow.disabled_at.is_not(None))


def roles_held(work: Work, staff: Iterable[UUID]) -> dict[UUID, tuple[str, ...]]:
    """The roles that each of *staff* holds now, by id; for packages that may not tell who it was."""
    query = select(StaffRoleRow.staff_id, StaffRoleRow.role).where(StaffRoleRow.staff_id.in_(list(staff)))
    found: dict[UUID, list[str]] = defaultdict(list)
    for one, role in work.session.execute(query.order_by(StaffRoleRow.role)):
        found[one].append(role)
    return {one: tuple(roles) for one, roles in found.items()}


def names_of(work: Work, staff: Iterable[UUID]) -> dict[UUID, str]:
    """Names in the clear, for callers that have decided that they may be told; whoever does not exist is left out."""
    rows = work.session.scalars(select(StaffRow).where(StaffRow.id.in_(list(staff))))
    return {row.id: row.name for row in rows if row.name is not None}


def known_role(name: str) -> None:
    """Make sure that there is a role of this name, and that it is one for staff.

    Raises:
        UnknownRoleError: where there is none.
    """
    role = shipped.roles().roles.get(name)
    if role is None or role.scopes:
        known = sorted(one.name for one in shipped.roles().roles.values() if not one.scopes)
        raise UnknownRoleError("There is no such role for staff; known are " + ", ".join(known) + ".")


def check_staff(*, name: str, email: str) -> tuple[str, str]:
    """Name and address as they are kept; nothing is asked or stored.

    Raises:
        InvalidError: where one of them cannot be used.
    """
    errors: dict[str, list[str]] = {}
    told = " ".join(name.split())
    if not told or len(told) > NAME_LENGTH or not told.isprintable():
        errors["name"] = [f"Give a name of 1 to {NAME_LENGTH} characters."]
    address = email
    try:
        address = normalized(email)
    except ValueError:
        errors["email"] = ["This is no e-mail address."]
    if errors:
        raise InvalidError("The staff member cannot be added as given.", errors=errors)
    return told, address


def _locked(work: Work, staff: StaffId) -> StaffRow:
    query = select(StaffRow).where(StaffRow.id == staff).with_for_update().execution_options(populate_existing=True)
    row = work.session.scalars(query).one_or_none()
    if row is None:
        raise NoSuchStaffError("There is no such staff member.")
    return row


def _shown(work: Work, row: StaffRow) -> StaffMember:
    return StaffMember(
        id=StaffId(row.id),
        name=_as_seen(work, "staff.name", row.name),
        email=_as_seen(work, "staff.email", row.email),
        roles=tuple(sorted(one.role for one in row.roles)),
        active=row.disabled_at is None,
        created_at=row.created_at,
    )


def _as_seen(work: Work, path: str, value: str | None) -> str | None:
    field = shipped.catalogue().field(path)
    return field.shown(value, allows(work.actor, Permission.ACCOUNTS_READ, field=field).visibility)
