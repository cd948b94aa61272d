"""Fields of the controller's own at the portal: told to the person, and corrected by them with input that fits."""

from html import unescape

import pytest

from governance.customers import operations as customers
from governance.customers.codes import ExtraType
from governance.kernel.work import OPERATOR, open_work
from governance.policies.classification import Visibility
from governance.policies.documents import Titles
from tests.api.conftest import service_of
from tests.portal.guests import guest, inputs, say
from tests.portal.test_own_pages import app, door, door_store

__all__ = ["app", "door", "door_store"]

FORM = "/my/requests/new/rectification"
FIELDS = {"p_size": ExtraType.NUMBER, "p_from": ExtraType.DATE, "p_dog": ExtraType.BOOLEAN, "p_likes": ExtraType.LIST,
          "p_story": ExtraType.TEXT, "p_inner": ExtraType.TEXT}  # fmt: skip
KEPT = {"p_size": 41.5, "p_from": "2024-02-29", "p_dog": True, "p_likes": ["chess", "rowing"], "p_story": "At the fair",
        "p_inner": "Comes late"}  # fmt: skip


@pytest.fixture
def one(app):
    """Somebody who proved who they are, and of whom such fields are kept; they are retired afterwards."""
    found = guest(app)
    with open_work(service_of(app).database, OPERATOR) as work:
        for key, kind in FIELDS.items():
            seen = Visibility.HIDDEN if key == "p_inner" else Visibility.MASKED
            label = Titles(f"Own {key}", "", "")
            customers.define(work, key=key, labels=label, type=kind, category="user.demographic", visibility=seen)
        customers.edit(work, subject=found.subject, patch={"extra": KEPT})
    found.enter(proven=True)
    yield found
    with open_work(service_of(app).database, OPERATOR) as work:
        for key in FIELDS:
            customers.edit_definition(work, key=key, retired=True)


def test_people_see_fields_of_the_controllers_own_and_correct_them_but_those_that_staff_never_see(one):
    told = say(one.get("/my/data"))
    for said in ("Own p_size 41.5", "Own p_from 29 February 2024", "Own p_dog yes", "Own p_likes chess, rowing",
                 "Own p_inner Comes late"):  # fmt: skip
        assert said in told, said
    page = one.get(FORM)
    for mark in ('name="extra.p_size" inputmode="decimal"', 'name="extra.p_from" type="date"',
                 '<select id="extra.p_dog"', "chess\nrowing</textarea>"):  # fmt: skip
        assert mark in page.text, mark
    assert "extra.p_inner" not in page.text
    assert one.get(f"{FORM}?field=extra.p_dog").text.count("<select") == 1

    kept = {"extra.p_dog": "true", "extra.p_likes": "chess\r\nrowing", "extra.p_story": "At the fair"}
    typed = inputs(page, FORM, **{**kept, "extra.p_size": "large", "extra.p_from": "soon", "city": "Тверь"})
    wrong = one.post(FORM, typed)
    assert wrong.status_code == 422
    shown = unescape(wrong.text)
    assert all(said in shown for said in ('value="large"', 'value="soon"', "Write a number, such as 42 or 3.5."))
    assert wrong.text.count('aria-invalid="true"') == 2
    assert "Напишите число, например 42 или 3,5." in one.post(f"{FORM}?lang=ru", typed).text

    right = {"extra.p_size": "42", "extra.p_dog": "false", "extra.p_likes": "chess\r\ngo", "extra.p_story": ""}
    one.get(f"{FORM}?lang=en")
    assert one.post(FORM, inputs(page, FORM, **{**kept, **right})).status_code == 303
    told = say(one.get("/my/data"))
    for said in ("Own p_size 42", "Own p_dog no", "Own p_likes chess, go"):
        assert said in told, said
    assert "Own p_story" not in told
