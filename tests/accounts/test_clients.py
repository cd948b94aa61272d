"""API clients: a key opens what its scopes say, from its first instant to its last."""

from datetime import timedelta
from uuid import uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from governance.accounts import operations
from governance.accounts.clients import OVERLAP
from governance.accounts.errors import (
    AccountTakenError,
    DisabledError,
    NoSuchClientError,
    RotationUnderWayError,
    UnknownScopeError,
)
from governance.accounts.keys import make_key
from governance.accounts.limiting import Limits
from governance.audit.actions import Action
from governance.kernel.clock import FixedClock
from governance.kernel.errors import InvalidError, UnauthenticatedError
from governance.kernel.ids import ClientId
from governance.kernel.work import OPERATOR, ActorKind, Work, open_work
from governance.policies.access import allows
from governance.policies.limits import is_within
from tests.conftest import NOW
from tests.factories.statements import counted
from tests.factories.trail import entries

TILL = {"name": "Till", "scopes": ["customers:create", "customers:search"]}
TICK = timedelta(microseconds=1)


def at(work: Work, later: timedelta) -> Work:
    return Work(session=work.session, actor=work.actor, now=NOW + later)


def is_taken(work: Work, secret: str) -> bool:
    try:
        operations.authenticate_client(work, presented=secret)
    except UnauthenticatedError:
        return False
    return True


def test_a_key_makes_the_actor_of_its_client_with_the_scopes_given(work):
    new = operations.create_client(work, **TILL)
    actor = operations.authenticate_client(work, presented=new.secret)
    assert (actor.kind, actor.id, actor.name) == (ActorKind.CLIENT, new.client.id, new.key_id)
    assert actor.permissions == frozenset(TILL["scopes"])
    assert allows(actor, "customers:search").allowed
    assert not allows(actor, "customers:reveal").allowed


def test_a_new_client_is_told_in_the_log_without_its_secret(work):
    new = operations.create_client(work, **TILL)
    [entry] = entries(work, Action.CLIENT_CREATED)
    assert entry.facts["key"] == new.key_id
    assert entry.facts["scopes"] == sorted(TILL["scopes"])
    assert new.secret not in str(entry)


def test_the_secret_lies_nowhere(work):
    new = operations.create_client(work, **TILL)
    secret = new.secret.rpartition("_")[2]
    stored = work.session.execute(text("SELECT k::text || c::text FROM api_client_key k, api_client c")).scalars().all()
    assert stored
    assert secret not in str(stored)
    assert secret not in repr(new)
    assert secret not in repr(operations.list_clients(work))


def test_what_is_not_a_key_in_use_is_refused_with_the_same_words(work):
    new = operations.create_client(work, **TILL)
    revoked = operations.create_client(work, name="Old", scopes=["audit:read"])
    operations.revoke_client(work, client=revoked.client.id)
    told = set()
    for presented in (
        "",
        "gov_",
        "не ключ\udc80",
        "x" * 100_000,
        make_key().presented,
        f"gov_{new.key_id}_{make_key().presented.rpartition('_')[2]}",
        new.secret.upper(),
        new.secret + " ",
        revoked.secret,
    ):
        with pytest.raises(UnauthenticatedError) as caught:
            operations.authenticate_client(work, presented=presented)
        told.add((caught.value.detail, str(caught.value.errors)))
    assert told == {("The API key is unknown, expired or revoked.", "{}")}


def test_an_unknown_id_and_a_wrong_secret_cost_the_same_statements(work):
    new = operations.create_client(work, **TILL)
    wrong = f"gov_{new.key_id}_{make_key().presented.rpartition('_')[2]}"
    counts = []
    for presented in (wrong, make_key().presented, "no key at all"):
        with counted(work) as statements:
            assert not is_taken(work, presented)
        counts.append(statements)
    assert counts[0] == counts[1] == counts[2]
    assert len(counts[0]) == 1


