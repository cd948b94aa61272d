"""The anchors on other hosts that settings name, and what the worker and doctor do about them."""

from datetime import datetime

from governance.audit.distant import DistantAnchor, late, tell_all, time_stamps, webhook
from governance.audit.stamps import read_trusted
from governance.custody.opening import Store
from governance.custody.signing import outside_of
from governance.kernel.clock import Clock
from governance.kernel.settings import Settings


def anchors_of(settings: Settings) -> tuple[DistantAnchor, ...]:
    """The anchors that *settings* name.

    Raises:
        ConfigurationError: the certificates of the time-stamping authority cannot be read.
    """
    found = []
    if settings.audit_anchor_url is not None:
        found.append(webhook(settings.audit_anchor_url))
    if settings.audit_tsa_url is not None and settings.audit_tsa_ca is not None:
        trusted = read_trusted(settings.audit_tsa_ca)
        found.append(time_stamps(settings.audit_tsa_url, trusted, outside_of(settings.data_dir)))
    return tuple(found)


def tell_anchors(store: Store, *, clock: Clock) -> None:
    """Tell the newest checkpoint to each anchor whose time it is; nothing on a host that signs nothing.

    Raises:
        AnchorError: where one could not be told; the next call tries again.
    """
    tell_all(anchors_of(store.settings), outside_of(store.settings.data_dir), now=clock.now())


def late_anchors(store: Store, *, now: datetime) -> list[str]:
    """Names of the anchors that have fallen behind."""
    return late(anchors_of(store.settings), outside_of(store.settings.data_dir), now=now)
