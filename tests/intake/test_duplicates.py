"""Whether two are one person: the traps that families, twins and namesakes set, and the ways one person is written."""

import random
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.customers.records import NewPerson
from governance.intake.duplicates_names import Likeness, fold_patronymic, given_likeness, known_names
from governance.intake.duplicates_pairs import Comparison
from governance.intake.duplicates_profiles import Profile, Told, folded, profile_of
from governance.intake.duplicates_scores import Reason, Scale, Score, is_near_date
from governance.intake.folding import fold_name
from governance.intake.people import same_person

PHONE, OTHER_PHONE, EMAIL = "+79334552061", "+79161112233", "irina@example.org"


def person(name: str, *, born: str = "", phone: str = "", email: str = "", **told: str) -> Profile:
    """A profile of `Family Given Patronymic`; a dash stands for a part that is missing."""
    family, given_name, patronymic = (["" if part == "-" else part for part in name.split()] + ["", "", ""])[:3]
    contacts = [("phone", phone)] * bool(phone) + [("email", email)] * bool(email)
    return profile_of(Told(family, given_name, patronymic, birth_date=born, **told), contacts)


def scored(one: Profile, other: Profile, *, among: tuple[Profile, ...] = ()) -> Score | None:
    """The score of two, where it is worth telling."""
    return Scale((one, other, *among)).same_person(one, other)


SAME = {
    "lookalikes": ("Ceливepcтoвa София", "Селиверстова София"),
    "yo": ("Белякова Ксёния", "Белякова Ксения"),
    "transliteration": ("Mikheeva Zinaida", "Михеева Зинаида Никифоровна"),
    "another transliteration": ("Vorobyova Yuliya", "Воробьёва Юлия"),
    "patronymic missing": ("Зимина Анжелика", "Зимина Анжелика Викторовна"),
    "patronymic as an initial": ("Зимина Анжелика В.", "Зимина Анжелика Викторовна"),
    "initials": ("Зимина А. В.", "Зимина Анжелика Викторовна"),
    "capitals": ("ЗИМИНА АНЖЕЛИКА", "Зимина Анжелика"),
    "short form": ("Орлова Наташа", "Орлова Наталья Петровна"),
    "Ukrainian and Russian": ("Гриценко Микола Олексійович", "Гриценко Николай Алексеевич"),
    "і and и": ("Зіміна Ірина", "Зимина Ирина"),
    "parts swapped": ("Сейтбекова Айжамал", "Айжамал Сейтбекова"),
    "slip in the family name": ("Меркушева Тамара", "Меркушва Тамара"),
    "slip in an unusual given name": ("Данилов Митофанний", "Данилов Митофаний"),
    "ending of the sex": ("Иванов Мария", "Иванова Мария"),
    "one of two family names": ("Петрова-Водкина Мария", "Петрова Мария"),
    "family name missing": ("- Ирина", "Воробьева Ирина"),
}
APART = {
    "spouses": ("Иванов Иван", "Иванова Мария"),
    "twin sisters": ("Иванова Яна Петровна", "Иванова Анна Петровна"),
    "brother and sister of one name": ("Иванов Виктор Петрович", "Иванова Виктория Петровна"),
    "brothers": ("Иванов Павел Петрович", "Иванов Пётр Петрович"),
    "twins with alike names": ("Иванова Марина Петровна", "Иванова Мария Петровна"),
    "father and son by patronymic": ("Иванов Иван Петрович", "Иванов Иван Иванович"),
    "colleagues at one telephone": ("Кузнецова Ирина", "Сидоренко Ирина"),
    "other initial": ("Зимина А.", "Зимина Ольга"),
}


@pytest.mark.parametrize("written", SAME.values(), ids=SAME)
def test_one_person_with_one_telephone_is_known_however_the_name_is_written(written: tuple[str, str]) -> None:
    assert scored(*(person(name, phone=PHONE) for name in written))


@pytest.mark.parametrize("written", APART.values(), ids=APART)
def test_two_people_with_one_telephone_and_birthday_stay_apart(written: tuple[str, str]) -> None:
    one, other = (person(name, phone=PHONE) for name in written)
    assert scored(one, other) is None
    if written != APART["colleagues at one telephone"]:
        one, other = (person(name, phone=PHONE, born="1990-03-14") for name in written)
        assert scored(one, other) is None


@pytest.mark.parametrize("births", [("1960-05-12", "1985-05-12"), ("1961-02-01", "1991-02-01"), ("1960", "1985-05-12")])
def test_father_and_son_of_one_name_stay_apart_by_their_birth_dates(births: tuple[str, str]) -> None:
    father, son = (person("Иванов Иван Иванович", born=born, phone=PHONE, email=EMAIL) for born in births)
    assert Scale([father, son]).score(father, son) is None


