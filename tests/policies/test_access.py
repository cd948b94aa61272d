"""Who may do what: the algebra of roles, and the roles that are shipped."""

from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.policies import shipped
from governance.policies.access import Decision, Reason, Row, allows, explain
from governance.policies.classification import Compartment, Field, Sensitivity, Visibility
from governance.policies.documents import Titles
from governance.policies.masking import Mask
from governance.policies.permissions import FieldUse, Permission
from governance.policies.roles import (
    FieldCap,
    FieldGrant,
    FieldScope,
    Grant,
    Role,
    RoleBook,
    RowScope,
    parse_grant,
)

TITLES = Titles("x", "x", "x")


@dataclass(frozen=True)
class Somebody:
    permissions: frozenset[str]
    roles: tuple[str, ...] = ()
    id: UUID | None = None


def holder_of(*roles: str, book: RoleBook | None = None, me: UUID | None = None) -> Somebody:
    return Somebody((book or shipped.roles()).grants_of(roles), roles, me or uuid4())


def field_of(category: str, sensitivity: Sensitivity, visibility: Visibility = Visibility.MASKED) -> Field:
    return Field("person", "x", TITLES, category, sensitivity, Compartment.PROFILE, Mask.FULL, visibility)


EMAIL = shipped.catalogue().field("contact.value").variant("email")
STREET = shipped.catalogue().field("person.street")
NAME = shipped.catalogue().field("person.family_name")
CITY = shipped.catalogue().field("person.city")
HEALTH = field_of("user.health_and_medical", Sensitivity.SPECIAL)

# --- the algebra

CATEGORIES = ["user", "user.contact", "user.contact.email", "user.name"]
scopes = st.builds(
    FieldScope, st.sampled_from(CATEGORIES), st.frozensets(st.sampled_from(list(Sensitivity)), min_size=1)
)
visibilities = st.sampled_from(list(Visibility))
field_grants = st.builds(
    FieldGrant,
    rule=st.just("r"),
    scope=scopes,
    purposes=st.none() | st.frozensets(st.sampled_from(["billing", "newsletter"])),
    read=visibilities,
    reveal=visibilities,
    write=st.booleans(),
)
caps = st.builds(FieldCap, rule=st.just("c"), scope=scopes, at_most=visibilities)
patterns = st.sampled_from(["customers:read", "customers:reveal", "customers:edit", "customers:*", "audit:read"])
allowing = st.builds(Grant, patterns, rows=st.sampled_from([RowScope.ALL, RowScope.OWN]))
denying = st.builds(Grant, patterns, deny=st.just(True))
plain_roles = st.builds(
    Role,
    name=st.just("?"),
    titles=st.just(TITLES),
    grants=st.lists(allowing, max_size=3).map(tuple),
    fields=st.lists(field_grants, max_size=3).map(tuple),
)
roles = st.builds(
    Role,
    name=st.just("?"),
    titles=st.just(TITLES),
    grants=st.lists(allowing | denying, max_size=3).map(tuple),
    fields=st.lists(field_grants, max_size=3).map(tuple),
    caps=st.lists(caps, max_size=2).map(tuple),
    scopes=st.booleans(),
)
fields = st.builds(
    field_of,
    st.sampled_from([*CATEGORIES, "user.contactless", "system"]),
    st.sampled_from(list(Sensitivity)),
    visibilities,
)
ME = uuid4()
rows = st.sampled_from([None, Row(None), Row(ME), Row(uuid4())])
questions = st.fixed_dictionaries(
    {
        "permission": st.sampled_from(["customers:read", "customers:reveal", "customers:edit", "audit:read"]),
        "field": st.none() | fields,
        "row": rows,
        "purpose": st.sampled_from([None, "billing"]),
    }
)
SCOPE_RANK = {RowScope.NONE: 0, RowScope.OWN: 1, RowScope.ALL: 2}


