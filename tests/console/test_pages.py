"""What officers do at their pages, without script."""

import base64
import io
import re
from html import unescape

from governance.accounts import operations as accounts
from governance.audit.actions import Action
from governance.audit.checkpoints import Signer
from governance.audit.outside import load_signing_key, replace_signing_key
from governance.audit.sequencer import drain
from governance.custody.signing import has_signing_key, outside_of
from governance.kernel.work import OPERATOR, open_work
from tests.api.conftest import service_of
from tests.console.conftest import EMAIL, ORIGIN, Form
from tests.factories.signing import enrol
from tests.factories.trail import entries


def test_a_customer_is_found_by_an_exact_value_that_stands_in_no_address(desks, customer):
    desk = desks("steward")
    found = desk.post(
        "/console/customers",
        data=Form(desk.get("/console/customers"), "filter").filled(by="contact", value=EMAIL),
        headers=ORIGIN,
    )

    assert f'href="/console/customers/{customer}"' in found.text
    assert "В•••" in found.text
    assert EMAIL not in re.sub(r'<input id="value"[^>]*>', "", found.text)


def test_a_search_for_nothing_says_what_to_do(desks):
    desk = desks("steward")
    refused = desk.post(
        "/console/customers",
        data=Form(desk.get("/console/customers"), "filter").filled(by="email", value="not one"),
        headers=ORIGIN,
    )

    assert refused.status_code == 422
    assert 'value="not one"' in refused.text
    assert 'aria-describedby="value-refused"' in refused.text


def test_a_reveal_without_a_reason_opens_nothing_and_keeps_the_ticks(desks, customer):
    desk, card = desks("officer"), f"/console/customers/{customer}"
    form = Form(desk.get(card), "/reveal")
    refused = desk.post(f"{card}/reveal", data=form.filled(field=["family_name"], reason=" "), headers=ORIGIN)

    assert refused.status_code == 422
    assert 'value="family_name" checked' in refused.text
    assert "<mark>" not in refused.text


def test_a_reveal_shows_the_value_on_that_answer_alone(desks, customer):
    desk, card = desks("officer"), f"/console/customers/{customer}"
    form = Form(desk.get(card), "/reveal")
    shown = desk.post(f"{card}/reveal", data=form.filled(field=["family_name"], reason="by phone"), headers=ORIGIN)

    assert "<mark>Воробьева</mark>" in shown.text
    assert "Воробьева" not in desk.get(card).text


def test_support_sees_no_box_for_what_it_may_not_open_and_marketers_none_at_all(desks, customer):
    assert "/reveal" in desks("support").get(f"/console/customers/{customer}").text
    assert "/reveal" not in desks("marketer").get(f"/console/customers/{customer}").text


def test_today_names_nobody_and_reads_nothing(desks, door):
    with open_work(service_of(door).database, OPERATOR) as work:
        before = len(entries(work, Action.DUPLICATES_LISTED)) + len(entries(work, Action.MERGES_LISTED))
    assert desks("officer").get("/console").status_code == 200
    with open_work(service_of(door).database, OPERATOR) as work:
        assert len(entries(work, Action.DUPLICATES_LISTED)) + len(entries(work, Action.MERGES_LISTED)) == before


def test_the_log_is_searched_by_what_officers_call_things(desks, customer):
    desk = desks("auditor")
    found = desk.get("/console/audit", query_string={"action": "accounts:session:begun", "outcome": "done"})
    wrong = desk.get("/console/audit", query_string={"since": "yesterday"})

    assert "Signed in" in found.text
    assert re.search(r'<option value="accounts:session:begun" selected>', found.text)
    assert 'value="yesterday" aria-invalid="true"' in wrong.text