def test_a_key_is_taken_strictly_before_its_expiry(work):
    new = operations.create_client(work, **TILL, expires_at=NOW + timedelta(hours=1))
    assert is_taken(at(work, timedelta(hours=1) - TICK), new.secret)
    assert not is_taken(at(work, timedelta(hours=1)), new.secret)


def test_a_key_ends_after_a_year_where_nothing_is_said(work):
    new = operations.create_client(work, **TILL)
    assert new.client.keys[0].expires_at == NOW + timedelta(days=365)


@pytest.mark.parametrize("expires_at", [NOW, NOW - timedelta(days=1)])
def test_a_key_that_would_have_expired_already_is_not_made(work, expires_at):
    with pytest.raises(InvalidError, match="expired already"):
        operations.create_client(work, **TILL, expires_at=expires_at)


@pytest.mark.parametrize(
    "scopes", [[], ["customers:fly"], ["customers:*"], ["*"], ["accounts:grant"], ["audit:read", "x"]]
)
def test_a_system_gets_only_scopes_that_systems_may_hold(work, scopes):
    with pytest.raises(UnknownScopeError):
        operations.create_client(work, name="Till", scopes=scopes)
    assert operations.list_clients(work) == []


@pytest.mark.parametrize("name", ["", " \t", "x" * 101, "a\x00b"])
def test_a_system_needs_a_usable_name(work, name):
    with pytest.raises(InvalidError):
        operations.create_client(work, name=name, scopes=["customers:read"])


def test_a_name_is_free_again_once_its_system_is_disconnected(work):
    first = operations.create_client(work, **TILL)
    with pytest.raises(AccountTakenError):
        operations.create_client(work, **TILL)
    operations.revoke_client(work, client=first.client.id)
    second = operations.create_client(work, **TILL)
    assert [one.id for one in operations.list_clients(work)] == [first.client.id, second.client.id]
    assert list(operations.client_names(work)) == [first.client.id, second.client.id]
    assert {*operations.client_names(work).values()} == {TILL["name"]}


def test_both_keys_are_taken_while_a_rotation_lasts(work):
    old = operations.create_client(work, **TILL)
    new = operations.rotate_client_key(work, client=old.client.id)
    assert new.secret != old.secret
    assert is_taken(work, old.secret)
    assert is_taken(work, new.secret)
    assert is_taken(at(work, OVERLAP - TICK), old.secret)
    assert not is_taken(at(work, OVERLAP), old.secret)
    assert is_taken(at(work, OVERLAP), new.secret)
    [entry] = entries(work, Action.CLIENT_ROTATED)
    assert entry.facts == {"key": new.key_id, "replaced": [old.key_id], "overlap_seconds": 7 * 86400}


def test_a_rotation_never_lengthens_the_life_of_the_old_key(work):
    old = operations.create_client(work, **TILL, expires_at=NOW + timedelta(days=1))
    operations.rotate_client_key(work, client=old.client.id)
    assert not is_taken(at(work, timedelta(days=1)), old.secret)


def test_a_third_key_waits_until_one_of_two_has_ended(work):
    first = operations.create_client(work, **TILL)
    second = operations.rotate_client_key(work, client=first.client.id)
    with pytest.raises(RotationUnderWayError, match="wait until the older one ends"):
        operations.rotate_client_key(at(work, OVERLAP - TICK), client=first.client.id)
    later = at(work, OVERLAP)
    third = operations.rotate_client_key(later, client=first.client.id)
    assert [is_taken(later, one.secret) for one in (first, second, third)] == [False, True, True]


def test_a_rotation_without_overlap_ends_every_key_at_once(work):
    first = operations.create_client(work, **TILL)
    second = operations.rotate_client_key(work, client=first.client.id)
    third = operations.rotate_client_key(work, client=first.client.id, overlap=timedelta(0))
    assert [is_taken(work, one.secret) for one in (first, second, third)] == [False, False, True]


