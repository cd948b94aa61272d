"""PostgreSQL's dump programs at the end of a pipe: nothing lies in the clear on a disk, no password among arguments."""

import contextlib
import os
import subprocess
import threading
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Final

from governance.kernel.account import wheel_programs
from governance.kernel.errors import UnavailableError

READ_BYTES: Final = 256 * 1024
LEFT_OUT: Final = ("data_key", "keyring_copy", "commit_order")
"""Tables of which a dump of data has the shape, but no row: keys, and numbers of transactions, which a restored server
counts anew."""
KEYS: Final = b"""
COPY (
    SELECT o.id, o.shredded_at, k.compartment, k.generation, k.epoch, k.wrapped, k.created_at, k.shredded_at
    FROM key_owner o LEFT JOIN data_key k ON k.owner_id = o.id
) TO STDOUT
"""
"""The dump of keys: each owner with each of its keys, one line each, in the text format of COPY."""


class DumpError(UnavailableError):
    """A program of PostgreSQL failed."""

    slug = "dump"


def data_dump(environment: Mapping[str, str], *, snapshot: str) -> Iterator[bytes]:
    """A dump of all but the rows of keys, in pg_dump's custom format, as of an exported *snapshot*.

    Raises:
        DumpError: pg_dump failed.
    """
    left_out = [f"--exclude-table-data=public.{table}" for table in LEFT_OUT]
    options = ["--format=custom", "--compress=gzip:1", "--no-password", "--no-statistics", f"--snapshot={snapshot}"]
    with _running("pg_dump", [*options, *left_out], environment) as program:
        while chunk := _end(program.stdout).read(READ_BYTES):
            yield chunk


def plain_dump(environment: Mapping[str, str]) -> Iterator[bytes]:
    """A logical dump as text, keys included: to be looked through, not to be kept.

    Raises:
        DumpError: pg_dump failed.
    """
    with _running("pg_dump", ["--no-password"], environment) as program:
        while chunk := _end(program.stdout).read(READ_BYTES):
            yield chunk


def listed(dump: Iterable[bytes]) -> int:
    """How many things a dump holds, as `pg_restore --list` reads it; the dump is consumed to its end.

    Raises:
        DumpError: this is no dump.
    """
    with _running("pg_restore", ["--list"], {}) as program:
        # The list is longer than a pipe holds, so it is read while the dump is written.
        lines: list[bytes] = []
        reader = threading.Thread(target=lambda: lines.extend(_end(program.stdout)), daemon=True)
        reader.start()
        _feed(program, dump)
        reader.join()
    return sum(1 for line in lines if line.strip() and not line.startswith(b";"))


def load_data(environment: Mapping[str, str], dump: Iterable[bytes], *, database: str) -> None:
    """Load a dump into an empty database, all of it or nothing.

    Raises:
        DumpError: pg_restore failed.
    """
    options = ["--single-transaction", "--exit-on-error", "--no-password", f"--dbname={database}"]
    with _running("pg_restore", options, environment) as program:
        _feed(program, dump)


@contextlib.contextmanager
def _running(name: str, options: list[str], environment: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """A program of the wheel, whose version is the server's or younger; killed if the block ends by an exception."""
    program = subprocess.Popen(
        [wheel_programs() / name, *options],
        env={"PATH": os.defpath, "LC_ALL": "C", **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    said: list[bytes] = []
    listener = threading.Thread(target=lambda: said.extend(_end(program.stderr)), daemon=True)
    listener.start()
    try:
        yield program
    except BaseException:
        # Killed before its input ends, or it would take what it has got for the whole.
        program.kill()
        raise
    finally:
        code = program.wait()
        listener.join()
        for end in (program.stdin, program.stdout, program.stderr):
            with contextlib.suppress(BrokenPipeError):
                _end(end).close()
    if code != 0:
        raise DumpError(f"{Path(name).name} ended with code {code}: {_first_line(said)}")


def _feed(program: subprocess.Popen[bytes], dump: Iterable[bytes]) -> None:
    """Hand it all of *dump*; what it does not want to have any more is read all the same, so that it is checked."""
    pipe, wanted = _end(program.stdin), True
    for chunk in dump:
        if wanted:
            try:
                pipe.write(chunk)
            except BrokenPipeError:
                wanted = False
    with contextlib.suppress(BrokenPipeError):
        pipe.close()


def _end(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise TypeError("all ends are pipes")
    return pipe


def _first_line(said: list[bytes]) -> str:
    """The first complaint; further lines may quote rows."""
    complaints = [line for line in said if b"error:" in line] or said
    return complaints[0].decode(errors="replace").strip()[:300] if complaints else "it said nothing"
