"""Words of messages at the officers' desks: looked at, changed, put back, sent to oneself."""

from dataclasses import replace
from html import unescape

from governance.console.place import EXTENSION
from governance.kernel.settings import Secret
from governance.kernel.work import OPERATOR, open_work
from governance.messages import outbox
from governance.messages.delivery import deliver_due
from tests.api.conftest import service_of
from tests.console.conftest import ORIGIN, Form
from tests.console.test_reach import desk, shop
from tests.console.test_retention import send
from tests.messages.test_sms import gateway

__all__ = ["desk", "gateway", "shop"]

PAGE = "/console/settings/messages/request_refused/ru"


def words_of(page):
    return unescape(page.text.split('name="words"', 1)[1].split(">", 1)[1].split("</textarea>")[0])


def test_every_message_is_shown_as_its_reader_sees_it(desks):
    desk = desks("auditor")
    listed = desk.get("/console/settings/messages?language=uk").text
    assert listed.count("/console/settings/messages/") >= 15
    shown = desk.get(PAGE).text
    assert "ООО Ромашка" in shown
    assert "обратиться с жалобой в надзорный орган" in shown
    assert "textarea" not in shown
    alone = desk.get(f"{PAGE}/page")
    assert "sandbox" in alone.headers["Content-Security-Policy"]
    assert "R-23456789" in alone.text
    assert desk.get("/console/settings/messages/request_refused/xx").status_code == 404


def test_own_words_are_looked_at_first_kept_and_put_back(desks):
    desk = desks("officer")
    words = words_of(desk.get(PAGE)).replace("Здравствуйте!", "Добрый день!")
    form = Form(desk.get(PAGE), PAGE)
    seen = desk.post(f"{PAGE}/preview", data=form.filled(words=words), headers=ORIGIN)
    assert "Добрый день!</p>" in seen.text
    assert "Добрый день!" not in desk.get(PAGE).text

    without = words.replace("{{ remedies }}", "")
    refused = desk.post(PAGE, data=form.filled(words=without), headers=ORIGIN)
    assert refused.status_code == 422
    assert "Please check what you entered." in refused.text
    assert "This has to stay in the text: {{ remedies }}" in refused.text
    assert words_of(refused).replace("\r\n", "\n").strip() == without.strip()

    assert desk.post(PAGE, data=Form(desk.get(PAGE), PAGE).filled(words=words), headers=ORIGIN).status_code == 303
    kept = desk.get(PAGE).text
    assert "Добрый день!</p>" in kept
    assert "your own words, version 1" in kept
    back = Form(desk.get(PAGE), f"{PAGE}/reset").filled()
    assert desk.post(f"{PAGE}/reset", data=back, headers=ORIGIN).status_code == 303
    assert "Добрый день!" not in desk.get(PAGE).text


def test_a_message_is_sent_to_whoever_asks(desks, door):
    desk = desks("officer")
    answer = desk.post(f"{PAGE}/trial", data=Form(desk.get(PAGE), f"{PAGE}/trial").filled(), headers=ORIGIN)
    assert answer.status_code == 303
    told = desk.get(answer.location).text
    assert "to your own address" in told
    assert "on its way" in told
    with open_work(service_of(door).database, OPERATOR) as work:
        sent = []
        while (lent := outbox.lend(work)) is not None:
            sent.append((lent.template.value, lent.values.get("number")))
    assert ("request_refused", "R-23456789") in sent


def test_an_sms_is_tried_and_the_page_says_whether_the_gateway_took_it(shop, desk, gateway):
    page = "/console/settings/company"
    assert "Send a trial SMS" not in desk.get(page).text, "no gateway is set"
    url = f"http://127.0.0.1:{gateway.server_port}/"
    settings = replace(service_of(shop).settings, sms_url=Secret(url))
    shop.extensions[EXTENSION] = replace(shop.extensions[EXTENSION], settings=settings)
    wrong = send(desk, page, f"{page}/sms", sms_number="12")
    assert wrong.status_code == 422
    assert 'value="12"' in wrong.text
    assert "Write one whole number" in wrong.text
    for status, mark, words in (
        (200, "good", "The gateway took it."),
        (401, "bad", "look at GOVERNANCE_SMS_TOKEN"),
        (418, "bad", "refused with the code sms-418"),
        (503, "bad", "It is tried again within the hour."),
    ):
        gateway.statuses.append(status)
        sent = send(desk, page, f"{page}/sms", sms_number="+380501234567")
        assert sent.status_code == 303
        assert "on its way" in desk.get(sent.location).text
        deliver_due(service_of(shop).database, settings, clock=service_of(shop).clock)
        shown = desk.get(sent.location).text
        assert f'badge {mark}">' in shown.partition('id="trial"')[2], status
        assert words in shown, status
    assert {said["to"] for _, _, said in gateway.seen} == {"+380501234567"}
    assert "Шлюз" in desk.get(f"{sent.location.partition('#')[0]}&lang=ru").text
