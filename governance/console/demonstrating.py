"""The sign-in of a demonstration: whoever sits at the computer that runs it signs in as anybody made up."""

from collections.abc import Sequence
from ipaddress import ip_address
from typing import Final
from uuid import UUID

from flask import request

from governance.accounts import operations as accounts
from governance.console.guard import stranger_work
from governance.kernel.errors import NotFoundError
from governance.kernel.ids import StaffId
from governance.pages.languages import language
from governance.policies import shipped

CUSTOMER: Final = "person000@example.org"
"""Somebody among the made-up customers."""


def staff() -> Sequence[tuple[StaffId, str, str]]:
    """Whom one may sign in as, with name and roles; nobody but in a demonstration, at the computer that runs it."""
    if not _is_own_computer():
        return []
    titles = shipped.roles().roles
    with stranger_work() as work:
        return [
            (one.id, one.name, ", ".join(titles[role].titles.get(language()) for role in one.roles))
            for one in accounts.made_up_staff(work)
        ]


def chosen() -> StaffId:
    """Whom the form of the present request names.

    Raises:
        NotFoundError: where it names nobody.
    """
    try:
        return StaffId(UUID(request.form.get("staff", "")))
    except ValueError:
        raise NotFoundError("There is no such member of staff in a demonstration.") from None


def require_own_computer() -> None:
    """Refuse whoever comes over a network.

    Raises:
        NotFoundError: where somebody does.
    """
    if not _is_own_computer():
        raise NotFoundError("There is nothing at this address.")


def _is_own_computer() -> bool:
    try:
        return ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False
