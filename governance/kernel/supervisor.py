"""Runs the service's processes from one terminal: starts them, starts them again after a crash, ends with all of them.

A child may outlive neither an orderly stop (SIGTERM, then SIGKILL to its whole process group) nor a kill -9 of the
supervisor (`lifeline`).
"""

import contextlib
import errno
import math
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field
from pathlib import Path
from types import FrameType
from typing import Final

from governance.kernel.errors import ConfigurationError, ConflictError, GovernanceError
from governance.kernel.folders import try_lock
from governance.kernel.journal import Journal
from governance.kernel.lifeline import Lifeline, death_signal
from governance.kernel.records import frozen

STOP_LIMIT_SECONDS: Final = 30.0
FIRST_PAUSE_SECONDS: Final = 1.0
SOUND_AFTER_SECONDS: Final = 30.0
"""A child that ran this long was started well: its earlier crashes no longer count."""
GIVE_UP_AFTER: Final = 5
WAITING: Final = 75
"""Exit code of a child that cannot do without what does not answer (EX_TEMPFAIL of sysexits.h)."""
WAITING_SECONDS: Final = 15.0
"""After which it is started again, however often."""
TICK_SECONDS: Final = 1.0
SOON_SECONDS: Final = 0.1


@frozen
class Command:
    """A process to keep running.

    Attributes:
        name: what to call it when speaking to the operator.
        arguments: program and arguments.
        environment: variables added to the supervisor's own.
    """

    name: str
    arguments: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)


def say_on_stderr(sentence: str) -> None:
    """Tell the operator."""
    sys.stderr.write(f"{sentence}\n")
    sys.stderr.flush()


