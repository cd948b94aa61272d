"""Access given and taken at the console; notices written and published."""

import re

from governance.accounts import operations as accounts
from governance.customers import operations as customers
from governance.customers.bulk import create_people
from governance.kernel.ids import SubjectId, uuid4
from governance.kernel.work import OPERATOR, open_work
from governance.policies import shipped
from tests.api.conftest import service_of
from tests.console.conftest import ORIGIN, Form
from tests.factories.customers import origin, person


def send(desk, page, action, **said):
    return desk.post(action, data=Form(desk.get(page), action).filled(**said), headers=ORIGIN)


def test_somebody_is_added_given_a_role_and_leaves(desks):
    desk, email = desks("admin"), f"{uuid4().hex}@example.org"
    wrong = send(desk, "/console/staff/new", "/console/staff/new", name="Ira", email="no address")
    assert wrong.status_code == 422
    assert 'value="no address"' in wrong.text
    assert send(desk, "/console/staff/new", "/console/staff/new", name="Ira New", email=email).status_code == 303
    member = re.search(r'href="(/console/staff/[0-9a-f-]{36})">Ira New', desk.get("/console/staff").text)[1]
    asked = send(desk, member, f"{member}/roles", role="support", reason="New at the desk")
    assert asked.status_code == 303
    assert "Send it again" in desk.get(member).text
    assert send(desk, f"{member}/leaving", f"{member}/leaving").status_code == 303
    assert "The access has ended" in desk.get(f"{member}/leaving").text
    assert "ended" in desk.get(member).text


def test_nobody_who_has_set_a_password_is_offered_an_invitation(desks):
    desk = desks("admin")
    members = re.findall(r'href="(/console/staff/[0-9a-f-]{36})"', desk.get("/console/staff").text)
    assert "Send it again" not in desk.get(members[0]).text


def test_customers_of_somebody_who_leaves_are_in_no_ones_hands_only_where_that_was_said(desks, door):
    desk, database = desks("admin"), service_of(door).database
    with open_work(database, OPERATOR) as work:
        member = accounts.create_staff(work, name="Oleh Left", email=f"{uuid4().hex}@example.org").id
        [theirs] = create_people(work, [person(responsible=member)], origin=origin())
    path = f"/console/staff/{member}/leaving"
    refused = send(desk, path, path, successor="")
    assert refused.status_code == 422
    assert (
        "Choose who takes the customers over, or nobody." in refused.text.partition('id="leave-successor-refused"')[2]
    )
    assert re.search(r'<option value="">please choose</option>\s*<option value="[^"]+">', refused.text)
    assert " selected>nobody" not in refused.text
    assert send(desk, path, path, successor="nobody").status_code == 303
    with open_work(database, OPERATOR) as work:
        assert customers.read(work, subject=SubjectId(theirs)).responsible is None


def test_what_a_system_may_do_is_asked_by_groups_each_thing_once(desks):
    asked = desks("admin").get("/console/clients/new").text
    offered = re.findall(r'name="scope" value="([^"]+)"', asked)
    assert sorted(offered) == sorted(one.value for one, known in shipped.permissions().items() if known.systems)
    groups = [part.partition("</legend>")[0] for part in asked.split("<legend>")[2:]]
    assert groups[0] == "Customers"
    assert len(groups) == len(set(groups)) > 4


def test_the_key_of_a_system_is_shown_once(desks):
    desk, name = desks("admin"), f"till {uuid4().hex[:8]}"
    wrong = send(desk, "/console/clients/new", "/console/clients/new", name=name)
    assert wrong.status_code == 422
    assert f'value="{name}"' in wrong.text
    assert "Tick at least one thing that it may do." in wrong.text.partition('id="scopes-refused"')[2]
    made = send(desk, "/console/clients/new", "/console/clients/new", name=name, scope=["consent:check"])
    secret = re.search(r'id="secret">(gov_[a-z0-9_]+)<', made.text)[1]
    listed = desk.get("/console/clients").text
    assert name in listed
    assert secret not in listed
    assert f"New key for {name}" in listed


def test_a_system_that_is_connected_twice_by_one_form_is_connected_once(desks):
    desk, name = desks("admin"), f"shop {uuid4().hex[:8]}"
    form = Form(desk.get("/console/clients/new"), "/console/clients/new").filled(name=name, scope=["consent:check"])
    first, second = (desk.post("/console/clients/new", data=form, headers=ORIGIN) for _ in range(2))
    listed = desk.get("/console/clients").text
    assert (first.status_code, second.status_code, second.location) == (200, 303, "/console/clients")
    assert listed.count(f"New key for {name}") == 1
    rotation = re.search(rf'action="([^"]+/keys)"(?:(?!</form>).)*New key for {name}', listed, re.DOTALL)[1]
    form = Form(desk.get("/console/clients"), rotation).filled()
    first, second = (desk.post(rotation, data=form, headers=ORIGIN) for _ in range(2))
    assert (first.status_code, second.status_code, second.location) == (200, 303, "/console/clients")


def test_a_notice_is_written_published_and_its_versions_stand_side_by_side(desks):
    desk, notice = desks("officer"), "/console/consent/notices/consent/newsletter"
    first = {"title.en": "Newsletter", "body.en": "I want to get it by mail."}
    empty = dict.fromkeys(("title.en", "body.en", "title.ru", "body.ru", "title.uk", "body.uk"), "")
    refused = send(desk, notice, notice, **empty)
    assert refused.status_code == 422
    assert "Give the words in one language at least." in refused.text
    refused = send(desk, notice, notice, **{**empty, **first, "body.en": "I want ⟦what⟧."})
    assert "Fill in the places between ⟦ and ⟧ first" in refused.text
    assert send(desk, notice, notice, **{**empty, **first}).status_code == 303
    second = {"title.en": "Newsletter", "body.en": "I want to get it by mail, each week."}
    assert send(desk, notice, notice, **{**empty, **second}, material="yes").status_code == 303
    newest = int(re.search(r'<option value="(\d+)"', desk.get(notice).text)[1]) + 1
    compared = desk.get(f"{notice}?with={newest - 1}").text
    assert "each week" in compared
    assert "I want to get it by mail.</div>" in compared
    assert "material: consent is asked anew" in desk.get("/console/consent").text


def test_a_notice_that_a_colleague_published_meanwhile_is_not_written_over_unseen(desks):
    desk, notice = desks("officer"), "/console/consent/notices/consent/surveys"
    empty = dict.fromkeys(("title.ru", "body.ru", "title.uk", "body.uk"), "")
    mine, theirs = (Form(desk.get(notice), notice) for _ in range(2))
    their_words = {**empty, "title.en": "Surveys", "body.en": "Words of a colleague."}
    my_words = {**empty, "title.en": "Surveys", "body.en": "My own words."}
    assert desk.post(notice, data=theirs.filled(**their_words), headers=ORIGIN).status_code == 303
    late = desk.post(notice, data=mine.filled(**my_words), headers=ORIGIN)
    assert late.status_code == 412
    assert "Words of a colleague." in late.text
    assert "My own words." in late.text
    assert desk.post(notice, data=Form(late, notice).filled(**my_words), headers=ORIGIN).status_code == 303
