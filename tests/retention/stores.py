"""Stores in which policies are in force already, which takes longer than what most tests do then."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from governance.vault.keyring import Keyring
from tests.conftest import NOW, open_database
from tests.factories.keeping import Keeping
from tests.stores import Store, Stores, clone


@contextmanager
def prepared(
    server_url: str, template: Store, folder: Path, prepare: Callable[[Keeping], object]
) -> Iterator[tuple[Stores, Keyring]]:
    """Stores that are lent as *prepare* left the first of them, and their keyring, which lies in *folder*."""
    ring = Keyring.create(folder / "secrets" / "keyring.json", now=NOW)
    with clone(server_url, template) as pattern:
        store = Keeping(open_database(pattern, ring))
        prepare(store)
        store.database.dispose()
        found = Stores(server_url, pattern)
        yield found, ring
        found.end()


def copied(ring: Keyring, folder: Path) -> Keyring:
    """The same keyring, beside which a test writes down what it destroys."""
    path = folder / "secrets" / "keyring.json"
    path.parent.mkdir(mode=0o700)
    shutil.copy(ring.path, path)
    return Keyring(path)
