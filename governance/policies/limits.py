"""Limits of connected systems: a mailing system asks about its own purposes and channels, and about no others."""

from typing import Protocol


class Limited(Protocol):
    """What limits look at in an actor."""

    @property
    def purposes(self) -> frozenset[str] | None:
        """Keys of the purposes that it is kept to; None where it is kept to none."""

    @property
    def channels(self) -> frozenset[str] | None:
        """The channels that it is kept to; None where it is kept to none."""


def is_within(actor: Limited, *, purpose: str | None, channel: str | None) -> bool:
    """Whether an act about *purpose* and *channel* is within the limits of *actor*.

    None stands for what is not said, which is within all limits.
    """
    return _holds(actor.purposes, purpose) and _holds(actor.channels, channel)


def _holds(allowed: frozenset[str] | None, one: str | None) -> bool:
    return allowed is None or one is None or one in allowed
