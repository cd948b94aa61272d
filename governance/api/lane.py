"""The express lane: kept connections that ask one small thing after the other, served by one thread for all of them.

A thread for each request costs more than a send check does: the request is handed from the poller to a thread and
back, and threads wait for each other. The lane's thread looks at all its connections at once, answers what has arrived
on them together, and waits for nobody. Whatever is not such a small request goes back to the ordinary threads with all
that was read of it, and so does what takes its time in arriving.
"""

import contextlib
import os
import selectors
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Final, Generic, Protocol, TypeVar

from governance.api.heads import Arrived, Heads, Unread
from governance.kernel.logs import get_logger

Caller = TypeVar("Caller")

ARRIVAL_SECONDS: Final = 1.0
"""What has begun to arrive is done with by then, or handed to the ordinary threads, which have limits of their own."""
SENDING_SECONDS: Final = 10.0
"""For whoever asked to take the answer."""
TOGETHER: Final = 64
"""Requests answered at the same time."""
PATIENCE: Final = 0.25
"""How long a round waits for those of the last one, as a part of what the last one took."""
_BLOCK: Final = 1 << 16
_LOOK_SECONDS: Final = 0.5

log = get_logger(__name__)


class Keeper(Protocol):
    """Who takes connections back; asked from the lane's thread.

    Attributes:
        alive: False once the service is about to stop.
    """

    alive: bool

    def give_back(self, connection: Any) -> None:  # noqa: ANN401 - gunicorn has no types
        """Let the ordinary threads go on with a connection, beginning with what its reader holds."""

    def let_go(self, connection: Any) -> None:  # noqa: ANN401
        """Close a connection."""


class _Kept:
    """A connection in the lane: what arrived on it since *since*, and what it has not taken yet of an answer."""

    __slots__ = ("connection", "received", "since", "unsent")

    def __init__(self, connection: Any) -> None:  # noqa: ANN401
        self.connection = connection
        self.received = b""
        self.unsent = b""
        self.since = time.monotonic()


