"""Files of many rows: kept, found again, added to, and taken back as if they had never come."""

from datetime import date

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from governance.audit.actions import Action
from governance.customers.bulk import create_people, find_by_contacts
from governance.customers.bulk_events import record_interactions, record_purchases
from governance.customers.codes import ContactKind, NotMailable, Source
from governance.customers.enriching import enrich_people
from governance.customers.records import InteractionOf, NewContact, NewPerson, Origin, PurchaseOf
from governance.customers.tables import ContactRow, EnrichmentRow, HoldRow, PersonRow, PurchaseRow, RestrictionRow
from governance.customers.undo import UndonePart, undo_part
from governance.kernel.errors import InvalidError, NotFoundError
from governance.kernel.ids import SubjectId, uuid7
from governance.kernel.work import Work
from governance.vault.errors import ShreddedError
from governance.vault.runtime import vault_of
from tests.factories.customers import NOW, email, interaction, origin, person, phone, purchase
from tests.factories.statements import counted
from tests.factories.trail import entries

TABLES = ("person", "contact", "purchase", "interaction", "extra_value", "person_enrichment")


def contents(work: Work) -> list[object]:
    """Every row of the store as it lies there; versions and instants of change apart, which only grow."""
    work.session.flush()
    query = "SELECT '{0}', to_jsonb(t) - 'version' - 'updated_at' FROM {0} t ORDER BY id"
    return [tuple(row) for table in TABLES for row in work.session.execute(text(query.format(table)))]


def opened(work: Work) -> set[object]:
    """What the store says of people and contacts once it is opened, whatever the ids."""
    work.session.expire_all()
    names = sorted(PersonRow.sealed_fields)
    people = {
        (row.id, *(str(getattr(row, name)) for name in names), row.language, row.country)
        for row in work.session.scalars(select(PersonRow))
    }
    return people | {(row.person_id, row.kind, row.value) for row in work.session.scalars(select(ContactRow))}


def undo(work: Work, said: Origin, *, limit: int = 2) -> UndonePart:
    total = UndonePart()
    while not total.done:
        part = undo_part(work, batch=said.batch, limit=limit)
        total.people += part.people
        total.purchases += part.purchases
        total.interactions += part.interactions
        total.restored += part.restored
        total.kept += part.kept
        total.done = part.done
    return total


def asked(*contacts: NewContact) -> list[tuple[ContactKind, str]]:
    return [(contact.kind, contact.value) for contact in contacts]


def test_people_are_kept_sealed_and_found_by_any_of_their_contacts(work: Work):
    ids = create_people(work, [person(), person(given_name="Олег", contacts=(phone("+79000000001"),))], origin=origin())

    first, second, nobody = find_by_contacts(
        work, asked(email("Irina.Vorobeva@EXAMPLE.org "), phone("+79000000001"), email("nobody@example.org"))
    )
    assert [one.id for one in first] == [ids[0]]
    assert [(one.id, one.given_name, one.family_name) for one in second] == [(ids[1], "Олег", "Воробьева")]
    assert nobody == ()
    assert work.session.get_one(PersonRow, ids[0]).city == "Санкт-Петербург"
    assert "Воробьева" not in str(contents(work))
    assert "irina" not in str(contents(work))


def test_a_contact_of_several_people_gives_all_of_them_the_one_known_longest_first(work: Work):
    older = create_people(work, [person()], origin=origin())
    newer = create_people(
        Work(work.session, work.actor, NOW.replace(year=2027)), [person(given_name="Олег")], origin=origin()
    )

    (found,) = find_by_contacts(work, asked(phone()))

    assert [one.id for one in found] == older + newer


def test_a_contact_that_stands_twice_on_one_person_is_kept_once_and_the_first_of_a_kind_is_primary(work: Work):
    contacts = (email("A@example.org"), email("a@Example.org"), email("b@example.org"), phone())
    (who,) = create_people(work, [person(contacts=contacts)], origin=origin())

    rows = work.session.scalars(select(ContactRow).where(ContactRow.person_id == who).order_by(ContactRow.id)).all()

    assert [(row.value, row.is_primary) for row in rows] == [
        ("A@example.org", True),
        ("b@example.org", False),
        ("+79334552061", True),
    ]


def test_everyone_has_an_entry_of_their_own_that_names_nobody(work: Work):
    said = origin()
    ids = create_people(work, [person(), person()], origin=said)

    told = entries(work, Action.PERSON_CREATED)

    refs = set(work.session.scalars(select(PersonRow.subject_ref).where(PersonRow.id.in_(ids))))
    assert {entry.subject for entry in told} == refs
    assert told[0].facts == {"batch": str(said.batch), "contacts": 2, "ground": "contract", "source": "till"}
    assert told[0].personal == {}


