"""Who is who among staff and connected systems, for pages that name them."""

from collections.abc import Mapping
from uuid import UUID

from flask_babel import gettext

from governance.accounts import operations as accounts
from governance.console import words
from governance.console.guard import Visit
from governance.policies.permissions import Permission


def staff_names(visit: Visit) -> Mapping[UUID, str]:
    """Names of staff as the visitor may see them; whoever may not still tells one from another by the end of an id."""
    unnamed = gettext("Member of staff")
    return {who: name or f"{unnamed} {who.hex[-4:]}" for who, name in accounts.staff_names(visit.work).items()}


def names(visit: Visit) -> Mapping[UUID, str]:
    """Names of staff and of connected systems."""
    found = dict(staff_names(visit))
    if visit.may(Permission.CLIENTS_READ):
        found |= accounts.client_names(visit.work)
    return found


def called(known: Mapping[UUID, str], kind: str, who: UUID | None) -> str:
    """What a page calls whoever acted."""
    named = None if who is None else known.get(who)
    return named or words.actors().get(kind, kind)
