"""Every page in light, dark and on a phone: accessible (axe-core), nothing refused by its policy or sticking out."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.conftest import EMAIL, picture

PAGES = ("", "/requests", "/requests/new", "/retention", "/retention/draft?policy=behaviour", "/retention/forecast",
         "/retention/runs", "/retention/holds", "/imports", "/reach", "/first-steps", "/call-backs",
         "/staff/new", "/clients/new", "/segments", "/segments/new?like=women_in_kyiv", "/exports",
         "/exports/new", "/exports/trace", "/recipients",
         "/recipients/new", "/retention/holds/new", "/expiring", "/consent/notices/consent/newsletter",
         "/audit/checkpoints", "/consent/statistics",
         "/customers", "/duplicates", "/audit", "/consent", "/send-check", "/clean-list", "/proposals", "/alerts",
         "/staff", "/clients", "/health", "/account")  # fmt: skip
CARD = ("", "/consents", "/purchases", "/interactions", "/marks", "/requests", "/call", "/edit",
        "/retention", "/sightings")  # fmt: skip
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def looked_at(page, name):
    """Hold a page against what holds for all."""
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": TAGS}, "resultTypes": ["violations"]})
    told = [(one["id"], [node["html"][:120] for node in one["nodes"]]) for one in found.response["violations"]]
    assert told == [], name
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0, name
    picture(page, name)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_for_everybody(desk, path):
    assert desk.goto(f"/console{path}").status == 200
    looked_at(desk, path.partition("?")[0].strip("/").replace("/", "-") or "today")


@pytest.mark.parametrize("path", CARD)
def test_a_card_is_for_everybody(desk, site, path):
    desk.goto(f"/console/customers/{site.customer}{path}")
    looked_at(desk, "customer" + path.replace("/", "-"))


@pytest.mark.parametrize("path", ["sign-in", "invitation"])
def test_the_door_is_for_everybody(desk, path):
    desk.context.clear_cookies()
    desk.goto(f"/console/{path}")
    looked_at(desk, path)


def test_a_proposal_is_for_everybody(desk):
    desk.goto("/console/proposals")
    desk.click("main table a")
    looked_at(desk, "proposal")


def test_an_answer_of_the_send_check_is_for_everybody(desk):
    desk.goto("/console/send-check")
    desk.fill("#contact", EMAIL)
    desk.click("main button.main")
    desk.wait_for_selector("#verdict")
    looked_at(desk, "send-check-answer")


def test_a_cleaned_list_is_for_everybody(desk):
    desk.goto("/console/clean-list")
    rows = b"email\n" + EMAIL.encode() + b"\nnobody@example.org\nno contact\n"
    desk.set_input_files("#file", {"name": "list.csv", "mimeType": "text/csv", "buffer": rows})
    desk.click("main button.main")
    desk.wait_for_selector("#result")
    looked_at(desk, "clean-list-answer")


def test_a_refusal_is_for_everybody(desk):
    desk.goto("/console/customers/00000000-0000-4000-8000-000000000000")
    looked_at(desk, "refusal")


def test_pages_are_light(screen):
    weights = {}
    screen.on("response", lambda one: weights.__setitem__(one.url, len(one.body())))
    screen.goto("/console/audit")
    screen.wait_for_load_state("networkidle")

    assert sum(weights.values()) <= 150_000, weights
    assert all(re.match(r"http://127\.0\.0\.1:\d+/(?:console|pages)", one) for one in weights)
