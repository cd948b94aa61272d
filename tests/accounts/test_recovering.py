"""A lost second factor is reset by another, and who left gets nothing back."""

from dataclasses import replace

import pytest

from governance.accounts import operations
from governance.accounts.errors import EnrolledError, NoSuchInvitationError, OwnFactorError
from governance.audit.actions import Action
from governance.kernel.errors import UnauthenticatedError
from governance.kernel.work import OPERATOR
from tests.factories.signing import PASSWORD, enrol, signed_in
from tests.factories.trail import entries


@pytest.fixture
def anna(work):
    return enrol(work, "steward")


def in_the_hands_of(work, member):
    return replace(work, actor=operations.staff_actor(work, staff=member.id))


def test_a_reset_ends_sessions_and_all_proofs_and_is_on_record(work, anna):
    token = signed_in(work, anna).token
    invitation = operations.reset_factor(in_the_hands_of(work, enrol(work, "admin")), staff=anna.id)
    with pytest.raises(UnauthenticatedError):
        operations.authenticate_session(work, presented=token)
    for code in (None, anna.recovery_codes[0]):
        with pytest.raises(UnauthenticatedError):
            signed_in(work, anna, code=code)
    [entry] = entries(work, Action.FACTOR_RESET)
    assert (entry.object.id, entry.facts) == (anna.id, {"sessions_ended": 1})
    made = operations.accept_invitation(work, token=invitation.token, password=PASSWORD)
    assert signed_in(work, replace(anna, secret=made.secret))


def test_nobody_resets_his_own_factor_except_on_the_host(work, anna):
    with pytest.raises(OwnFactorError):
        operations.reset_factor(in_the_hands_of(work, anna), staff=anna.id)
    assert operations.reset_factor(replace(work, actor=OPERATOR), staff=anna.id).staff == anna.id


def test_an_invitation_is_no_way_around_a_reset(work, anna):
    with pytest.raises(EnrolledError):
        operations.invite(work, staff=anna.id)


def test_who_left_gets_in_by_nothing(work, anna):
    session = signed_in(work, anna).token
    invitation = operations.reset_factor(replace(work, actor=OPERATOR), staff=anna.id).token
    assert not operations.end_account(work, staff=anna.id).active
    with pytest.raises(UnauthenticatedError):
        operations.authenticate_session(work, presented=session)
    with pytest.raises(NoSuchInvitationError):
        operations.accept_invitation(work, token=invitation, password=PASSWORD)
