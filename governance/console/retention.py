"""How long data are kept: policies in all their versions, drafted by a form or as YAML, simulated, put into force."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Response, g, request
from flask_babel import format_date

from governance.accounts import operations as accounts
from governance.accounts.operations import Proposal, ProposalKind, ProposalState
from governance.console import people, words, words_retention
from governance.console.charts import Pair, Plot, plot
from governance.console.days import read_day, today
from governance.console.frame import go, page
from governance.console.guard import Visit, act, screen
from governance.kernel.errors import InvalidError
from governance.kernel.records import frozen
from governance.pages.forms import EMPTY, Typed, whole_number
from governance.pages.languages import language
from governance.policies.retention import RetentionPolicy
from governance.policies.retention_reader import write_policy
from governance.reference.retention_rules import PolicyId, PolicyVersion
from governance.retention import operations as retention
from governance.retention.operations import Forecast, PolicyForecast

PART: Final = "retention"
_KEEP: Final = re.compile(r"^(    keep: ).*$", re.MULTILINE)


@frozen
class Line:
    """A policy in the list: its version that counts, and how many there are.

    Attributes:
        key, title: of the policy.
        shown: the version in force, else the newest.
        newest: the newest, where another one is in force.
    """

    key: str
    title: str
    shown: PolicyVersion
    newest: PolicyVersion | None
    count: int


@screen("/retention", "retention")
def policies(visit: Visit) -> Response:
    """Policies of this store, and those that come with the package and wait to be looked at."""
    found = retention.policies(visit.work)
    lines = _lines(found)
    drafted = {one.key for one in lines}
    return page(
        visit,
        "retention",
        part=PART,
        tab="retention",
        lines=lines,
        shipped=[(one, one.titles.get(language())) for one in retention.shipped(visit.work) if one.key not in drafted],
        said=said(),
    )


def _lines(found: Sequence[PolicyVersion]) -> Sequence[Line]:
    grouped: dict[str, list[PolicyVersion]] = {}
    for one in found:
        grouped.setdefault(one.policy.key, []).append(one)
    lines = []
    for key, versions in grouped.items():
        active = next((one for one in versions if one.state.value == "active"), None)
        newest = versions[0]
        shown = active or newest
        other = newest if shown is not newest else None
        lines.append(Line(key, shown.policy.titles.get(language()), shown, other, len(versions)))
    return lines


def said() -> Mapping[str, object]:
    """Words that pages of retention use."""
    return {
        "states": words_retention.states(),
        "actions": words_retention.actions(),
        "clocks": words_retention.clocks(),
        "anchors": words_retention.anchors(),
        "run_states": words_retention.run_states(),
        "origins": words_retention.origins(),
        "reasons": words_retention.reasons(),
        "units": words_retention.units(),
        "spell": words_retention.spelled,
        "actors": words.actors(),
    }


def period(policy: RetentionPolicy) -> tuple[str, str]:
    """Number and unit of a period; no number where it is one of months and days."""
    months, days = policy.keep.months, policy.keep.days
    if months and days:
        return "", "M"
    if days:
        return str(days), "D"
    return (str(months), "M") if months % 12 else (str(months // 12), "Y")


@screen("/retention/policies/<uuid:policy>", "retention_policy")
def policy_page(visit: Visit, policy: UUID, typed: Typed = EMPTY, forecast: Forecast | None = None) -> Response:
    """A version: what it says, what it would take away, and the other versions."""
    found = retention.policy(visit.work, policy=PolicyId(policy))
    standing = retention.policies(visit.work)
    ahead = None if forecast is None else forecast.policies[0]
    return page(
        visit,
        "retention_policy",
        part=PART,
        found=found,
        title=found.policy.titles.get(language()),
        period=period(found.policy),
        titles={one.policy.key: one.policy.titles.get(language()) for one in standing},
        versions=[one for one in standing if one.policy.key == found.policy.key],
        waiting=_waiting(visit, policy),
        yaml=write_policy(found.policy),
        forecast=forecast,
        ahead=ahead,
        curve=None if ahead is None else months(coming([ahead])),
        known=people.names(visit),
        typed=typed,
        said=said(),
    )


def _waiting(visit: Visit, policy: UUID) -> Proposal | None:
    """The proposal to put a version into force that nobody has decided yet."""
    if not visit.may_open("proposal"):
        return None
    found = accounts.list_proposals(visit.work, state=ProposalState.OPEN)
    ours = (one for one in found if one.kind is ProposalKind.ACTIVATE_POLICY and one.payload["policy"] == str(policy))
    return next(ours, None)


def coming(policies: Sequence[PolicyForecast]) -> Mapping[date, int]:
    """Rows that come due by month; those that are overdue are in the first."""
    totals: dict[date, int] = {}
    for one in policies:
        for place, month in enumerate(one.curve):
            overdue = one.rows if place == 0 else 0
            totals[month.month] = totals.get(month.month, 0) + month.rows + overdue
    return totals


def months(curve: Mapping[date, int]) -> Plot:
    """What comes due by month; each half year is named below its column."""
    names = [format_date(month, "LLL y") for month in curve]
    short = [name if place % 6 == 0 else "" for place, name in enumerate(names)]
    return plot([Pair(*told) for told in zip(short, names, curve.values(), strict=True)])


@act("/retention/policies/<uuid:policy>/simulation", "simulate_policy", shows=policy_page, of="retention_policy")
def simulate(visit: Visit, policy: UUID) -> Response:
    """See what a version would take away now; that is taken down for whoever approves it."""
    return policy_page(visit, policy, forecast=retention.look_ahead(visit.work, policy=PolicyId(policy)))


@act("/retention/policies/<uuid:policy>/activation", "activate_policy", shows=policy_page, of="retention_policy",
     then=lambda policy: go("retention_policy", policy=policy))  # fmt: skip
def activate(visit: Visit, policy: UUID) -> Response:
    """Propose that a simulated version be put into force; another person decides."""
    retention.propose_activation(visit.work, policy=PolicyId(policy), reason=request.form.get("reason", ""))
    return go("retention_policy", policy=policy)


@act("/retention/policies/<uuid:policy>/end", "end_policy", shows=policy_page, of="retention_policy",
     then=lambda policy: go("retention_policy", policy=policy))  # fmt: skip
def end(visit: Visit, policy: UUID) -> Response:
    """Take a policy out of force; from then on nothing goes by it."""
    found = retention.policy(visit.work, policy=PolicyId(policy))
    retention.end(visit.work, key=found.policy.key)
    return go("retention_policy", policy=policy)


@screen("/retention/draft", "retention_draft")
def draft_page(visit: Visit, typed: Typed = EMPTY) -> Response:
    """The forms to draft a version by: a period, or the whole as YAML."""
    key = (typed.get("key") or request.args.get("policy", ""))[:64]
    base = _base(visit, key)
    return page(
        visit,
        "retention_draft",
        part=PART,
        base=base,
        title=None if base is None else base.titles.get(language()),
        period=("", "M") if base is None else period(base),
        yaml=_EMPTY if base is None else write_policy(base),
        typed=typed,
        said=said(),
    )


_EMPTY: Final = """policies:
  my_policy:
    titles: {en: "...", ru: "...", uk: "..."}
    applies_to: {table: activity}
    clock: activity.at
    keep: P13M
    action: delete_rows
    citation: "Controller's decision under GDPR Art. 5(1)(e)"
    verified: true
