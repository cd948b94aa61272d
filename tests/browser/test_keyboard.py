"""An officer who never touches the mouse: from the sign-in to an approved proposal and back."""

from playwright.sync_api import expect

from governance.accounts import operations as accounts
from governance.kernel.work import OPERATOR, open_work
from tests.api.conftest import service_of
from tests.browser.looks import MODES
from tests.factories.signing import PASSWORD, enrol

FOCUS = """() => {
    const one = document.activeElement, style = getComputedStyle(one), box = one.getBoundingClientRect();
    return {
        name: (one.labels?.[0] ?? one).textContent.trim().replace(/\\s+/g, " ").slice(0, 60) || one.id,
        seen: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2 && box.width > 0
            && box.bottom > 0 && box.top < innerHeight,
    };
}"""


def tab_to(page, name, *, most=60):
    """Press Tab until the focus is on what is called so; wherever it stops it is to be seen."""
    met = []
    for _ in range(most):
        page.keyboard.press("Tab")
        focus = page.evaluate(FOCUS)
        met.append(focus["name"])
        assert focus["seen"], met
        if name in focus["name"]:
            return met
    raise AssertionError(f"{name} is not met: {met}")


def test_an_officer_signs_in_works_a_request_and_approves_by_keys_alone(chromium, site):
    service = service_of(site.app)
    with open_work(service.database, OPERATOR) as work:
        me, other = enrol(work, "officer", "admin"), enrol(work, "support")
        proposer = accounts.staff_actor(work, staff=enrol(work, "admin").id)
    with open_work(service.database, proposer) as work:
        proposal = accounts.propose_grant(work, staff=other.id, role="steward", reason="Stands in at the desk")
    context = chromium.new_context(locale="en", base_url=site.url, **MODES["light"])
    page = context.new_page()
    page.set_default_timeout(10_000)

    page.goto("/console/sign-in")
    expect(page.get_by_label("E-mail")).to_be_focused()
    for said in (me.email, PASSWORD, me.code(service.clock.now())):
        page.keyboard.type(said)
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/console")

    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    assert page.locator(".skip").bounding_box()["y"] >= 0
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()

    page.goto("/console")
    order = tab_to(page, "Proposals")
    assert order.index("Today") < order.index("Requests") < order.index("Proposals")
    page.keyboard.press("Enter")
    page.wait_for_url("**/console/proposals")
    page.focus(f"main a[href$='{proposal.id}']")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/{proposal.id}")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # to the content
    assert tab_to(page, "Approve")[0] == "Proposals"
    page.keyboard.press("Enter")
    expect(page.locator(".heading .badge")).not_to_have_text("open")
    page.focus("#main")
    tab_to(page, "Proposals")
    page.keyboard.press("Enter")
    page.wait_for_url("**/console/proposals")

    page.set_viewport_size(MODES["phone"]["viewport"])
    page.goto("/console/requests")
    tab_to(page, "Menu")
    page.keyboard.press("Enter")
    expect(page.locator(".menu-fold .menu").first).to_be_visible()
    tab_to(page, "Requests")
    page.keyboard.press("Escape")
    expect(page.locator(".menu-fold .menu").first).to_be_hidden()
    expect(page.locator(".menu-fold summary")).to_be_focused()
    context.close()
