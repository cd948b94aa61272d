"""What one verdict costs: `consent.decide` over the mix of answers that a mailing meets."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

from benchmarks.figures import Figure
from governance.policies import shipped
from governance.policies.consent import decide, prepare
from governance.policies.consent_facts import (
    ContactFacts,
    Holder,
    Reason,
    Scope,
    Suppression,
    SuppressionReason,
    Verdict,
)
from governance.policies.consent_state import ConsentState, Grant, Standing
from governance.policies.purposes import Channel, Ground

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
CONTACTS = 20_000
ROUNDS = 7
BAR_US = 3.0


def _contacts() -> list[ContactFacts]:
    """Of 20: twelve consents, two withdrawn, two silent, two buyers, one suppressed, one unknown."""
    recent, event = NOW - timedelta(days=100), UUID(int=1)
    grant = Grant(recent, 3, event)
    given = Holder(ConsentState(Standing.GIVEN, recent, event, grant, grant), country="DE")
    withdrawn = Holder(ConsentState(Standing.WITHDRAWN, recent, event), country="DE")
    buyer = Holder(sale_at=recent, opt_out_offered_at=recent)
    complaint = Suppression(Scope.ADVERTISING, None, SuppressionReason.COMPLAINT, recent)
    mix = [
        *[ContactFacts((given,))] * 12,
        *[ContactFacts((withdrawn,))] * 2,
        *[ContactFacts((Holder(),))] * 2,
        *[ContactFacts((buyer,))] * 2,
        ContactFacts((given,), (complaint,)),
        ContactFacts(),
    ]
    return mix * (CONTACTS // len(mix))


def _microseconds(work: Callable[[], object]) -> float:
    """The best of some rounds, per contact: the least disturbed one."""
    best = float("inf")
    for _ in range(ROUNDS):
        started = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - started)
    return best / CONTACTS * 1e6


def run() -> list[Figure]:
    """One figure: microseconds per verdict, beside making such a verdict without deciding anything."""
    contacts = _contacts()
    question = prepare(
        shipped.purposes(),
        purpose="own_offers",
        channel=Channel.EMAIL,
        at=NOW,
        country="DE",
        minimum_notice=2,
        opt_out_in_message=True,
    )
    value = _microseconds(lambda: [decide(facts, question) for facts in contacts])
    limit = _microseconds(
        lambda: [Verdict(bool(facts.holders), Reason.CONSENTED, Ground.CONSENT, NOW, 3) for facts in contacts]
    )
    return [
        Figure(
            name="verdict on one contact",
            value=value,
            unit="us",
            bar=f"<= {BAR_US:g} us",
            holds=value <= BAR_US,
            limit_name="answering without deciding",
            limit_value=limit,
            ratio=value / limit,
        )
    ]
