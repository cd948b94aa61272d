"""Pages of the portal are light, and print without menus."""

from tests.browser.looks import picture
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
