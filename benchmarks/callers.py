"""Callers that ask over kept connections as fast as they are answered, and spend next to nothing themselves."""

import socket
import statistics
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

TIMEOUT_SECONDS = 60.0
_BLOCK = 1 << 18


@dataclass(frozen=True, slots=True)
class Load:
    """What callers met with.

    Attributes:
        answered: requests.
        seconds: from the first to the last.
        waits: seconds of each answer.
    """

    answered: int
    seconds: float
    waits: Sequence[float]

    @property
    def per_second(self) -> float:
        """Answers per second."""
        return self.answered / self.seconds

    def percentile_ms(self, percent: int) -> float:
        """Milliseconds within which so many per cent of the answers came."""
        return statistics.quantiles(self.waits, n=100)[percent - 1] * 1000


class Caller:
    """One kept connection.

    Raises:
        RuntimeError: an answer is a refusal.
    """

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_SECONDS)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, request: bytes) -> bytes:
        """The body of the answer to a whole request."""
        self._socket.sendall(request)
        received = b""
        while (end := received.find(b"\r\n\r\n")) < 0:
            received += self._more()
        head, body = received[:end].lower(), received[end + 4 :]
        if not head.startswith(b"http/1.1 20"):
            raise RuntimeError(received[:500].decode("utf-8", "replace"))
        length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
        parts, got = [body], len(body)
        while got < length:
            parts.append(self._more())
            got += len(parts[-1])
        return b"".join(parts)

    def _more(self) -> bytes:
        block = self._socket.recv(_BLOCK)
        if not block:
            raise RuntimeError("The service closed the connection.")
        return block

    def close(self) -> None:
        """Hang up."""
        self._socket.close()


def load(port: int, requests: Sequence[bytes], *, connections: int, seconds: float) -> Load:
    """Ask by so many connections for so long, each its own share of *requests* over and over."""
    waits: list[list[float]] = [[] for _ in range(connections)]
    failed: list[Exception] = []
    began = time.monotonic()

    def call(number: int) -> None:
        try:
            caller, mine, place = Caller(port), requests[number::connections], 0
            while time.monotonic() < began + seconds:
                asked = time.perf_counter()
                caller.ask(mine[place % len(mine)])
                waits[number].append(time.perf_counter() - asked)
                place += 1
            caller.close()
        except Exception as error:  # noqa: BLE001 - raised below
            failed.append(error)

    threads = [threading.Thread(target=call, args=(number,)) for number in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]
    every = [wait for one in waits for wait in one]
    return Load(len(every), time.monotonic() - began, every)
