"""A sequencer that kills itself at a given step, as kill -9 would; a process for tests to start."""

import os
import signal
import sys

from governance.audit import sequencer
from governance.kernel.db import Database


def main() -> None:
    url, fatal = sys.argv[1:]

    def stage(step: str) -> None:
        if step == fatal:
            os.kill(os.getpid(), signal.SIGKILL)

    sequencer.drain(Database(url), limit=300, stage=stage)


if __name__ == "__main__":
    main()
