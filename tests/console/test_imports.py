"""Lists brought in at the console: tried, mapped, brought in, taken back; and the answer that an owner wants."""

import io
import re
from uuid import UUID

from sqlalchemy import text

from governance.consent import operations as consent
from governance.consent.codes import NoticeKind
from governance.customers import operations as customers
from governance.intake import operations as intake
from governance.kernel import jobs
from governance.kernel.ids import BatchId
from governance.kernel.work import OPERATOR, SYSTEM, open_work
from tests.api.conftest import service_of
from tests.console.conftest import ORIGIN, Form
from tests.console.test_reach import TEXTS, desk, shop
from tests.intake.building import xlsx

__all__ = ["desk", "shop"]

LIST = "Client;Mail;Ok\nSmith Anna;anna.smith@example.org;yes\nBrown Bob;bob.brown@example.org;no\nBad;not-a-mail;no\n"


def hand_over(desk, text=LIST, name="clients.csv", **said):
    form = Form(desk.get("/console/imports/new"), "/trial")
    data = form.filled(file=(io.BytesIO(text.encode()), name), source="till", ground="contract", **said)
    return desk.post("/console/imports/trial", data=data, headers=ORIGIN)


def test_a_list_is_tried_its_columns_told_and_brought_in_and_taken_back(desks, door):
    desk, service = desks("steward"), service_of(door)
    tried = hand_over(desk)
    assert tried.status_code == 200
    assert "What it would do" in tried.text
    form = Form(tried, "/trial")
    headings = re.findall(r'name="heading" value="([^"]*)"', tried.text)
    meanings = {"Client": "full_name", "Mail": "email", "Ok": "ignore"}
    data = form.filled(heading=headings, meaning=[meanings[one] for one in headings])
    begun = desk.post("/console/imports", data=data, headers=ORIGIN)
    assert begun.status_code == 303
    assert desk.post("/console/imports", data=data, headers=ORIGIN).location == begun.location

    batch = BatchId(UUID(re.search(r"[0-9a-f-]{36}", begun.location)[0]))
    intake.resume(service.database, actor=OPERATOR, batch=batch)
    done = desk.get(begun.location)
    assert 'data-state="finished"' in done.text
    assert "Who may be written to?" in done.text
    undone = desk.post(f"{begun.location}/undo", data=Form(done, "/undo").filled(), headers=ORIGIN)
    assert undone.status_code == 303
    intake.resume(service.database, actor=OPERATOR, batch=batch)
    assert 'data-state="undone"' in desk.get(begun.location).text


def test_another_sheet_or_kind_is_tried_before_it_is_brought_in(desks):
    rows = [["Client", "Mail"], ["Smith Anna", "anna.smith@example.org"]]
    others = [["Name", "Phone", "Shoe"], ["VIP"], [], ["Total"], ["Bob Brown", "030 901820", "43"]]
    desk, book = desks("steward"), xlsx({"2026": rows, "2019": others})
    form = Form(desk.get("/console/imports/new"), "/trial")
    data = form.filled(file=(io.BytesIO(book), "clients.xlsx"), source="till", ground="contract")
    tried = desk.post("/console/imports/trial", data=data, headers=ORIGIN)
    assert "Sheet: 2026. Headings in row 1." in tried.text
    assert "Not understood" not in tried.text

    data = Form(tried, "/trial").filled(sheet="2019", heading=["Client", "Mail"], meaning=["full_name", "email"])
    other = desk.post("/console/imports", data=data, headers=ORIGIN)
    assert other.status_code == 200
    assert "Sheet: 2019. Headings in row 1." in other.text
    assert "Left out as no data: blank rows: 1, totals: 1." in other.text
    assert "Not understood, and not read: Shoe." in other.text

    again = desk.post("/console/imports/trial", data=Form(other, "/trial").filled(sheet="2026"), headers=ORIGIN)
    assert "Sheet: 2026. Headings in row 1." in again.text
    begun = desk.post("/console/imports", data=Form(again, "/trial").filled(sheet="2026"), headers=ORIGIN)
    data = form.filled(file=(io.BytesIO(book), "clients.xlsx"), source="till", ground="contract")
    known = desk.post("/console/imports/trial", data=data, headers=ORIGIN)
    assert "This very list was brought in before." in known.text
    assert begun.location in known.text
    assert "Sheet: 2026." in desk.get(begun.location).text


def test_a_trial_tells_of_purchases_that_are_of_nobody(desks):
    tried = hand_over(desks("steward"), text="Order no;Date;Sum;Phone\nA-1;2026-01-02;10 EUR;+49 30 901829\n")
    assert "1 row is of nobody who is known here" in tried.text


def test_a_file_that_cannot_be_read_says_so_and_keeps_what_was_chosen(desks):
    desk = desks("steward")
    refused = hand_over(desk, text="\x00\x01\x02", name="clients.xlsx", region="UA")

    assert refused.status_code == 422
    assert 'value="UA"' in refused.text
    assert 'role="alert"' in refused.text


def test_source_and_ground_are_chosen_by_whoever_brings_a_list(desks):
    desk = desks("steward")
    page = desk.get("/console/imports/new")
    for name in ("source", "ground"):
        asked = page.text.partition(f'name="{name}"')[2].partition("</select>")[0]
        assert '<option value="">please choose</option>' in asked
        assert " selected" not in asked
    for action in ("/console/imports/trial", "/console/imports"):
        data = Form(page, "/trial").filled(file=(io.BytesIO(LIST.encode()), "clients.csv"), source="", ground="")
        refused = desk.post(action, data=data, headers=ORIGIN)
        assert refused.status_code == 422
        assert "Choose where the list came from." in refused.text.partition('id="import-source-refused"')[2]
        assert "Choose the ground." in refused.text.partition('id="import-ground-refused"')[2]


