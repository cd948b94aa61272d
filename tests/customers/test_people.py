"""People are recorded, shown masked, edited by merge patches, and listed within reach."""

from collections.abc import Callable, Mapping
from datetime import date, datetime

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from governance.accounts import operations as accounts
from governance.audit.actions import Action
from governance.customers import operations as customers
from governance.customers.codes import ExtraType, RestrictionReason
from governance.customers.errors import LegalHoldError, RestrictedError
from governance.customers.naming import NAMES, PersonName
from governance.customers.operations import ContactSaid, PersonView
from governance.customers.person_fields import value_of
from governance.customers.tables import PersonRow
from governance.customers.values import FIELDS
from governance.kernel.db import Database
from governance.kernel.errors import ForbiddenError, InvalidError, NotFoundError, PreconditionError
from governance.kernel.ids import StaffId, SubjectId, uuid7
from governance.kernel.work import SYSTEM, Work, open_work
from governance.policies.classification import Compartment
from governance.policies.documents import Titles
from governance.policies.permissions import Permission
from governance.vault.runtime import vault_of
from tests.factories.actors import by, client, staff
from tests.factories.customers import NOW
from tests.factories.statements import counted
from tests.factories.trail import entries

IRINA: Mapping[str, object] = {
    "family_name": "Воробьева",
    "given_name": "Ирина",
    "patronymic": "Маратовна",
    "birth_date": "1982-08-09",
    "sex": "female",
    "city": "Санкт-Петербург",
    "street": "ул. Ленина, д. 91",
    "tags": ["VIP"],
    "country": "RU",
    "ground": "contract",
    "source": "till",
}
CONTACTS = (ContactSaid(kind="email", value="irina@example.ru"), ContactSaid(kind="phone", value="8 (933) 455-20-61"))


def irina(work: Work, **more: object) -> PersonView:
    return customers.create(work, fields={**IRINA, **more}, contacts=CONTACTS)


def test_a_person_is_shown_masked_even_to_whom_everything_is_granted(work: Work):
    made = irina(work)

    seen = customers.read(work, subject=made.id)

    assert (seen.family_name, seen.given_name, seen.birth_date, seen.sex) == ("В•••", "И•••", "••.••.1982", "•••")
    assert [(one.kind, one.value, one.is_primary) for one in seen.contacts] == [
        ("email", "i•••@e•••.ru", True),
        ("phone", "+7 ••• ••61", True),
    ]
    assert (seen.city, seen.tags, seen.version) == ("Санкт-Петербург", ("•••",), 1)
    assert set(seen.masked) >= {"family_name", "birth_date", "tags", "contacts"}
    assert "city" not in seen.masked


def test_nothing_personal_lies_in_the_clear_in_any_column(work: Work):
    irina(work, note="звонить после 18", interests=["сад"])
    lying = ""
    for table in ("person", "contact", "audit_body", "audit_detail"):
        lying += str(work.session.execute(text(f"SELECT to_jsonb(t) FROM {table} t")).all())

    for canary in ("Воробьева", "Ирина", "1982", "female", "Ленина", "irina", "4552061", "VIP", "звонить", "сад"):
        assert canary not in lying
        assert canary.encode().hex() not in lying


@pytest.mark.parametrize(
    ("role", "name", "city", "birth"),
    [("steward", "В•••", "Санкт-Петербург", "••.••.1982"), ("marketer", "В•••", "С•••", None)],
)
def test_how_much_is_shown_is_a_matter_of_the_role(work: Work, role: str, name: str, city: str, birth: str | None):
    made = irina(work)

    seen = customers.read(by(work, staff(role)), subject=made.id)

    assert (seen.family_name, seen.city, seen.birth_date) == (name, city, birth)
    assert ("birth_date" in seen.hidden) == (birth is None)


def test_reading_is_told_and_a_stranger_reads_nothing(work: Work):
    made = irina(work)
    customers.read(work, subject=made.id)

    (entry,) = entries(work, Action.PERSON_READ)
    assert (entry.subject, entry.action_class, entry.facts) == (made.ref, "read", {"contacts": 2})
    with pytest.raises(ForbiddenError):
        customers.read(by(work, client(Permission.PURCHASES_READ)), subject=made.id)


