"""Children that outlive nobody: they end when the process that started them ends, by kill -9 too.

The parent holds the write end of a pipe and every child inherits the read end: the kernel closes the pipe when the
parent dies, whatever killed it. On Linux a death signal covers the time before the child watches.
"""

import ctypes
import os
import signal
import sys
import threading
import time
from collections.abc import Callable

VARIABLE = "GOVERNANCE_LIFELINE_FD"
GRACE_SECONDS = 20.0

_PR_SET_PDEATHSIG = 1
_PR_GET_PDEATHSIG = 2
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


class Lifeline:
    """The parent's end. Pass `descriptor` to children (`pass_fds`) and add `environment` to theirs."""

    def __init__(self) -> None:
        self.descriptor, self._held = os.pipe()

    @property
    def environment(self) -> dict[str, str]:
        """What tells a child which descriptor to watch."""
        return {VARIABLE: str(self.descriptor)}

    def cut(self) -> None:
        """Let go: children that still watch end by themselves."""
        os.close(self._held)
        os.close(self.descriptor)


def watch(*, grace_seconds: float = GRACE_SECONDS) -> bool:
    """End this process when the lifeline's holder is gone: SIGTERM at once, SIGKILL after the grace period.

    To be called once in each process, also in each one forked later (threads do not survive a fork).

    Returns:
        Whether there is a lifeline to watch; False where this process was started by hand.
    """
    inherited = os.environ.get(VARIABLE)
    if inherited is None:
        return False
    descriptor = int(inherited)
    threading.Thread(target=_watch, args=(descriptor, grace_seconds), name="lifeline", daemon=True).start()
    return True


def _watch(descriptor: int, grace_seconds: float) -> None:
    while os.read(descriptor, 1):
        pass  # nobody writes; only the end of the pipe is awaited
    if not _has_death_signal():  # else a second SIGTERM would turn an orderly stop into a hasty one
        os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(grace_seconds)
    os.kill(os.getpid(), signal.SIGKILL)


def death_signal(number: signal.Signals) -> Callable[[], None]:
    """A `preexec_fn` by which the kernel sends the child this signal when the calling thread ends (Linux; else no-op).

    To be used from the main thread only. It survives exec but not a change of user, so it belongs after that.
    """
    parent = os.getpid()

    def bind() -> None:
        if _libc is None:
            return
        _libc.prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)
        if os.getppid() != parent:  # it died before the signal was set
            os._exit(1)

    return bind


def _has_death_signal() -> bool:
    if _libc is None:
        return False
    number = ctypes.c_int(0)
    _libc.prctl(_PR_GET_PDEATHSIG, ctypes.byref(number), 0, 0, 0)
    return number.value != 0
