"""Rotation of the blind indexes: a second version is written beside the first, filled in, asked, and takes its place.

What is written and asked in each state, and why unique constraints hold throughout, is told in
`governance.vault.register.index_plan`. Every state is entered only when no process can be working by the state before
the last one, so that two neighbouring plans are in use at most. Whoever is killed leaves a state that the next call
goes on from.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from governance.audit.actions import Action
from governance.audit.appending import append
from governance.custody.digests import clear_beside, copy_over, fill_beside, rewrite
from governance.custody.errors import BusyError
from governance.custody.rotation import Duties
from governance.custody.rows import IndexedField
from governance.custody.waiting import let_versions_pass
from governance.kernel.clock import Clock
from governance.kernel.db import Database
from governance.kernel.errors import ConflictError
from governance.kernel.logs import get_logger
from governance.kernel.work import Actor, Work, open_work
from governance.vault.blind import HIGHEST_VERSION
from governance.vault.epochs import index_states, set_index_states
from governance.vault.errors import KeyringError
from governance.vault.keyring import KeyProvider
from governance.vault.register import add_index_version

LOCK: Final = 0x637573746F647902  # "custody", 2

log = get_logger(__name__)

Progress = Callable[[str, int], None]
"""Told of a table and of the rows done in it."""


class IndexRotation:
    """One rotation of the blind indexes, or the rest of one.

    Args:
        database: of the service's role; no transaction of this process may be open meanwhile.
        keys: where index roots are made and destroyed.
        actor: who asked for it.
        fields: all indexed fields (`rows.indexed_fields`).
        duties: what happens along with a change of the keyring.
        clock: dates the entries.
        progress: told of the rows done.
    """

    def __init__(
        self,
        database: Database,
        keys: KeyProvider,
        actor: Actor,
        *,
        fields: list[IndexedField],
        duties: Duties,
        clock: Clock | None = None,
        progress: Progress | None = None,
    ) -> None:
        self._database = database
        self._keys = keys
        self._actor = actor
        self._fields = fields
        self._duties = duties
        self._clock = clock
        self._progress = progress

    def run(self) -> int:
        """Begin a new version, unless one is coming in already, and see it through; answers the version in use then.

        Raises:
            BusyError: where another process is at it, or a transaction stays open for too long.
            ConflictError: where all versions are used up.
        """
        with self._alone():
            states = self._states()
            if "incoming" not in states and "flipping" not in states:
                self._clean_up(states["live"])
                self._begin()
            return self._go_on()

    def is_pending(self) -> bool:
        """Whether a rotation was begun and is not done, be it in the hands of another process."""
        with self._work() as work:
            states = index_states(work.session)
        live = max(version for version, state in states.items() if state == "live")
        return bool({"incoming", "flipping"} & set(states.values())) or bool(self._outlived(states, live))

    def resume(self) -> int:
        """Go on with a rotation that was interrupted; nothing where none was. Answers the version in use then."""
        with self._alone():
            return self._go_on()

    def _go_on(self) -> int:
        states = self._states()
        if "incoming" in states:
            self._fill(states["incoming"])
            states = self._states()
        if "flipping" in states:
            self._flip(states["live"], states["flipping"])
        live = self._states()["live"]
        self._clean_up(live)
        return live

    def _begin(self) -> None:
        with self._work() as work:
            known = max(index_states(work.session))
            if known >= HIGHEST_VERSION:
                raise ConflictError("All versions of the blind indexes are used up.")
            unused = [root for root in self._keys.index_roots() if root.version > known]
            root = unused[-1] if unused else self._keys.add_index_root(now=work.now)
            add_index_version(work.session, root, state="incoming")
            self._tell(work, root.version, "incoming")
            self._duties.ring_changed(work)

    def _fill(self, version: int) -> None:
        """Every row gets a digest of *version* beside the one that is asked."""
        let_versions_pass(self._database)  # from now on nobody writes a row without it
        for field in self._fields:
            fill_beside(self._work, field, version, progress=self._progress)
        with self._work() as work:
            set_index_states(work.session, {version: "flipping"})
            self._tell(work, version, "flipping")

    def _flip(self, before: int, version: int) -> None:
        """Every row gets the digest of *version* where it is asked."""
        let_versions_pass(self._database)
        for field in self._fields:
            copy_over(self._work, field, version, progress=self._progress)
        with self._work() as work:
            set_index_states(work.session, {before: "dropped", version: "live"})
            self._tell(work, version, "live")

    def _clean_up(self, live: int) -> None:
        """Empty the column beside, and destroy the roots that nothing is asked by any more."""
        with self._work() as work:
            states = index_states(work.session)
        left = self._outlived(states, live)
        if not left:
            return
        let_versions_pass(self._database)
        for field in self._fields:
            clear_beside(self._work, field, progress=self._progress)
        for version in left:
            self._keys.destroy_index_root(version)
            with self._work() as work:
                self._tell(work, version, "destroyed")
                self._duties.ring_changed(work)
        self._keys.sweep()
        log.info("custody.indexes_rotated", version=live)

    def _outlived(self, states: Mapping[int, str], live: int) -> list[int]:
        """Versions whose roots still stand, though nothing is asked by them any more.

        A restored database does not know the versions between its own and the one that it was given then.
        """
        over = [root.version for root in self._keys.index_roots() if root.version < live]
        return [version for version in over if states.get(version, "dropped") == "dropped"]

    def _states(self) -> dict[str, int]:
        with self._work() as work:
            return {state: version for version, state in sorted(index_states(work.session).items())}

    def _tell(self, work: Work, version: int, phase: str) -> None:
        append(work, Action.INDEX_ROTATED, facts={"version": version, "phase": phase})

    @contextmanager
    def _work(self) -> Iterator[Work]:
        with open_work(self._database, self._actor, clock=self._clock) as work:
            yield work

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with self._database.session_lock(LOCK) as taken:
            if not taken:
                raise BusyError("Another process is rotating the blind indexes.")
            yield


def adopt_root(work: Work, keys: KeyProvider) -> bool:
    """After a restore: where the root of the live version is gone, make the youngest root's version live instead.

    All digests must then be made anew by `rebuild`, before the service opens.

    Returns:
        Whether that was needed.
    """
    states = index_states(work.session)
    held = {root.version: root for root in keys.index_roots()}
    youngest = max(held)
    needed = {version for version, state in states.items() if state != "dropped"}
    if needed <= set(held):
        return False
    if youngest < max(needed):
        raise KeyringError("The keyring is older than the backup: it lacks the root of its blind indexes.")
    add_index_version(work.session, held[youngest], state="live")
    set_index_states(
        work.session, {version: "live" if version == youngest else "dropped" for version in (*states, youngest)}
    )
    append(work, Action.INDEX_ROTATED, facts={"version": youngest, "phase": "adopted"})
    return True


def rebuild(
    database: Database, actor: Actor, *, fields: list[IndexedField], version: int, progress: Progress | None = None
) -> None:
    """Make all digests anew, of *version* alone; while nobody else uses the database."""

    @contextmanager
    def opened() -> Iterator[Work]:
        with open_work(database, actor) as work:
            yield work

    for field in fields:
        rewrite(opened, field, version, progress=progress)
