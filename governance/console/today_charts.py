"""The charts of the start page; each is drawn of figures that were counted by night, or that an index gives."""

from collections.abc import Sequence
from datetime import date, datetime

from flask_babel import format_date, gettext

from governance.consent import operations as consent
from governance.consent.operations import ConsentMonths, MonthOfConsents
from governance.console import words, words_requests
from governance.console.charts import Line, Pair, Plot, lines, plot
from governance.console.failures import policy_titles
from governance.console.guard import Visit
from governance.customers import operations as customers
from governance.kernel.records import frozen
from governance.pages.languages import language
from governance.policies import shipped
from governance.policies.permissions import Permission
from governance.reference.times import law_titles
from governance.retention import operations as retention
from governance.rights import operations as rights

PURPOSES = 2
"""Of how many purposes the start page shows consents: those of which most was said."""


@frozen
class LawRequests:
    """Requests that stand under one law."""

    title: str
    count: int
    states: Sequence[Line]


@frozen
class PurposeChart:
    """Consent given and withdrawn for one purpose, month by month; totals are of what may be told."""

    key: str
    title: str
    given: int
    stopped: int
    plot: Plot


@frozen
class Consents:
    """Consents over time.

    Attributes:
        counted_at: when; None where nothing was counted yet.
        more: whether there are other purposes.
    """

    counted_at: datetime | None
    purposes: Sequence[PurposeChart]
    more: bool


@frozen
class PolicyLine:
    """A policy that is about to take something away."""

    title: str
    overdue: int
    soon: int


@frozen
class Purges:
    """What comes due, month by month, and by which policies first."""

    counted_at: datetime | None
    plot: Plot
    policies: Sequence[PolicyLine]


@frozen
class Charts:
    """What the visitor may see of them; None for what they may not."""

    requests: Sequence[LawRequests] | None
    consents: Consents | None
    purges: Purges | None
    reveals: Sequence[Line] | None


def charts(visit: Visit) -> Charts:
    """All that the visitor may see."""
    return Charts(
        requests=_requests(visit) if visit.may(Permission.REQUESTS_READ) else None,
        consents=consents(visit, most=PURPOSES) if visit.may(Permission.REPORTS_READ) else None,
        purges=_purges(visit) if visit.may(Permission.RETENTION_READ) else None,
        reveals=_reveals(visit) if visit.may(Permission.AUDIT_READ) else None,
    )


def _requests(visit: Visit) -> Sequence[LawRequests]:
    states, laws = words_requests.states(), law_titles(visit.work)
    return [
        LawRequests(
            title=laws[key].get(language()) if key in laws else key,
            count=sum(found.values()),
            states=lines([(states[one.value][0], number) for one, number in found.items()]),
        )
        for key, found in rights.count_standing(visit.work).items()
    ]


def consents(visit: Visit, *, most: int | None = None) -> Consents:
    """Consents by purpose, those first of which most was said."""
    found = consent.months(visit.work)
    titles = {one.purpose.key: one.purpose.titles.get(language()) for one in consent.purposes(visit.work)}
    order = sorted(found.purposes, key=lambda one: (-_said(found, one), one))
    shown = order if most is None else order[:most]
    return Consents(
        found.counted_at,
        [
            PurposeChart(
                key=one,
                title=titles.get(one, one),
                given=sum(month.given or 0 for month in found.purposes[one]),
                stopped=sum(month.stopped or 0 for month in found.purposes[one]),
                plot=plot([_pair(month) for month in found.purposes[one]]),
            )
            for one in shown
        ],
        len(order) > len(shown),
    )


def _said(found: ConsentMonths, purpose: str) -> int:
    return sum((month.given or 0) + (month.stopped or 0) for month in found.purposes[purpose])


def _pair(month: MonthOfConsents) -> Pair:
    return Pair(*month_names(month.month), month.given, month.stopped)


def month_names(month: date) -> tuple[str, str]:
    """A month in short, and in full."""
    return str(format_date(month, "LLL")), str(format_date(month, "LLLL y"))


def _purges(visit: Visit) -> Purges:
    found = retention.outlook(visit.work)
    titles = policy_titles(visit)
    return Purges(
        found.counted_at,
        plot([Pair(*month_names(one.month), one.rows) for one in found.months]),
        [PolicyLine(titles.get(one.key, one.key), one.overdue.rows, one.soon.rows) for one in found.policies],
    )


def _reveals(visit: Visit) -> Sequence[Line]:
    roles, actors = shipped.roles().roles, words.actors()

    def named(held: tuple[str, ...]) -> str:
        told = [roles[one].titles.get(language()) if one in roles else actors.get(one, one) for one in held]
        return ", ".join(told) or gettext("no role any more")

    return lines([(named(held), number) for held, number in customers.reveals_by_role(visit.work).items()])
