"""Python programs of their own for tests, without the second or two that each would take to load the service.

A process that has loaded the modules waits for programs and forks for each, since it has no threads and no connections
of its own. The run of the tests has one (`begin`), or else whoever first needs it starts one.
"""

import atexit
import contextlib
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from governance.cli import COMMANDS

ROOT = Path(__file__).resolve().parents[1]
PLACE = "TESTS_FORKS"
"""Variable that names the socket of the waiting process."""
LOADED = ("governance.app", "governance.worker.running")


def begin() -> None:
    """Start the process that waits, for this process and those it starts."""
    folder = tempfile.mkdtemp(prefix="forks-")
    os.environ[PLACE] = f"{folder}/socket"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:  # whoever calls before it has loaded all waits
        listener.bind(os.environ[PLACE])
        listener.listen(64)
        command = [sys.executable, "-m", "tests.forks", str(listener.fileno())]
        waiting = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, pass_fds=[listener.fileno()])

    def end() -> None:
        waiting.communicate()
        Path(folder, "socket").unlink(missing_ok=True)
        Path(folder).rmdir()

    atexit.register(end)


class Fork:
    """A program that runs, spoken to as one of `subprocess`.

    Args:
        how: what the interpreter would be given: `-c SCRIPT ...`, `-m MODULE ...` or `FILE ...`.
        stdin: what it reads; nothing by default.
        env: its environment; that of this process by default.
    """

    def __init__(
        self,
        *how: str,
        stdin: IO[bytes] | int | None = None,
        stdout: IO[bytes] | int | None = None,
        stderr: IO[bytes] | int | None = None,
        env: Mapping[str, str] | None = None,
    ) -> None:
        if PLACE not in os.environ:
            begin()
        self._link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._link.connect(os.environ[PLACE])
        with Path(os.devnull).open("r+b") as nothing:
            given = [one if one is not None else nothing for one in (stdin, stdout, stderr)]
            fds = [one if isinstance(one, int) else one.fileno() for one in given]
            asked = json.dumps({"how": how, "env": dict(os.environ if env is None else env)}).encode()
            socket.send_fds(self._link, [len(asked).to_bytes(4, "big")], fds)
            self._link.sendall(asked)
        self._answers = self._link.makefile("r")
        self.pid = int(self._answers.readline())
        self.returncode: int | None = None

    def wait(self, timeout: float = 120) -> int:
        """Its exit code, negative for a signal."""
        if self.returncode is None:
            if not select.select([self._link], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired("a fork", timeout)
            self.returncode = int(self._answers.readline())
            self._answers.close()
            self._link.close()
        return self.returncode

    def poll(self) -> int | None:
        """Its exit code, or None while it runs."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send it a signal, if it still runs."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """Kill it."""
        self.send_signal(signal.SIGKILL)


def run(*how: str, env: Mapping[str, str] | None = None, timeout: float = 120) -> subprocess.CompletedProcess[str]:
    """Run a program to its end; see `Fork`."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        fork = Fork(*how, stdout=out, stderr=err, env=env)
        try:
            code = fork.wait(timeout)
        except subprocess.TimeoutExpired:
            fork.kill()
            raise
        said = []
        for one in (out, err):
            one.seek(0)
            said.append(one.read().decode())
        return subprocess.CompletedProcess(how, code, *said)


@contextlib.contextmanager
def piped(*how: str) -> Iterator[tuple[Fork, IO[bytes]]]:
    """A program and what it prints, while it prints it; awaited at the end."""
    with spoken_to(*how) as (fork, _, output):
        yield fork, output


@contextlib.contextmanager
def spoken_to(*how: str) -> Iterator[tuple[Fork, IO[bytes], IO[bytes]]]:
    """A program, what it reads (unbuffered) and what it prints; told at the end that there is no more, and awaited."""
    (read, to_it), (from_it, written) = os.pipe(), os.pipe()
    with os.fdopen(from_it, "rb") as output:
        with os.fdopen(to_it, "wb", buffering=0) as said:
            fork = Fork(*how, stdin=read, stdout=written)
            os.close(read)
            os.close(written)
            yield fork, said, output
        fork.wait()


def _await_programs(listener: socket.socket) -> dict[str, Any]:
    """Wait for programs; returns in the process of each."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        ready, _, _ = select.select([listener, sys.stdin], [], [])
        if sys.stdin in ready:
            os._exit(0)
        link = listener.accept()[0]
        if os.fork() == 0:
            break
        link.close()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    listener.close()
    size, fds, _, _ = socket.recv_fds(link, 4, 3)
    asked = json.loads(link.makefile("rb").read(int.from_bytes(size, "big")))
    child = os.fork()
    if child:
        link.sendall(f"{child}\n".encode())
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        with contextlib.suppress(BrokenPipeError):
            link.sendall(f"{code}\n".encode())
        os._exit(0)
    link.close()
    for number, fd in enumerate(fds):
        os.dup2(fd, number)
        os.close(fd)
    return dict(asked)


if __name__ == "__main__":
    for module in (*LOADED, *(place.partition(":")[0] for place in COMMANDS.values())):
        importlib.import_module(module)
    gc.collect()
    gc.freeze()
    asked = _await_programs(socket.socket(fileno=int(sys.argv[1])))
    os.environ.clear()
    os.environ.update(asked["env"])
    kind, what, *arguments = asked["how"] if asked["how"][0] in {"-c", "-m"} else ["", *asked["how"]]
    sys.argv = [kind or what, *arguments]
    if kind == "-c":
        exec(compile(what, "<string>", "exec"), {"__name__": "__main__"})
    elif kind == "-m":
        runpy.run_module(what, run_name="__main__", alter_sys=True)
    else:
        runpy.run_path(what, run_name="__main__")
