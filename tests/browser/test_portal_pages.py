"""Every page of the portal in light, dark and on a phone: accessible (axe-core), nothing refused or sticking out."""

import pytest

from tests.browser.conftest import MODES, picture
from tests.browser.portal import take_phone
from tests.browser.test_pages import looked_at

PUBLIC = ("/my", "/privacy", "/certificate", "/counter", "/subscribe/club", "/confirm/nothing")
UNSURE = ("/my", "/my/choices", "/my/proof", "/my/requests")
SURE = (
    *("/my", "/my/choices", "/my/choices/history", "/my/data", "/my/data/seen?own=yes", "/my/proof", "/my/requests"),
    *("/my/requests/new", "/my/requests/new/erasure", "/my/requests/new/rectification", "/my/requests/new/restriction"),
)


def name(path, sort):
    return f"portal-{sort}-" + (path.partition("?")[0].strip("/").replace("/", "-") or "start")


@pytest.mark.parametrize("mode", MODES)
def test_all_pages_are_for_everybody(chromium, site, mode):
    phone = take_phone(chromium, site, "en", mode=mode)
    page = phone.page
    for path in PUBLIC:
        page.goto(path)
        looked_at(page, name(path, "public"))
    phone.become_customer()
    page.goto("/my")
    page.fill("#contact", "nonsense")
    page.click("main button.main")
    looked_at(page, "portal-public-wrong")
    phone.come_in()
    for path in UNSURE:
        page.goto(path)
        looked_at(page, name(path, "unsure"))
    page.goto("/my/proof?then=/my")
    phone.prove()
    page.goto("/my/choices")
    page.click("button[value='newsletter|email|yes']")
    for path in SURE:
        page.goto(path)
        looked_at(page, name(path, "sure"))
    page.goto("/my/requests/new/complaint")
    page.click("main form button.main")
    looked_at(page, "portal-sure-wrong")
    page.fill("#said", "The shop does not answer")
    page.click("main form button.main")
    page.wait_for_selector(".countdown")
    looked_at(page, "portal-sure-request")
    phone.context.close()
    assert phone.watch.settled() == []


def test_pages_of_the_portal_are_light_and_print_without_menus(chromium, site):
    phone = take_phone(chromium, site, "en", mode="light")
    weights = {}
    phone.page.on("response", lambda one: weights.__setitem__(one.url, len(one.body())))
    phone.become_customer()
    phone.come_in()
    phone.page.goto("/my/proof?then=/my/data")
    phone.prove()
    phone.page.wait_for_load_state("networkidle")
    assert (
        sum(size for url, size in weights.items() if url.endswith(("/my/data", ".css", ".js")) or "?v=" in url)
        < 150_000
    )
    phone.page.emulate_media(media="print")
    assert not phone.page.is_visible(".pages")
    picture(phone.page, "portal-print")
    phone.context.close()
