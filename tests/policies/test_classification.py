"""The catalogue: every field is classified by the same rules, and a wrong document says where it is wrong."""

import pytest

from governance.policies import shipped
from governance.policies.catalogue_reader import parse_catalogue
from governance.policies.classification import (
    Catalogue,
    Compartment,
    Readable,
    Sensitivity,
    ValueType,
    Visibility,
    join,
    problems,
)
from governance.policies.documents import DocumentError
from governance.policies.masking import Mask

FIELD = """
        titles: {en: Name, ru: Имя, uk: Ім'я}
        category: user.name
        sensitivity: basic
        compartment: profile
        mask: initial
        visibility: masked
"""


def read(sealed: str = "", readable: str = "id: {kind: id, reason: Random.}") -> Catalogue:
    source = f"""
area: customers
tables:
  person:
    titles: {{en: Person, ru: Человек, uk: Особа}}
    sealed:
      name:{sealed or FIELD}
    readable:
      {readable}
"""
    return parse_catalogue(source.encode(), name="customers.yaml", categories=shipped.categories())


def refusal(sealed: str = "", readable: str = "id: {kind: id, reason: Random.}") -> str:
    with pytest.raises(DocumentError) as caught:
        read(sealed, readable)
    return str(caught.value)


def test_a_field_is_read_with_all_that_is_said_of_it():
    field = read().field("person.name")
    assert (field.path, field.category, field.mask) == ("person.name", "user.name", Mask.INITIAL)
    assert (field.sensitivity, field.compartment) == (Sensitivity.BASIC, Compartment.PROFILE)
    assert (field.type, field.indexed, field.titles.get("uk")) == (ValueType.TEXT, False, "Ім'я")


def test_a_table_tells_of_each_of_its_columns_digests_included():
    columns = read(FIELD + "        indexed: true\n").tables["person"].columns()
    assert set(columns) == {"name_sealed", "name_index", "name_index_next", "id"}
    assert isinstance(columns["id"], Readable)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("user.name", "user.nose", "the category 'user.nose' is not known"),
        ("user.name", "user.health_and_medical", "a special category (GDPR Art. 9, 10) has the sensitivity special"),
        ("basic", "special\n        type: text", None),
        ("masked", "clear\n        indexed: yes", "indexed: must be true or false"),
        ("initial", "half", "mask: 'half' is none of initial, email, phone, date, tail, full"),
        ("user.name", "user.demographic.gender\n        indexed: true", "its digests could be guessed"),
        ("masked", "masked\n        type: json\n        indexed: true", "only text is indexed"),
        ("masked", "masked\n        varies_by: kind", "'varies_by' and 'variants' go together"),
        ("compartment: profile\n", "\n", "the key 'compartment' is missing"),
    ],
)  # fmt: skip
def test_a_wrong_field_is_refused_with_its_place(old, new, said):
    changed = FIELD.replace(old, new, 1)
    if said is None:
        assert read(changed).field("person.name").sensitivity is Sensitivity.SPECIAL
        return
    told = refusal(changed)
    assert told.startswith("customers.yaml: tables.person.sealed.name")
    assert told.endswith(said)


def test_a_special_field_is_never_clear_by_itself():
    assert "a special field is not shown in the clear" in refusal(
        FIELD.replace("basic", "special").replace("masked", "clear")
    )


def test_a_field_varies_only_by_a_readable_column():
    varying = (
        FIELD
        + "        varies_by: kind\n        variants:\n          email: {category: user.contact.email, mask: email}\n"
    )
    assert "varies by 'kind', which is no readable column" in refusal(varying)
    field = read(varying, "kind: {kind: code, reason: One of a list.}").field("person.name")
    assert field.variant("email").category == "user.contact.email"
    assert field.variant("pigeon") is field


def test_a_column_is_sealed_or_readable_and_not_both():
    said = refusal(readable="name_sealed: {kind: id, reason: Random.}")
    assert said == "customers.yaml: tables.person.readable.name_sealed: belongs to the sealed field 'name' already"


def test_a_readable_column_gives_its_reason():
    assert (
        refusal(readable="id: {kind: id}") == "customers.yaml: tables.person.readable.id: the key 'reason' is missing"
    )


def test_a_table_stands_in_one_room_only():
    with pytest.raises(DocumentError, match="stands in the area 'customers' already"):
        join([read(), read()])


def test_the_catalogue_shipped_keeps_its_own_rules():
    for field in shipped.catalogue().fields():
        for one in (field, *field.variants.values()):
            assert problems(one, shipped.categories()) == [], field.path


def test_no_contact_and_no_name_of_a_person_is_clear_by_itself():
    for field in shipped.catalogue().fields():
        for one in (field, *field.variants.values()):
            if one.compartment is not Compartment.OPERATION and one.category.startswith(
                ("user.name", "user.contact.email", "user.contact.phone")
            ):
                assert one.visibility is not Visibility.CLEAR, one.path


def test_a_value_is_shown_as_far_as_it_may_be():
    field = read().field("person.name")
    assert field.shown("Ирина", Visibility.CLEAR) == "Ирина"
    assert field.shown("Ирина", Visibility.MASKED) == "И•••"
    assert field.shown("Ирина", Visibility.HIDDEN) is None
    assert field.shown(None, Visibility.MASKED) is None
