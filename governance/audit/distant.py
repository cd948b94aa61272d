"""Anchors on other hosts, told the newest checkpoint by a loop of the worker while no transaction is open.

What was told is written down in the folder outside the database, so that an anchor that was out of reach is told later.
An anchor misses checkpoints that a newer one has overtaken; the newest binds them all.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from governance.audit.errors import AnchorError
from governance.audit.notes import Checkpoint, Note
from governance.audit.outside import Outside
from governance.audit.posting import post
from governance.audit.stamps import stamp_name
from governance.kernel.late import load
from governance.kernel.logs import get_logger
from governance.kernel.records import frozen

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

NOTE_TYPE: Final = "text/plain; charset=utf-8"
WEBHOOK_EVERY: Final = timedelta(seconds=30)
STAMP_EVERY: Final = timedelta(hours=1)
"""Authorities that stamp for nothing do not want to be asked every few seconds."""
STAMP: Final = "governance.audit.stamping:stamp"
LATE_AFTER: Final = timedelta(hours=3)

log = get_logger(__name__)


@frozen
class DistantAnchor:
    """Where checkpoints are told.

    Attributes:
        name: a code.
        every: how often at most.
        tell: tells one checkpoint; it is out, and what is to be kept of it is kept, when this returns.
    """

    name: str
    every: timedelta
    tell: Callable[[bytes], None]


@frozen
class _Told:
    note: str
    at: datetime


def webhook(url: str) -> DistantAnchor:
    """An anchor to which each checkpoint is sent by POST, as it is signed."""

    def tell(note: bytes) -> None:
        post(url, note, content_type=NOTE_TYPE)

    return DistantAnchor("webhook", WEBHOOK_EVERY, tell)


def time_stamps(url: str, trusted: list[Certificate], outside: Outside) -> DistantAnchor:
    """A time-stamping authority; its stamps and what they are of are kept in `stamps/` of the folder outside."""

    def tell(note: bytes) -> None:
        name = stamp_name(note, Checkpoint.parse_text(Note.parse(note).text).size)
        answer: bytes = load(STAMP)(note, url=url, trusted=trusted)
        outside.keep_stamp(name, note=note, stamp=answer)

    return DistantAnchor("time-stamps", STAMP_EVERY, tell)


def tell_all(anchors: Sequence[DistantAnchor], outside: Outside, *, now: datetime) -> None:
    """Tell the newest checkpoint to each anchor whose time it is; one that fails does not hinder the others.

    Raises:
        AnchorError: where one could not be told; the next call tries again.
    """
    note = outside.last()
    failed: AnchorError | None = None
    for anchor in anchors if note is not None else ():
        told = _told(outside, anchor)
        if note is None or (told is not None and (told.note == note.decode() or now < told.at + anchor.every)):
            continue
        try:
            anchor.tell(note)
        except AnchorError as error:
            log.warning("audit.anchor_failed", anchor=anchor.name, detail=error.detail)
            failed = error
        else:
            outside.keep_told(anchor.name, json.dumps({"note": note.decode(), "at": now.isoformat()}).encode())
    if failed is not None:
        raise failed


def late(anchors: Sequence[DistantAnchor], outside: Outside, *, now: datetime) -> list[str]:
    """Names of the anchors that were never told anything, or for hours not what was signed since."""
    note = outside.last()
    if note is None:
        return []
    found = {anchor.name: _told(outside, anchor) for anchor in anchors}
    return [
        name
        for name, told in found.items()
        if told is None or (told.note != note.decode() and now - told.at > LATE_AFTER)
    ]


def _told(outside: Outside, anchor: DistantAnchor) -> _Told | None:
    found = outside.told(anchor.name)
    if found is None:
        return None
    read = json.loads(found)
    return _Told(str(read["note"]), datetime.fromisoformat(str(read["at"])))
