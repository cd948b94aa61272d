"""Lists to look through: consents that lapse soon."""

from typing import Final

from flask import Response, request

from governance.consent import operations as consent
from governance.console import words
from governance.console.frame import page
from governance.console.guard import Visit, screen
from governance.pages.languages import language

SHOWN: Final = 50
DAYS: Final = (30, 90, 180, 365)


@screen("/expiring", "expiring")
def expiring(visit: Visit) -> Response:
    """Consents that lapse soon, so that people can be asked again in time."""
    asked = request.args.get("days", "")
    days = int(asked) if asked in {str(one) for one in DAYS} else DAYS[1]
    found = consent.lapsing(visit.work, days=days, limit=SHOWN)
    titles = {one.purpose.key: one.purpose.titles.get(language()) for one in consent.purposes(visit.work)}
    return page(
        visit,
        "expiring",
        part="consent",
        rows=found.items,
        more=found.next_after is not None,
        days=days,
        choices=DAYS,
        titles=titles,
        channels=words.channels(),
    )
