"""Every verb of this room."""

from governance.accounts.clients import (
    Client,
    ClientKey,
    NewClient,
    authenticate_client,
    authenticate_clients,
    create_client,
    list_clients,
    revoke_client,
    revoke_client_key,
    rotate_client_key,
)
from governance.accounts.staff import (
    StaffMember,
    create_staff,
    disable_staff,
    grant_role,
    list_staff,
    staff_actor,
    withdraw_role,
)

__all__ = [
    "Client",
    "ClientKey",
    "NewClient",
    "StaffMember",
    "authenticate_client",
    "authenticate_clients",
    "create_client",
    "create_staff",
    "disable_staff",
    "grant_role",
    "list_clients",
    "list_staff",
    "revoke_client",
    "revoke_client_key",
    "rotate_client_key",
    "staff_actor",
    "withdraw_role",
]
