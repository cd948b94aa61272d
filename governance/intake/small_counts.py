"""Counts for those who may not read what single people said: small ones hidden, and not to be told from the rest."""

from collections.abc import Iterable
from typing import Final

from governance.kernel.work import Work
from governance.policies.access import allows
from governance.policies.permissions import Permission
from governance.policies.roles import RowScope

FEWEST: Final = 5
"""What is less is told as `<5`."""
FEWER: Final = f"<{FEWEST}"
SOME: Final = f"{FEWEST}+"
"""Stands for a count that is not small, and would give a small one away, since their sum is told."""


def sees_single_people(work: Work) -> bool:
    """Whether the actor may read what any customer said, and so loses nothing by small counts."""
    decision = allows(work.actor, Permission.CONSENT_READ)
    return decision.allowed and decision.rows is RowScope.ALL


def hidden(counts: Iterable[int]) -> list[int | str]:
    """*counts*, which add up to something that is known, with small ones hidden.

    With them as many of the next larger ones are hidden as it takes for each small one to be anything from one to four.
    """
    told = list(counts)
    order = sorted(range(len(told)), key=lambda place: told[place])
    small = [place for place in order if told[place] < FEWEST]
    shown: list[int | str] = list(told)
    total, least = sum(told[place] for place in small), (FEWEST - 1) * len(small)
    for place in small:
        shown[place] = FEWER
    for place in order[len(small) :] if small else ():
        shown[place] = SOME
        total, least = total + told[place], least + FEWEST
        if total >= least:
            break
    return shown


def of_whole(count: int, whole: int) -> int | str:
    """*count* of *whole*, which is told, hidden where either those counted or the others are fewer than five."""
    if count < FEWEST:
        return FEWER
    return f">{whole - FEWEST}" if whole - count < FEWEST else count