def test_an_entry_comes_with_a_proof_for_the_browser(desks, door):
    desk, service = desks("auditor"), service_of(door)
    if not has_signing_key(service.settings.secrets_dir):
        replace_signing_key(service.settings.secrets_dir)
    outside = outside_of(service.settings.data_dir)
    listed = desk.get("/console/audit", query_string={"action": "accounts:session:begun"})
    entry = re.search(r'href="(/console/audit/[0-9a-f-]{36})"', listed.text)[1]
    drain(service.database, outside=outside)
    Signer(service.database, load_signing_key(service.settings.secrets_dir), outside).sign()
    proof = desk.get(f"{entry}/proof")

    assert desk.get(entry).status_code == 200
    assert proof.status_code == 200
    assert "data-proof=" in proof.text
    assert "verify.js" in proof.text
    assert "script is blocked" in proof.text  # what stands there until a script says otherwise
    assert "governance audit verify log --checkpoint checkpoint" in proof.text


def test_a_list_comes_back_with_the_reasons_and_nothing_stays(desks):
    desk = desks("steward")
    form = Form(desk.get("/console/clean-list"), "multipart")
    list_ = (io.BytesIO(b"email\nnobody@example.org\nolga.ivanova@example.org\n"), "list.csv")
    cleaned = desk.post(
        "/console/clean-list", data=form.filled(file=list_, purpose="newsletter", channel="email"), headers=ORIGIN
    )

    assert cleaned.status_code == 200
    assert "0 of 2 may be written to" in cleaned.text
    assert 'download="list-left-out.csv"' in cleaned.text
    broken = (io.BytesIO(b"\x00\x01"), "list.xlsx")
    refused = desk.post(
        "/console/clean-list", data=form.filled(file=broken, purpose="newsletter", channel="sms"), headers=ORIGIN
    )
    assert refused.status_code == 422
    assert '<option value="sms" selected>' in refused.text


def test_the_send_check_explains_its_answer(desks):
    desk = desks("support")
    form = Form(desk.get("/console/send-check"), 'class="panel narrow"')
    asked = form.filled(contact="nobody@example.org", purpose="newsletter", channel="email")
    answer = desk.post("/console/send-check", data=asked, headers=ORIGIN)

    assert "No, it may not be sent" in answer.text
    assert "GDPR Art. 6(1)" in answer.text


def test_whoever_may_not_decide_over_a_proposal_is_shown_no_buttons(desks, door):
    with open_work(service_of(door).database, OPERATOR) as work:
        _first, _second = enrol(work, "admin"), enrol(work, "admin")
        other = accounts.create_staff(work, name="Другой", email="other.one@example.org", roles=[])
    with open_work(service_of(door).database, OPERATOR) as work:
        proposed = accounts.propose_grant(work, staff=other.id, role="support", reason="new at the desk")

    assert "/approval" in desks("admin").get(f"/console/proposals/{proposed.id}").text
    assert "/approval" not in desks("officer").get(f"/console/proposals/{proposed.id}").text


def test_the_rows_that_were_left_out_say_why_in_the_language_of_whoever_handed_the_list_in(desks):
    desk = desks("steward")
    form = Form(desk.get("/console/clean-list"), "multipart")
    said = {
        "ru": ("строка,ответ,код причины,почему,email", "2,нет основания,unknown,", "список-исключены.csv"),
        "uk": ("рядок,відповідь,код причини,чому,email", "2,немає підстави,unknown,", "список-вилучено.csv"),
    }
    for language, (headings, row, name) in said.items():
        list_ = (io.BytesIO(b"email\nnobody@example.org\n"), "список.csv")
        cleaned = desk.post(
            f"/console/clean-list?lang={language}",
            data=form.filled(file=list_, purpose="newsletter", channel="email"),
            headers=ORIGIN,
        ).text
        links = re.findall(r'href="data:text/csv;base64,([^"]+)"', cleaned)
        left = base64.b64decode(unescape(links[-1])).decode("utf-8-sig").splitlines()
        assert left[0] == headings
        assert left[1].startswith(row), left[1]
        assert re.search("[А-я]{5}", left[1].split(",")[3]), left[1]
        assert name in cleaned
