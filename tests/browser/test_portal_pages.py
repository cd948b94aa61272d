"""Pages of the portal are light, and print without menus."""

from tests.browser.looks import OVER, picture
from tests.browser.portal import take_phone


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
    picture(phone.page, "portal-print", "light")
    phone.context.close()


def test_pages_of_the_portal_wrap_with_letters_of_twice_the_size_and_words_without_end(chromium, site):
    phone = take_phone(chromium, site, "uk")
    phone.become_customer()
    phone.come_in()
    phone.page.goto("/my/proof?then=/my")
    phone.prove()
    phone.page.goto("/my/requests/new/complaint")
    phone.page.fill("#said", "Ж" * 300)
    phone.page.click("main form button.main")
    phone.page.wait_for_url("**/my/requests/*-*")
    story = phone.page.url
    for path in (
        story,
        "/my",
        "/my/choices",
        "/my/data",
        "/my/requests/new",
        "/my/requests/new/erasure",
        "/subscribe/club",
    ):
        phone.page.goto(path)
        phone.page.evaluate("document.documentElement.style.setProperty('font-size', '200%')")
        assert not phone.page.evaluate(OVER), path
    phone.context.close()