@pytest.mark.parametrize(
    ("one", "other", "near"),
    [
        ("1985-03-04", "1985-04-03", True),
        ("1985-03-04", "1985-03-14", True),
        ("1978-03-04", "1987-03-04", True),
        ("1985-03-04", "1986-03-04", True),
        ("1960-03-04", "1990-03-04", False),
        ("1985-03-04", "1986-04-05", False),
        ("1985-03", "1985-04", False),
    ],
)
def test_dates_are_near_as_slips_of_the_pen_are(one: str, other: str, near: bool) -> None:
    assert is_near_date(one, other) is is_near_date(other, one) is near


def test_namesakes_who_share_nothing_else_are_two_people() -> None:
    one = person("Иванов Александр Сергеевич", phone=PHONE)
    other = person("Иванов Александр Сергеевич", phone=OTHER_PHONE)
    others = tuple(person("Иванов Александр Сергеевич", phone=f"+7900{n:07}") for n in range(40))
    assert scored(one, other, among=others) is None


def test_one_who_changed_all_contacts_is_known_by_name_and_birth_date() -> None:
    one = person("Селиверстова Фёкла Романовна", born="1991-01-17", phone=PHONE)
    other = person("Селиверстова Фекла Романовна", born="1991-01-17", phone=OTHER_PHONE)
    found = scored(one, other)
    assert found is not None
    assert {Reason.SAME_NAME, Reason.SAME_BIRTH_DATE, Reason.OTHER_CONTACTS} <= set(found.reasons)


def test_a_woman_who_took_another_family_name_is_known_by_contact_and_birth_date() -> None:
    one, other = (person(name, born="1991-01-17", email=EMAIL) for name in ("Орлова Анна", "Зайцева Анна"))
    found = scored(one, other)
    assert found is not None
    assert Reason.OTHER_FAMILY_NAME in found.reasons


def test_a_wrong_digit_in_the_number_of_a_rare_name_is_told_as_a_reason() -> None:
    one, other = (
        person("Тверитинов Кондрат Фомич", phone="+79334552061"),
        person("Тверитинов Кондрат", phone="+79334552067"),
    )
    found = scored(one, other)
    assert found is not None
    assert Reason.NEAR_CONTACT in found.reasons


def test_addresses_with_other_digits_are_of_other_people() -> None:
    one, other, slip = (
        person("Тверитинов Кондрат", email=f"{local}@example.org") for local in ("kondrat71", "kondrat72", "kondart71")
    )
    assert scored(one, other) is None
    assert scored(one, slip) is not None


def test_a_telephone_of_many_names_says_less_than_one_of_two() -> None:
    one, other = person("- Ирина", phone=PHONE), person("Кузнецова Ирина", phone=PHONE)
    office = tuple(person(f"Фамилия{n}ов Имя{'абвгдежзик'[n]}{n}", phone=PHONE) for n in range(10))
    assert scored(one, other) is not None
    assert scored(one, other, among=office) is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Николаевич", "Миколайович"),
        ("Валерьевна", "Валериевна"),
        ("Ильич", "Ильинична"),
        ("Петрович", "Petrovich"),
        ("Сергеевна", "Сергіївна"),
    ],
)
def test_patronymics_of_one_father_agree(one: str, other: str) -> None:
    assert fold_patronymic(one) == fold_patronymic(other)


@pytest.mark.parametrize(
    ("one", "other"), [("Александрович", "Алексеевич"), ("Маркович", "Марксович"), ("Иванович", "Игоревич")]
)
def test_patronymics_of_two_fathers_differ(one: str, other: str) -> None:
    assert fold_patronymic(one) != fold_patronymic(other)


def test_a_short_form_of_two_names_agrees_with_both_and_they_not_with_each_other() -> None:
    def likeness(one: str, other: str) -> Likeness:
        return given_likeness(folded(one), folded(other), names=(known_names(one), known_names(other)))

    assert likeness("Саша", "Александр") is likeness("Саша", "Александра") is Likeness.FORM
    assert likeness("Александр", "Александра") is Likeness.DIFFERENT


def test_sisters_whose_names_fold_alike_are_two_people_for_an_import() -> None:
    yana, anna = (NewPerson(family_name="Иванова", given_name=name) for name in ("Яна", "Анна"))
    assert fold_name("Яна") == fold_name("Анна")
    assert not same_person(yana, anna)
    assert same_person(anna, anna)


def groups(*profiles: Profile) -> list[tuple[int, ...]]:
    return Comparison(profiles).clusters()


