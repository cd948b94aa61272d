"""Fields of the controller's own on a customer's card: shown as they may be seen, filled in by their types."""

import re
from html import unescape

import pytest

from governance.customers import operations as customers
from governance.customers.codes import ExtraType
from governance.kernel.work import OPERATOR, open_work
from governance.policies.classification import Sensitivity, Visibility
from governance.policies.documents import Titles
from tests.api.conftest import service_of
from tests.console.test_retention import send

FIELDS = {
    "hat_size": (ExtraType.NUMBER, "user.demographic.profile", Visibility.CLEAR, "Hat size"),
    "member_from": (ExtraType.DATE, "user.demographic.profile", Visibility.CLEAR, "Member from"),
    "has_dog": (ExtraType.BOOLEAN, "user.demographic.profile", Visibility.CLEAR, "Has a dog"),
    "hobbies": (ExtraType.LIST, "user.demographic.profile", Visibility.CLEAR, "Hobbies"),
    "story": (ExtraType.TEXT, "user.unique_id", Visibility.MASKED, "Story"),
    "first_seen": (ExtraType.DATE, "user.unique_id", Visibility.MASKED, "First seen"),
    "smokes": (ExtraType.BOOLEAN, "user.unique_id", Visibility.MASKED, "Smokes"),
    "allergies": (ExtraType.TEXT, "user.health_and_medical", Visibility.HIDDEN, "Allergies"),
}
SAID = {"extra.hat_size": "57,5", "extra.member_from": "2024-02-29", "extra.has_dog": "true",
        "extra.hobbies": "chess\r\n\r\nrowing ", "extra.story": "Met at\r\nthe fair",
        "extra.first_seen": "2024-01-31", "extra.smokes": "false", "extra.allergies": "nuts"}  # fmt: skip


@pytest.fixture
def place(door, desks):
    """The address of a customer who has nothing in these fields, which are retired afterwards."""
    desks("steward")
    with open_work(service_of(door).database, OPERATOR) as work:
        known = {one.key for one in customers.definitions(work)}
        for key, (kind, category, visibility, label) in FIELDS.items():
            special = Sensitivity.SPECIAL if visibility is Visibility.HIDDEN else Sensitivity.PERSONAL
            said = {"category": category, "visibility": visibility, "sensitivity": special}
            if key not in known:
                customers.define(work, key=key, labels=Titles(label, "", ""), type=kind, **said)
            customers.edit_definition(work, key=key, retired=False)
        made = customers.create(work, fields={"given_name": "Ada"})
    yield f"/console/customers/{made.id}"
    with open_work(service_of(door).database, OPERATOR) as work:
        for key in FIELDS:
            customers.edit_definition(work, key=key, retired=True)


def facts(page):
    """What a card says, by what it is called."""
    found = re.findall(r"<dt>(.*?)</dt>\s*<dd>(.*?)</dd>", page.text, re.DOTALL)
    return {re.sub(r"<.*?>", "", name).strip(): unescape(re.sub(r"<.*?>", "", said)).strip() for name, said in found}


def test_fields_of_ones_own_are_filled_in_shown_by_category_and_emptied(desks, place):
    desk, edit = desks("steward"), f"{place}/edit"
    page = desk.get(edit).text
    for mark in ('name="extra.hat_size" type="text" inputmode="decimal"', 'name="extra.member_from" type="date"',
                 '<select id="edit-extra.has_dog"', '<textarea id="edit-extra.hobbies"'):  # fmt: skip
        assert mark in page, mark
    assert send(desk, edit, edit, **SAID).status_code == 303

    card = desk.get(place)
    told = facts(card)
    assert (told["Hat size"], told["Member from"], told["Has a dog"], told["Hobbies"]) == (
        "57.5", "29 Feb 2024", "yes", "chess, rowing")  # fmt: skip
    assert (told["Story"], told["Allergies"]) == ("•••", "hidden")
    assert "<h3>Health<" in card.text
    assert 'value="extra.story"' in card.text
    assert 'value="extra.allergies"' not in card.text, "a steward may not open it"
    russian = facts(desk.get(f"{place}?lang=ru"))
    assert (russian["Hat size"], russian["Has a dog"]) == ("57,5", "да")
    opened = send(desk, place, f"{place}/reveal", field=["extra.story", "extra.smokes"], reason="asked by phone")
    assert facts(opened)["Smokes"] == "no"
    assert "<mark>Met at\nthe fair</mark>" in opened.text

    page = desk.get(edit).text
    assert 'value="57.5"' in page
    assert "chess\nrowing</textarea>" in page
    assert "Met at" not in page
    assert page.count("Holds a value that you may not see.") == 5, "which is not to be taken for an empty one"
    assert send(desk, edit, edit).status_code == 303
    assert facts(desk.get(place)) | {"Changed": ""} == told | {"Changed": ""}, "nothing was written, nothing changes"
    away = {"extra.story": "-", "extra.smokes": "-", "empty.extra.first_seen": "yes", "extra.allergies": "-",
            "extra.hat_size": "", "extra.has_dog": "", "extra.hobbies": "", "extra.member_from": ""}  # fmt: skip
    kept = {f"was.{name}": said for name, said in (("extra.has_dog", "true"), ("extra.hobbies", "chess\r\nrowing"))}
    assert send(desk, edit, edit, **away, **kept).status_code == 303
    assert not facts(desk.get(place)).keys() & {label for *_, label in FIELDS.values()}


def test_what_is_wrong_with_a_field_of_ones_own_is_said_beside_it_and_stays(desks, place):
    desk, edit = desks("steward"), f"{place}/edit"
    wrong = {"extra.hat_size": "large", "extra.member_from": "soon", "extra.has_dog": "perhaps",
             "extra.hobbies": "\r\n".join(map(str, range(101))), "extra.story": "x" * 4001}  # fmt: skip
    for language, number, day in (
        ("en", "Write a number, such as 42 or 3.5.", "Write a day as 2026-12-31."),
        ("ru", "Напишите число, например 42 или 3,5.", "Напишите день в виде 2026-12-31."),
        ("uk", "Напишіть число, наприклад 42 або 3,5.", "Напишіть день у вигляді 2026-12-31."),
    ):
        desk.set_cookie("governance-language", language, path="/console")
        refused = send(desk, edit, edit, **wrong)
        assert refused.status_code == 422
        shown = unescape(refused.text)
        assert shown.count('class="refused"') == len(wrong), language
        assert number in shown, language
        assert day in shown, language
        assert 'value="large"' in shown
        assert "99\n100</textarea>" in shown.replace("\r", "")
    desk.delete_cookie("governance-language", path="/console")


def test_a_field_that_may_not_be_written_or_is_retired_is_not_offered(door, desks, place):
    with open_work(service_of(door).database, OPERATOR) as work:
        customers.edit_definition(work, key="hobbies", retired=True)
    assert "extra.allergies" in desks("steward").get(f"{place}/edit").text
    shown = desks("officer").get(f"{place}/edit").text
    assert "extra.hat_size" in shown
    assert "extra.hobbies" not in shown