class Lane(Generic[Caller]):
    """Serves connections.

    Args:
        heads: reads requests.
        answer: the whole answers to requests, in their order; None for one that the ordinary threads are to answer.
        keeper: takes connections back.
        idle_seconds: how long a connection is kept on which nothing arrives.
    """

    def __init__(
        self,
        heads: Heads[Caller],
        answer: Callable[[Sequence[Arrived[Caller]]], Sequence[bytes | None]],
        keeper: Keeper,
        *,
        idle_seconds: float,
    ) -> None:
        self._heads = heads
        self._answer_all = answer
        self._keeper = keeper
        self._idle_seconds = idle_seconds
        self._coming: deque[Any] = deque()
        self._kept: set[_Kept] = set()
        self._ended = False
        self._look_at = 0.0
        self._served: set[_Kept] = set()
        self._patient_until = 0.0
        self._selector = selectors.DefaultSelector()
        self._bell, self._button = os.pipe()
        for end in (self._bell, self._button):
            os.set_blocking(end, False)
        self._selector.register(self._bell, selectors.EVENT_READ)

    def take(self, connection: Any) -> None:  # noqa: ANN401
        """Serve a connection from now on; nothing of a request has arrived on it."""
        self._coming.append(connection)
        with contextlib.suppress(BlockingIOError):  # it has rung already
            os.write(self._button, b"\0")
        if self._ended:
            self._return_coming()

    def run(self) -> None:
        """Serve until the service stops; then the ordinary threads end what there is."""
        while self._keeper.alive:
            try:
                self._turn()
            except Exception:
                log.exception("http.lane_failed")
                self._give_all_back()
        self._ended = True
        self._give_all_back()

    def _return_coming(self) -> None:
        with contextlib.suppress(IndexError):  # the other thread was quicker
            while True:
                self._keeper.give_back(self._coming.popleft())

    def _turn(self) -> None:
        arrived = self._receive(_LOOK_SECONDS if self._kept else None)
        if arrived:
            self._await_others(arrived)
            self._answer(arrived)
        if time.monotonic() >= self._look_at:
            self._look_after()

    def _receive(self, seconds: float | None) -> list[tuple[_Kept, Arrived[Caller]]]:
        """Requests that have arrived; waits so long for the first sign of anything."""
        arrived: list[tuple[_Kept, Arrived[Caller]]] = []
        for key, _ in self._selector.select(seconds):
            kept: _Kept | None = key.data
            if kept is None:
                self._admit()
            elif kept.unsent:
                self._send(kept, kept.unsent)
            else:
                request = self._read(kept)
                if request is not None:
                    arrived.append((kept, request))
        return arrived

    def _await_others(self, arrived: list[tuple[_Kept, Arrived[Caller]]]) -> None:
        """Wait a moment for those who were answered last, who tend to ask again: many share the price of a round."""
        missing = self._served.difference(kept for kept, _ in arrived)
        while (missing := missing & self._kept) and (left := self._patient_until - time.monotonic()) > 0:
            more = self._receive(left)
            arrived += more
            missing.difference_update(kept for kept, _ in more)

    def _admit(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.read(self._bell, _BLOCK)
        while self._coming:
            kept = _Kept(self._coming.popleft())
            kept.connection.sock.setblocking(False)
            self._kept.add(kept)
            self._selector.register(kept.connection.sock, selectors.EVENT_READ, kept)

    def _read(self, kept: _Kept) -> Arrived[Caller] | None:
        try:
            block = kept.connection.sock.recv(_BLOCK)
        except BlockingIOError:
            return None
        except OSError:
            block = b""
        if not block:
            self._let_go(kept)
            return None
        if not kept.received:
            kept.since = time.monotonic()
        kept.received += block
        found = self._heads.read(kept.received, kept.connection)
        if found is Unread.OTHER:
            self._give_back(kept)
        return None if isinstance(found, Unread) else found

    def _answer(self, arrived: Sequence[tuple[_Kept, Arrived[Caller]]]) -> None:
        began = time.monotonic()
        for start in range(0, len(arrived), TOGETHER):
            part = arrived[start : start + TOGETHER]
            answers = self._answer_all([request for _, request in part])
            for (kept, _), answer in zip(part, answers, strict=True):
                if answer is None:
                    self._give_back(kept)
                else:
                    kept.received = b""
                    self._send(kept, answer)
        self._served = {kept for kept, _ in arrived}
        self._patient_until = (ended := time.monotonic()) + (ended - began) * PATIENCE

    def _send(self, kept: _Kept, answer: bytes) -> None:
        waited = bool(kept.unsent)
        try:
            sent = kept.connection.sock.send(answer)
        except BlockingIOError:
            sent = 0
        except OSError:
            self._let_go(kept)
            return
        kept.unsent = answer[sent:]
        if sent:
            kept.since = time.monotonic()
        if waited != bool(kept.unsent):
            events = selectors.EVENT_WRITE if kept.unsent else selectors.EVENT_READ
            self._selector.modify(kept.connection.sock, events, kept)

    def _look_after(self) -> None:
        """Hand on what is slow in arriving; close what nobody uses."""
        now = time.monotonic()
        self._look_at = now + _LOOK_SECONDS
        for kept in list(self._kept):
            waited = now - kept.since
            if kept.unsent:
                if waited > SENDING_SECONDS:
                    self._let_go(kept)
            elif kept.received:
                if waited > ARRIVAL_SECONDS:
                    self._give_back(kept)
            elif waited > self._idle_seconds:
                self._let_go(kept)

    def _give_back(self, kept: _Kept) -> None:
        self._forget(kept)
        if kept.received:
            kept.connection.parser.unreader.unread(kept.received)
        self._keeper.give_back(kept.connection)

    def _give_all_back(self) -> None:
        self._return_coming()
        for kept in list(self._kept):
            if kept.unsent:
                self._let_go(kept)
            else:
                self._give_back(kept)

    def _let_go(self, kept: _Kept) -> None:
        self._forget(kept)
        self._keeper.let_go(kept.connection)

    def _forget(self, kept: _Kept) -> None:
        self._kept.discard(kept)
        self._selector.unregister(kept.connection.sock)
