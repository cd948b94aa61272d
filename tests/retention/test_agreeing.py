"""What is foreseen for an instant is what a run of that instant takes away, whatever policies do."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from governance.consent import operations as consent
from governance.customers import operations as customers
from governance.policies.classification import Compartment
from governance.policies.consent_state import EventKind
from governance.policies.retention import RetentionAction
from governance.retention import operations as retention
from governance.vault.keyring import Keyring
from tests.conftest import NOW, Store, Stores, clone, lent_store, open_database
from tests.factories.customers import interaction, purchase
from tests.factories.keeping import Keeping, document
from tests.factories.saying import notice, said

SHIPPED = (
    *("inactive_customers", "unconfirmed_subscriptions", "behaviour", "interaction_notes", "bounced_contacts"),
    *("purchases_tax", "consent_evidence", "consent_evidence_calls", "refused_import_rows", "exports"),
)
AWAY = "policies:\n" + "".join(
    document(key, body).removeprefix("policies:\n")
    for key, body in (
        (
            "old_behaviour",
            "applies_to: {compartment: behaviour}\nclock: last_activity\nkeep: P6M\naction: shred_compartment\n"
            "citation: decided\nverified: true",
        ),
        (
            "store_only",
            "applies_to: {subject: true}\nclock: last_activity\nkeep: P12M\naction: restrict\n"
            "citation: decided\nverified: true",
        ),
    )
)
ANONYMOUS = document(
    "anonymous",
    "applies_to: {subject: true}\nclock: last_activity\nkeep: P24M\naction: anonymise\n"
    "citation: decided\nverified: true",
)
DAYS = st.integers(0, 4000)
PERSON = st.fixed_dictionaries(
    {
        "purchases": st.lists(DAYS, max_size=2),
        "visits": st.lists(DAYS, max_size=2),
        "talks": st.lists(DAYS, max_size=2),
        "withdrew": st.none() | DAYS,
        "held": st.none() | st.sampled_from([Compartment.FINANCE, Compartment.BEHAVIOUR, Compartment.EVIDENCE]),
    }
)


@pytest.fixture(scope="module")
def ring(tmp_path_factory: pytest.TempPathFactory) -> Keyring:
    return Keyring.create(tmp_path_factory.mktemp("agreeing") / "secrets" / "keyring.json", now=NOW)


@pytest.fixture(scope="module")
def kept_stores(server_url: str, template: Store, ring: Keyring) -> Iterator[Stores]:
    """Stores in which the policies are in force already, which takes longer than a run."""
    with clone(server_url, template) as pattern:
        store = Keeping(open_database(pattern, ring))
        store.do(notice)
        store.force(*SHIPPED)
        store.force_document(AWAY)
        store.database.dispose()
        found = Stores(server_url, pattern)
        yield found
        found.end()


def fill(store: Keeping, people: list[dict[str, object]]) -> None:
    for one, subject in zip(people, store.people(len(people)), strict=True):
        store.visits(subject, *(NOW - timedelta(days=days) for days in one["visits"]))  # type: ignore[attr-defined]
        for number, days in enumerate(one["purchases"]):  # type: ignore[arg-type]
            bought = purchase(paid_at=(NOW - timedelta(days=days)).date(), number=str(number))
            store.do(lambda work, who=subject, new=bought: customers.record_purchase(work, subject=who, purchase=new))  # type: ignore[misc]
        for days in one["talks"]:  # type: ignore[attr-defined]
            talk = interaction(at=NOW - timedelta(days=days), note="words")
            store.do(
                lambda work, who=subject, new=talk: customers.record_interaction(work, subject=who, interaction=new)
            )  # type: ignore[misc]
        if one["withdrew"] is not None:
            at = NOW - timedelta(days=one["withdrew"])  # type: ignore[arg-type]
            store.clock.at = at
            event = said(EventKind.WITHDRAWN, subject=subject)
            store.do(lambda work, event=event: consent.record_many(work, events=[event]))  # type: ignore[misc]
            store.clock.at = NOW
        if one["held"] is not None:
            store.hold(subject, one["held"])  # type: ignore[arg-type]
        oldest = [*one["visits"], *one["purchases"], *one["talks"]]  # type: ignore[misc]
        store.seen({subject: NOW - timedelta(days=min(oldest, default=0))})


@pytest.mark.parametrize("ending", [RetentionAction.ERASE_SUBJECT, RetentionAction.ANONYMISE])
@settings(
    max_examples=max(2, settings.default.max_examples // 10),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(people=st.lists(PERSON, min_size=1, max_size=5))
def test_a_run_takes_away_exactly_what_was_foreseen_for_its_instant(
    kept_stores: Stores, ring: Keyring, ending: RetentionAction, people: list[dict[str, object]]
) -> None:
    with lent_store(kept_stores) as lent:
        store = Keeping(open_database(lent, ring))
        fill(store, people)
        if ending is RetentionAction.ANONYMISE:
            store.do(lambda work: retention.end(work, key="inactive_customers"))
            store.force_document(ANONYMOUS)
        standing = [one for one in store.do(retention.policies) if one.state.value == "active"]
        others = {RetentionAction.ERASE_SUBJECT, RetentionAction.ANONYMISE} - {ending}
        assert {one.policy.action for one in standing} == set(RetentionAction) - others

        foreseen = store.do(lambda work: retention.simulate(work, curve=False))
        done = store.run()

        told = {one.key: (one.people, one.rows) for one in foreseen.policies}
        assert {part.key: (part.people, part.rows) for part in done.parts} == told
        assert {part.left_over for part in done.parts} == {0}
        after = store.do(lambda work: retention.simulate(work, curve=False))
        assert {one.rows for one in after.policies} == {0}
