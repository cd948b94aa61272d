"""Extra fields: defined at run time, classified like the shipped ones, typed, sealed, and never redefined."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from governance.audit.actions import Action
from governance.customers import operations as customers
from governance.customers.bulk import create_people
from governance.customers.codes import ExtraType
from governance.customers.enriching import enrich_people
from governance.customers.errors import DuplicateError, LegalHoldError
from governance.customers.extra_types import read, written
from governance.customers.operations import ExtraField
from governance.customers.tables import ExtraValueRow
from governance.customers.texts import Wrong
from governance.customers.undo import undo_part
from governance.kernel.errors import ForbiddenError, InvalidError, NotFoundError, PreconditionError
from governance.kernel.work import Work
from governance.policies.classification import Compartment, Sensitivity, Visibility
from governance.policies.documents import Titles
from governance.policies.masking import Mask
from tests.conftest import NOW
from tests.factories.actors import by, staff
from tests.factories.customers import origin, person
from tests.factories.trail import entries

LABELS = Titles("Shoe size", "Размер обуви", "Розмір взуття")


def define(work: Work, key: str = "shoe_size", **said: object) -> ExtraField:
    given: dict[str, object] = {
        "labels": LABELS,
        "type": ExtraType.NUMBER,
        "category": "user.demographic.profile",
        "visibility": Visibility.CLEAR,
        **said,
    }
    return customers.define(work, key=key, **given)  # type: ignore[arg-type]  # tests say what they need


def test_a_field_is_defined_and_told(work: Work):
    made = define(work)

    assert customers.definitions(work) == [made] == [customers.definition(work, key="shoe_size")]
    (entry,) = entries(work, Action.EXTRA_FIELD_DEFINED)
    assert (entry.facts["key"], entry.facts["compartment"]) == ("shoe_size", "profile")


def test_the_english_label_stands_in_for_those_that_are_not_given(work: Work):
    assert define(work, labels=Titles("Shoe size", "", "Розмір")).labels == Titles("Shoe size", "Shoe size", "Розмір")


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ({"key": "Shoe"}, "key"),
        ({"key": "family_name"}, "key"),
        ({"labels": Titles("Shoe", " ", "Взуття")}, "labels.ru"),
        ({"category": "user.shoes"}, "category"),
        ({"category": "user.health_and_medical"}, "category"),
        ({"compartment": Compartment.AUDIT}, "compartment"),
        ({"indexed": True}, "category"),
        ({"indexed": True, "type": ExtraType.TEXT, "category": "user.demographic.gender"}, "category"),
        ({"sensitivity": Sensitivity.SPECIAL}, "category"),
    ],
)
def test_what_cannot_be_a_field_is_refused_with_the_reason(work: Work, said: dict[str, object], wrong: str):
    with pytest.raises(InvalidError) as caught:
        define(work, **said)
    assert set(caught.value.errors) == {wrong}


def test_a_key_is_given_once(work: Work):
    define(work)
    with pytest.raises(DuplicateError):
        define(work)


def test_key_type_compartment_and_index_cannot_change_even_by_sql(work: Work):
    define(work)
    for column in ("key = 'x'", "type = 'text'", "compartment = 'finance'", "indexed = true"):
        with pytest.raises(ProgrammingError, match="permission denied"), work.session.begin_nested():
            work.session.execute(text(f"UPDATE extra_field SET {column}"))


def test_what_may_change_changes_by_version(work: Work):
    define(work)

    new = customers.edit_definition(work, key="shoe_size", visibility=Visibility.MASKED, if_version=1)

    assert (new.version, new.visibility, new.labels) == (2, Visibility.MASKED, LABELS)
    with pytest.raises(PreconditionError):
        customers.edit_definition(work, key="shoe_size", mask=Mask.TAIL, if_version=1)
    with pytest.raises(NotFoundError):
        customers.edit_definition(work, key="hat_size", mask=Mask.TAIL)
    assert customers.edit_definition(work, key="shoe_size", visibility=Visibility.MASKED) == new
    assert len(entries(work, Action.EXTRA_FIELD_EDITED)) == 1


def test_who_may_not_define_does_not(work: Work):
    with pytest.raises(ForbiddenError):
        define(by(work, staff("sales")))


@pytest.mark.parametrize(
    ("kind", "value", "told"),
    [
        (ExtraType.TEXT, " a  b\n c ", "a  b\n c"),
        (ExtraType.NUMBER, 42, 42),
        (ExtraType.NUMBER, "42,50", 42.5),
        (ExtraType.NUMBER, 1e3, 1000),
        (ExtraType.NUMBER, -0.0, 0),
        (ExtraType.DATE, "2024-02-29", "2024-02-29"),
        (ExtraType.BOOLEAN, False, False),
        (ExtraType.BOOLEAN, "Да", True),
        (ExtraType.LIST, ["a", "b", "a"], ["a", "b"]),
        (ExtraType.LIST, "a; b", ["a", "b"]),
    ],
)
def test_values_come_back_as_they_were_meant_and_are_written_in_one_way(kind: ExtraType, value: object, told: object):
    kept = written(kind, value)

    assert read(kind, kept) == told
    assert written(kind, read(kind, kept)) == kept


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (ExtraType.TEXT, 5),
        (ExtraType.TEXT, "•••"),
        (ExtraType.NUMBER, True),
        (ExtraType.NUMBER, "1e999"),
        (ExtraType.NUMBER, float("nan")),
        (ExtraType.NUMBER, "четыре"),
        (ExtraType.NUMBER, 10**18),
        (ExtraType.DATE, "31.12.2024"),
        (ExtraType.BOOLEAN, "наверное"),
        (ExtraType.BOOLEAN, 1),
        (ExtraType.LIST, []),
        (ExtraType.LIST, [""]),
        (ExtraType.LIST, 5),
    ],
)
def test_a_value_of_another_type_is_refused(kind: ExtraType, value: object):
    with pytest.raises(Wrong):
        written(kind, value)


@pytest.mark.parametrize("compartment", list(Compartment)[:4])
def test_a_value_lies_sealed_in_the_compartment_of_its_field(work: Work, compartment: Compartment):
    define(work, compartment=compartment)
    made = customers.create(work, fields={}, extra={"shoe_size": 41.5})

    assert made.extra == {"shoe_size": 41.5}
    (row,) = work.session.query(ExtraValueRow)
    sealed = [name for name in row.sealed_fields if getattr(row, f"{name}_sealed") is not None]
    assert sealed == [compartment.value]
    keys = work.session.execute(text("SELECT compartment FROM data_key WHERE owner_id = :o"), {"o": row.owner_id})
    assert set(keys.scalars()) == {compartment.value}


def test_values_are_changed_and_emptied_by_the_patch_of_the_person(work: Work):
    define(work)
    define(work, key="diet", type=ExtraType.LIST)
    made = customers.create(work, fields={}, extra={"shoe_size": 41, "diet": ["веган"]})

    seen = customers.edit(work, subject=made.id, patch={"extra": {"shoe_size": None, "diet": ["веган", "халяль"]}})

    assert (seen.extra, seen.version) == ({"diet": ["веган", "халяль"]}, 2)
    (entry,) = entries(work, Action.PERSON_EDITED)
    assert entry.facts == {"extras": ["diet", "shoe_size"], "fields": [], "version": 2}
    assert customers.edit(work, subject=made.id, patch={"extra": {"diet": ["веган", "халяль"]}}).version == 2


@pytest.mark.parametrize("extra", [{"hat": 1}, {"shoe_size": "x"}, ["shoe_size"]])
def test_a_value_that_cannot_be_kept_is_refused_by_key(work: Work, extra: object):
    define(work)
    made = customers.create(work, fields={})
    with pytest.raises(InvalidError) as caught:
        customers.edit(work, subject=made.id, patch={"extra": extra})
    assert set(caught.value.errors) <= {"extra.hat", "extra.shoe_size", "extra"}


def test_a_retired_field_takes_no_new_values_but_lets_old_ones_go(work: Work):
    define(work)
    made = customers.create(work, fields={}, extra={"shoe_size": 41})
    customers.edit_definition(work, key="shoe_size", retired=True)

    with pytest.raises(InvalidError):
        customers.edit(work, subject=made.id, patch={"extra": {"shoe_size": 42}})
    assert customers.read(work, subject=made.id).extra == {"shoe_size": 41}
    assert customers.edit(work, subject=made.id, patch={"extra": {"shoe_size": None}}).extra == {}
    assert customers.edit_definition(work, key="shoe_size", retired=False).retired_at is None


def test_a_special_field_is_masked_for_all_and_hidden_from_most(work: Work):
    define(
        work,
        key="allergies",
        type=ExtraType.TEXT,
        category="user.health_and_medical",
        sensitivity=Sensitivity.SPECIAL,
        visibility=Visibility.MASKED,
    )
    made = customers.create(work, fields={}, extra={"allergies": "орехи"})

    assert made.extra == {"allergies": "•••"}
    seen = customers.read(by(work, staff("steward")), subject=made.id)
    assert (seen.extra, seen.hidden) == ({}, ("extra.allergies",))
    seller = staff("sales")
    mine = customers.create(by(work, seller), fields={})
    with pytest.raises(ForbiddenError) as caught:
        customers.edit(by(work, seller), subject=mine.id, patch={"extra": {"allergies": "нет"}})
    assert set(caught.value.errors) == {"allergies"}


def test_a_hold_keeps_the_values_of_its_compartment(work: Work):
    define(work, compartment=Compartment.FINANCE)
    made = customers.create(work, fields={}, extra={"shoe_size": 41})
    customers.place_hold(
        work,
        subject=made.id,
        compartments=[Compartment.FINANCE],
        reason="суд",
        review_at=NOW.replace(year=2027),
    )
    with pytest.raises(LegalHoldError):
        customers.edit(work, subject=made.id, patch={"extra": {"shoe_size": None}})


def test_a_file_brings_values_adds_them_and_takes_them_back(work: Work):
    define(work, key="member_no", type=ExtraType.TEXT, category="user.unique_id", indexed=True)
    define(work)
    (who,) = create_people(work, [person(extras={"member_no": "M 17"})], origin=origin())
    later = origin()
    enrich_people(work, {who: person(extras={"member_no": "M 18", "shoe_size": "41"})}, origin=later)

    seen = customers.read(work, subject=who)
    assert seen.extra == {"member_no": "M 17", "shoe_size": 41}
    assert [one.id for one in customers.search(work, by="extra.member_no", value="m 17").items] == [who]
    while not undo_part(work, batch=later.batch).done:
        pass
    work.session.expire_all()
    assert customers.read(work, subject=who).extra == {"member_no": "M 17"}
