"""Folders that hold secrets or sockets, and the file locks within them: who may own them, and with which mode."""

import fcntl
import os
import shlex
import stat
from collections.abc import Iterable
from pathlib import Path

from governance.kernel.errors import ConfigurationError

PRIVATE = 0o700
PASSABLE = 0o711
"""Others may reach a path below it that they already know, and see nothing else."""

OURS = ("run", "secrets", "log")


def prepare_data_dir(data_dir: Path) -> Path:
    """Make the data folder and its inner folders (all 0700) where they are missing; return its absolute path.

    Folders above the data folder keep their modes.

    Raises:
        ConfigurationError: the folder belongs to another user, others may write to it or enter one within it, or it
            holds somebody's files.
    """
    folder = data_dir.absolute()
    try:
        folder.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
        _require_ours(folder)
        for name in OURS:
            (folder / name).mkdir(mode=PRIVATE, exist_ok=True)
            require_private(folder / name)
    except (PermissionError, FileExistsError, NotADirectoryError) as error:
        raise ConfigurationError(
            f"The data folder {folder} cannot be used ({error.strerror}); set GOVERNANCE_DATA_DIR to a folder of yours."
        ) from error
    return folder


def require_private(folder: Path) -> None:
    """Refuse a folder of secrets or locks that other users may enter: who can write there can replace what it holds.

    Raises:
        ConfigurationError: they may; the detail says how to close it.
    """
    mode = stat.S_IMODE(folder.stat().st_mode)
    if mode & 0o077:
        raise ConfigurationError(
            f"The folder {folder} is open to other users (mode {mode:04o}). Find out whether somebody was there, then "
            f"run: chmod 700 {shlex.quote(str(folder))}"
        )


def _require_ours(folder: Path) -> None:
    state = folder.stat()
    if os.geteuid() not in {0, state.st_uid}:
        raise ConfigurationError(
            f"The data folder {folder} belongs to the user with id {state.st_uid}; run the service as that user."
        )
    if not stat.S_IMODE(state.st_mode) & 0o077:
        return
    # A store may hold others (var/demo in var) and have been made by the way as their parent.
    is_store = _looks_like_store(folder) or all(map(_looks_like_store, folder.iterdir()))
    if state.st_mode & stat.S_IWOTH or not is_store:
        raise ConfigurationError(
            f"{folder} is shared or holds other files; set GOVERNANCE_DATA_DIR to a new or an empty folder, or if this "
            f"one is yours alone: chmod 700 {shlex.quote(str(folder))}"
        )
    folder.chmod(PRIVATE)


def _looks_like_store(folder: Path) -> bool:
    return all((folder / name).is_dir() for name in OURS)


def runtime_parent(mode: int) -> Path:
    """A folder with a short path that only this user can write to, for sockets (their paths end at 107 bytes).

    XDG_RUNTIME_DIR is not used: it goes away when the user logs out, while the service may well stay.

    Raises:
        ConfigurationError: somebody else took every candidate's name.
    """
    return first_owned(runtime_parents(os.geteuid()), mode)


def runtime_parents(uid: int) -> list[Path]:
    """Where the folder of `runtime_parent` may be for a user, the likeliest first."""
    own = [Path("/run/governance")] if uid == 0 else []
    shared = [Path(f"/tmp/governance-{uid}"), Path(f"/var/tmp/governance-{uid}")]  # noqa: S108 - ownership is verified
    return [*own, *shared]


def first_owned(candidates: Iterable[Path], mode: int) -> Path:
    """The first candidate that is, or can be made, a real folder of ours to which nobody else can write.

    Raises:
        ConfigurationError: none of them is.
    """
    tried = []
    for folder in candidates:
        tried.append(str(folder))
        if _is_owned(folder, mode):
            return folder
    raise ConfigurationError(f"None of {', '.join(tried)} can be made a folder of this user's own; remove them.")


def _is_owned(folder: Path, mode: int) -> bool:
    try:
        folder.mkdir(mode=PRIVATE)
    except FileExistsError:
        pass
    except OSError:
        return False
    # lstat: in a folder such as /tmp another user may have put a symbolic link under this name.
    state = folder.lstat()
    if not stat.S_ISDIR(state.st_mode) or state.st_uid != os.geteuid() or state.st_mode & 0o022:
        return False
    if stat.S_IMODE(state.st_mode) != mode:
        folder.chmod(mode)
    return True


def try_lock(path: Path) -> int | None:
    """Take the exclusive lock of a file, made if missing (0600); None if another process holds it.

    The lock belongs to the returned descriptor and all its copies; it ends when the last of them is closed, so also
    with the death of its holders. The descriptor is not inherited unless it is passed on expressly.

    Raises:
        ConfigurationError: the file belongs to another user.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except PermissionError as error:
        raise ConfigurationError(f"{path} belongs to another user; run the service as that user.") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor
