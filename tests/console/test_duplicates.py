"""Two records that are one person: merged at the desk, looked at, and made two again."""

from governance.customers import operations as customers
from governance.customers.contact_values import ContactSaid
from governance.intake import operations as intake
from governance.kernel.ids import uuid4
from governance.kernel.work import OPERATOR, open_work
from tests.api.conftest import service_of
from tests.console.conftest import ORIGIN, Form


def test_a_merge_is_looked_at_and_undone_and_the_page_says_until_when_it_may(desks, door):
    desk = desks("steward")
    with open_work(service_of(door).database, OPERATOR) as work:
        one, other = (
            customers.create(
                work,
                fields={"family_name": "Сорока", "source": "till", "ground": "contract"},
                contacts=[ContactSaid(kind="email", value=f"{uuid4().hex}@example.org")],
            ).id
            for _ in range(2)
        )
        merged = intake.merge(work, into=one, other=other, reason="Same mail")
    page, act = desk.get("/console/duplicates"), f"/console/merges/{merged.id}"
    assert "Undo the merge" in page.text
    if f"{act}/review" in page.text:
        form = Form(page, f"{act}/review").filled()
        assert desk.post(f"{act}/review", data=form, headers=ORIGIN).status_code == 303
        page = desk.get("/console/duplicates")
        assert f"{act}/review" not in page.text
    form = Form(page, f"{act}/undo").filled()
    assert [desk.post(f"{act}/undo", data=form, headers=ORIGIN).status_code for _ in range(2)] == [303, 303]
    assert f"{act}/undo" not in desk.get("/console/duplicates").text
    with open_work(service_of(door).database, OPERATOR) as work:
        assert customers.read(work, subject=other).id == other
    again = {**form, "form": str(uuid4())}
    assert desk.post(f"{act}/undo", data=again, headers=ORIGIN).status_code == 409
