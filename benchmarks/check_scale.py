"""What a check costs among a million people, against ten thousand: one contact, and a batch for each contact."""

import statistics
import time
from typing import Final

from benchmarks.figures import Figure
from benchmarks.mailing import PURPOSE, contacts, mailing_store
from governance.consent import operations as consent
from governance.consent.operations import Asked
from governance.custody.opening import open_store
from governance.kernel.db import Database
from governance.kernel.settings import Settings
from governance.kernel.work import SYSTEM, open_work
from governance.policies.purposes import Channel

FEW: Final = 10_000
MANY: Final = 1_000_000
SINGLES: Final = 1500
BATCH: Final = 2000
ROUNDS: Final = 5
BAR: Final = 1.3
_ASKED: Final = Asked(PURPOSE, Channel.EMAIL)


def _milliseconds(database: Database, lists: list[list[str]]) -> float:
    """The median of one check, its transaction included."""
    spent = []
    for asked in lists:
        began = time.perf_counter()
        with open_work(database, SYSTEM) as work:
            consent.check(work, question=_ASKED, contacts=asked)
        spent.append(time.perf_counter() - began)
    return statistics.median(spent) * 1000


def _measured(people: int) -> tuple[float, float]:
    """Milliseconds of a check of one contact, and of a batch."""
    with mailing_store(people) as settings:
        return measured_in(settings, people)


def measured_in(settings: Settings, people: int) -> tuple[float, float]:
    """The same in a store that stands."""
    with open_store(settings) as store:
        singles = [[one] for one in contacts(Channel.EMAIL, SINGLES, people, seed=1)]
        batches = [contacts(Channel.EMAIL, BATCH, people, seed=seed) for seed in range(8)]
        single, batch = (
            min(_milliseconds(store.database, lists) for _ in range(ROUNDS)) for lists in (singles, batches)
        )
        return single, batch


def run() -> list[Figure]:
    """Both ratios."""
    few, many = _measured(FEW), _measured(MANY)
    return [
        Figure(f"{name} among a million people", much, "ms", f"<= {BAR}x", much / little <= BAR, "among ten thousand",
               little, much / little)
        for name, little, much in zip(("check of one contact", f"check of {BATCH:,}"), few, many, strict=True)
    ]  # fmt: skip
