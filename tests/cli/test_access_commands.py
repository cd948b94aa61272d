"""Alerts, quotas and reports at the command line."""

import os
from uuid import UUID

import pytest

from governance.custody.opening import open_store
from governance.customers import operations as customers
from governance.kernel.settings import Settings
from governance.kernel.work import OPERATOR, open_work
from tests.cli.conftest import Command


@pytest.fixture
def sam(governance: Command) -> str:
    made = governance("staff", "create", "--name", "Sam", "--email", "sam@example.org", "--roles", "sales", "--json")
    return str(made.json["id"])


def test_officers_see_alerts_set_quotas_and_read_reports(governance: Command, sam: str) -> None:
    [alert] = governance("alerts", "list", "--unseen", "--json").json
    assert (alert["kind"], alert["facts"]["act"]) == ("decided_alone", "grant_role")
    assert "alerts-unseen" in governance("doctor").out
    assert governance("alerts", "seen", alert["id"]).code == 0
    assert "alerts-unseen" not in governance("doctor").out

    assert governance("alerts", "rules").out == "50 people a day; unusual reading is not watched.\n"
    changed = governance("alerts", "rules", "--people-per-day", "10", "--watch-unusual", "--json").json
    assert changed == {"people_per_day": 10, "watch_unusual": True}
    assert "20 people, of whom 0" in governance("staff", "allow-reading", "sam@example.org", "--people", "20").err
    assert "above 10" in governance("staff", "allow-reading", sam, "--people", "10").err

    assert governance("staff", "seen", sam, "--json").json["people"] == []
    left = governance("staff", "leave", sam, "--days", "7", "--json").json
    assert (left["clients_handed"], left["report"]["files"]) == (0, [])


def test_whoever_leaves_hands_the_clients_to_somebody_or_to_nobody_by_name(governance: Command, sam: str) -> None:
    with open_store(Settings.from_environment(os.environ)) as store, open_work(store.database, OPERATOR) as work:
        client = customers.create(work, fields={"family_name": "Orlova", "responsible": UUID(sam)}).id
    unsaid = governance("staff", "leave", sam)
    assert (unsaid.code, "person: 1." in unsaid.err, "--hand-to-nobody" in unsaid.err) == (1, True, True)
    both = governance("staff", "leave", sam, "--hand-to", "anna@example.org", "--hand-to-nobody")
    assert (both.code, "Say one" in both.err) == (1, True)
    assert governance("staff", "seen", sam).code == 0, "nobody was shut out so far"
    assert "nobody responsible: 1." in governance("staff", "leave", sam, "--hand-to-nobody").err
    with open_store(Settings.from_environment(os.environ)) as store, open_work(store.database, OPERATOR) as work:
        assert customers.read(work, subject=client).responsible is None


def test_access_of_a_person_to_a_category_of_fields_is_explained(governance: Command, sam: str) -> None:
    told = governance("access", "explain", "sam@example.org", "customers:reveal", "user.contact.email").out
    assert "contact.value (email): Allowed: granted by sales/allow/customers:reveal@own" in told
    assert "sales/fields/1" in told
