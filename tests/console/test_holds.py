"""Legal holds at the desks: placed upon one, a list and a segment, found by their case, released by a second person."""

import io
import re
from uuid import UUID

from governance.accounts import operations as accounts
from governance.accounts.operations import ProposalId
from governance.consent import segmenting
from governance.customers import operations as customers
from governance.customers.contact_values import ContactSaid
from governance.erasure import operations as erasure
from governance.kernel.ids import uuid4
from governance.kernel.work import OPERATOR, open_work
from governance.policies.documents import Titles
from tests.api.conftest import service_of
from tests.console.conftest import ORIGIN, Form, sign_in
from tests.factories.signing import enrol

HOLDS = "/console/retention/holds"


def send(desk, page, action, **told):
    return desk.post(action, data=Form(desk.get(page), f'"{action}"').filled(**told), headers=ORIGIN)


def people(door, count=2, **fields):
    with open_work(service_of(door).database, OPERATOR) as work:
        return [
            customers.create(
                work,
                fields={"family_name": "Сорока", "source": "till", "ground": "contract", **fields},
                contacts=[ContactSaid(kind="email", value=f"{uuid4().hex}@example.org")],
            ).id
            for _ in range(count)
        ]


def place(desk, **told):
    whole = {"compartment": ["finance"], "review_at": "2199-01-01", "reason": "Claim"}
    return send(desk, f"{HOLDS}/new", HOLDS, **{**whole, **told})


def test_a_list_is_held_for_a_case_and_released_by_another_person(desks, door):
    desk, service, case = desks("officer"), service_of(door), f"A {uuid4().hex[:6]}"
    one, other = people(door)
    with open_work(service.database, OPERATOR) as work:
        second = enrol(work, "officer")
    assert place(desk, customers=str(one), file=(io.BytesIO(f"{other}\n".encode()), "ids.txt"), case_ref=case)
    listed = desk.get(HOLDS).text
    assert f"…{str(one)[-12:]}" in listed
    assert "days left" in listed
    shown = send(desk, HOLDS, f"{HOLDS}/case", case_ref=case)
    assert shown.text.count('class="mono nowrap">') == 2
    assert case not in shown.request.path

    refused = desk.post(f"{HOLDS}/case/release", data=Form(shown, "/case/release").filled(reason=" "), headers=ORIGIN)
    assert refused.status_code == 422
    assert case in refused.text, "the case stays, and so does the form"
    released = Form(refused, "/case/release").filled(reason="Settled")
    assert desk.post(f"{HOLDS}/case/release", data=released, headers=ORIGIN).status_code == 303
    assert desk.post(f"{HOLDS}/case/release", data=released, headers=ORIGIN).status_code == 303
    marks = f"/console/customers/{one}/marks"
    assert "Propose to release it" in desk.get(marks).text
    again = Form(desk.get(marks), "/release").filled(reason="Twice")
    hold = re.search(rf"{marks.removesuffix('marks')}holds/[0-9a-f-]+/release", desk.get(marks).text)[0]
    refused = desk.post(hold, data=again, headers=ORIGIN)
    assert refused.status_code == 409
    assert "Twice</textarea>" in refused.text

    fellow = door.test_client()
    assert sign_in(fellow, second).status_code == 303
    waiting = re.findall(r'href="(/console/proposals/([0-9a-f-]{36}))"', fellow.get("/console/proposals").text)
    for path, proposal in waiting:
        page = fellow.get(path)
        if str(one) in page.text or str(other) in page.text:
            approved = Form(page, "/approval").filled()
            assert fellow.post(f"{path}/approval", data=approved, headers=ORIGIN).status_code == 303
            with open_work(service.database, OPERATOR) as work:
                accounts.execute(work, proposal=ProposalId(UUID(proposal)))
    assert "No hold of this case stands" in send(desk, HOLDS, f"{HOLDS}/case", case_ref=case).text
    assert "released" in desk.get(marks).text


def test_what_cannot_be_held_says_so_and_keeps_what_was_typed(desks):
    desk = desks("officer")
    nobody = str(uuid4())
    cases = (
        ({"customers": nobody}, nobody), ({"customers": "Сорока"}, "Сорока"), ({"customers": ""}, "Claim"),
        ({"customers": nobody, "review_at": "soon"}, nobody), ({"customers": nobody, "compartment": []}, nobody),
        ({"customers": nobody, "review_at": "2001-01-01"}, nobody), ({"whom": "segment"}, "Claim"),
    )  # fmt: skip
    for told, kept in cases:
        refused = place(desk, **told)
        assert (refused.status_code, kept in refused.text) == (422, True), told
        assert 'value="finance"' in refused.text
    assert "Write the name of the case." in send(desk, HOLDS, f"{HOLDS}/case", case_ref=" ").text


def test_all_whom_a_segment_found_are_held_and_what_waits_for_it_is_told(desks, door):
    desk, service, city = desks("officer"), service_of(door), uuid4().hex
    (one,) = people(door, 1, city=city)
    with open_work(service.database, OPERATOR) as work:
        rule = {"field": "city", "op": "is", "value": city}
        found = segmenting.define(work, key=f"held_{city[:6]}", titles=Titles("Held", "", ""), rule=rule)
        run = segmenting.evaluate(work, segment=found.id)
    segmenting.see_through(service.database, actor=OPERATOR, run=run.id)
    told = {"whom": "segment", "run": str(run.id), "compartment": ["profile", "contact"],
            "review_at": "2199-01-01", "reason": "Claim"}  # fmt: skip
    assert send(desk, f"{HOLDS}/new?run={run.id}", HOLDS, **told).status_code == 303
    with open_work(service.database, OPERATOR) as work:
        begun = erasure.order(work, person=one, reason="Asked for it")
    erasure.run(service.database, erasure=begun)
    row = next(each for each in desk.get(HOLDS).text.split("<tr>") if f"customers/{one}/" in each)
    assert "1 erasure" in row
