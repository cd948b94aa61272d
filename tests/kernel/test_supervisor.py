"""The supervisor: its children stop with it, whatever ends it, and come back when they crash."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from governance.kernel.errors import ConfigurationError, ConflictError
from governance.kernel.folders import prepare_data_dir
from governance.kernel.supervisor import port_free, sole_supervisor
from tests.kernel.processes import eventually, is_alive, kill, line_of, start

# Runs each of its arguments as a child; what children and the supervisor print comes out line by line: a print of an
# unbuffered process is two writes, the second its line's end, so children write with one.
SUPERVISOR = """
import sys
from governance.kernel.supervisor import Command, Supervisor
commands = [Command(f"child{n}", [sys.executable, "-u", "-c", script]) for n, script in enumerate(sys.argv[1:])]
say = lambda sentence: print(sentence, flush=True)
sys.exit(Supervisor(commands, say=say, stop_limit_seconds=1.0, first_pause_seconds=0.02).run())
"""

# A child as ours are: a master that forks a worker, each watching the lifeline.
WATCHING = """
import os, signal, time
from governance.kernel import lifeline
worker = os.fork()
lifeline.watch(grace_seconds=0.5)
if worker: os.write(1, b'%d %d\\n' % (os.getpid(), worker))
while True: time.sleep(60)
"""

# A forked worker has no death signal of its own and stops in order all the same.
ORDERLY = """
import os, signal, sys, time
from governance.kernel import lifeline
worker = os.fork()
if worker:
    time.sleep(60)
def stop(number, frame):
    print('stopped in order')
    sys.exit()
signal.signal(signal.SIGTERM, stop)
lifeline.watch(grace_seconds=20)
os.write(1, b'%d\\n' % os.getpid())
while True: time.sleep(60)
"""

# Prints how many seconds lie between the first and the tenth look of one who awaits something.
AWAITING = """
import os, signal, sys, time
from governance.kernel.supervisor import Command, Supervisor
looks = []
def upkeep():
    looks.append(time.monotonic())
    if len(looks) == 10:
        os.kill(os.getpid(), signal.SIGTERM)
    return True
Supervisor([Command("child", [sys.executable, "-c", "import time; time.sleep(60)"])], upkeep=upkeep).run()
print(looks[9] - looks[0])
"""

# Deaf to SIGTERM from the start.
DEAF = """
import os, signal, time
from governance.kernel import lifeline
signal.signal(signal.SIGTERM, signal.SIG_IGN)
lifeline.watch(grace_seconds=0.2)
os.write(1, b'%d\\n' % os.getpid())
while True: time.sleep(60)
"""

PATIENT = "import os, time\nos.write(1, b'%d\\n' % os.getpid())\nwhile True: time.sleep(60)"
BROKEN = "import time, sys; time.sleep(0.1); sys.exit(3)"


def _pids(supervisor: "subprocess.Popen[str]", lines: int = 1) -> list[int]:
    return [int(word) for _ in range(lines) for word in line_of(supervisor).split()]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_one_signal_stops_all_children_in_order(number: signal.Signals) -> None:
    supervisor = start(SUPERVISOR, WATCHING, PATIENT)
    pids = _pids(supervisor, lines=2)
    supervisor.send_signal(number)
    assert supervisor.wait(10) == 0
    assert not [pid for pid in pids if is_alive(pid)]
    kill(supervisor)


def test_killing_the_supervisor_ends_its_children_and_theirs() -> None:
    supervisor = start(SUPERVISOR, WATCHING, PATIENT)
    pids = _pids(supervisor, lines=2)
    kill(supervisor)
    assert len(pids) == 3
    assert eventually(lambda: not [pid for pid in pids if is_alive(pid)], seconds=5)


def test_a_forked_worker_stops_in_order_when_the_supervisor_dies() -> None:
    supervisor = start(SUPERVISOR, ORDERLY)
    assert _pids(supervisor)
    supervisor.kill()
    assert line_of(supervisor) == "stopped in order"
    kill(supervisor)


def test_a_child_that_does_not_hear_sigterm_is_killed_when_the_supervisor_dies() -> None:
    supervisor = start(SUPERVISOR, DEAF)
    (child,) = _pids(supervisor)
    kill(supervisor)
    assert eventually(lambda: not is_alive(child), seconds=5)


def test_a_child_that_does_not_hear_sigterm_is_killed_after_the_limit() -> None:
    supervisor = start(SUPERVISOR, DEAF)
    (child,) = _pids(supervisor)
    supervisor.terminate()
    assert line_of(supervisor) == "Killed, because it did not stop in order: child0."
    assert supervisor.wait(10) == 0
    assert not is_alive(child)
    kill(supervisor)


def test_a_crashed_child_is_started_again() -> None:
    supervisor = start(SUPERVISOR, PATIENT)
    (child,) = _pids(supervisor)
    os.kill(child, signal.SIGKILL)
    assert line_of(supervisor) == "child0 ended unexpectedly (signal 9); starting it again in 0.02 s."
    (successor,) = _pids(supervisor)
    assert successor != child
    assert is_alive(successor)
    supervisor.terminate()
    assert supervisor.wait(10) == 0
    kill(supervisor)


def test_a_child_that_crashes_again_and_again_ends_the_service_with_a_clear_word() -> None:
    supervisor = start(SUPERVISOR, BROKEN, PATIENT)
    said = []
    while not (line := line_of(supervisor)).startswith("child0 ends again and again"):
        said.append(line)
    (patient,) = [int(line) for line in said if line.isdecimal()]
    assert len(said) == 6
    assert "exit code 3" in line
    assert supervisor.wait(10) == 1
    assert not is_alive(patient)
    kill(supervisor)


def test_a_child_that_waits_for_what_it_needs_is_started_again_later_and_ends_nothing() -> None:
    supervisor = start(SUPERVISOR, "import sys; sys.exit(75)", PATIENT)
    said = {line_of(supervisor), line_of(supervisor)}
    assert "child0 waits for what it needs; starting it again in 15 s." in said
    supervisor.terminate()
    assert supervisor.wait(10) == 0
    kill(supervisor)


def test_the_second_supervisor_of_a_data_folder_is_told_of_the_first(tmp_path: Path) -> None:
    folder = prepare_data_dir(tmp_path / "store")
    script = (
        "import sys, time, pathlib\n"
        "from governance.kernel.supervisor import sole_supervisor\n"
        "with sole_supervisor(pathlib.Path(sys.argv[1])):\n"
        "    print('in', flush=True); time.sleep(60)\n"
    )
    first = start(script, folder)
    assert line_of(first) == "in"
    with pytest.raises(ConflictError, match=f"process {first.pid}"), sole_supervisor(folder):
        pass
    kill(first)
    with sole_supervisor(folder):
        assert (folder / "run" / "supervisor").read_text() == str(os.getpid())


def test_a_port_is_free_unless_somebody_listens_there() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        assert not port_free("127.0.0.1", port)
    assert port_free("127.0.0.1", port)


def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="GOVERNANCE_BIND"):
        port_free("192.0.2.1", 8000)


def test_what_upkeep_awaits_is_looked_at_again_soon() -> None:
    done = subprocess.run([sys.executable, "-c", AWAITING], capture_output=True, text=True, timeout=60, check=True)

    assert float(done.stdout) < 4.0  # of ten looks, at one a second as otherwise, nine seconds
