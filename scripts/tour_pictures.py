"""Takes pictures of the demonstration for the README: `python -m scripts.tour_pictures` (part of `make screens`)."""

import base64
import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from playwright.sync_api import Page, sync_playwright

ROOT: Final = Path(__file__).resolve().parents[1]
TARGET: Final = ROOT / "docs" / "screens"
ARGUMENTS: Final = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
OFFICER: Final = "Olena Kovalenko"
OFFICE: Final = {
    "today": "/console",
    "reach": "/console/reach",
    "forecast": "/console/retention/forecast",
    "requests": "/console/requests",
}
READY_SECONDS: Final = 300
SETTLE_SECONDS: Final = 20
"""How long the worker may take over the jobs of the first minute."""
QUALITY: Final = 75
"""Of WebP, in percent: letters stay sharp, and a picture is a third of its PNG."""
SIZE: Final = "({width: document.documentElement.scrollWidth, height: document.documentElement.scrollHeight})"


def main() -> int:
    """Run a demonstration on a store of its own, and take pictures of it; ends with 0."""
    with tempfile.TemporaryDirectory() as folder, _demonstration(Path(folder)) as url, sync_playwright() as playwright:
        time.sleep(SETTLE_SECONDS)
        browser = playwright.chromium.launch(executable_path=os.environ["CHROMIUM"], args=ARGUMENTS)
        office = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
        office.goto(f"{url}/console")
        office.get_by_role("button", name=OFFICER).click()
        for name, path in OFFICE.items():
            office.goto(url + path)
            take(office, TARGET / f"tour-{name}")
        office.goto(f"{url}/console/requests")
        office.locator("tr", has_text="Erasure").get_by_role("link").first.click()
        take(office, TARGET / "tour-request")
        browser.close()
    return 0


def take(page: Page, target: Path, *, whole: bool = False) -> None:
    """Write a picture of what a window shows, or of the *whole* page, to *target*.webp."""
    wanted: dict[str, object] = {"format": "webp", "quality": QUALITY}
    if whole:
        wanted |= {"captureBeyondViewport": True, "clip": {"x": 0, "y": 0, "scale": 1, **page.evaluate(SIZE)}}
    browser = page.context.new_cdp_session(page)
    target.with_suffix(".webp").write_bytes(base64.b64decode(browser.send("Page.captureScreenshot", wanted)["data"]))
    browser.detach()


@contextmanager
def _demonstration(folder: Path) -> Iterator[str]:
    """A demonstration that runs, and where it answers; it is stopped at the end."""
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        bind = f"127.0.0.1:{chosen.getsockname()[1]}"
    surroundings = {**os.environ, "GOVERNANCE_DATA_DIR": str(folder), "GOVERNANCE_BIND": bind}
    process = subprocess.Popen(
        [sys.executable, "-m", "governance", "demo"],
        cwd=ROOT,
        env=surroundings,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _await(bind, process)
        yield f"http://{bind}"
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def _await(bind: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError):
            asked = http.client.HTTPConnection(bind)
            asked.request("GET", "/readyz")
            if asked.getresponse().status == 200:
                return
        time.sleep(1)
    raise SystemExit("The demonstration did not come up.")


if __name__ == "__main__":
    raise SystemExit(main())
