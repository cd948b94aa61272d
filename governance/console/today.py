"""What needs somebody now: proposals, alerts, probable duplicates, and how far log and queue are."""

from collections.abc import Sequence
from uuid import UUID

from flask import Response, url_for
from flask_babel import ngettext

from governance.accounts import operations as accounts
from governance.accounts.operations import ProposalState
from governance.audit.progress import progress
from governance.console import people, words, words_values
from governance.console.days import today as today_of
from governance.console.failures import Failure, failures
from governance.console.frame import go, page
from governance.console.guard import Visit, act, screen
from governance.console.place import current_console
from governance.console.proposals import UNSEEN, about
from governance.console.requests import Row
from governance.console.today_charts import charts
from governance.console.words_values import Fact
from governance.customers import operations as customers
from governance.customers.merge_list import count_unreviewed
from governance.erasure import operations as erasures
from governance.erasure.operations import ErasureId
from governance.intake import operations as intake
from governance.kernel import jobs
from governance.kernel.records import frozen
from governance.messages.webhooks import operations as webhooks
from governance.messages.webhooks.operations import WebhookId
from governance.pages.forms import EMPTY, Typed
from governance.policies.permissions import Permission
from governance.rights import operations as rights

SHOWN = 5
MOST = 100


@frozen
class Tile:
    """A figure that leads to a page.

    Attributes:
        tone: good, wait or bad.
    """

    figure: str
    label: str
    address: str
    tone: str


@screen("", "today")
def today(visit: Visit, typed: Typed = EMPTY, **_names: object) -> Response:
    """The start page: nothing is listed of people here, so that opening it is no reading of anybody."""
    work = visit.work
    proposals = accounts.list_proposals(work, state=ProposalState.OPEN, limit=MOST) if _decides(visit) else []
    alerts = accounts.list_alerts(work, unseen=True, limit=MOST) if visit.may(Permission.ALERTS_READ) else []
    failed, known = failures(visit), people.names(visit) if proposals else {}
    return page(
        visit,
        "today",
        part="today",
        tiles=[*_failed(failed), *_tiles(visit, len(proposals), len(alerts))],
        failures=failed,
        requests=_requests(visit),
        charts=charts(visit),
        typed=typed,
        proposals=proposals[:SHOWN],
        alerts=alerts[:SHOWN],
        kinds=words.proposal_kinds(),
        about={one.id: about(known, one) for one in proposals[:SHOWN]},
        alert_facts={one.id: _particulars(visit, one) for one in alerts[:SHOWN]},
        alert_kinds=words.alert_kinds(),
        now=work.now,
        unfinished=visit.may_open("recovery_sheet") and current_console().sheets.status().confirmed_at is None,
        log=progress(work) if visit.may(Permission.AUDIT_READ) or visit.may(Permission.SERVICE_OBSERVE) else None,
        jobs=jobs.counts(work) if visit.may(Permission.SERVICE_OBSERVE) else None,
        quota=accounts.reading_rules(work).people_per_day if visit.may(Permission.CUSTOMERS_REVEAL) else None,
    )


@act("/today/erasures/<uuid:erasure>", "retry_erasure", shows=today, of="today",
     then=lambda **_names: go("today"))  # fmt: skip
def retry(visit: Visit, erasure: UUID) -> Response:
    """Try a failed step of an erasure now."""
    erasures.try_again(visit.work, erasure=ErasureId(erasure))
    return go("today")


@act("/today/webhooks/<uuid:webhook>", "resend_webhook", shows=today, of="today",
     then=lambda **_names: go("today"))  # fmt: skip
def resend(visit: Visit, webhook: UUID) -> Response:
    """Let messages that a receiver did not take be sent again."""
    webhooks.send_again(visit.work, webhook=WebhookId(webhook))
    return go("today")


def _requests(visit: Visit) -> Sequence[Row] | None:
    """Those that are due first."""
    if not visit.may(Permission.REQUESTS_READ):
        return None
    on = today_of(visit)
    return [Row.of(one, on) for one in rights.queue(visit.work, limit=SHOWN)]


def _failed(found: Sequence[Failure]) -> Sequence[Tile]:
    label = ngettext("thing that failed", "things that failed", len(found))
    return [Tile(str(len(found)), label, "#failed", "bad")] if found else []


def _particulars(visit: Visit, alert: accounts.Alert) -> Sequence[Fact]:
    """What an alert tells; ids are left to its own page."""
    told = words_values.facts(visit, alert.facts, {}, action="accounts")
    return [one for one in told if not one.is_code]


def _decides(visit: Visit) -> bool:
    return visit.may(Permission.PROPOSALS_READ)


def _tiles(visit: Visit, proposals: int, alerts: int) -> Sequence[Tile]:
    tiles = []
    if _decides(visit):
        label = ngettext("proposal to decide", "proposals to decide", proposals)
        tiles.append(Tile(_counted(proposals), label, url_for("console.proposals"), _tone(proposals)))
    if visit.may(Permission.ALERTS_READ):
        label = ngettext("alert that nobody has seen", "alerts that nobody has seen", alerts)
        to_see = url_for("console.alerts", state=UNSEEN if alerts else None)
        tiles.append(Tile(_counted(alerts), label, to_see, "bad" if alerts else "good"))
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
    return f"{MOST}+" if number >= MOST else str(number)


def _tone(number: int) -> str:
    return "wait" if number else "good"
