"""What links in mails lead to, before and after their button: in each language, light, dark, on a phone, on paper."""

from uuid import uuid4

import pytest
from playwright.sync_api import expect

from governance.consent import operations as consent
from governance.consent.operations import Asked
from governance.policies.purposes import Channel
from governance.retention.tables import WarningRow
from governance.retention.warning import _digest
from tests.browser.looks import MODES, faults_of
from tests.browser.portal import take_phone

SAID = {
    "en": (
        "Look into your mailbox",
        "it is confirmed",
        "You are unsubscribed",
        "Your data are kept",
        "not valid any more",
    ),
    "ru": ("Проверьте почту", "подтверждена", "Вы отписаны", "Ваши данные сохранены", "больше не действует"),
    "uk": ("Перевірте пошту", "підтверджено", "Вас відписано", "Ваші дані збережено", "більше не діє"),
}


def unsubscribe_link(phone):
    """What a newsletter to them has at its end."""
    with phone.working() as work:
        asked = Asked("newsletter", Channel.EMAIL, unsubscribe_at=phone.site.url)
        return consent.check(work, question=asked, contacts=[phone.email]).unsubscribe[0].removeprefix(phone.site.url)


def keep_link(phone):
    """What a warning before a purge has."""
    token = f"{uuid4().hex}{'k' * 11}"
    phone.become_customer()
    with phone.working() as work:
        work.session.add(WarningRow(person_id=phone.subject, policy_key="a", warned_at=work.now, digest=_digest(token)))
    return f"/keep/{token}"


@pytest.mark.parametrize("language", ["en", "ru", "uk"])
def test_pages_behind_links_of_mails_are_for_everybody(chromium, site, language):
    phone = take_phone(chromium, site, language)
    page, faults = phone.page, []
    modes = list(MODES) if language == "en" else ["dark", "phone"]
    sent, confirmed, left, kept, spent = SAID[language]

    def look(name):
        named = f"portal-{name}" if language == "en" else f"portal-{name}-{language}"
        faults.extend(faults_of(page, named, *modes))

    def follow(link, name, after, told):
        page.goto(link)
        look(name)
        page.click("main button.main >> nth=0")
        expect(page.locator("h1")).to_contain_text(told)
        look(after)

    page.goto("/subscribe/club")
    page.fill("#email", phone.email)
    page.check("#choice-newsletter")
    page.click("main button.main")
    expect(page.locator("h1")).to_contain_text(sent)
    look("sent")
    link = next(str(one["link"]) for one in phone.mail() if "link" in one)
    follow("/confirm/" + link.rpartition("/confirm/")[2], "confirm", "confirmed", confirmed)
    follow(unsubscribe_link(phone), "unsubscribe", "unsubscribed", left)
    follow(keep_link(phone), "keep", "kept", kept)
    page.goto("/confirm/nothing")
    expect(page.locator("h1")).to_contain_text(spent)
    look("spent-link")
    phone.context.close()

    assert not faults, "\n".join(map(str, faults))
    assert phone.watch.settled() == []