def test_sales_reach_their_own_clients_and_cannot_tell_others_from_nobody(work: Work):
    seller, other = staff("sales"), staff("sales")
    mine = irina(by(work, seller))
    assert mine.responsible == seller.id
    refusals = []
    for subject in (mine.id, SubjectId(uuid7())):
        for act in (customers.read, customers.edit):
            more = {"patch": {"city": "Тверь"}} if act is customers.edit else {}
            with pytest.raises(NotFoundError) as caught:
                act(by(work, other), subject=subject, **more)
            refusals.append(caught.value.detail)
    assert len(set(refusals)) == 1
    assert customers.read(by(work, seller), subject=mine.id).id == mine.id
    assert [one.id for one in customers.list_people(by(work, seller)).items] == [mine.id]
    assert customers.list_people(by(work, other)).items == ()


def test_sales_cannot_record_for_others_nor_give_clients_away(work: Work):
    seller = staff("sales")
    colleague = accounts.create_staff(work, name="Олег", email="oleg@example.org", roles=["sales"])
    with pytest.raises(ForbiddenError):
        irina(by(work, seller), responsible=str(colleague.id))
    mine = irina(by(work, seller))
    with pytest.raises(ForbiddenError):
        customers.edit(by(work, seller), subject=mine.id, patch={"responsible": str(colleague.id)})
    assert customers.edit(work, subject=mine.id, patch={"responsible": str(colleague.id)}).responsible == colleague.id


def test_nobody_is_responsible_who_does_not_exist(work: Work):
    with pytest.raises(InvalidError) as caught:
        irina(work, responsible=str(StaffId(uuid7())))
    assert set(caught.value.errors) == {"responsible"}


def test_a_patch_changes_what_it_names_empties_what_is_null_and_leaves_the_rest(work: Work):
    made = irina(work)

    seen = customers.edit(work, subject=made.id, patch={"city": "Тверь", "tags": None, "birth_date": "1982-08"})

    row = work.session.get_one(PersonRow, made.id)
    assert (row.city, row.tags, row.birth_date, row.family_name) == ("Тверь", None, "1982-08", "Воробьева")
    assert (seen.version, seen.city, seen.birth_date) == (2, "Тверь", "••.••.1982")
    (entry,) = entries(work, Action.PERSON_EDITED)
    assert entry.facts == {"extras": [], "fields": ["birth_date", "city", "tags"], "version": 2}


def test_a_patch_that_changes_nothing_is_no_edit(work: Work):
    made = irina(work)

    assert customers.edit(work, subject=made.id, patch={"city": "Санкт-Петербург", "tags": ["VIP"]}).version == 1
    assert entries(work, Action.PERSON_EDITED) == []


def test_an_edit_of_another_version_is_refused(work: Work):
    made = irina(work)
    customers.edit(work, subject=made.id, patch={"city": "Тверь"}, if_version=1)

    with pytest.raises(PreconditionError):
        customers.edit(work, subject=made.id, patch={"city": "Псков"}, if_version=1)


@pytest.mark.parametrize(
    ("field", "value", "remedy"),
    [
        ("birth_date", "31.02.1980", "YYYY-MM-DD"),
        ("birth_date", "1980-02-31", "no such date"),
        ("birth_date", "2030-01-01", "future"),
        ("birth_date", "1080-01-01", "check the year"),
        ("birth_date", "\u0662\u0660\u0662\u0660-01-01", "YYYY-MM-DD"),
        ("sex", "ж", "male, female"),
        ("country", "XX", "two letters"),
        ("language", "Russian", "ISO 639"),
        ("family_name", "В•••", "masked"),
        ("family_name", "Во\x07робьева", "Control"),
        ("family_name", "Во\u202eробьева", "direction"),
        ("family_name", "В" * 201, "200"),
        ("family_name", 5, "text"),
        ("family_name", "  ", "null"),
        ("tags", "VIP", "list"),
        ("tags", ["VIP", 3], "text"),
        ("kind", None, "cannot be emptied"),
        ("owner_id", "x", "no such field"),
        ("not_mailable", "deceased", "Only decided"),
        ("deceased_on", "2020-01-01", "deceased: true"),
        ("responsible", "Олег", "id of a staff member"),
        ("informed_at", "2027-01-01T00:00:00Z", "future"),
        ("informed_at", "2026-01-01", "offset"),
    ],
)
def test_what_cannot_be_kept_is_refused_by_field_with_a_remedy_and_without_the_value(
    work: Work, field: str, value: object, remedy: str
):
    made = irina(work)
    with pytest.raises(InvalidError) as caught:
        customers.edit(work, subject=made.id, patch={field: value})
    assert set(caught.value.errors) == {field}
    assert remedy in caught.value.errors[field][0]
    if isinstance(value, str) and len(value) > 3:
        assert value not in str(caught.value.errors)


