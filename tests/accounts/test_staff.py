"""Staff: roles, and what is seen of a colleague."""

from threading import Barrier, Thread
from uuid import uuid4

import pytest
from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError

from governance.accounts import operations
from governance.accounts.errors import AccountTakenError, DisabledError, NoSuchStaffError, UnknownRoleError
from governance.audit.actions import Action
from governance.kernel.clock import FixedClock
from governance.kernel.errors import InvalidError
from governance.kernel.ids import StaffId
from governance.kernel.work import OPERATOR, ActorKind, Work, open_work
from governance.policies import shipped
from governance.policies.access import Row, allows
from tests.conftest import NOW
from tests.factories.statements import counted
from tests.factories.trail import entries

ANNA = {"name": "Анна Ковальова", "email": "Anna@Romashka.example.org"}


def seen_by(work: Work, *roles: str) -> Work:
    """The same transaction in the hands of a staff member with *roles*."""
    staff = operations.create_staff(work, name="Somebody", email=f"{uuid4().hex}@example.org", roles=roles)
    actor = operations.staff_actor(work, staff=staff.id)
    return Work(session=work.session, actor=actor, now=work.now)


def test_a_staff_member_is_added_with_roles_and_told_of_without_name(work):
    anna = operations.create_staff(work, **ANNA, roles=["steward", "support", "steward"])
    assert (anna.name, anna.email) == ("Анна Ковальова", "Anna@romashka.example.org")
    assert (anna.roles, anna.active, anna.created_at) == (("steward", "support"), True, NOW)
    [entry] = entries(work, Action.STAFF_CREATED)
    assert entry.object is not None
    assert entry.object.id == anna.id
    assert entry.facts == {"roles": ["steward", "support"]}


def test_name_and_address_are_sealed_at_rest(work):
    operations.create_staff(work, **ANNA)
    stored = dict(work.session.execute(text("SELECT * FROM staff")).mappings().one())
    for value in ("Анна", "anna", "Anna"):
        assert value not in str(stored)
        assert all(value.encode() not in bytes(one) for one in stored.values() if isinstance(one, bytes | memoryview))


def test_one_address_has_one_account_however_it_is_written(work):
    operations.create_staff(work, **ANNA)
    with pytest.raises(AccountTakenError):
        operations.create_staff(work, name="Other", email="aNNa@romashka.EXAMPLE.org")
    assert len(operations.list_staff(work)) == 1


def test_two_who_add_the_same_address_at_once_add_one_account(fresh_database):
    ready, outcomes = Barrier(2), []

    def add() -> None:
        ready.wait()
        try:
            with open_work(fresh_database, OPERATOR, clock=FixedClock(NOW)) as work:
                operations.create_staff(work, **ANNA)
            outcomes.append("added")
        except AccountTakenError:
            outcomes.append("taken")

    threads = [Thread(target=add) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["added", "taken"]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"name": "a\nb\x07"}, "name"),
        ({"email": "anna"}, "email"),
    ],
)
def test_what_cannot_be_kept_is_refused_by_field(work, wrong, field):
    with pytest.raises(InvalidError) as caught:
        operations.create_staff(work, **{**ANNA, **wrong})
    assert list(caught.value.errors) == [field]


@pytest.mark.parametrize("role", ["emperor", "system", ""])
def test_a_role_that_is_none_for_staff_is_refused(work, role):
    with pytest.raises(UnknownRoleError, match="known are admin, auditor"):
        operations.create_staff(work, **ANNA, roles=[role])
    anna = operations.create_staff(work, **ANNA)
    with pytest.raises(UnknownRoleError):
        operations.grant_role(work, staff=anna.id, role=role)


def test_a_role_is_granted_and_withdrawn_once_each_and_both_are_told(work):
    anna = operations.create_staff(work, **ANNA)
    for _ in range(2):
        assert operations.grant_role(work, staff=anna.id, role="officer").roles == ("officer",)
    for _ in range(2):
        assert operations.withdraw_role(work, staff=anna.id, role="officer").roles == ()
    assert [entry.facts for entry in entries(work, Action.ROLE_GRANTED)] == [{"role": "officer"}]
    assert [entry.facts for entry in entries(work, Action.ROLE_WITHDRAWN)] == [{"role": "officer"}]


def test_the_actor_of_a_staff_member_may_what_the_roles_say_now(work):
    anna = operations.create_staff(work, **ANNA, roles=["sales"])
    actor = operations.staff_actor(work, staff=anna.id)
    assert (actor.kind, actor.id, actor.roles) == (ActorKind.STAFF, anna.id, ("sales",))
    assert allows(actor, "customers:reveal", row=Row(anna.id)).allowed
    assert not allows(actor, "customers:reveal", row=Row(uuid4())).allowed
    operations.grant_role(work, staff=anna.id, role="marketer")
    assert not allows(operations.staff_actor(work, staff=anna.id), "customers:reveal", row=Row(anna.id)).allowed


def test_a_disabled_account_acts_no_more_and_keeps_its_roles_on_record(work):
    anna = operations.create_staff(work, **ANNA, roles=["officer"])
    for _ in range(2):
        told = operations.disable_staff(work, staff=anna.id)
        assert (told.active, told.roles) == (False, ("officer",))
    with pytest.raises(DisabledError):
        operations.staff_actor(work, staff=anna.id)
    with pytest.raises(DisabledError):
        operations.grant_role(work, staff=anna.id, role="auditor")
    assert len(entries(work, Action.STAFF_DISABLED)) == 1


def test_nobody_is_told_apart_from_somebody_by_a_crash(work):
    nobody = StaffId(uuid4())
    for ask in (
        lambda: operations.staff_actor(work, staff=nobody),
        lambda: operations.grant_role(work, staff=nobody, role="officer"),
        lambda: operations.withdraw_role(work, staff=nobody, role="officer"),
        lambda: operations.disable_staff(work, staff=nobody),
    ):
        with pytest.raises(NoSuchStaffError):
            ask()


@pytest.mark.parametrize(
    ("role", "name"), [("admin", "Анна Ковальова"), ("officer", "Анна Ковальова"), ("auditor", None), ("sales", None)]
)
def test_a_colleague_is_seen_as_far_as_the_actor_may(work, role, name):
    anna = operations.create_staff(work, **ANNA)
    seen = seen_by(work, role)
    told = {member.id: member for member in operations.list_staff(seen)}
    assert told[anna.id].name == name
    assert operations.staff_names(seen) == {who: member.name for who, member in told.items()}


def test_names_of_all_are_told_by_one_statement(work):
    operations.create_staff(work, **ANNA, roles=["sales"])
    work.session.expunge_all()
    with counted(work) as sent:
        operations.staff_names(work)
    assert len([one for one in sent if "staff" in one]) == 1


def test_the_service_cannot_delete_an_account(work):
    operations.create_staff(work, **ANNA)
    for statement in (
        "DELETE FROM staff",
        "UPDATE staff SET created_at = now()",
        "UPDATE staff_role SET role = 'admin'",
    ):
        with pytest.raises(DBAPIError, match="permission denied"), work.session.begin_nested():
            work.session.execute(text(statement))


@pytest.mark.parametrize("table", ["staff", "staff_role", "api_client", "api_client_key"])
def test_every_column_of_the_room_stands_in_the_catalogue(work, table):
    told = set(shipped.catalogue().tables[table].columns())
    assert told == {column["name"] for column in inspect(work.session.connection()).get_columns(table)}
