"""Four eyes: what waits for a second person, and that person's decision."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Response, request, url_for
from flask_babel import gettext

from governance.accounts import operations as accounts
from governance.accounts.operations import AlertId, Proposal, ProposalId, ProposalKind, ProposalState
from governance.console import people, words, words_failures, words_values
from governance.console.frame import go, page
from governance.console.guard import Visit, act, screen
from governance.console.paging import asked_id, leaf
from governance.pages.forms import EMPTY, Typed
from governance.pages.languages import language
from governance.policies import shipped

SHOWN = 50
UNSEEN = "unseen"
_SAID_ELSEWHERE = frozenset({"exporter", "exporter_kind", "recipient_version"})
"""Facts of an export that its page says in other places."""


@screen("/proposals", "proposals")
def proposals(visit: Visit) -> Response:
    """Proposals, newest first."""
    asked = request.args.get("state", ProposalState.OPEN.value)
    state, after = ProposalState(asked) if asked in set(ProposalState) else None, asked_id()
    before, known = None if after is None else ProposalId(after), people.names(visit)
    found = accounts.list_proposals(visit.work, state=state, before=before, limit=SHOWN + 1)
    rows, older = leaf(found, shown=SHOWN)
    return page(
        visit,
        "proposals",
        part="proposals",
        asked=asked,
        rows=rows,
        older=older,
        waiting=accounts.count_proposals(visit.work, state=ProposalState.OPEN),
        kinds=words.proposal_kinds(),
        states=words.proposal_states(),
        about={one.id: about(known, one) for one in rows},
        known=known,
        actors=words.actors(),
    )


@screen("/proposals/<uuid:proposal>", "proposal")
def proposal_page(visit: Visit, proposal: UUID, typed: Typed = EMPTY) -> Response:
    """A proposal with its reason, for those who may decide."""
    found = accounts.find_proposal(visit.work, proposal=ProposalId(proposal))
    known = people.names(visit)
    told = {name: value for name, value in found.payload.items() if name not in _SAID_ELSEWHERE}
    if found.kind is ProposalKind.ACTIVATE_POLICY:
        told["policy"] = told.pop("key")
        told = {name: value for name, value in told.items() if name != "waves" or value}
    is_own = found.proposed_by == visit.work.actor.id
    return page(
        visit,
        "proposal",
        part="proposals",
        found=found,
        facts=words_values.facts(visit, told, known, action="accounts"),
        kind=words.proposal_kinds()[found.kind.value],
        place=_place_of(visit, found),
        state=words.proposal_states()[found.state.value],
        why_failed=words_failures.why(found.failure, found.failure_words),
        by=people.called(known, found.proposed_by_kind.value, found.proposed_by),
        decided_by=people.called(known, found.decided_by_kind.value, found.decided_by) if found.decided_by_kind else "",
        is_own=is_own,
        decides=found.state is ProposalState.OPEN
        and visit.may_open("approve_proposal")
        and (is_own or found.reason is not None),  # the reason is for those who may decide over such acts
        typed=typed,
    )


def about(known: Mapping[UUID, str], found: Proposal) -> str:
    """What a proposal is about, in a word or two, for lists; nothing where its kind says it all."""
    told, tongue = found.payload, language()
    if found.kind is ProposalKind.ACTIVATE_POLICY:
        shipped_one = shipped.retention_policies().get(str(told["key"]))
        return str(told["key"]) if shipped_one is None else shipped_one.titles.get(tongue)
    if found.kind is ProposalKind.GRANT_ROLE:
        role = shipped.roles().roles.get(str(told["role"]))
        named = str(told["role"]) if role is None else role.titles.get(tongue)
        return ", ".join(filter(None, (known.get(UUID(str(told["staff"])), ""), named)))
    return ""


def _place_of(visit: Visit, found: Proposal) -> tuple[str, str] | None:
    """Where what a proposal is about can be looked at, and what the link says; None where there is no such page."""
    endpoint, name, key, said = {
        ProposalKind.ACTIVATE_POLICY: ("retention_policy", "policy", "policy", gettext("Look at the policy")),
        ProposalKind.RESUME_PURGE: ("retention_run", "run", "run", gettext("Look at the run")),
        ProposalKind.DISPUTED_ERASURE: ("request", "request_id", "request", gettext("Look at the request")),
        ProposalKind.RELEASE_HOLD: ("customer_marks", "customer", "customer", gettext("Look at the hold")),
        ProposalKind.GRANT_ROLE: ("staff_member", "member", "staff", gettext("Look at the person")),
    }.get(found.kind, ("", "", "", ""))
    if not endpoint or not visit.may_open(endpoint):
        return None
    named: dict[str, Any] = {name: str(found.payload[key])}
    return url_for(f"console.{endpoint}", **named), str(said)


def _back(proposal: UUID) -> Response:
    return go("proposal", proposal=proposal)


@act("/proposals/<uuid:proposal>/approval", "approve_proposal", shows=proposal_page, of="proposal", then=_back)
def approve(visit: Visit, proposal: UUID) -> Response:
    """Approve exactly what was looked at."""
    accounts.approve(visit.work, proposal=ProposalId(proposal), digest=request.form.get("digest", ""))
    return _back(proposal)


@act("/proposals/<uuid:proposal>/refusal", "refuse_proposal", shows=proposal_page, of="proposal", then=_back)
def refuse(visit: Visit, proposal: UUID) -> Response:
    """Refuse, or take back one's own."""
    accounts.refuse(visit.work, proposal=ProposalId(proposal), reason=request.form.get("reason", ""))
    return _back(proposal)


@screen("/alerts", "alerts")
def alerts(visit: Visit, **_names: object) -> Response:
    """Alerts, newest first; those alone that nobody has seen, where the address says so."""
    after, known = asked_id(), people.names(visit)
    before = None if after is None else AlertId(after)
    found = accounts.list_alerts(visit.work, unseen=_unseen(), before=before, limit=SHOWN + 1)
    rows, older = leaf(found, shown=SHOWN)
    return page(
        visit,
        "alerts",
        part="alerts",
        rows=rows,
        older=older,
        asked=_place(),
        waiting=accounts.count_unseen_alerts(visit.work),
        facts={one.id: words_values.facts(visit, one.facts, known, action="accounts") for one in rows},
        kinds=words.alert_kinds(),
        known=known,
        sees=visit.may_open("see_alert"),
    )


def _unseen() -> bool:
    return request.args.get("state") == UNSEEN


def _place() -> dict[str, str]:
    """Where in the list the present address is, for links and forms of the page."""
    after = asked_id()
    return {**({"state": UNSEEN} if _unseen() else {}), **({"after": str(after)} if after else {})}


def _among(**_names: object) -> Response:
    return go("alerts", **_place())


@act("/alerts/<uuid:alert>/seen", "see_alert", shows=alerts, of="alerts", then=_among)
def see(visit: Visit, alert: UUID) -> Response:
    """Mark an alert as seen."""
    accounts.see_alert(visit.work, alert=AlertId(alert))
    return _among()