def no_wider(narrow: Decision, wide: Decision) -> bool:
    return (
        narrow.allowed <= wide.allowed
        and narrow.visibility.rank <= wide.visibility.rank
        and SCOPE_RANK[narrow.rows] <= SCOPE_RANK[wide.rows]
    )


def answer(held: list[Role], question: dict[str, object], scopes: frozenset[str] = frozenset()) -> Decision:
    named = {str(place): role for place, role in enumerate(held)}
    book = RoleBook(named)
    actor = Somebody(book.grants_of(named) | scopes, tuple(named), ME)
    return allows(actor, book=book, **question)  # type: ignore[arg-type]


@given(st.lists(roles, max_size=3), denying, questions)
def test_a_further_denial_never_widens(held, denial, question):
    denier = Role("?", TITLES, (denial,))
    assert no_wider(answer([*held, denier], question), answer(held, question))


@given(st.lists(roles, max_size=3), caps, questions)
def test_a_further_never_rule_never_widens(held, cap, question):
    assert no_wider(answer([*held, Role("?", TITLES, (), caps=(cap,))], question), answer(held, question))


@given(st.lists(roles, max_size=3), plain_roles, questions)
def test_a_further_role_without_denials_never_narrows(held, further, question):
    assert no_wider(answer(held, question), answer([*held, further], question))


@given(st.frozensets(allowing.map(str), max_size=3), plain_roles, questions)
def test_a_role_without_denials_never_narrows_what_scopes_gave(scopes, further, question):
    speaker = Role(
        "?", TITLES, (), (FieldGrant("s", FieldScope("user", frozenset(Sensitivity)), None, *ALL_CLEAR),), scopes=True
    )
    assert no_wider(answer([speaker], question, scopes), answer([speaker, further], question, scopes))


ALL_CLEAR = (Visibility.CLEAR, Visibility.CLEAR, True)


@given(st.lists(roles, max_size=4), questions, st.randoms())
def test_the_order_of_roles_does_not_matter(held, question, random):
    shuffled = random.sample(held, len(held))
    one, other = answer(held, question), answer(shuffled, question)
    assert (one.allowed, one.visibility, one.rows, one.reason) == (
        other.allowed,
        other.visibility,
        other.rows,
        other.reason,
    )


@given(st.lists(roles, max_size=3), questions)
def test_a_refusal_shows_nothing_and_reaches_no_row(held, question):
    decision = answer(held, question)
    if not decision.allowed:
        assert decision.visibility is Visibility.HIDDEN
        assert decision.rows is RowScope.NONE


@given(st.lists(roles, max_size=3), questions)
def test_reading_never_shows_more_than_the_catalogue(held, question):
    if question["field"] is not None and question["permission"] != "customers:reveal":
        assert answer(held, question).visibility.rank <= question["field"].visibility.rank


@given(st.lists(roles, max_size=3), questions)
def test_somebody_elses_client_is_never_reached_by_a_right_to_own_clients_only(held, question):
    decision = answer(held, {**question, "row": Row(uuid4())})
    assert decision.rows is not RowScope.OWN


@given(st.lists(roles, max_size=3), st.text(), st.none() | fields)
def test_an_unknown_permission_is_refused(held, word, field):
    if word not in set(Permission):
        decision = answer([*held, Role("?", TITLES, (Grant("customers:*"),))], {"permission": word, "field": field})
        assert not decision.allowed
        assert decision.reason is Reason.UNKNOWN_PERMISSION


# --- single rules


@pytest.mark.parametrize("permission", ["customers:*", "*", "customers:fly", "", "customers", "CUSTOMERS:READ"])
def test_a_wildcard_grants_only_acts_that_exist(permission):
    assert not allows(Somebody(frozenset({"*"})), permission).allowed


def test_an_unknown_role_grants_nothing():
    actor = holder_of("emperor")
    assert actor.permissions == frozenset()
    assert allows(actor, "customers:read").reason is Reason.NOT_GRANTED


