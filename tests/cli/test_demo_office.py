"""The staff of the demonstration have worked before somebody looks."""

import pytest

from governance.accounts import operations as accounts
from governance.accounts.proposed import ProposalState
from governance.cli.demo import STAFF
from governance.cli.demo_office import fill_office
from governance.customers import operations as customers
from governance.customers.contact_values import ContactSaid
from governance.executors import EXECUTORS
from governance.reference.operations import set_controller
from governance.retention import operations as retention

EMAIL = "somebody@example.org"


@pytest.fixture
def carried_out(work):
    """A unit of work in which proposals are carried out."""
    work.session.info["executors"] = EXECUTORS
    yield work
    work.session.info.pop("executors")


def test_the_staff_of_a_demonstration_have_worked_once(carried_out):
    work = carried_out
    set_controller(work, legal_name="Demonstration Shop", address="1 Example Street", country="DE")
    accounts.mark_demonstration(work)
    for name, roles in STAFF.items():
        accounts.create_staff(work, name=name, email=f"{name.split()[0]}@example.org".lower(), roles=roles)
    fields = {"family_name": "Bondar", "given_name": "Olha", "birth_date": "1990-01-02"}
    customers.create(work, fields=fields, contacts=[ContactSaid(kind="email", value=EMAIL)])

    assert fill_office(work, [EMAIL] * 21)

    proposals = accounts.list_proposals(work)
    assert sorted(one.state for one in proposals) == [ProposalState.APPROVED] * 3 + [ProposalState.OPEN]
    assert len(retention.policies(work)) == 5
    assert [one.compartments for one in customers.holds_of_case(work, case_ref="2026-117")] == [("finance",)]
    assert not fill_office(work, [EMAIL] * 21), "It acts once."
