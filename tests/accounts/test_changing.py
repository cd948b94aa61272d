"""Changing one's own password."""

from dataclasses import replace
from datetime import timedelta

import pytest

from governance.accounts import operations
from governance.audit.actions import Action
from governance.kernel.errors import InvalidError, UnauthenticatedError
from tests.factories.signing import PASSWORD, enrol, signed_in
from tests.factories.trail import entries

OTHER = "Fünf grüne Boote am Kai"


@pytest.fixture
def anna(work):
    return enrol(work, "steward")


def later(work, minutes):
    return replace(work, now=work.now + timedelta(minutes=minutes))


def change(work, member, session, *, password=PASSWORD, new=OTHER, code=None):
    attempt = operations.begin_attempt(work, email=member.email, address="192.0.2.1")
    return operations.change_password(
        work,
        session=session,
        attempt=attempt,
        password=password,
        code=member.code(work.now) if code is None else code,
        new_password=new,
    )


def test_the_new_password_holds_from_then_on_and_other_sessions_end(work, anna):
    other, own = signed_in(work, anna), signed_in(later(work, 1), anna)
    assert change(later(work, 2), anna, own.id) == 1
    with pytest.raises(UnauthenticatedError):
        operations.authenticate_session(later(work, 2), presented=other.token)
    assert operations.authenticate_session(later(work, 2), presented=own.token)
    with pytest.raises(UnauthenticatedError):
        signed_in(later(work, 3), anna)
    assert signed_in(later(work, 4), anna, password=OTHER)
    [entry] = entries(work, Action.PASSWORD_CHANGED)
    assert (entry.object.id, entry.facts) == (anna.id, {"sessions_ended": 1})


def test_it_needs_the_password_that_holds_the_second_factor_and_the_session(work, anna):
    own = signed_in(work, anna)
    stranger = enrol(work, "steward")
    for said in ({"password": OTHER}, {"code": "000000"}):
        with pytest.raises(UnauthenticatedError):
            change(later(work, 1), anna, own.id, **said)
    with pytest.raises(UnauthenticatedError):
        change(later(work, 1), stranger, own.id)
    assert signed_in(later(work, 2), anna)


@pytest.mark.parametrize("new", [PASSWORD, "short", "123456789012"])
def test_what_is_no_new_password_or_a_weak_one_is_refused_by_field(work, anna, new):
    own = signed_in(work, anna)
    with pytest.raises(InvalidError) as refused:
        change(later(work, 1), anna, own.id, new=new)
    assert list(refused.value.errors) == ["new_password"]
    if new != PASSWORD:
        with pytest.raises(InvalidError):
            operations.check_new_password(work, staff=anna.id, password=new)