@pytest.mark.parametrize(
    ("source", "due", "obstacle"),
    [
        (Source.TILL, None, None),
        (Source.BOUGHT, NOW.replace(month=12), NotMailable.NOT_FROM_THE_PERSON),
        (Source.PUBLIC, NOW.replace(month=12), NotMailable.NOT_FROM_THE_PERSON),
    ],
)
def test_data_not_got_from_the_person_start_the_clock_and_are_not_mailable(
    work: Work, source: Source, due: object, obstacle: object
):
    (who,) = create_people(work, [person()], origin=origin(source))

    row = work.session.get_one(PersonRow, who)

    assert (row.inform_by, row.not_mailable, row.source) == (due, obstacle, source)


def test_the_source_of_a_row_goes_before_that_of_the_file(work: Work):
    (who,) = create_people(work, [person(source=Source.FAIR)], origin=origin(Source.BOUGHT))

    row = work.session.get_one(PersonRow, who)

    assert (row.source, row.inform_by, row.not_mailable) == ("fair", None, None)


def test_an_unknown_extra_field_is_refused_by_its_key(work: Work):
    with pytest.raises(InvalidError) as caught:
        create_people(work, [person(extras={"shoe_size": "42"})], origin=origin())

    assert set(caught.value.errors) == {"extra.shoe_size"}


def test_the_number_of_statements_does_not_grow_with_the_rows(work: Work):
    def run(count: int) -> int:
        with counted(work) as statements:
            people = [person(contacts=(email(f"{uuid7()}@example.org"), phone())) for _ in range(count)]
            ids = create_people(work, people, origin=origin())
            find_by_contacts(work, asked(*(contact for one in people for contact in one.contacts)))
            record_purchases(work, [PurchaseOf(one, purchase(number=str(one))) for one in ids], batch=origin().batch)
            record_interactions(work, [InteractionOf(one, interaction()) for one in ids], batch=origin().batch)
        return len(statements)

    run(2)
    assert run(3) == run(9)


def test_only_what_was_empty_is_filled_and_only_new_contacts_are_added(work: Work):
    said = origin()
    (who,) = create_people(work, [person(city=None, tags=("VIP",))], origin=said)
    more = person(
        family_name="Другая", city="Тверь", tags=("VIP", "сад"), contacts=(email(), email("second@example.org"))
    )

    changed = enrich_people(work, {who: more}, origin=origin())

    row = work.session.get_one(PersonRow, who)
    assert changed == {who}
    assert (row.family_name, row.city, row.tags, row.version) == ("Воробьева", "Тверь", ["VIP", "сад"], 2)
    rows = work.session.scalars(select(ContactRow).where(ContactRow.person_id == who, ContactRow.kind == "email")).all()
    assert {(one.value, one.is_primary) for one in rows} == {(email().value, True), ("second@example.org", False)}
    (entry,) = entries(work, Action.PERSON_EDITED)
    assert (entry.facts["fields"], entry.facts["contacts"]) == (["city", "tags"], 1)


def test_nothing_new_changes_nothing_and_tells_nothing(work: Work):
    (who,) = create_people(work, [person()], origin=origin())
    before = contents(work)

    assert enrich_people(work, {who: person()}, origin=origin()) == frozenset()
    assert contents(work) == before
    assert entries(work, Action.PERSON_EDITED) == []


def test_restricted_people_are_not_added_to(work: Work):
    (who,) = create_people(work, [person(city=None)], origin=origin())
    work.session.add(RestrictionRow(person_id=who, reason="accuracy_contested", placed_at=NOW))
    work.session.flush()

    assert enrich_people(work, {who: person(city="Тверь")}, origin=origin()) == frozenset()
    assert work.session.get_one(PersonRow, who).city is None


def test_a_purchase_keeps_the_buyer_as_known_when_it_was_recorded(work: Work):
    (who,) = create_people(work, [person()], origin=origin())
    (made,) = record_purchases(work, [PurchaseOf(who, purchase(buyer={"name": "И. Воробьева"}))], batch=origin().batch)

    row = work.session.get_one(PurchaseRow, made)

    assert (row.number, row.total, row.whole_day, row.paid_at.date()) == (
        "A-1",
        purchase().total,
        True,
        date(2025, 12, 16),
    )
    assert row.buyer["name"] == "И. Воробьева"
    assert (row.buyer["family_name"], row.buyer["email"]) == ("Воробьева", [email().value])


def test_the_same_purchase_and_the_same_interaction_are_kept_once(work: Work):
    (who,) = create_people(work, [person()], origin=origin())
    twice = [PurchaseOf(who, purchase()), PurchaseOf(who, purchase())]

    assert [made is None for made in record_purchases(work, twice, batch=origin().batch)] == [False, True]
    assert record_purchases(work, twice[:1], batch=origin().batch) == [None]
    (first,) = record_interactions(work, [InteractionOf(who, interaction())], batch=origin().batch)
    assert first is not None
    assert record_interactions(work, [InteractionOf(who, interaction())], batch=origin().batch) == [None]


def test_a_purchase_of_nobody_is_refused(work: Work):
    with pytest.raises(NotFoundError):
        record_purchases(work, [PurchaseOf(SubjectId(uuid7()), purchase())], batch=origin().batch)


