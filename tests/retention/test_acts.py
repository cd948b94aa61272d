"""What is done when a period is over: shredded, restricted, made anonymous; files of what is over go as well."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from governance.customers import operations as customers
from governance.customers.codes import RestrictionReason
from governance.erasure import operations as erasure
from governance.kernel.db import Database
from governance.policies.classification import Compartment
from governance.policies.shipped import retention_policies
from governance.retention import operations as retention
from governance.retention.stocks import is_carried_out, stocks_of
from governance.rights import operations as rights
from tests.conftest import NOW
from tests.factories.customers import interaction, purchase
from tests.factories.erasing import ASKED
from tests.factories.keeping import Keeping, document
from tests.factories.requesting import request

OLD, NEW = datetime(2023, 1, 10, tzinfo=UTC), datetime(2026, 10, 1, tzinfo=UTC)
SHRED = document(
    "old_behaviour",
    """applies_to: {compartment: behaviour}
clock: last_activity
keep: P24M
action: shred_compartment
citation: decided
verified: true""",
)
RESTRICT = document(
    "store_only",
    """applies_to: {subject: true}
clock: last_activity
keep: P24M
action: restrict
citation: decided
verified: true""",
)
ANONYMISE = RESTRICT.replace("store_only", "anonymous").replace("restrict", "anonymise")
ERASE_LATER = RESTRICT.replace("store_only", "erased").replace("restrict", "erase_subject").replace("P24M", "P36M")


SAME = """
INSERT INTO anonymous_row (id, kind, code, country, month, total)
SELECT gen_random_uuid(), 'purchase', 'EUR', 'DE', '2015-06-01', 10 FROM generate_series(1, 5)
"""


@pytest.fixture
def store(fresh_database: Database) -> Keeping:
    return Keeping(fresh_database)


def buy(store: Keeping, who: object, day: str, number: str = "1") -> None:
    new = purchase(paid_at=datetime.fromisoformat(day).date(), number=number)
    store.do(lambda work: customers.record_purchase(work, subject=who, purchase=new))  # type: ignore[arg-type]


def rows(store: Keeping, statement: str) -> list[tuple[object, ...]]:
    return store.do(lambda work: [tuple(row) for row in work.session.execute(text(statement))])


def test_a_compartment_is_shredded_and_the_person_stays_a_customer_of_whom_new_data_may_come(store: Keeping) -> None:
    anna, boris, held = store.people(3)
    for one in (anna, boris, held):
        store.talk(one, interaction(at=OLD, note="words"))
        store.visits(one, OLD)
    store.seen({anna: OLD, boris: NEW, held: OLD})
    store.hold(held, Compartment.BEHAVIOUR)
    store.force_document(SHRED)
    keys = f"data_key JOIN person USING (owner_id) WHERE person.id = '{anna}' AND compartment = 'behaviour'"

    foreseen = store.do(lambda work: retention.simulate(work, curve=False)).policies[0]
    done = store.run().parts[0]

    assert (foreseen.people, foreseen.held) == (1, 1)
    assert (done.people, done.left_over) == (1, 0)
    assert (
        store.count(f"interaction WHERE person_id = '{anna}'")
        == store.count(f"activity WHERE person_id = '{anna}'")
        == 0
    )
    assert (store.count("interaction"), store.count("person")) == (2, 3)
    assert rows(store, f"SELECT max(generation), count(wrapped) FROM {keys}") == [(2, 1)]
    store.talk(anna, interaction(at=NOW, note="back again"))
    [told] = store.do(lambda work: customers.list_interactions(work, subject=anna).items)
    assert told.note is not None
    assert store.run().parts[0].rows == 0, "nobody is shredded twice of the same"


def test_nobody_dies_between_shredding_and_the_new_key_for_good(
    store: Keeping, monkeypatch: pytest.MonkeyPatch
) -> None:
    [anna] = store.people(1)
    store.talk(anna, interaction(at=OLD, note="words"))
    store.seen({anna: OLD})
    store.force_document(SHRED)
    begun = store.do(lambda work: retention.begin(work, at_once=True))
    whole = "governance.retention.running._renew"
    with monkeypatch.context() as patch:
        patch.setattr(whole, lambda *_: None)
        store.see(begun)

    assert store.run().parts[0].rows == 0
    store.talk(anna, interaction(at=NOW, note="back again"))


def test_a_purchase_that_a_law_wants_keeps_its_whole_compartment(store: Keeping) -> None:
    anna, boris = store.people(2)
    for day, number in (("2016-05-01", "1"), ("2020-05-01", "2")):
        buy(store, anna, day, number)
    buy(store, boris, "2016-05-01", "3")
    store.seen({anna: OLD, boris: OLD})
    finance = SHRED.replace("old_behaviour", "finance").replace("compartment: behaviour", "compartment: finance")
    store.force_document(finance)
    store.force("purchases_tax")

    done = {part.key: part.people for part in store.run().parts}

    assert done["finance"] == 1
    assert rows(store, "SELECT extract(year FROM paid_at)::int FROM purchase") == [(2020,)]


def test_restricted_people_may_only_be_stored_and_go_later_by_another_policy(store: Keeping) -> None:
    anna, boris = store.people(2)
    store.seen({anna: OLD, boris: NEW})
    store.force_document(RESTRICT)

    done = store.run().parts[0]

    assert (done.people, done.left_over) == (1, 0)
    [mark] = store.do(lambda work: customers.marks(work, subject=anna).restrictions)
    assert mark.reason == RestrictionReason.PERIOD_OVER
    assert store.count("audit_body WHERE action = 'customers:restriction:placed'") == 1
    assert store.run().parts[0].rows == 0
    store.force_document(ERASE_LATER)
    assert {part.key: part.people for part in store.run().parts} == {"store_only": 0, "erased": 1}
    assert store.count("person") == 1


def test_nobody_is_erased_whose_data_may_only_be_stored_for_another_reason(store: Keeping) -> None:
    anna, boris = store.people(2)
    store.seen({anna: OLD, boris: OLD})
    store.do(lambda work: customers.restrict(work, subject=anna, reason=RestrictionReason.NEEDED_FOR_CLAIMS))
    store.force_document(ERASE_LATER)

    assert store.run().parts[0].people == 1
    assert store.count(f"person WHERE id = '{anna}'") == store.count("person") == 1


def test_nobody_is_begun_with_again_who_is_being_erased(store: Keeping) -> None:
    [anna] = store.people(1)
    store.seen({anna: OLD})
    store.force_document(ERASE_LATER)
    assert store.do(retention.simulate).policies[0].people == 1
    store.do(lambda work: erasure.begin(work, person=anna, origin=ASKED))

    assert store.do(retention.simulate).policies[0].people == 0


def test_whoever_comes_back_is_restricted_no_more_and_what_was_restricted_for_another_reason_is(store: Keeping) -> None:
    anna, boris, clara, dora = store.people(4)
    store.seen(dict.fromkeys((anna, boris, clara, dora), OLD))
    store.force_document(RESTRICT)
    assert store.run().parts[0].people == 4
    store.do(lambda work: customers.restrict(work, subject=clara, reason=RestrictionReason.NEEDED_FOR_CLAIMS))
    assert store.do(retention.lift_ended) == 0

    store.clock.at = NOW + timedelta(days=40)
    today = store.clock.at.date()
    for who, day in ((anna, today), (clara, today), (dora, today - timedelta(days=900))):
        buy(store, who, day.isoformat())
    assert store.do(retention.lift_ended) == 2
    assert store.do(retention.lift_ended) == 0

    def marks(who: object) -> list[str]:
        told = store.do(lambda work: customers.marks(work, subject=who))  # type: ignore[arg-type]
        return [one.reason for one in told.restrictions if one.lifted_at is None]

    assert (marks(anna), marks(boris), marks(clara), marks(dora)) == (
        [],
        [RestrictionReason.PERIOD_OVER],
        [RestrictionReason.NEEDED_FOR_CLAIMS],
        [RestrictionReason.PERIOD_OVER],
    )
    assert store.count("audit_body WHERE action = 'customers:restriction:lifted'") == 2
    assert store.run().parts[0].rows == 0, "nobody is restricted again who came back"


def test_whoever_is_made_anonymous_is_gone_and_what_they_did_stays_by_the_month_and_leads_to_nobody(
    store: Keeping,
) -> None:
    anna, boris, clara = store.people(3)
    buy(store, anna, "2015-05-17")
    buy(store, clara, "2024-03-09", "2")  # German law keeps it until the end of 2032
    store.talk(anna, interaction(at=OLD, note="words"))
    store.visits(anna, OLD)
    store.seen({anna: OLD, boris: NEW, clara: OLD})
    store.force_document(ANONYMISE)

    done = store.run().parts[0]

    assert (done.people, done.left_over) == (2, 0)
    assert store.count("person") == 1
    kept = rows(store, "SELECT kind, code, country, month::text FROM anonymous_row ORDER BY kind")
    assert [(one[0], one[2], one[3]) for one in kept] == [
        ("activity", "DE", "2023-01-01"),
        ("interaction", "DE", "2023-01-01"),
        ("purchase", "DE", "2015-05-01"),
    ]
    named = {str(anna), *(str(one) for (one,) in rows(store, "SELECT unnest(owners) FROM erasure_target"))}
    said = " ".join(str(value) for row in rows(store, "SELECT * FROM anonymous_row") for value in row)
    assert not [one for one in named if one in said]
    assert rows(store, "SELECT person_id, extract(year FROM paid_at)::int FROM purchase") == [(None, 2024)]
    assert store.count("interaction") == store.count("activity") == 0
    told = store.do(erasure.statistics)
    assert told == [], "one person's own month is not told"
    store.do(lambda work: work.session.execute(text(SAME)))
    assert [(one.kind, one.rows, one.total) for one in store.do(erasure.statistics)] == [("purchase", 5, 50)]
    assert store.count("erasure_certificate") == 2, "with a certificate, as for any erasure"


def test_files_of_destruction_go_three_years_after_they_were_closed(store: Keeping) -> None:
    [anna] = store.people(1)
    store.seen({anna: OLD})
    store.force("destruction_acts", "inactive_customers")
    store.run()
    assert store.count("erasure_certificate") == 1

    for days, left in ((3 * 365, 1), (3 * 365 + 2, 0)):
        store.clock.at = NOW + timedelta(days=days)
        store.run(["destruction_acts"])
        assert store.count("erasure") == store.count("erasure_certificate") == left, days


def test_all_that_is_shipped_can_be_drafted_and_put_into_force_in_every_country(store: Keeping) -> None:
    for country in ("DE", "AT", "FR", "PL", "GB", "RU", "UA", "US"):
        for key, policy in retention_policies(country).items():
            assert store.do(lambda work, one=policy: is_carried_out(stocks_of(work), one)), (country, key)  # type: ignore[misc]
    keys = sorted(retention_policies("DE"))

    store.force(*keys)

    assert sorted(part.key for part in store.run().parts) == keys


def test_files_of_closed_requests_go_with_their_keys_after_three_years_and_open_ones_stay(store: Keeping) -> None:
    ended, left_open = [
        store.do(lambda work, one=address: request(work, contact=one).request)  # type: ignore[misc]
        for address in ("irina@example.org", "anna@example.org")
    ]
    store.do(lambda work: rights.withdraw(work, request=ended.id))
    store.force("closed_requests")

    for days, left in ((3 * 365, 2), (3 * 365 + 2, 1)):
        store.clock.at = NOW + timedelta(days=days)
        store.run(["closed_requests"])
        assert store.count("request") == left, days
    assert rows(store, "SELECT id FROM request") == [(left_open.id,)]
    assert store.count("key_owner WHERE kind = 'request' AND shredded_at IS NOT NULL") == 1
    assert store.count(f"request_event WHERE request_id = '{ended.id}'") == 0
