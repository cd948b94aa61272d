"""What officers do, with script and without, in a real browser."""

from playwright.sync_api import expect

from tests.browser.conftest import EMAIL
from tests.browser.looks import looked_at

REASON = "The customer asks by phone"


def reveal(page):
    """Find the customer by an e-mail address and open the phone number."""
    page.goto("/console/customers")
    page.fill("#value", EMAIL)
    page.click("main button.main")
    page.click("#results table a")
    page.locator("input[name=field]").last.check()
    page.fill("#reason", REASON)
    page.click("text=Show what is ticked")
    page.wait_for_selector("mark")


def test_an_officer_finds_in_the_log_who_revealed_a_phone_number_and_verifies_the_entry(screen, site):
    reveal(screen)
    expect(screen.locator("mark")).to_have_text("+79334552061")
    looked_at(screen, "reveal")
    site.seal_log()
    screen.goto("/console/audit")
    screen.select_option("#action", "customers:person:revealed")
    screen.click("main form button.main")
    screen.wait_for_url("**/audit?*action=customers*")
    screen.click("#results table th a >> nth=0")
    screen.click("text=Show it; that is in the log, too")
    expect(screen.locator("mark")).to_have_text(REASON)
    looked_at(screen, "entry")
    screen.click("a:has-text('Verify in this browser')")
    expect(screen.locator(".verdict")).to_have_text("Verified: the entry is in the log, unchanged.")
    looked_at(screen, "proof")


def test_a_forged_key_and_a_changed_entry_are_not_verified(screen, site):
    reveal(screen)
    site.seal_log()
    screen.goto("/console/audit?action=customers:person:revealed")
    screen.click("#results table th a >> nth=0")
    screen.click("a:has-text('Verify in this browser')")
    expect(screen.locator(".verdict")).to_have_attribute("data-state", "good")
    screen.evaluate("""() => {
        const section = document.getElementById("verify"), proof = JSON.parse(section.dataset.proof);
        proof.leaf = btoa(atob(proof.leaf).replace('"done"', '"fail"'));
        section.dataset.proof = JSON.stringify(proof);
    }""")
    screen.click("#verify-now")
    expect(screen.locator(".verdict")).to_have_attribute("data-state", "bad")
    expect(screen.locator("[data-check=leaf]")).to_have_attribute("data-state", "bad")
    expect(screen.locator("[data-check=signature]")).to_have_attribute("data-state", "good")


def test_that_the_log_goes_on_from_an_earlier_checkpoint_is_verified_and_a_forged_path_is_not(screen, site):
    for _ in range(2):  # a checkpoint each
        reveal(screen)
        site.seal_log()
    screen.goto("/console/audit/checkpoints")
    screen.locator("main a[href^='/console/audit/checkpoints/']").last.click()
    expect(screen.locator(".verdict")).to_have_attribute("data-state", "good")
    looked_at(screen, "continuation")
    screen.evaluate("""() => {
        const section = document.getElementById("verify"), proof = JSON.parse(section.dataset.proof);
        proof.path[0] = btoa("x".repeat(32));
        section.dataset.proof = JSON.stringify(proof);
    }""")
    screen.click("#verify-now")
    expect(screen.locator(".verdict")).to_have_attribute("data-state", "bad")
    expect(screen.locator("[data-check=path]")).to_have_attribute("data-state", "bad")
    expect(screen.locator("[data-check=first]")).to_have_attribute("data-state", "good")


def test_all_of_it_works_without_script(plain, site):
    reveal(plain)
    expect(plain.locator("mark")).to_have_text("+79334552061")
    plain.goto("/console/audit")
    plain.select_option("#action", "customers:person:revealed")
    plain.click("main form button.main")
    expect(plain.locator("#results tbody tr").first).to_contain_text("Fields of a person revealed")


def test_a_double_click_sends_a_form_once(screen):
    screen.goto("/console/send-check")
    sent = []
    screen.on("request", lambda one: sent.append(one.url) if one.method == "POST" else None)
    screen.fill("#contact", EMAIL)
    screen.dblclick("main button.main")
    screen.wait_for_selector("#verdict")

    assert len(sent) == 1


def test_the_language_is_changed_above_and_the_page_stays(screen):
    screen.goto("/console/audit?outcome=refused")
    screen.click(".bar > .me button[lang=uk]")
    expect(screen.locator("h1")).to_have_text("Журнал аудиту")
    assert screen.url.endswith("/console/audit?outcome=refused")
