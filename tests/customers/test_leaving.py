"""Whoever leaves is shut out at once, and the clients have somebody else."""

import pytest

from governance.accounts import operations as accounts
from governance.accounts.errors import DisabledError
from governance.audit.actions import Action
from governance.customers import operations
from governance.kernel.errors import InvalidError, UnauthenticatedError
from tests.factories.signing import enrol, signed_in
from tests.factories.trail import entries


def client_of(work, member, name):
    return operations.create(work, fields={"family_name": name, "responsible": member.id}).id


@pytest.fixture
def anna(work):
    return enrol(work, "sales")


def test_clients_are_handed_over_and_each_tells_of_it(work, anna):
    boris = enrol(work, "sales")
    mine = [client_of(work, anna, name) for name in ("Воробьева", "Петренко")]
    other = client_of(work, boris, "Сидоров")
    token = signed_in(work, anna).token
    done = operations.leave(work, staff=anna.id, successor=boris.id)
    assert (done.successor, done.clients_handed) == (boris.id, 2)
    found = [operations.read(work, subject=one) for one in (*mine, other)]
    assert {one.responsible for one in found} == {boris.id}
    assert [one.version for one in found] == [2, 2, 1]
    assert len(entries(work, Action.PERSON_EDITED)) == 2
    [entry] = entries(work, Action.STAFF_LEFT)
    assert entry.facts == {"clients": 2, "successor": str(boris.id)}
    with pytest.raises(UnauthenticatedError):
        accounts.authenticate_session(work, presented=token)


def test_clients_may_be_left_with_nobody(work, anna):
    subject = client_of(work, anna, "Воробьева")
    assert operations.leave(work, staff=anna.id, successor=None).clients_handed == 1
    assert operations.read(work, subject=subject).responsible is None


def test_nobody_hands_clients_to_himself_or_to_somebody_who_left(work, anna):
    gone = enrol(work)
    operations.leave(work, staff=gone.id, successor=None)
    with pytest.raises(InvalidError):
        operations.leave(work, staff=anna.id, successor=anna.id)
    with pytest.raises(DisabledError):
        operations.leave(work, staff=anna.id, successor=gone.id)
    assert accounts.staff_actor(work, staff=anna.id)
