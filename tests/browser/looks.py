"""What holds for every page as it is seen: by axe-core in light and dark, on a phone, on paper.

`SCREENS` names a folder for pictures.
"""

import os
import time
from functools import cache
from importlib.resources import files
from pathlib import Path

from playwright.sync_api import Page

from scripts.tour_pictures import take

MODES = {
    "light": {"color_scheme": "light", "viewport": {"width": 1280, "height": 800}},
    "dark": {"color_scheme": "dark", "viewport": {"width": 1280, "height": 800}},
    "phone": {"color_scheme": "light", "viewport": {"width": 360, "height": 740}},
}
ON_PAPER = Path(__file__).parent / "on_paper.js"
NARROW = Path(__file__).parent / "narrow.js"
PAPER = {"width": 702, "height": 1000}
"""A4 less the margins of the stylesheet, at 96 pixels an inch."""
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RUN = """tags => axe.run({runOnly: {type: "tag", values: tags}, resultTypes: ["violations"]}).then(
    found => found.violations.map(one => [one.id, one.nodes.map(node => node.html.slice(0, 120))]))"""
OVER = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


class Watch:
    """What went wrong on a page while nobody looked: errors of scripts, and what the policy of content refused."""

    def __init__(self, page: Page) -> None:
        self.said: list[str] = []
        page.on("console", lambda one: self.said.append(one.text) if one.type == "error" else None)
        page.on("pageerror", lambda one: self.said.append(str(one)))

    def settled(self) -> list[str]:
        """All of it; refusals that a test asked for are no fault of the page."""
        return [one for one in self.said if "the server responded with a status of" not in one]


def faults_of(page: Page, name: str, *modes: str) -> list[object]:
    """What is wrong with a page: by axe-core in light and dark, what sticks out in each of the modes, and on paper.

    The page is loaded once; its colours and its width are changed. Pictures are taken in each mode.
    """
    found: list[object] = []
    for mode in modes:
        given = MODES[mode]
        page.set_viewport_size(given["viewport"])
        page.emulate_media(color_scheme=given["color_scheme"])
        if page.evaluate(OVER):
            found.append((name, mode, "sticks out"))
        if mode == "phone":
            found.extend((name, mode, *one) for one in faults_when_narrow(page))
        picture(page, name, mode)
    page.evaluate(_axe())
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        found.extend((name, scheme, *one) for one in page.evaluate(RUN, TAGS))
    return found + [(name, "paper", *one) for one in faults_on_paper(page)]


def faults_when_narrow(page: Page) -> list[list[object]]:
    """What a page hides on a phone: what sticks out, is to be scrolled sideways, or is cut."""
    page.set_viewport_size(MODES["phone"]["viewport"])
    return page.evaluate(NARROW.read_text("utf-8"))


def faults_on_paper(page: Page) -> list[list[object]]:
    """What is wrong with a page that is printed by somebody who works in the dark; it stays printed no longer."""
    stood = page.viewport_size
    page.set_viewport_size(PAPER)
    page.emulate_media(media="print", color_scheme="dark")
    found = page.evaluate(ON_PAPER.read_text("utf-8"))
    page.emulate_media(media="screen")
    page.set_viewport_size(stood)
    return found


@cache
def _axe() -> str:
    return files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")


def looked_at(page: Page, name: str) -> None:
    """Hold a page that an act led to against what holds for all, as it stands."""
    faults = faults_of(page, name, page.mode)
    page.emulate_media(color_scheme=MODES[page.mode]["color_scheme"])
    assert not faults, "\n".join(map(str, faults))


def picture(page: Page, name: str, mode: str) -> None:
    """Take a picture of the whole page, where pictures are wanted."""
    folder = os.environ.get("SCREENS")
    if folder:
        time.sleep(0.1)
        take(page, Path(folder) / f"{name}-{mode}", whole=True)
