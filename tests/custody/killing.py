"""Scripts that are killed half way, each in a process of its own that need not load everything anew.

A process that has loaded the modules waits for scripts; it forks for each, since it has no threads and no connections.
"""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WAITING = """
import json, os, sys
from governance import metadata
from governance.custody import digests, duties, reindexing, rotation, rows
from governance.vault import runtime
from tests.vault import models
for line in sys.stdin:
    script, arguments = json.loads(line)
    child = os.fork()
    if child == 0:
        sys.argv = ["script", *arguments]
        exec(compile(script, "script", "exec"), {"__name__": "__main__"})
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


class Forks:
    """Runs scripts."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", WAITING],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={"PYTHONPATH": str(ROOT)},
        )

    def run(self, script: str, *arguments: str) -> int:
        """Run one; answers its exit code, negative for a signal. A script must print nothing."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([script, arguments]) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def end(self) -> None:
        """No more scripts."""
        self._process.communicate()