def test_a_row_that_fits_father_and_son_alike_joins_neither() -> None:
    father = person("Иванов Иван Иванович", born="1960-05-12", phone=PHONE)
    son = person("Иванов Иван Иванович", born="1988-07-01", phone=PHONE)
    either = person("Иванов Иван Иванович", phone=PHONE)
    assert groups(father, son, either) == []
    assert groups(father, son, either._replace(emails=(EMAIL,)), son._replace(emails=(EMAIL,))) == [(1, 2, 3)]


def test_a_row_that_stands_a_hundred_times_is_one_group() -> None:
    row = person("Иванова Мария Петровна", phone=PHONE)
    assert groups(*[row] * 100, person("Иванов Пётр", phone=PHONE)) == [tuple(range(100))]


def test_a_switchboard_of_hundreds_is_compared_by_names_and_noted_as_crowded() -> None:
    staff = [person(f"{f}ов {g}", phone=PHONE) for f in "абвгдежзик" for g in ("Олег", "Иван", "Пётр", "Юрий", "Глеб")]
    staff += [person(f"{f}ин {g}", phone=PHONE) for f in "абвгдежзик" for g in ("Анна", "Инна", "Нина")]
    twice = person("Заславский Глеб Олегович", phone=PHONE, born="1980-02-03")
    compared = Comparison([*staff, twice, twice._replace(patronymic="")])
    assert compared.crowded == 1
    assert compared.clusters() == [(len(staff), len(staff) + 1)]


FAMILIES = ("Иванов", "Ivanov", "Иванова", "Петров", "Петрова", "")
GIVEN = ("Иван", "Ivan", "Ваня", "И.", "Мария", "Маша", "Анна", "Яна", "")
PATRONYMICS = ("", "Иванович", "Петрович", "П.")
BORN = ("", "1960-05-12", "1985-05-12", "1985-12-05", "1985")
PHONES = ("", PHONE, "+79334552062", OTHER_PHONE)
profiles = st.builds(
    lambda f, g, p, b, t, e: profile_of(
        Told(f, g, p, birth_date=b), (("phone", t),) * bool(t) + (("email", e),) * bool(e)
    ),
    st.sampled_from(FAMILIES),
    st.sampled_from(GIVEN),
    st.sampled_from(PATRONYMICS),
    st.sampled_from(BORN),
    st.sampled_from(PHONES),
    st.sampled_from(("", EMAIL, "maria@example.org")),
)


@given(profiles, profiles)
@settings(max_examples=settings.default.max_examples * 2, deadline=None)
def test_scores_are_symmetric(one: Profile, other: Profile) -> None:
    assert Scale([one, other]).score(one, other) == Scale([other, one]).score(other, one)


@dataclass
class Rows:
    """Profiles in some order, each with the number that it keeps in every order."""

    profiles: list[Profile]
    order: list[int] = field(default_factory=list)

    def shuffled(self, seed: int) -> "Rows":
        order = list(range(len(self.profiles)))
        random.Random(seed).shuffle(order)
        return Rows([self.profiles[at] for at in order], order)

    def groups(self) -> set[frozenset[int]]:
        order = self.order or list(range(len(self.profiles)))
        return {frozenset(order[at] for at in one) for one in Comparison(self.profiles).clusters()}


@given(st.lists(profiles, max_size=12), st.integers())
@settings(max_examples=settings.default.max_examples * 2, deadline=None)
def test_groups_do_not_depend_on_the_order_of_rows(rows: list[Profile], seed: int) -> None:
    assert Rows(rows).groups() == Rows(rows).shuffled(seed).groups()


@given(st.lists(profiles, max_size=12))
@settings(max_examples=settings.default.max_examples * 2, deadline=None)
def test_groups_hold_nobody_who_contradicts_another_and_nobody_twice(rows: list[Profile]) -> None:
    found = Comparison(rows).clusters()
    scale = Scale(rows)
    assert all(scale.score(rows[one], rows[other]) is not None for group in found for one in group for other in group)
    assert len({place for group in found for place in group}) == sum(map(len, found))


@given(st.lists(profiles, min_size=2, max_size=8))
@settings(max_examples=settings.default.max_examples * 2, deadline=None)
def test_every_pair_that_holds_is_found_among_all_pairs(rows: list[Profile]) -> None:
    found = {(pair.first, pair.second) for pair in Comparison(rows).pairs()}
    distinct = list(dict.fromkeys(rows))
    scale = Scale(distinct)
    for at, one in enumerate(distinct):
        for other in distinct[at + 1 :]:
            if set(one.contacts) & set(other.contacts) and scale.same_person(one, other):
                places = sorted((rows.index(one), rows.index(other)))
                assert tuple(places) in found