def test_a_role_that_an_actor_is_named_for_but_whose_grants_it_does_not_carry_gives_nothing():
    assert not allows(Somebody(frozenset(), ("officer",)), "customers:read").allowed


def test_a_role_that_an_actor_is_named_for_denies_though_its_denial_is_not_carried():
    book = RoleBook({"barred": Role("barred", TITLES, (Grant("customers:read", deny=True),))})
    actor = Somebody(frozenset({"customers:read"}), ("barred",))
    assert allows(actor, "customers:read", book=book).reason is Reason.DENIED


def test_a_denial_in_the_scopes_of_a_client_wins():
    actor = Somebody(frozenset({"customers:*", "!customers:reveal"}), ("system",))
    assert allows(actor, "customers:read", field=NAME).allowed
    assert allows(actor, "customers:reveal", field=NAME).reason is Reason.DENIED


def test_a_field_rule_of_one_role_says_nothing_of_the_permissions_of_another():
    # admin sees names of staff in the clear; that must not open customers to one who is a marketer as well.
    both = holder_of("admin", "marketer")
    clear_name = field_of("user.name", Sensitivity.BASIC, Visibility.CLEAR)
    assert allows(both, "accounts:read", field=clear_name).visibility is Visibility.CLEAR
    assert allows(both, "customers:read", field=clear_name).visibility is Visibility.MASKED


def test_what_one_role_shows_of_own_clients_another_does_not_show_of_all():
    shows = {
        read: FieldGrant("r", FieldScope("user", frozenset(Sensitivity)), None, read, read, False)
        for read in Visibility
    }
    own = Role("own", TITLES, (Grant("customers:read", rows=RowScope.OWN),), (shows[Visibility.CLEAR],))
    every = Role("every", TITLES, (Grant("customers:read"),), (shows[Visibility.MASKED],))
    book, name = RoleBook({"own": own, "every": every}), field_of("user.name", Sensitivity.BASIC, Visibility.CLEAR)
    both = holder_of("own", "every", book=book, me=ME)
    assert allows(both, "customers:read", field=name, row=Row(ME), book=book).visibility is Visibility.CLEAR
    assert allows(both, "customers:read", field=name, row=Row(uuid4()), book=book).visibility is Visibility.MASKED


def test_a_purpose_rule_speaks_for_its_purpose_only():
    rule = FieldGrant("r", FieldScope("user", frozenset(Sensitivity)), frozenset({"billing"}), *ALL_CLEAR)
    book = RoleBook({"till": Role("till", TITLES, (Grant("customers:reveal"),), (rule,))})
    actor = holder_of("till", book=book)
    assert allows(actor, "customers:reveal", field=STREET, purpose="billing", book=book).allowed
    assert not allows(actor, "customers:reveal", field=STREET, purpose="newsletter", book=book).allowed
    assert not allows(actor, "customers:reveal", field=STREET, book=book).allowed


def test_a_category_covers_what_is_below_it_and_not_what_merely_begins_alike():
    scope = FieldScope("user.contact", frozenset(Sensitivity))
    assert scope.covers("user.contact.email", Sensitivity.BASIC)
    assert not scope.covers("user.contactless", Sensitivity.BASIC)
    assert not scope.covers("user", Sensitivity.BASIC)


def test_an_act_that_touches_no_field_is_refused_for_a_field():
    assert allows(holder_of("officer"), "customers:hold").allowed
    assert allows(holder_of("officer"), "customers:hold", field=NAME).reason is Reason.FIELD_HIDDEN


def test_the_explanation_names_every_rule_that_spoke():
    told = explain(holder_of("marketer", "sales"), "customers:reveal", field=EMAIL)
    assert told.decision.reason is Reason.DENIED
    assert told.decision.rule == "marketer/deny/!customers:reveal"
    told = explain(holder_of("marketer"), "customers:read", field=EMAIL)
    assert [(hit.rule, hit.effect) for hit in told.rules] == [
        ("marketer/allow/customers:read", "allow"),
        ("marketer/never/1", "at most masked"),
        ("marketer/fields/1", "masked"),
        ("catalogue", "at most masked"),
    ]


