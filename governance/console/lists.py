"""Lists to look through: consents that lapse soon."""

from typing import Final
from uuid import UUID

from flask import Response, request

from governance.consent import operations as consent
from governance.consent.operations import LapsingAfter
from governance.console import words
from governance.console.frame import page
from governance.console.guard import Visit, screen
from governance.console.paging import read_instant, told_instant
from governance.kernel.ids import SubjectId
from governance.pages.languages import language

SHOWN: Final = 50
_APART: Final = "~"
DAYS: Final = (30, 90, 180, 365)


@screen("/expiring", "expiring")
def expiring(visit: Visit) -> Response:
    """Consents that lapse soon, so that people can be asked again in time."""
    asked = request.args.get("days", "")
    days = int(asked) if asked in {str(one) for one in DAYS} else DAYS[1]
    found = consent.lapsing(visit.work, days=days, after=_after(), limit=SHOWN)
    titles = {one.purpose.key: one.purpose.titles.get(language()) for one in consent.purposes(visit.work)}
    return page(
        visit,
        "expiring",
        part="consent",
        rows=found.items,
        now=visit.work.now,
        more=_place(found.next_after),
        days=days,
        choices=DAYS,
        titles=titles,
        channels=words.channels(),
    )


def _place(after: LapsingAfter | None) -> str | None:
    if after is None:
        return None
    return _APART.join((after.purpose, told_instant(after.given_at), str(after.subject), after.channel))


def _after() -> LapsingAfter | None:
    """Where the page before ended, as the address has it; None, which is the beginning, where it is no place."""
    try:
        purpose, at, subject, channel = request.args.get("after", "").split(_APART)
        return LapsingAfter(purpose, read_instant(at), SubjectId(UUID(subject)), channel)
    except ValueError:
        return None