def test_undoing_leaves_the_store_as_if_the_import_had_never_been(work: Work):
    (known,) = create_people(work, [person(city=None, patronymic=None, tags=("VIP",))], origin=origin())
    before, shown = contents(work), opened(work)
    said = origin()
    made = create_people(work, [person(contacts=(phone(f"+7900000000{place}"),)) for place in range(5)], origin=said)
    enrich_people(work, {known: person(tags=("сад",), contacts=(email("new@example.org"),))}, origin=said)
    enrich_people(work, {made[0]: person(profession="врач"), known: person(profession="врач")}, origin=said)
    record_purchases(work, [PurchaseOf(known, purchase()), PurchaseOf(made[1], purchase())], batch=said.batch)
    record_interactions(work, [InteractionOf(made[2], interaction())], batch=said.batch)

    total = undo(work, said)

    assert (total.people, total.purchases, total.interactions, total.restored, total.kept) == (5, 2, 1, 1, [])
    assert opened(work) == shown
    assert [row for row in contents(work) if row[0] != "person"] == [row for row in before if row[0] != "person"]


def test_what_an_import_added_twice_is_taken_back_to_what_was_there_before_it(work: Work):
    (bare,) = create_people(work, [person(tags=())], origin=origin())
    (tagged,) = create_people(work, [person(tags=("2024",))], origin=origin())
    said = origin()
    for tags in (("VIP",), ("сад",)):
        enrich_people(work, {bare: person(tags=tags), tagged: person(tags=tags)}, origin=said)

    undo(work, said)

    assert work.session.get_one(PersonRow, bare).tags is None
    assert work.session.get_one(PersonRow, tagged).tags == ["2024"]


def test_the_keys_of_people_who_are_taken_back_are_destroyed(work: Work):
    said = origin()
    (who,) = create_people(work, [person()], origin=said)
    owner = work.session.get_one(PersonRow, who).owner_id
    undo(work, said)

    with pytest.raises(ShreddedError):
        vault_of(work.session).owners.for_sealing(work.session, [(owner, "profile")])
    (entry,) = entries(work, Action.PERSON_REMOVED)
    assert entry.facts == {"batch": str(said.batch)}


def test_people_edited_or_used_since_stay_and_are_named(work: Work):
    said = origin()
    people = create_people(work, [person(contacts=(phone(f"+7900000000{place}"),)) for place in range(4)], origin=said)
    edited, bought, held, plain = people
    row = work.session.get_one(PersonRow, edited)
    row.city, row.version = "Тверь", 2
    record_purchases(work, [PurchaseOf(bought, purchase())], batch=origin().batch)
    owner = work.session.get_one(PersonRow, held).owner_id
    hold = HoldRow(owner_id=owner, person_id=held, compartments=["profile"], placed_at=NOW, review_at=NOW, reason="суд")
    work.session.add(hold)
    work.session.flush()

    total = undo(work, said)

    assert (total.people, set(total.kept)) == (1, {edited, bought, held})
    assert work.session.scalar(select(PersonRow.id).where(PersonRow.id == plain)) is None
    assert undo(work, said) == UndonePart(done=True)


def test_somebody_edited_after_an_import_added_to_them_is_not_restored(work: Work):
    (known,) = create_people(work, [person(city=None)], origin=origin())
    said = origin()
    enrich_people(work, {known: person(city="Тверь")}, origin=said)
    row = work.session.get_one(PersonRow, known)
    row.city, row.version = "Псков", 3
    work.session.flush()
    enrich_people(work, {known: person(profession="врач")}, origin=said)

    total = undo(work, said)

    assert (total.restored, total.kept) == (0, [known])
    assert work.session.get_one(PersonRow, known).city == "Псков"
    assert work.session.scalars(select(EnrichmentRow)).all() == []


names = st.sampled_from([None, "Воробьева", "Vorobeva", "Ё\u0301 ♥", "a" * 300])
contacts = st.lists(
    st.builds(
        NewContact,
        kind=st.just(ContactKind.EMAIL),
        value=st.sampled_from(["a@example.org", "A@example.org", "b@example.org", "почта@пример.рф"]),
    ),
    max_size=3,
).map(tuple)
people = st.builds(
    NewPerson,
    family_name=names,
    city=names,
    tags=st.lists(st.sampled_from(["VIP", "сад", "2024"]), max_size=2, unique=True).map(tuple),
    language=st.sampled_from([None, "ru", "uk"]),
    contacts=contacts,
)


@settings(
    max_examples=max(1, settings.default.max_examples // 3),
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    first=st.lists(people, min_size=1, max_size=3), added=st.lists(people, max_size=4), new=st.lists(people, max_size=3)
)
def test_import_then_undo_is_nothing(work: Work, first: list[NewPerson], added: list[NewPerson], new: list[NewPerson]):
    with work.session.begin_nested() as savepoint:
        ids = create_people(work, first, origin=origin())
        shown = opened(work)
        said = origin()
        made = create_people(work, new, origin=said)
        for place, one in enumerate(added):
            enrich_people(work, {(ids + made)[place % len(ids + made)]: one}, origin=said)

        total = undo(work, said)

        assert total.kept == []
        assert opened(work) == shown
        savepoint.rollback()