@pytest.mark.parametrize(
    "text", ["", "customers", "customers:", "!", "!customers:read@own", "a:b:c", "customers:re*", "*:read"]
)
def test_what_is_no_grant_grants_nothing(text):
    assert parse_grant(text) is None
    assert not allows(Somebody(frozenset({text})), "customers:read").allowed


@given(allowing | denying)
def test_a_grant_written_out_reads_back_the_same(grant):
    assert parse_grant(str(grant)) == grant


# --- the roles shipped


def test_the_roles_shipped_are_those_of_the_plan():
    assert set(shipped.roles().roles) == {
        "officer", "auditor", "bookkeeper", "steward", "sales", "support", "marketer", "admin", "system", "customer",
    }  # fmt: skip


def test_every_category_that_a_role_names_is_known():
    for role in shipped.roles().roles.values():
        for rule in (*role.fields, *role.caps):
            assert rule.scope.category in shipped.categories(), rule.rule


def test_every_permission_is_reached_by_some_role():
    reached = {
        permission
        for role in shipped.roles().roles
        for permission in Permission
        if allows(holder_of(role), permission).allowed
    }
    of_customers = {one for one in Permission if one.startswith("portal:")}
    assert set(Permission) - reached == of_customers


@pytest.mark.parametrize("role", ["auditor", "admin"])
@pytest.mark.parametrize(
    "permission", [known for known in Permission if known.startswith(("customers:", "contacts:", "purchases:"))]
)
def test_auditor_and_administrator_reach_no_personal_data(role, permission):
    assert not allows(holder_of(role), permission).allowed


def test_an_auditor_sees_no_personal_value_under_any_permission():
    auditor = holder_of("auditor")
    for permission in Permission:
        for field in shipped.catalogue().fields():
            assert allows(auditor, permission, field=field).visibility is Visibility.HIDDEN


def test_a_marketer_never_sees_a_contact_in_the_clear_even_as_an_officer():
    contacts = [EMAIL, STREET, CITY]
    for permission in Permission:
        for field in contacts:
            shown = allows(holder_of("marketer", "officer"), permission, field=field).visibility
            assert shown is not Visibility.CLEAR


def test_sales_reach_their_own_clients_only():
    me = uuid4()
    seller = holder_of("sales", me=me)
    assert allows(seller, "customers:reveal", field=EMAIL, row=Row(me)).visibility is Visibility.CLEAR
    assert allows(seller, "customers:reveal", field=EMAIL, row=Row(uuid4())).reason is Reason.NOT_OWN_ROW
    assert allows(seller, "customers:read", row=Row(None)).reason is Reason.NOT_OWN_ROW
    assert allows(seller, "customers:list").rows is RowScope.OWN


def test_an_actor_without_an_id_owns_no_row():
    actor = Somebody(frozenset({"customers:read@own"}), ("sales",), None)
    assert not allows(actor, "customers:read", row=Row(None)).allowed


def test_reading_is_masked_and_a_reveal_is_clear():
    steward = holder_of("steward")
    assert allows(steward, "customers:read", field=EMAIL).visibility is Visibility.MASKED
    assert allows(steward, "customers:reveal", field=EMAIL).visibility is Visibility.CLEAR
    assert allows(steward, "customers:read", field=CITY).visibility is Visibility.CLEAR


def test_a_steward_writes_special_fields_but_is_not_shown_them():
    steward = holder_of("steward")
    assert allows(steward, "customers:edit", field=HEALTH).allowed
    assert not allows(steward, "customers:read", field=HEALTH).allowed
    assert not allows(steward, "customers:reveal", field=HEALTH).allowed
    assert allows(holder_of("officer"), "customers:reveal", field=HEALTH).visibility is Visibility.CLEAR