def test_a_list_larger_than_other_forms_is_taken(desks):
    rows = "".join(f"Smith Anna;anna{number}@example.org;no;{'much ' * 1_000}\r\n" for number in range(300))
    form = Form(desks("steward").get("/console/imports/new"), "/trial").filled(source="till", ground="contract")
    parts = [f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{said}\r\n' for name, said in form.items()]
    file = '--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\nClient;Mail;Ok;Aside\r\n'
    body = ("".join(parts) + file + rows + "\r\n--x--\r\n").encode()
    assert len(body) > 1_048_576
    tried = desks("steward").post(
        "/console/imports/trial", data=body, content_type="multipart/form-data; boundary=x", headers=ORIGIN
    )
    assert tried.status_code == 200


def test_who_may_be_written_to_is_told_with_the_reasons(desks, door, customer):
    intake.take_snapshot(service_of(door).database, actor=OPERATOR)
    page = desks("officer").get("/console/reach").text

    assert re.search(r"\d+ may be written to, \d+ may not", page)
    assert "Why not" in page


def test_an_import_taken_back_names_whom_somebody_worked_on_since(desks, door):
    desk, service = desks("steward"), service_of(door)
    form = Form(hand_over(desk, "Surname;Email\nKeptova;kept@example.org\nGonova;gone@example.org\n"), "/trial")
    told = form.filled(heading=["Surname", "Email"], meaning=["family_name", "email"])
    begun = desk.post("/console/imports", data=told, headers=ORIGIN)
    batch = BatchId(UUID(re.search(r"[0-9a-f-]{36}", begun.location)[0]))
    intake.resume(service.database, actor=OPERATOR, batch=batch)
    with open_work(service.database, OPERATOR) as work:
        [kept] = customers.search(work, by="email", value="kept@example.org").items
        customers.edit(work, subject=kept.id, patch={"city": "Псков"})
    desk.post(f"{begun.location}/undo", data=Form(desk.get(begun.location), "/undo").filled(), headers=ORIGIN)
    intake.resume(service.database, actor=OPERATOR, batch=batch)
    page = desk.get(begun.location).text

    assert "What taking it back came to" in page
    assert f"/console/customers/{kept.id}" in page
    assert page.count("/console/customers/") == 1


def test_who_may_be_written_to_says_that_it_is_counted_anew(desks, door):
    said, desk = "It is being counted anew just now", desks("officer")
    with open_work(service_of(door).database, SYSTEM) as work:
        work.session.execute(text("DELETE FROM procrastinate_jobs WHERE task_name = 'base.count'"))
    assert said not in desk.get("/console/reach").text
    with open_work(service_of(door).database, SYSTEM) as work:
        jobs.defer_once(work, "base.count", waiting="base.count")
    assert said in desk.get("/console/reach").text


def test_a_file_that_is_no_list_is_named_beside_its_field_with_what_to_do(desks):
    desk = desks("steward")
    for content, english, russian in (
        (b"", "Choose a file with headings in its first row.", "Этот файл прочитать нельзя."),
        (
            b"%PDF-1.4\n\x00\x01\x02",
            "This file is no list; export the customers",
            "Этот файл прочитать нельзя.",
        ),
        (b" \n \n", "There is nothing in this file.", "В этом файле ничего нет."),
        (b"17;18\n19;20\n", "No row with headings was found.", "Не найдена строка с заголовками."),
    ):
        for language, said in (("en", english), ("ru", russian)):
            desk.set_cookie("governance-language", language, path="/console")
            form = Form(desk.get("/console/imports/new"), "/trial")
            data = form.filled(file=(io.BytesIO(content), "clients.csv"), source="fair", ground="contract")
            refused = desk.post("/console/imports/trial", data=data, headers=ORIGIN)
            assert refused.status_code == 422
            assert said in refused.text.partition('id="file-refused"')[2], (content, language)
            assert '<option value="fair" selected' in refused.text
    desk.delete_cookie("governance-language", path="/console")


def test_consents_of_a_list_count_where_the_words_are_published_and_named(shop, desk):
    text = "Client;Mail;Newsletter;Consent date\nSmith Anna;anna.smith@example.org;yes;2026-02-03\n"
    assert 'name="shown"' not in hand_over(desk, text).text
    with open_work(service_of(shop).database, OPERATOR) as work:
        consent.publish_notice(work, kind=NoticeKind.CONSENT, key="newsletter", texts=TEXTS, material=True)
    tried = hand_over(desk, text)
    assert 'value="newsletter:1"' in tried.text
    headings = re.findall(r'name="heading" value="([^"]*)"', tried.text)
    meanings = re.findall(r'<option value="([^"]*)" selected', tried.text.partition('id="columns"')[2])
    told = Form(tried, "/trial").filled(heading=headings, meaning=meanings, shown="newsletter:1")
    begun = desk.post("/console/imports", data=told, headers=ORIGIN)
    batch = BatchId(UUID(re.search(r"[0-9a-f-]{36}", begun.location)[0]))
    intake.resume(service_of(shop).database, actor=OPERATOR, batch=batch)
    with open_work(service_of(shop).database, OPERATOR) as work:
        [one] = customers.search(work, by="email", value="anna.smith@example.org").items
        [event] = consent.events_of(work, subject=one.id, limit=5).items
    assert (event.kind.value, event.notice) == ("given", 1)