"""


def _base(visit: Visit, key: str) -> RetentionPolicy | None:
    """The policy that a draft goes out from: the newest version, else the one that comes with the package."""
    own = [one.policy for one in retention.policies(visit.work) if one.policy.key == key]
    return own[0] if own else {one.key: one for one in retention.shipped(visit.work)}.get(key)


@act("/retention/draft", "draft_policy", shows=draft_page, of="retention_draft", then=lambda: go("retention"))
def draft(visit: Visit) -> Response:
    """Draft the next version of a policy; it does nothing until it was simulated and approved."""
    if request.form.get("_form") == "period":
        retention.draft(visit.work, document=_with_period(visit))
    else:
        retention.draft(visit.work, document=request.form.get("document", ""))
    return go("retention")


def _with_period(visit: Visit) -> str:
    number, unit = whole_number(request.form.get("number", "").strip()), request.form.get("unit", "")
    base = _base(visit, request.form.get("key", ""))
    if base is None or number is None or not 0 < number < 10_000 or unit not in words_retention.units():
        raise InvalidError("This is no period.", errors={"number": ["Write a whole number, such as 24."]})
    return _KEEP.sub(rf"\g<1>P{number}{unit}", write_policy(base), count=1)


@screen("/retention/forecast", "retention_forecast")
def forecast_page(visit: Visit) -> Response:
    """What the policies in force would take away, now or on a day."""
    said_day = request.args.get("on", "")[:10]
    day = read_day(said_day)
    at = None
    if day is not None and day != today(visit):
        at = datetime.combine(day, time(12), tzinfo=ZoneInfo(g.get("zone", "UTC"))).astimezone(UTC)
    found = retention.simulate(visit.work, at=at)
    return page(
        visit,
        "retention_forecast",
        part=PART,
        tab="retention_forecast",
        found=found,
        on=said_day or today(visit).isoformat(),
        wrong=bool(said_day) and day is None,
        curve=months(coming(found.policies)),
        titles={one.policy.key: one.policy.titles.get(language()) for one in retention.policies(visit.work)},
        said=said(),
    )