def test_a_field_is_written_only_where_a_rule_says_so_and_none_hides_it_for_good():
    everything = FieldScope("user", frozenset(Sensitivity))
    for writes, caps, expected in (
        (True, (), Reason.GRANTED),
        (False, (), Reason.FIELD_HIDDEN),
        (True, (FieldCap("c", everything, Visibility.MASKED),), Reason.GRANTED),
        (True, (FieldCap("c", everything, Visibility.HIDDEN),), Reason.FIELD_HIDDEN),
    ):
        rule = FieldGrant("r", everything, None, Visibility.CLEAR, Visibility.CLEAR, writes)
        book = RoleBook({"clerk": Role("clerk", TITLES, (Grant("customers:edit"),), (rule,), caps)})
        assert allows(holder_of("clerk", book=book), "customers:edit", field=STREET, book=book).reason is expected


def test_nothing_is_revealed_in_part():
    everything = FieldScope("user", frozenset(Sensitivity))
    rule = FieldGrant("r", everything, None, *ALL_CLEAR)
    clerk = Role(
        "clerk", TITLES, (Grant("customers:reveal"),), (rule,), (FieldCap("c", everything, Visibility.MASKED),)
    )
    book = RoleBook({"clerk": clerk})
    refused = allows(holder_of("clerk", book=book), "customers:reveal", field=STREET, book=book)
    assert refused.reason is Reason.FIELD_HIDDEN


def test_who_may_do_it_to_all_by_one_role_is_not_kept_to_own_clients_by_another():
    grants = {"own": Grant("customers:read", rows=RowScope.OWN), "every": Grant("customers:read")}
    book = RoleBook({name: Role(name, TITLES, (grant,)) for name, grant in grants.items()})
    for names in (("own", "every"), ("every", "own")):
        assert allows(holder_of(*names, book=book), "customers:read", book=book).rows is RowScope.ALL


def test_support_reveals_contacts_but_not_delicate_fields():
    support = holder_of("support")
    assert allows(support, "customers:reveal", field=EMAIL).allowed
    assert not allows(support, "customers:reveal", field=STREET).allowed


def test_an_api_client_does_what_its_scopes_say_and_no_more():
    client = Somebody(frozenset({"customers:read"}), ("system",), uuid4())
    assert allows(client, "customers:read", field=EMAIL).visibility is Visibility.MASKED
    assert not allows(client, "customers:reveal", field=EMAIL).allowed
    assert not allows(Somebody(frozenset({"customers:read"}), (), uuid4()), "customers:read", field=EMAIL).allowed


def test_of_two_roles_that_speak_for_scopes_both_do_in_either_order():
    rule = FieldGrant("r", FieldScope("user", frozenset(Sensitivity)), None, *ALL_CLEAR)
    mute, open_ = Role("mute", TITLES, (), scopes=True), Role("open", TITLES, (), (rule,), scopes=True)
    book = RoleBook({"mute": mute, "open": open_})
    for names in (("mute", "open"), ("open", "mute")):
        client = Somebody(frozenset({"customers:reveal"}), names)
        assert allows(client, "customers:reveal", field=STREET, book=book).allowed


def test_the_system_itself_may_do_everything_that_exists():
    for permission in Permission:
        assert allows(Somebody(frozenset({"*"})), permission).allowed
    assert allows(Somebody(frozenset({"*"})), "customers:reveal", field=HEALTH).visibility is Visibility.CLEAR
    assert allows(Somebody(frozenset({"*"})), "customers:read", field=EMAIL).visibility is Visibility.MASKED


def test_a_permission_that_opens_values_in_bulk_or_governs_access_is_no_scope():
    facts = shipped.permissions()
    for permission in Permission:
        if permission.startswith(("accounts:", "clients:", "custody:")):
            assert not facts[permission].systems
    assert facts[Permission.CUSTOMERS_REVEAL].use is FieldUse.REVEAL