class Supervisor:
    """Keeps commands running until a signal comes or one of them cannot be kept running.

    Args:
        commands: what to run; started in this order, stopped all at once.
        upkeep: called about once a second, and sooner again after it returned True because it awaits something; an
            error of ours that it raises ends all.
        say: tells the operator of starts anew and of giving up; never of anything personal.
        stop_limit_seconds: how long children may take to stop in order.
        first_pause_seconds: the pause before a first new start; it doubles with each crash in a row.
        journal: takes the log lines of the children; by default these go where this process's own go.
    """

    def __init__(
        self,
        commands: Sequence[Command],
        *,
        upkeep: Callable[[], bool] | None = None,
        say: Callable[[str], None] = say_on_stderr,
        stop_limit_seconds: float = STOP_LIMIT_SECONDS,
        first_pause_seconds: float = FIRST_PAUSE_SECONDS,
        journal: Journal | None = None,
    ) -> None:
        self._say = say
        self._upkeep = upkeep
        self._stop_limit_seconds = stop_limit_seconds
        self._journal = journal
        self._lifeline = Lifeline()
        self._children = [_Child(command, self._lifeline, first_pause_seconds, journal) for command in commands]
        self._signals = 0

    def run(self) -> int:
        """Run until SIGINT, SIGTERM or SIGHUP, then stop all children. Call it from the main thread.

        Returns:
            Exit code: 0 after such a signal, 1 after giving up.
        """
        with self._signals_caught() as awakened:
            try:
                for child in self._children:
                    child.start()
                code = self._keep(awakened)
            finally:
                self._stop(awakened)
                self._lifeline.cut()
                if self._journal:
                    self._journal.finish()
        return code

    def _keep(self, awakened: int) -> int:
        soon = False
        while True:
            _wait(
                awakened,
                min(
                    [SOON_SECONDS if soon else TICK_SECONDS, *(child.pause_left_seconds() for child in self._children)]
                ),
            )
            if self._signals:
                return 0
            for child in self._children:
                if not child.tend(self._say):
                    return 1
            try:
                soon = self._upkeep is not None and self._upkeep()
            except GovernanceError as error:
                self._say(error.detail)
                return 1

    def _stop(self, awakened: int) -> None:
        for child in self._children:
            child.signal(signal.SIGTERM)
        heard = self._signals
        deadline = time.monotonic() + self._stop_limit_seconds
        # A second Ctrl-C means now.
        while any(child.is_running() for child in self._children):
            if time.monotonic() >= deadline or self._signals > heard:
                late = ", ".join(child.command.name for child in self._children if child.is_running())
                self._say(f"Killed, because it did not stop in order: {late}.")
                break
            _wait(awakened, 0.2)
        for child in self._children:
            child.finish()

    @contextlib.contextmanager
    def _signals_caught(self) -> Iterator[int]:
        reader, writer = os.pipe()
        os.set_blocking(reader, False)
        os.set_blocking(writer, False)
        caught = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        before = {number: signal.signal(number, self._on_signal) for number in caught}
        before[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        wakeup_before = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        try:
            yield reader
        finally:
            signal.set_wakeup_fd(wakeup_before)
            for number, handler in before.items():
                signal.signal(number, handler)
            os.close(reader)
            os.close(writer)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._signals += 1


class _Child:
    """One command and the process that runs it at present, if any."""

    def __init__(
        self, command: Command, lifeline: Lifeline, first_pause_seconds: float, journal: Journal | None
    ) -> None:
        self.command = command
        self._journal = journal
        self._lifeline = lifeline
        self._first_pause_seconds = first_pause_seconds
        self._process: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self._start_again_at: float | None = None
        self._crashes = 0

    def start(self) -> None:
        self._start_again_at = None
        self._started_at = time.monotonic()
        # A session of its own: the terminal's Ctrl-C reaches the supervisor alone, which then stops each child once.
        self._process = subprocess.Popen(
            self.command.arguments,
            env=os.environ | self._lifeline.environment | dict(self.command.environment),
            stdin=subprocess.DEVNULL,
            pass_fds=(self._lifeline.descriptor,),
            start_new_session=True,
            preexec_fn=death_signal(signal.SIGTERM),  # noqa: PLW1509 - it calls prctl and getppid only
            stderr=subprocess.PIPE if self._journal else None,
        )
        if self._journal and self._process.stderr:
            self._journal.follow(self._process.stderr)

    def tend(self, say: Callable[[str], None]) -> bool:
        """Start the process again if that is due; False once it has crashed too often in a row."""
        now = time.monotonic()
        if self._start_again_at is not None:
            if now >= self._start_again_at:
                self.start()
            return True
        if self.is_running():
            return True
        self.finish()
        if self._process is not None and self._process.returncode == WAITING:
            say(f"{self.command.name} waits for what it needs; starting it again in {WAITING_SECONDS:g} s.")
            self._start_again_at = now + WAITING_SECONDS
            return True
        self._crashes = self._crashes + 1 if now - self._started_at < SOUND_AFTER_SECONDS else 1
        if self._crashes > GIVE_UP_AFTER:
            say(f"{self.command.name} ends again and again ({self._how()}); its log lines above say why. Stopping all.")
            return False
        pause_seconds = self._first_pause_seconds * 2 ** (self._crashes - 1)
        say(f"{self.command.name} ended unexpectedly ({self._how()}); starting it again in {pause_seconds:g} s.")
        self._start_again_at = now + pause_seconds
        return True

    def pause_left_seconds(self) -> float:
        """How long until a new start is due; without end while none is."""
        return math.inf if self._start_again_at is None else max(self._start_again_at - time.monotonic(), 0.0)

    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def signal(self, number: signal.Signals) -> None:
        if self.is_running() and self._process is not None:
            self._process.send_signal(number)

    def finish(self) -> None:
        """Kill what is left of the process and of those that it started."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def _how(self) -> str:
        code = self._process.returncode if self._process is not None else None
        return f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"


@contextlib.contextmanager
def sole_supervisor(data_dir: Path) -> Iterator[None]:
    """Hold the place of the one supervisor of a prepared data folder; a killed one leaves it free.

    Raises:
        ConflictError: the service already runs there.
    """
    path = data_dir / "run" / "supervisor"
    lock = try_lock(path)
    if lock is None:
        pid = path.read_text(encoding="ascii").strip()
        raise ConflictError(f"The service already runs on {data_dir} (process {pid}); stop that one first.")
    try:
        os.truncate(lock, 0)
        os.write(lock, str(os.getpid()).encode())
        yield
    finally:
        os.close(lock)


def port_free(host: str, port: int) -> bool:
    """Whether a server could listen there now; port 0 is always free.

    Raises:
        ConfigurationError: the address is not this machine's, or this user may not use the port.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, kind, protocol, _, address in found:
            with socket.socket(family, kind, protocol) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(address)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            return False
        raise ConfigurationError(
            f"Nothing can listen on {host}:{port} ({error.strerror}); "
            "set GOVERNANCE_BIND to an address of this machine and a port above 1023."
        ) from error
    return True


def _wait(awakened: int, seconds: float) -> None:
    """Wait for a signal, at most so long."""
    if select.select([awakened], [], [], seconds)[0]:
        with contextlib.suppress(BlockingIOError):
            while os.read(awakened, 256):
                pass