def test_all_that_is_wrong_is_said_at_once(work: Work):
    with pytest.raises(InvalidError) as caught:
        irina(work, sex="x", country="XX")
    assert set(caught.value.errors) == {"sex", "country"}


def test_restricted_people_are_not_edited(work: Work):
    made = irina(work)
    mark = customers.restrict(work, subject=made.id, reason=RestrictionReason.ACCURACY_CONTESTED)

    assert customers.read(work, subject=made.id).restricted
    with pytest.raises(RestrictedError):
        customers.edit(work, subject=made.id, patch={"city": "Тверь"})
    customers.lift_restriction(work, subject=made.id, restriction=mark.id)
    assert customers.edit(work, subject=made.id, patch={"city": "Тверь"}).version == 2


def test_a_hold_keeps_what_is_there_and_lets_in_what_is_new(work: Work):
    made = irina(work)
    customers.place_hold(
        work, subject=made.id, compartments=[Compartment.PROFILE], reason="суд", review_at=NOW.replace(year=2027)
    )

    with pytest.raises(LegalHoldError):
        customers.edit(work, subject=made.id, patch={"city": "Тверь"})
    with pytest.raises(LegalHoldError):
        customers.edit(work, subject=made.id, patch={"city": None})
    assert customers.edit(work, subject=made.id, patch={"profession": "врач"}).held == ("profile",)


def test_the_dead_get_no_messages_and_the_living_again(work: Work):
    made = irina(work)
    seen = customers.edit(work, subject=made.id, patch={"deceased": True, "deceased_on": "2026-03"})
    assert (seen.deceased, seen.not_mailable) == (True, "deceased")
    with pytest.raises(InvalidError):
        customers.edit(work, subject=made.id, patch={"deceased": False})
    seen = customers.edit(work, subject=made.id, patch={"deceased": False, "deceased_on": None})
    assert (seen.deceased, seen.not_mailable) == (False, None)


def test_telling_a_person_stops_the_clock_of_the_duty_to_inform(work: Work):
    made = irina(work, source="bought")
    assert (made.inform_by, made.not_mailable) == (NOW.replace(month=12), "not_from_the_person")

    seen = customers.edit(work, subject=made.id, patch={"informed_at": "2026-11-20T10:00:00Z"})

    assert (seen.inform_by, seen.not_mailable) == (made.inform_by, None)


def test_pages_of_a_listing_hold_everybody_once_in_the_order_of_recording(work: Work):
    made = [irina(work).id for _ in range(5)]
    met: list[SubjectId] = []
    after = None
    while True:
        page = customers.list_people(work, after=after, limit=2)
        met += [one.id for one in page.items]
        after = page.next_after
        if after is None:
            break
    assert met == made
    told = entries(work, Action.PEOPLE_LISTED)
    assert [entry.facts["count"] for entry in told] == [2, 2, 1]


def test_who_was_merged_answers_by_the_survivor_and_is_not_listed(work: Work):
    survivor, merged = irina(work), irina(work)
    row = work.session.get_one(PersonRow, merged.id)
    row.merged_into = survivor.id
    work.session.flush()

    assert customers.read(work, subject=merged.id).id == survivor.id
    assert customers.edit(work, subject=merged.id, patch={"city": "Тверь"}).id == survivor.id
    assert [one.id for one in customers.list_people(work).items] == [survivor.id]


def test_several_are_read_as_one_is_and_told_one_by_one(work: Work):
    survivor, merged, other = irina(work), irina(work), irina(work, city="Тверь")
    work.session.get_one(PersonRow, merged.id).merged_into = survivor.id
    work.session.flush()
    wanted = [survivor.id, merged.id, other.id, SubjectId(uuid7())]
    one_by_one = {one: customers.read(work, subject=one) for one in wanted[:3]}
    before = len(entries(work, Action.PERSON_READ))

    assert customers.read_several(work, subjects=wanted) == one_by_one
    told = entries(work, Action.PERSON_READ)[before:]
    assert {entry.subject for entry in told} == {survivor.ref, other.ref}
    sales = by(work, staff("sales"))
    assert customers.read_several(sales, subjects=wanted) == {}
    with pytest.raises(ForbiddenError):
        customers.read_several(by(work, client(Permission.CONSENT_CHECK)), subjects=wanted)


