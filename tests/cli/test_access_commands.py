"""Alerts, quotas and reports at the command line."""

import pytest

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


def test_access_of_a_person_to_a_category_of_fields_is_explained(governance: Command, sam: str) -> None:
    told = governance("access", "explain", "sam@example.org", "customers:reveal", "user.contact.email").out
    assert "contact.value (email): Allowed: granted by sales/allow/customers:reveal@own" in told
    assert "sales/fields/1" in told
