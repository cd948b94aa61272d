"""May this be sent? The one place that decides, and why.

`prepare` turns purpose, channel, instant and country of the controller into a `Question`; `decide` answers it for one
contact. The first of these that holds is the reason:
unknown > suppressed > restricted > objected > withdrawn or refused > expired > unconfirmed > superseded notice >
under age > consented > another lawful ground of the purpose in that jurisdiction and channel > silence, which is no.
A contact that several people share needs the yes of every one; the least permissive answer wins.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from governance.policies.consent_facts import (
    WORDS,
    ContactFacts,
    Holder,
    Reason,
    Scope,
    Suppression,
    SuppressionReason,
    Verdict,
    Word,
)
from governance.policies.consent_state import CROSSING, ConsentState, Standing
from governance.policies.periods import Period
from governance.policies.purposes import Basis, Channel, Ground, Jurisdiction, Purpose, PurposeBook

LIFTED_BY_CONSENT = frozenset({SuppressionReason.UNSUBSCRIBED, SuppressionReason.ERASED})
"""What the person's own later, confirmed consent lifts for its purpose; all else is lifted by staff only."""


class _Rules(NamedTuple):
    """What counts for persons of one country: the basis of consent, and every other basis in turn."""

    consent: Basis | None
    others: tuple[Basis, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """A purpose by a channel at an instant, prepared so that each contact costs little.

    Attributes:
        purpose: its key; None where it is unknown or does not use the channel: the answer to all is no.
        at: the instant asked about.
        advertising: whether the purpose advertises.
        asks_consent: whether consent makes it lawful.
        confirmed: whether the holder of the contact must have confirmed.
        minimum_notice: oldest version of the notice that still counts.
        valid_for: how long a consent lasts.
        sale_within: how old the last sale may be.
        minimum_age: in years.
        rules: by country; under None the controller's own.
    """

    purpose: str | None
    at: datetime
    advertising: bool = True
    asks_consent: bool = False
    confirmed: bool = True
    minimum_notice: int = 0
    valid_for: Period | None = None
    sale_within: Period | None = None
    minimum_age: int | None = None
    rules: Mapping[str | None, _Rules] = field(default_factory=dict)


def prepare(
    book: PurposeBook,
    *,
    purpose: str,
    channel: Channel,
    at: datetime,
    country: str,
    minimum_notice: int = 0,
    opt_out_in_message: bool = False,
) -> Question:
    """Prepare a question that is put for many contacts.

    Args:
        book: the purposes.
        purpose: key of one; an unknown one is answered no.
        channel: by which it is to be sent.
        at: the instant asked about.
        country: the controller's; a ground other than consent must hold there *and* where the person is.
        minimum_notice: version of the purpose's notice that last changed materially, in force at that instant.
        opt_out_in_message: whether every message of this sending offers a way to refuse; soft opt-in needs it.
    """
    known = book.purposes.get(purpose)
    if known is None or channel not in known.channels:
        return Question(purpose=None, at=at)
    return Question(
        purpose=known.key,
        at=at,
        advertising=known.advertising,
        asks_consent=known.asks_consent,
        confirmed=channel in known.double_opt_in,
        minimum_notice=minimum_notice,
        valid_for=known.valid_for,
        sale_within=known.sale_within,
        minimum_age=known.minimum_age,
        rules=_rules(book, known, channel, country, opt_out_in_message),
    )


def decide(facts: ContactFacts, question: Question) -> Verdict:
    """Decide whether to send to one contact."""
    if question.purpose is None:
        return _UNKNOWN_PURPOSE
    if not facts.well_formed:
        return _MALFORMED
    holders = facts.holders
    if len(holders) == 1:
        return _for_holder(holders[0], facts.suppressions, question)
    if not holders:
        return _UNKNOWN
    verdicts = [_for_holder(holder, facts.suppressions, question) for holder in holders]
    least = min(verdicts, key=_permissiveness)
    if not least.allowed:
        return least
    return least._replace(valid_until=min((one.valid_until for one in verdicts if one.valid_until), default=None))


# Names of members that stand on the path of every verdict: to look a member up in its enum costs more than to compare.
_GIVEN = Standing.GIVEN
_CONSENTED, _OTHER_GROUND = Reason.CONSENTED, Reason.OTHER_GROUND
_CONSENT, _CONTRACT, _LEGAL_DUTY = Ground.CONSENT, Ground.CONTRACT, Ground.LEGAL_DUTY
_SOFT_OPT_IN, _LEGITIMATE_INTEREST = Ground.SOFT_OPT_IN, Ground.LEGITIMATE_INTEREST
_ADVERTISING, _PURPOSE, _HARD_BOUNCE = Scope.ADVERTISING, Scope.PURPOSE, SuppressionReason.HARD_BOUNCE
_STOPPED = {
    Standing.OBJECTED: Reason.OBJECTED,
    Standing.WITHDRAWN: Reason.WITHDRAWN,
    Standing.REFUSED: Reason.REFUSED,
}
_LACKING = {
    Standing.EXPIRED: Reason.EXPIRED,
    Standing.CLAIMED: Reason.UNCONFIRMED,
    Standing.GIVEN: Reason.UNCONFIRMED,  # by nothing that could be shown
}
_UNKNOWN_PURPOSE = Verdict(False, Reason.UNKNOWN_PURPOSE)
_MALFORMED = Verdict(False, Reason.MALFORMED)
_UNKNOWN = Verdict(False, Reason.UNKNOWN)
_SUPPRESSED = Verdict(False, Reason.SUPPRESSED)
_BOUNCED = Verdict(False, Reason.BOUNCED)
_RESTRICTED = Verdict(False, Reason.RESTRICTED)
_UNDER_AGE = Verdict(False, Reason.UNDER_AGE)
_SILENT = Verdict(False, Reason.SILENT)
_NO_RULES = _Rules(None, ())
_REFUSALS = tuple(reason for reason in Reason if WORDS[reason] is not Word.OK)
_RANKS = {reason: rank for rank, reason in enumerate((*_REFUSALS, Reason.OTHER_GROUND, Reason.CONSENTED))}


def _permissiveness(verdict: Verdict) -> int:
    return _RANKS[verdict.reason]


def _for_holder(holder: Holder, suppressions: tuple[Suppression, ...], question: Question) -> Verdict:
    state = holder.state
    if suppressions:
        found = _suppressed(suppressions, state, question)
        if found is not None:
            return found
    if holder.restricted:
        return _RESTRICTED
    rules = question.rules.get(holder.country, _NO_RULES)
    said = None if state is None else _said(state, rules, question)
    if said is not None and not said.allowed:
        return said
    if question.minimum_age is not None and (holder.age_at_least or 0) < question.minimum_age:
        return _UNDER_AGE
    if said is not None:
        return said
    return _by_other_ground(holder, rules, question) if rules.others else _SILENT


def _suppressed(
    suppressions: tuple[Suppression, ...], state: ConsentState | None, question: Question
) -> Verdict | None:
    fresh = state.confirmed.at if state is not None and state.confirmed is not None and question.asks_consent else None
    found = None
    for scope, purpose, reason, at in suppressions:
        if scope is _ADVERTISING and not question.advertising:
            continue
        if scope is _PURPOSE and purpose != question.purpose:
            continue
        if fresh is not None and fresh - at > CROSSING and reason in LIFTED_BY_CONSENT:
            continue
        if reason is not _HARD_BOUNCE:
            return _SUPPRESSED
        found = _BOUNCED
    return found


def _said(state: ConsentState, rules: _Rules, question: Question) -> Verdict | None:
    """What the person's own words come to; None where they are silent, or the purpose does not ask for consent."""
    given = state.given
    if state.standing is not _GIVEN or given is None:
        stopped = _STOPPED.get(state.standing) or (_LACKING.get(state.standing) if question.asks_consent else None)
        return None if stopped is None else Verdict(False, stopped, event=state.event)
    if not question.asks_consent:
        return None
    if question.confirmed:
        given = state.confirmed or given
    at, notice, event = given
    if at > question.at:
        return Verdict(False, Reason.UNCONFIRMED, event=event)
    until = None if question.valid_for is None else question.valid_for.after(at)
    if until is not None and until <= question.at:
        return Verdict(False, Reason.EXPIRED, valid_until=until, notice_version=notice, event=event)
    if question.confirmed and state.confirmed is None:
        return Verdict(False, Reason.UNCONFIRMED, notice_version=notice, event=event)
    if notice < question.minimum_notice:
        return Verdict(False, Reason.SUPERSEDED, notice_version=notice, event=event)
    return Verdict(True, _CONSENTED, _CONSENT, until, notice, event, rules.consent)


def _by_other_ground(holder: Holder, rules: _Rules, question: Question) -> Verdict:
    at, sale_at, offered_at = question.at, holder.sale_at, holder.opt_out_offered_at
    if sale_at is None and holder.kept_on is None:
        return _SILENT
    sold = sale_at is not None and sale_at <= at
    until = question.sale_within.after(sale_at) if sale_at and question.sale_within else None
    recent = sold and (until is None or until > at)
    offered = recent and offered_at is not None and offered_at <= at
    holds = {
        _CONTRACT: (sold or holder.kept_on is _CONTRACT, None),
        _LEGAL_DUTY: (holder.kept_on is _LEGAL_DUTY, None),
        _SOFT_OPT_IN: (offered, until),
        _LEGITIMATE_INTEREST: (recent, until),
    }
    for basis in rules.others:
        held, end = holds[basis.ground]
        if held:
            return Verdict(True, _OTHER_GROUND, basis.ground, end, basis=basis)
    return _SILENT


@lru_cache(maxsize=1024)
def _rules(
    book: PurposeBook,
    purpose: Purpose,
    channel: Channel,
    country: str,
    opt_out: bool,  # noqa: FBT001 (a part of the cache's key)
) -> Mapping[str | None, _Rules]:
    home = book.by_country.get(country)
    at_home = {basis.ground for basis in purpose.bases_for(channel, home)} - {Ground.CONSENT}
    if not opt_out:
        at_home.discard(Ground.SOFT_OPT_IN)

    def of(where: Jurisdiction | None) -> _Rules:
        bases = purpose.bases_for(channel, where)
        consent = next((basis for basis in bases if basis.ground is Ground.CONSENT), None)
        return _Rules(consent, tuple(basis for basis in bases if basis.ground in at_home))

    by_key = {key: of(where) for key, where in book.jurisdictions.items()}
    rules: dict[str | None, _Rules] = {each: by_key[where.key] for each, where in book.by_country.items()}
    rules[None] = of(home)
    return rules
