"""Transactions that run at the same moment, on connections of their own."""

import threading
from collections.abc import Callable

from governance.kernel.db import Database
from governance.kernel.work import SYSTEM, Work, open_work


def at_once(database: Database, *acts: Callable[[Work], object]) -> list[BaseException]:
    """Run each act in a transaction of its own, all begun before any goes on; answers what they raised."""
    ready, errors = threading.Barrier(len(acts)), list[BaseException]()

    def run(act: Callable[[Work], object]) -> None:
        try:
            with open_work(database, SYSTEM) as work:
                work.session.connection()
                ready.wait(10)
                act(work)
        except BaseException as error:  # noqa: BLE001 - told to the test
            errors.append(error)

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for one in threads:
        one.start()
    for one in threads:
        one.join(30)
    return errors
