"""Runs the tests in several processes that are forked when everything is loaded and collected, which is thus done once.

Each process takes one file of tests after the other off a pipe, so that what a module prepares is prepared once, and
tells its reports through a pipe of its own.
"""

import itertools
import os
import signal
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection, Pipe, wait
from typing import Any, NoReturn

import pytest

PART_BYTES = 4
"""Of the number of a part; a pipe gives and takes so few at once or not at all."""


@dataclass
class Process:
    """One of the processes, as seen by the first.

    Attributes:
        running: the test that it told to have begun.
        whole: whether it came to its end.
        trouble: what stopped it, if it could tell.
    """

    pid: int
    tells: Connection
    running: str = ""
    whole: bool = False
    trouble: str = "The process was gone in the middle of this test, or at its own end after it."


def _queue(parts: list[int]) -> int:
    """A pipe from which each process that reads takes the next of *parts*."""
    read, written = os.pipe()
    os.write(written, b"".join(part.to_bytes(PART_BYTES, "big") for part in parts))
    os.close(written)
    return read


class Spread:
    """Takes the place of pytest's own loop over the tests.

    Args:
        config: of this run.
        processes: how many.
        waits: whether a test waits more than it works; one of the processes begins with such, the others with the rest.
        at_end: what each process tells last, and what the first does with it.
    """

    def __init__(
        self,
        config: pytest.Config,
        processes: int,
        *,
        waits: Callable[[pytest.Item], bool],
        at_end: tuple[Callable[[], Any], Callable[[Any], None]],
    ) -> None:
        self._config, self._processes, self._waits = config, processes, waits
        self._last, self._take = at_end

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool | None:
        """Fork, and report what the processes tell."""
        if session.testsfailed or self._config.option.collectonly or len(session.items) < 2:
            return None
        files = [list(some) for _, some in itertools.groupby(session.items, key=lambda one: one.path)]
        temporary = self._config._tmp_path_factory  # type: ignore[attr-defined]
        folder = temporary.getbasetemp()
        waiting = [number for number, tests in enumerate(files) if self._waits(tests[0])]
        queues = [_queue(waiting), _queue(sorted(set(range(len(files))).difference(waiting)))]
        processes = []
        cores = sorted(os.sched_getaffinity(0))
        sys.stdout.flush()
        for number in range(self._processes):
            tells, teller = Pipe(duplex=False)
            pid = os.fork()
            if pid == 0:
                temporary._basetemp = folder / str(number)
                temporary._basetemp.mkdir(mode=0o700)
                temporary._exit_stack.pop_all()  # what earlier runs left is for the first process to remove
                if number and self._processes > len(cores):  # beside its server a tenth less is spent than across cores
                    os.sched_setaffinity(0, {cores[number % len(cores)]})
                self._work(session, queues[:: -1 if number else 1], files, Teller(self._config, teller))
            teller.close()
            processes.append(Process(pid, tells))
        try:
            self._listen(session, processes, stop=lambda: [os.read(queue, 1 << 16) for queue in queues])
        except BaseException:
            for one in processes:
                os.kill(one.pid, signal.SIGINT)
            raise
        finally:
            for one in processes:
                os.waitpid(one.pid, 0)
                one.tells.close()
            for queue in queues:
                os.close(queue)
        if session.shouldfail:
            raise session.Failed(session.shouldfail)
        return True

    def _listen(self, session: pytest.Session, processes: list[Process], *, stop: Callable[[], object]) -> None:
        speaking = {one.tells: one for one in processes}
        while speaking:
            for tells in wait(speaking):
                process = speaking[tells]  # type: ignore[index]
                try:
                    self._report(process, process.tells.recv())
                except EOFError:
                    del speaking[process.tells]
                    self._miss(process)
            if session.shouldfail or session.shouldstop:
                stop()

    def _report(self, process: Process, told: Any) -> None:
        hook = self._config.hook
        match told:
            case {"began": str(test)}:
                process.running = test
            case {"trouble": str(trouble)}:
                process.trouble = trouble
            case {"last": last}:
                process.whole = True
                self._take(last)
            case _:
                hook.pytest_runtest_logreport(
                    report=hook.pytest_report_from_serializable(config=self._config, data=told)
                )

    def _miss(self, process: Process) -> None:
        """Report the test in which a process was lost as failed."""
        if not process.whole:
            report = pytest.TestReport(
                nodeid=process.running or "tests",
                location=(process.running, None, process.running),
                keywords={},
                outcome="failed",
                longrepr=process.trouble,
                when="call",
            )
            self._config.hook.pytest_runtest_logreport(report=report)

    def _work(
        self, session: pytest.Session, queues: list[int], files: list[list[pytest.Item]], teller: "Teller"
    ) -> NoReturn:
        """Run parts until there are no more; this is the whole life of a process."""
        config, manager = self._config, self._config.pluginmanager
        try:
            config.workerinput = {}  # type: ignore[attr-defined]  # plugins know by this that another process reports
            capture = manager.getplugin("capturemanager")
            capture.stop_global_capturing()  # into the same file as all others
            capture.start_global_capturing()
            manager.unregister(name="terminalreporter")
            manager.register(teller)
            for part in itertools.chain.from_iterable(iter(partial(os.read, one, PART_BYTES), b"") for one in queues):
                tests = files[int.from_bytes(part, "big")]
                for test, following in itertools.zip_longest(tests, tests[1:], fillvalue=session):
                    assert isinstance(test, pytest.Item)
                    # What outlasts a file is kept for the next, whichever it is: the session is what they share.
                    config.hook.pytest_runtest_protocol(item=test, nextitem=following)
            config.hook.pytest_sessionfinish(session=session, exitstatus=0)
            config._ensure_unconfigure()
            teller.tell({"last": self._last()})
        except Exception:  # noqa: BLE001 - the first process shows it
            teller.tell({"trouble": traceback.format_exc()})
        finally:
            os._exit(0)  # and none of what the first process means to do at its exit


class Teller:
    """Tells the first process what goes on in one of the others."""

    def __init__(self, config: pytest.Config, first: Connection) -> None:
        self._config, self._first = config, first

    def tell(self, what: object) -> None:
        """Tell *what*."""
        self._first.send(what)

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Tell which test is begun."""
        self.tell({"began": nodeid})

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Tell how a test went."""
        self.tell(self._config.hook.pytest_report_to_serializable(config=self._config, report=report))