def test_a_negative_overlap_is_refused(work):
    new = operations.create_client(work, **TILL)
    with pytest.raises(InvalidError):
        operations.rotate_client_key(work, client=new.client.id, overlap=timedelta(seconds=-1))


def test_a_disconnected_system_gets_no_new_key_and_is_told_of_once(work):
    new = operations.create_client(work, **TILL)
    for _ in range(2):
        assert operations.revoke_client(work, client=new.client.id).revoked_at == NOW
    assert not is_taken(work, new.secret)
    with pytest.raises(DisabledError):
        operations.rotate_client_key(work, client=new.client.id)
    assert len(entries(work, Action.CLIENT_REVOKED)) == 1


def test_what_does_not_exist_is_named_so(work):
    nobody = ClientId(uuid4())
    operations.create_client(work, **TILL)
    for ask in (
        lambda: operations.revoke_client(work, client=nobody),
        lambda: operations.rotate_client_key(work, client=nobody),
    ):
        with pytest.raises(NoSuchClientError):
            ask()


steps = st.lists(st.sampled_from(["rotate", "rotate at once", "an hour", "eight days"]), min_size=1, max_size=8)


@given(steps)
@settings(
    max_examples=settings.default.max_examples // 2,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_whatever_is_done_one_or_two_keys_are_taken_and_the_newest_is_one_of_them(work, steps):
    with work.session.begin_nested() as point:
        now, issued = timedelta(0), [operations.create_client(work, name=uuid4().hex, scopes=["customers:read"])]
        client = issued[0].client.id
        for step in steps:
            then = at(work, now)
            taken = [one for one in issued if is_taken(then, one.secret)]
            if step == "rotate at once":
                issued.append(operations.rotate_client_key(then, client=client, overlap=timedelta(0)))
            elif step == "rotate" and len(taken) == 1:
                issued.append(operations.rotate_client_key(then, client=client))
            else:
                now += timedelta(hours=1) if step == "an hour" else timedelta(days=8)
            taken = [one for one in issued if is_taken(at(work, now), one.secret)]
            assert taken[-1:] == issued[-1:]
            assert len(taken) <= 2
        point.rollback()


def test_use_is_noted_once_an_hour(work):
    new = operations.create_client(work, **TILL)
    noted = []
    for minutes in (0, 30, 59, 60, 61, 180):
        operations.authenticate_client(at(work, timedelta(minutes=minutes)), presented=new.secret)
        work.session.expire_all()
        [client] = operations.list_clients(work)
        noted.append(client.keys[0].last_used_at - NOW)
    assert [one.total_seconds() / 60 for one in noted] == [0, 0, 0, 60, 60, 180]


def test_a_request_never_waits_for_the_note_of_another(fresh_database):
    with open_work(fresh_database, OPERATOR, clock=FixedClock(NOW)) as work:
        new = operations.create_client(work, **TILL)
    with open_work(fresh_database, OPERATOR, clock=FixedClock(NOW)) as slow:
        operations.authenticate_client(slow, presented=new.secret)
        with open_work(fresh_database, OPERATOR, clock=FixedClock(NOW)) as quick:
            quick.session.execute(text("SET LOCAL lock_timeout = '100ms'"))
            assert operations.authenticate_client(quick, presented=new.secret).id == new.client.id


def test_the_service_can_neither_delete_a_client_nor_change_a_key(work):
    operations.create_client(work, **TILL)
    for statement in (
        "DELETE FROM api_client",
        "DELETE FROM api_client_key",
        "UPDATE api_client SET scopes = '{customers:reveal}'",
        "UPDATE api_client_key SET digest = decode(repeat('00', 32), 'hex')",
    ):
        with pytest.raises(DBAPIError, match="permission denied"), work.session.begin_nested():
            work.session.execute(text(statement))


def test_a_system_is_kept_to_purposes_and_channels_until_it_is_let_off(work):
    new = operations.create_client(
        work, name="Mailer", scopes=["consent:check"], limits=Limits(["news", "offers", "news"], ["email"])
    )
    assert (new.client.purposes, new.client.channels) == (("news", "offers"), ("email",))
    actor = operations.authenticate_client(work, presented=new.secret)
    assert (actor.purposes, actor.channels) == ({"news", "offers"}, {"email"})
    assert is_within(actor, purpose="news", channel="email")
    assert is_within(actor, purpose=None, channel=None)
    assert not is_within(actor, purpose="surveys", channel="email")
    assert not is_within(actor, purpose="news", channel="sms")
    [entry] = entries(work, Action.CLIENT_CREATED)
    assert (entry.facts["purposes"], entry.facts["channels"]) == (["news", "offers"], ["email"])

    operations.limit_client(work, client=new.client.id, limits=Limits(None, ["sms"]))
    actor = operations.authenticate_client(work, presented=new.secret)
    assert (actor.purposes, actor.channels) == (None, {"sms"})
    assert entries(work, Action.CLIENT_LIMITED)[0].facts == {"channels": ["sms"]}
    operations.revoke_client(work, client=new.client.id)
    with pytest.raises(DisabledError):
        operations.limit_client(work, client=new.client.id, limits=Limits())


@pytest.mark.parametrize(
    ("scope", "limits", "field"),
    [
        ("consent:check", Limits([]), "purposes"),
        ("consent:check", Limits(["Анна"]), "purposes"),
        ("consent:check", Limits(channels=["pigeon"]), "channels"),
        ("consent:check", Limits(channels=[]), "channels"),
        ("consent:read", Limits(["news"]), "scopes"),
        ("consent:explain", Limits(channels=["email"]), "scopes"),
    ],
)
def test_limits_that_could_not_be_kept_are_refused_by_field(work, scope, limits, field):
    with pytest.raises(InvalidError) as caught:
        operations.create_client(work, name="Mailer", scopes=[scope], limits=limits)
    assert list(caught.value.errors) == [field]


def test_a_test_key_opens_a_demonstration_and_no_real_store(work):
    real = operations.create_client(work, **TILL)
    assert not real.secret.startswith("gov_test_")
    assert not operations.is_demonstration(work)
    for _ in range(2):
        operations.mark_demonstration(work)
    test = operations.create_client(work, name="Try", scopes=["consent:check"])
    assert (test.secret.startswith("gov_test_"), test.client.is_test) == (True, True)
    assert operations.rotate_client_key(work, client=test.client.id).secret.startswith("gov_test_")
    assert is_taken(work, test.secret)
    assert not is_taken(work, test.secret.replace("gov_test_", "gov_"))


def test_a_test_key_is_told_apart_where_it_is_refused(work):
    with pytest.raises(UnauthenticatedError, match="test key"):
        operations.authenticate_client(work, presented=make_key(test=True).presented)
    with pytest.raises(UnauthenticatedError, match="unknown"):
        operations.authenticate_client(work, presented="gov_test_nonsense")


def test_old_scopes_that_take_a_person_and_test_keys_of_a_copied_store_open_nothing(fresh_store, fresh_database):
    with open_work(fresh_database, OPERATOR, clock=FixedClock(NOW)) as work:
        new = operations.create_client(work, **TILL)
    with psycopg.connect(fresh_store.admin_url) as connection:
        connection.execute("UPDATE api_client SET scopes = '{customers:release,customers:search,gone:away}'")
    with open_work(fresh_database, OPERATOR, clock=FixedClock(NOW)) as work:
        assert operations.authenticate_client(work, presented=new.secret).permissions == {"customers:search"}
        operations.mark_demonstration(work)
        test = operations.create_client(work, name="Try", scopes=["consent:check"])
    with psycopg.connect(fresh_store.admin_url) as connection:
        connection.execute("DELETE FROM demonstration")
    with open_work(fresh_database, OPERATOR, clock=FixedClock(NOW)) as work:
        assert not is_taken(work, test.secret)
        assert is_taken(work, new.secret)
