"""Where the next page of a listing begins, as addresses have it: ids and instants only, never a value of anybody."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final, Protocol, TypeVar
from uuid import UUID

from flask import request

from governance.customers.operations import After

_APART: Final = "~"
_INSTANT: Final = "%Y%m%dT%H%M%S.%f"
_FIRST, _LAST = datetime(1800, 1, 1, tzinfo=UTC), datetime(2500, 1, 1, tzinfo=UTC)


class Listed(Protocol):
    """One of a listing that goes by ids, which are in the order of time."""

    @property
    def id(self) -> UUID:
        """Its id."""


T = TypeVar("T", bound=Listed)


def asked_id() -> UUID | None:
    """The last of the page before, as the present address has it; None, which is the beginning, where it is none."""
    try:
        return UUID(request.args.get("after", ""))
    except ValueError:
        return None


def leaf(found: Sequence[T], *, shown: int) -> tuple[Sequence[T], UUID | None]:
    """What of the *found* is shown, and the last of it where more follows; one more than is shown was asked for."""
    return found[:shown], found[shown - 1].id if len(found) > shown else None


def told_place(after: After | None) -> str | None:
    """A place in a listing of what happened, for an address; None where nothing follows."""
    return None if after is None else f"{told_instant(after.at)}{_APART}{after.id}"


def asked_place() -> After | None:
    """The same, as the present address has it; None, which is the beginning, where it is none."""
    at, _, last = request.args.get("after", "").partition(_APART)
    try:
        return After(read_instant(at), UUID(last))
    except ValueError:
        return None


def told_instant(at: datetime) -> str:
    """An instant, for an address."""
    return at.astimezone(UTC).strftime(_INSTANT)


def read_instant(said: str) -> datetime:
    """The same, read from an address.

    Raises:
        ValueError: where it is none, or one that no record of ours has.
    """
    at = datetime.strptime(said, _INSTANT).replace(tzinfo=UTC)
    if not _FIRST <= at < _LAST:
        raise ValueError("This is no instant of ours.")
    return at
