"""What a connected system is kept to: its own purposes and channels."""

from collections.abc import Sequence

from governance.accounts.tables import ApiClientRow
from governance.audit.entries import Fact
from governance.kernel.errors import InvalidError
from governance.kernel.records import frozen
from governance.policies.permissions import Permission
from governance.policies.purposes import KEY, Channel


@frozen
class Limits:
    """What a system is kept to.

    Attributes:
        purposes: keys; None where it is kept to none.
        channels: codes; None where it is kept to none.
    """

    purposes: Sequence[str] | None = None
    channels: Sequence[str] | None = None


UNLIMITED = Limits()
TELL_OF_ALL = (
    Permission.CONSENT_READ,
    Permission.CONSENT_EXPLAIN,
    Permission.CONSENT_TRANSFER,
    Permission.WEBHOOKS_EDIT,
)
"""Scopes that tell of all purposes at once, which no system with limits may hold."""


def checked_limits(limits: Limits, scopes: Sequence[str]) -> Limits:
    """*limits* as they are kept, for a system with *scopes*.

    Raises:
        InvalidError: `errors` says by field what is wrong.
    """
    errors: dict[str, list[str]] = {}
    purposes, channels = limits.purposes, limits.channels
    if purposes is not None and not (purposes and all(KEY.fullmatch(one) for one in purposes)):
        errors["purposes"] = ["Give keys of purposes, or leave this out."]
    if channels is not None and not (channels and set(channels) <= set(Channel)):
        errors["channels"] = ["Give some of " + ", ".join(one.value for one in Channel) + ", or leave this out."]
    told = [one.value for one in TELL_OF_ALL if one.value in scopes]
    if told and limits != UNLIMITED:
        errors["scopes"] = [f"A system with limits cannot hold {', '.join(told)}: they tell of all purposes."]
    if errors:
        raise InvalidError("The system cannot be kept to this.", errors=errors)
    return Limits(
        None if purposes is None else sorted(set(purposes)),
        None if channels is None else sorted({Channel(one).value for one in channels}),
    )


def limit_facts(row: ApiClientRow) -> dict[str, Fact]:
    """What the log tells of the limits of a system."""
    limits = {"purposes": row.purposes, "channels": row.channels}
    return {name: list(kept_to) for name, kept_to in limits.items() if kept_to is not None}
