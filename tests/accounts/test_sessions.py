"""Sessions: begun with two proofs, ended by time, by hand and with the account; whoever fails waits."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from governance.accounts import operations
from governance.accounts.errors import ConfirmationNeededError, NoSuchSessionError
from governance.audit.actions import Action
from governance.kernel.errors import TooManyError, UnauthenticatedError
from governance.kernel.work import ActorKind
from governance.policies.permissions import Permission
from tests.factories.signing import PASSWORD, enrol, signed_in
from tests.factories.statements import counted
from tests.factories.trail import entries

MINUTE = timedelta(minutes=1)


def later(work, pause):
    return replace(work, now=work.now + pause)


@pytest.fixture
def anna(work):
    return enrol(work, "sales")


def test_a_session_is_an_actor_with_the_roles_held_and_is_told_of(work, anna):
    made = signed_in(work, anna)
    known = operations.authenticate_session(work, presented=made.token)
    assert (known.actor.kind, known.actor.id, known.actor.roles) == (ActorKind.STAFF, anna.id, ("sales",))
    assert "customers:read@own" in known.actor.permissions
    [entry] = entries(work, Action.SIGNED_IN)
    assert entry.facts == {"session": made.id, "factor": "totp", "recovery_codes_left": 10}
    assert made.token not in str(work.session.execute(text("SELECT * FROM staff_session")).all())


def test_who_presents_a_session_is_asked_for_once(work, anna):
    made = signed_in(work, anna)
    with counted(work) as sent:
        operations.authenticate_session(work, presented=made.token)
    assert len(sent) == 1


@pytest.mark.parametrize("wrong", ["password", "code", "nobody", "left", "uninvited"])
def test_whatever_is_wrong_the_refusal_is_the_same(work, anna, wrong):
    code, password = anna.code(work.now), PASSWORD
    if wrong == "password":
        password += "!"
    if wrong == "code":
        code = "000000" if code != "000000" else "000001"
    if wrong == "nobody":
        anna = replace(anna, email="nobody@example.org")
    if wrong == "left":
        operations.disable_staff(work, staff=anna.id)
    if wrong == "uninvited":
        operations.create_staff(work, name="New", email="new@example.org")
        anna = replace(anna, email="new@example.org")
    with pytest.raises(UnauthenticatedError) as refusal:
        signed_in(work, anna, code=code, password=password)
    assert refusal.value.detail == "The e-mail address, the password or the code is wrong."


def test_a_code_signs_in_once(work, anna):
    signed_in(work, anna)
    with pytest.raises(UnauthenticatedError):
        signed_in(work, anna)
    assert signed_in(later(work, MINUTE), anna)


def test_a_recovery_code_stands_in_once_and_only_for_its_holder(work, anna):
    boris = enrol(work)
    with pytest.raises(UnauthenticatedError):
        signed_in(work, boris, code=anna.recovery_codes[0])
    assert signed_in(work, anna, code=anna.recovery_codes[0]).recovery_codes_left == 9
    with pytest.raises(UnauthenticatedError):
        signed_in(work, anna, code=anna.recovery_codes[0])


def test_a_wrong_password_spends_no_recovery_code(work, anna):
    with pytest.raises(UnauthenticatedError):
        signed_in(work, anna, code=anna.recovery_codes[0], password="quite another one")
    assert signed_in(work, anna, code=anna.recovery_codes[0]).recovery_codes_left == 9


def test_a_session_ends_half_an_hour_after_its_last_use(work, anna):
    token = signed_in(work, anna).token
    for minutes in (20, 40, 60):
        operations.authenticate_session(later(work, minutes * MINUTE), presented=token)
    with pytest.raises(UnauthenticatedError):
        operations.authenticate_session(later(work, 90 * MINUTE), presented=token)


def test_a_session_ends_after_twelve_hours_however_it_is_used(work, anna):
    token = signed_in(work, anna).token
    for minutes in range(20, 720, 20):
        operations.authenticate_session(later(work, minutes * MINUTE), presented=token)
    with pytest.raises(UnauthenticatedError):
        operations.authenticate_session(later(work, 720 * MINUTE), presented=token)


def test_a_session_ends_with_the_account_and_loses_roles_that_are_withdrawn(work, anna):
    token = signed_in(work, anna).token
    operations.withdraw_role(work, staff=anna.id, role="sales")
    assert operations.authenticate_session(work, presented=token).actor.permissions == frozenset()
    operations.disable_staff(work, staff=anna.id)
    with pytest.raises(UnauthenticatedError):
        operations.authenticate_session(work, presented=token)


def test_own_sessions_are_listed_and_ended_and_nobody_elses(work, anna):
    mine, other = signed_in(work, anna), signed_in(later(work, MINUTE), anna)
    at = later(work, 2 * MINUTE)
    own = replace(at, actor=operations.authenticate_session(at, presented=mine.token).actor)
    assert [(one.id, one.current) for one in operations.sessions(own)] == [(mine.id, True), (other.id, False)]
    boris = signed_in(at, enrol(work))
    with pytest.raises(NoSuchSessionError):
        operations.revoke_session(own, session=boris.id)
    operations.revoke_session(own, session=other.id)
    operations.sign_out(own)
    assert operations.sessions(own) == []
    for one in (mine, other):
        with pytest.raises(UnauthenticatedError):
            operations.authenticate_session(at, presented=one.token)


def test_a_dangerous_act_needs_a_proof_of_the_last_ten_minutes(work, anna):
    token = signed_in(work, anna).token
    fresh = operations.authenticate_session(work, presented=token)
    operations.require_confirmed(later(work, 9 * MINUTE), fresh, Permission.ACCOUNTS_GRANT)
    at = later(work, 10 * MINUTE)
    operations.require_confirmed(at, fresh, Permission.CUSTOMERS_READ)
    with pytest.raises(ConfirmationNeededError):
        operations.require_confirmed(at, fresh, Permission.ACCOUNTS_GRANT)
    attempt = operations.begin_attempt(at, email=anna.email, address="192.0.2.1")
    operations.reauthenticate(at, session=fresh.session, attempt=attempt, password=PASSWORD, code=anna.code(at.now))
    operations.require_confirmed(at, operations.authenticate_session(at, presented=token), Permission.ACCOUNTS_GRANT)


def test_nobody_confirms_the_session_of_another(work, anna):
    session, boris = signed_in(work, anna).id, enrol(work)
    attempt = operations.begin_attempt(work, email=boris.email, address="192.0.2.1")
    with pytest.raises(UnauthenticatedError):
        operations.reauthenticate(work, session=session, attempt=attempt, password=PASSWORD, code=boris.code(work.now))


def failures(work, email, count, address="192.0.2.9"):
    """Seconds that each attempt had to wait for."""
    waits = []
    for _ in range(count):
        waited = 0
        while True:
            try:
                operations.begin_attempt(work, email=email, address=address)
                break
            except TooManyError as refusal:
                waited += refusal.retry_after_seconds
                work = later(work, timedelta(seconds=refusal.retry_after_seconds))
        waits.append(waited)
    return waits, work


@pytest.mark.parametrize("email", ["known", "nobody@example.org"])
def test_each_failure_waits_longer_a_minute_at_most_known_or_not(work, anna, email):
    waits, _ = failures(work, anna.email if email == "known" else email, 13)
    assert waits == [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60]


def test_an_address_that_tries_many_accounts_waits_too(work):
    for number in range(20):
        operations.begin_attempt(work, email=f"{number}@example.org", address="2001:db8::1")
    with pytest.raises(TooManyError):
        operations.begin_attempt(work, email="another@example.org", address="2001:db8::2")
    operations.begin_attempt(work, email="another@example.org", address="2001:db8:0:1::1")


def test_a_stranger_who_fails_on_purpose_does_not_keep_the_holder_waiting(work, anna):
    signed_in(work, anna, address="198.51.100.7")
    _, at = failures(later(work, MINUTE), anna.email, 15)
    with pytest.raises(TooManyError):
        operations.begin_attempt(at, email=anna.email, address="203.0.113.5")
    assert signed_in(at, anna, address="198.51.100.7")


def test_success_forgets_the_failures_of_the_account(work, anna):
    _, at = failures(work, anna.email, 5)
    at = later(at, MINUTE)
    signed_in(at, anna)
    waits, _ = failures(later(at, MINUTE), anna.email, 4)
    assert waits == [0, 0, 0, 0]


def test_neither_account_nor_address_is_kept_and_both_are_forgotten_after_a_month(work, anna):
    signed_in(work, anna)
    kept = str(work.session.execute(text("SELECT * FROM sign_in_attempt")).all())
    assert anna.email not in kept
    assert "192.0.2" not in kept
    assert operations.forget_attempts(later(work, timedelta(days=30))) == 0
    assert operations.forget_attempts(later(work, timedelta(days=31))) == 3
