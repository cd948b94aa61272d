"""Who may be written to: of all customers so many, so many not, and why; as it was counted last."""

from collections import Counter
from collections.abc import Sequence

from flask import Response, request

from governance.consent import operations as consent
from governance.console import words
from governance.console.frame import go, page
from governance.console.guard import Visit, act, screen
from governance.intake import operations as intake
from governance.intake.snapshots import TAKE_SNAPSHOT, Count, Freshness
from governance.kernel import jobs
from governance.kernel.errors import NotFoundError
from governance.kernel.records import frozen
from governance.pages.languages import language
from governance.policies.purposes import Channel

_FIRST = ("newsletter", "email")


@frozen
class Reasons:
    """Who may not be written to, by one reason.

    Attributes:
        share: percent of all customers; 0 where the number is not told exactly.
    """

    sentence: str
    people: int | str
    share: int


@screen("/reach", "reach")
def reach(visit: Visit, **_names: object) -> Response:
    """The answer an owner wants, for one purpose and channel."""
    titles = {one.purpose.key: one.purpose.titles.get(language()) for one in consent.purposes(visit.work)}
    purpose, channel = request.args.get("purpose", _FIRST[0]), request.args.get("channel", _FIRST[1])
    purpose = purpose if purpose in titles else next(iter(titles), "")
    channel = channel if channel in set(Channel) else _FIRST[1]
    try:
        found: Freshness | None = intake.freshness_report(visit.work)
    except NotFoundError:
        found = None
    mine = [] if found is None else [one for one in found.counts if (one.purpose, one.channel) == (purpose, channel)]
    may = [one.people for one in mine if one.outcome.value == "mailable"]
    return page(
        visit,
        "reach",
        part="reach",
        purposes=list(titles.items()),
        purpose=purpose,
        channel=channel,
        channels=words.channels(),
        found=found,
        counting=jobs.is_under_way(visit.work, TAKE_SNAPSHOT),
        may=sum(one for one in may if isinstance(one, int)) if _exact(may) else may[0],
        may_not=0 if found is None or not _exact(may) else found.people - sum(int(one) for one in may),
        reasons=_reasons(found, mine),
    )


def _exact(counts: Sequence[int | str]) -> bool:
    return all(isinstance(one, int) for one in counts)


def _reasons(found: Freshness | None, mine: Sequence[Count]) -> Sequence[Reasons]:
    """Reasons with how many people each is told of; those that read the same are one."""
    known, summed, told = words.reasons(), Counter[str](), list[Reasons]()
    for one in mine:
        sentence = known.get(one.reason, one.reason)
        if one.outcome.value != "mailable" and isinstance(one.people, int):
            summed[sentence] += one.people
        elif one.outcome.value != "mailable":
            told.append(Reasons(sentence, one.people, 0))
    people = max(1, 0 if found is None else found.people)
    return [Reasons(sentence, number, round(100 * number / people)) for sentence, number in summed.most_common()] + told


@act("/reach", "count_reach", shows=reach, of="reach", then=lambda: go("reach"))
def count(visit: Visit) -> Response:
    """Have it counted anew; a job does it."""
    jobs.defer_once(visit.work, TAKE_SNAPSHOT, waiting=TAKE_SNAPSHOT)
    return go("reach")
