"""What needs somebody now: proposals, alerts, probable duplicates, and how far log and queue are."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from flask import Response, url_for
from flask_babel import gettext, ngettext

from governance.accounts import operations as accounts
from governance.accounts.operations import ProposalState
from governance.audit.progress import progress
from governance.console import words, words_requests
from governance.console.charts import Chart, chart
from governance.console.days import today as today_of
from governance.console.frame import page
from governance.console.guard import Visit, screen
from governance.console.place import current_console
from governance.console.requests import Row
from governance.customers import operations as customers
from governance.customers.merge_list import count_unreviewed
from governance.intake import operations as intake
from governance.kernel import jobs
from governance.policies.permissions import Permission
from governance.rights import operations as rights

SHOWN = 5
MOST = 100


@dataclass(frozen=True, slots=True)
class Tile:
    """A figure that leads to a page.

    Attributes:
        tone: good, wait or bad.
    """

    figure: str
    label: str
    address: str
    tone: str


@dataclass(frozen=True, slots=True)
class Requests:
    """Requests that stand.

    Attributes:
        rows: those that are due first.
        states: how many there are in each state.
    """

    rows: Sequence[Row]
    states: Chart


@screen("", "today")
def today(visit: Visit) -> Response:
    """The start page: nothing is listed of people here, so that opening it is no reading of anybody."""
    work = visit.work
    proposals = accounts.list_proposals(work, state=ProposalState.OPEN, limit=MOST) if _decides(visit) else []
    alerts = accounts.list_alerts(work, unseen=True, limit=MOST) if visit.may(Permission.ALERTS_READ) else []
    return page(
        visit,
        "today",
        part="today",
        tiles=_tiles(visit, len(proposals), len(alerts)),
        requests=_requests(visit),
        proposals=proposals[:SHOWN],
        alerts=alerts[:SHOWN],
        kinds=words.proposal_kinds(),
        alert_kinds=words.alert_kinds(),
        now=work.now,
        unfinished=visit.may_open("recovery_sheet") and current_console().sheets.status().confirmed_at is None,
        log=progress(work) if visit.may(Permission.AUDIT_READ) or visit.may(Permission.SERVICE_OBSERVE) else None,
        jobs=jobs.counts(work) if visit.may(Permission.SERVICE_OBSERVE) else None,
        quota=accounts.reading_rules(work).people_per_day if visit.may(Permission.CUSTOMERS_REVEAL) else None,
    )


def _requests(visit: Visit) -> Requests | None:
    if not visit.may(Permission.REQUESTS_READ):
        return None
    found, on, states = rights.queue(visit.work, limit=MOST), today_of(visit), words_requests.states()
    counted = Counter(one.state.value for one in found)
    bars = chart([(states[one][0], number) for one, number in counted.items()])
    return Requests([Row.of(one, on) for one in found[:SHOWN]], bars)


def _decides(visit: Visit) -> bool:
    return visit.may(Permission.PROPOSALS_READ)


def _tiles(visit: Visit, proposals: int, alerts: int) -> Sequence[Tile]:
    tiles = []
    if _decides(visit):
        label = ngettext("proposal to decide", "proposals to decide", proposals)
        tiles.append(Tile(_counted(proposals), label, url_for("console.proposals"), _tone(proposals)))
    if visit.may(Permission.ALERTS_READ):
        label = ngettext("alert that nobody has seen", "alerts that nobody has seen", alerts)
        tiles.append(Tile(_counted(alerts), label, url_for("console.alerts"), "bad" if alerts else "good"))
    if visit.may(Permission.INTERACTIONS_READ):
        waiting = customers.count_call_backs(visit.work, most=MOST)
        label = ngettext("customer to call back", "customers to call back", waiting)
        tiles.append(Tile(_counted(waiting), label, url_for("console.call_backs"), _tone(waiting)))
    if visit.may(Permission.CUSTOMERS_HOLD):
        holds = customers.count_to_review(visit.work)
        label = ngettext("hold to look at", "holds to look at", holds)
        tiles.append(Tile(_counted(holds), label, url_for("console.retention_holds"), _tone(holds)))
    if visit.may(Permission.DUPLICATES_READ):
        pairs = intake.count_duplicates(visit.work, most=MOST)
        label = ngettext("pair that is probably one person", "pairs that are probably one person", pairs)
        tiles.append(Tile(_counted(pairs), label, url_for("console.duplicates"), _tone(pairs)))
        merges = count_unreviewed(visit.work)
        label = ngettext("merge to look at", "merges to look at", merges)
        tiles.append(Tile(_counted(merges), label, url_for("console.duplicates") + "#merges", _tone(merges)))
    return tiles


def _counted(number: int) -> str:
    return gettext("%(number)s or more", number=MOST) if number >= MOST else str(number)


def _tone(number: int) -> str:
    return "wait" if number else "good"