def test_lists_of_names_show_names_alone_and_tell_who_was_read(work: Work):
    survivor, merged, other = irina(work), irina(work, family_name="Чайка"), irina(work, family_name="Стриж")
    work.session.get_one(PersonRow, merged.id).merged_into = survivor.id
    work.session.flush()
    wanted = [survivor.id, merged.id, other.id, SubjectId(uuid7())]
    before = len(entries(work, Action.PERSON_READ))

    found = customers.names(work, subjects=wanted)

    shown = {one: customers.read(work, subject=one) for one in wanted[:3]}
    assert found == {one: PersonName(*(getattr(seen, name) for name in NAMES)) for one, seen in shown.items()}
    assert found[merged.id] == found[survivor.id] != found[other.id]
    told = entries(work, Action.PERSON_READ)[before : before + 2]
    assert {(entry.subject, entry.facts["part"]) for entry in told} == {(survivor.ref, "names"), (other.ref, "names")}
    assert customers.names(by(work, staff("sales")), subjects=wanted) == {}
    with pytest.raises(ForbiddenError):
        customers.names(by(work, client(Permission.CONSENT_CHECK)), subjects=wanted)


def test_reading_takes_the_same_statements_however_much_there_is(fresh_database: Database):
    with open_work(fresh_database, SYSTEM) as work:
        customers.define(
            work, key="shoe_size", labels=Titles("Shoe", "Обувь", "Взуття"), type=ExtraType.NUMBER, category="user"
        )
        for place in range(12):
            contacts = [ContactSaid(kind="email", value=f"a{place}.{more}@example.org") for more in range(place)]
            shared = ContactSaid(kind="phone", value="+79334552061")
            customers.create(work, fields=IRINA, contacts=[*contacts, shared], extra={"shoe_size": 38 + place})
    vault_of(work.session).cache.clear()

    def statements(act: Callable[[Work], object]) -> int:
        vault_of(work.session).cache.clear()
        with open_work(fresh_database, SYSTEM) as reading:
            vault_of(reading.session).refresh(reading.session)  # as it does every few seconds, here or there
            with counted(reading) as met:
                act(reading)
        return len(met)

    with open_work(fresh_database, SYSTEM) as work:
        people = [one.id for one in customers.list_people(work).items]
    assert statements(lambda work: customers.read(work, subject=people[0])) == statements(
        lambda work: customers.read(work, subject=people[-1])
    )
    few = statements(lambda work: customers.list_people(work, limit=2))
    assert statements(lambda work: customers.list_people(work, limit=12)) == few < 12
    assert statements(lambda work: customers.search(work, by="phone", value="+79334552061")) == statements(
        lambda work: customers.search(work, by="email", value="a11.0@example.org")
    )


words = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1, max_size=20
).filter(lambda text: text.strip() and "•••" not in text)
VALUES: Mapping[str, st.SearchStrategy[object]] = {
    "family_name": words,
    "city": words,
    "note": words,
    "sex": st.sampled_from(["male", "female"]),
    "birth_date": st.sampled_from(["1982-08-09", "1982-08", "1982"]),
    "tags": st.lists(words, max_size=3, unique=True),
    "country": st.sampled_from(["RU", "UA", "DE"]),
    "source": st.sampled_from(["till", "bought"]),
    "ground": st.sampled_from(["contract", "consent"]),
    "not_mailable": st.just("decided"),
    "informed_at": st.just("2026-11-20T10:00:00Z"),
    "customer_since": st.just("2020-02-29"),
}


@pytest.fixture
def made(work: Work) -> PersonView:
    return irina(work)


patches = st.fixed_dictionaries({}, optional={name: st.none() | value for name, value in VALUES.items()})


@settings(
    max_examples=max(1, settings.default.max_examples // 2),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    phases=(Phase.explicit, Phase.generate),
)
@given(first=patches, second=patches)
def test_a_patch_and_then_its_inverse_changes_nothing(
    work: Work, made: PersonView, first: dict[str, object], second: dict[str, object]
):
    with work.session.begin_nested() as savepoint:
        customers.edit(work, subject=made.id, patch=first)
        before = clear(work, made.id)

        customers.edit(work, subject=made.id, patch=second)
        customers.edit(work, subject=made.id, patch={name: before[name] for name in second})

        assert clear(work, made.id) == before
        savepoint.rollback()


def clear(work: Work, subject: SubjectId) -> dict[str, object]:
    """All fields of a person as a document has them, and what follows from them."""
    work.session.expire_all()
    row = work.session.get_one(PersonRow, subject)
    return {
        **{name: plain(value_of(row, name)) for name in FIELDS},
        "derived": (row.inform_by, row.not_mailable),
    }


def plain(value: object) -> object:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value
