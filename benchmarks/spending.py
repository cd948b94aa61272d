"""What erasing costs: the time by the clock, and that of all processors, by this process and by the server."""

import resource
import time
from collections.abc import Callable
from dataclasses import dataclass

import psutil
import psycopg

from benchmarks.figures import Figure
from benchmarks.stores import BenchStore


@dataclass(frozen=True, slots=True)
class Spent:
    """What some rows cost.

    Attributes:
        per_second: rows by the clock.
        client_us, server_us: microseconds of processors for each.
    """

    per_second: float
    client_us: float
    server_us: float

    @property
    def processor_us(self) -> float:
        """Of both."""
        return self.client_us + self.server_us


def spent(store: BenchStore, rows: int, act: Callable[[], None]) -> Spent:
    """Do something about so many rows, by this process and those that it waits for."""
    server, client, began = server_seconds(store), _own_seconds(), time.perf_counter()
    act()
    seconds = time.perf_counter() - began
    return Spent(rows / seconds, (_own_seconds() - client) / rows * 1e6, (server_seconds(store) - server) / rows * 1e6)


def server_seconds(store: BenchStore) -> float:
    """Processor time of the server and all of its processes so far, those that have ended included."""
    with psycopg.connect(store.admin_url, autocommit=True) as connection:
        parent = psutil.Process(connection.info.backend_pid).parent()
        if parent is None:
            raise RuntimeError("the server has just ended")
        while True:
            try:
                times = [one.cpu_times() for one in parent.children()]
            except psutil.NoSuchProcess:  # it has just ended, and counts among those of the parent
                continue
            whole = parent.cpu_times()
            break
    return sum(one.user + one.system for one in [whole, *times]) + whole.children_user + whole.children_system


def beside_plain(name: str, erased: Spent, plain: Spent, bar: float) -> list[Figure]:
    """The rate beside that of plain statements by the clock, and what both cost the processors."""
    by_clock, by_processor = erased.per_second / plain.per_second, plain.processor_us / erased.processor_us
    limit = "plain batched DELETE"
    return [
        Figure(name, erased.per_second, "/s", f">= {bar}x", by_clock >= bar, limit, plain.per_second, by_clock),
        Figure(f"{name}: speed by processor time ({erased.client_us:.0f} us of the client each, "
               f"{erased.server_us:.0f} us of the server)", 1e6 / erased.processor_us, "/s", f">= {bar}x",
               by_processor >= bar, limit, 1e6 / plain.processor_us, by_processor),
    ]  # fmt: skip


def _own_seconds() -> float:
    whose = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(one.ru_utime + one.ru_stime for one in map(resource.getrusage, whose))
