"""Lists to look through: consents that lapse soon, exports with who took them."""

from collections.abc import Mapping
from typing import Final

from flask import Response, request
from flask_babel import gettext

from governance.consent import operations as consent
from governance.console import people, words
from governance.console.frame import page
from governance.console.guard import Visit, screen
from governance.disclosures import operations as disclosures
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


@screen("/exports", "exports")
def exports(visit: Visit) -> Response:
    """Files that were made for others: for whom, what for, how many people, and who took them."""
    return page(
        visit,
        "exports",
        part="exports",
        rows=disclosures.list_exports(visit.work, limit=SHOWN),
        states=export_states(),
        known=people.names(visit),
        actors=words.actors(),
    )


def export_states() -> Mapping[str, tuple[str, str]]:
    """How far an export is: in words, and how it is marked."""
    return {
        "making": (gettext("being made"), "wait"),
        "ready": (gettext("waits to be fetched"), "wait"),
        "downloaded": (gettext("handed out"), "good"),
        "destroyed": (gettext("handed out and destroyed here"), "plain"),
        "failed": (gettext("failed"), "bad"),
    }
