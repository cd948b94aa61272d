"""From an empty store to a confirmed subscription and out again: the service as an operator runs it, real mail between.

No browser: pages are read and sent as one without script would.
"""

import json
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
import yaml

from tests.cli.service import Service
from tests.messages.conftest import Mailbox, serving

FORM = {
    "titles": {"en": "Club", "ru": "Клуб", "uk": "Клуб"},
    "items": [{"purpose": "newsletter", "channels": ["email"]}],
    "privacy_notice": "privacy",
}
WORDS = {"uk": {"title": "Новини", "body": "Погоджуюся отримувати новини."}}
PRIVACY = {"uk": {"title": "Про дані", "body": "Якнайменше."}}
NOTICES = {
    "consent": {"newsletter": {"material": True, "texts": WORDS}},
    "privacy": {"privacy": {"material": True, "texts": PRIVACY}},
}


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    """Where the service's mail goes."""
    with serving() as found:
        yield found


@pytest.fixture
def service(tmp_path: Path, mailbox: Mailbox) -> Iterator[Service]:
    """The whole service, with a form that is published by the command line."""
    found = Service(tmp_path / "a store")
    found.environment |= {
        "GOVERNANCE_SMTP_URL": mailbox.url,
        "GOVERNANCE_MAIL_FROM": "shop@example.org",
    }
    try:
        found.start()
        yield found
    finally:
        found.destroy()


def fetch(address: str, data: dict[str, str] | None = None, *, method: str | None = None) -> tuple[int, str]:
    """A page, or the answer to a form; redirects are followed."""
    body = None if data is None else urllib.parse.urlencode(data).encode()
    request = urllib.request.Request(address, data=body, method=method, headers={"Accept-Language": "uk"})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode()


def hidden(page: str) -> dict[str, str]:
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page)
    return {name: unescape(value) for name, value in found}


def test_a_visitor_subscribes_confirms_and_leaves_and_every_check_follows(
    service: Service, mailbox: Mailbox, tmp_path: Path
) -> None:
    form, notices = tmp_path / "form.yaml", tmp_path / "notices.yaml"
    form.write_text(yaml.safe_dump(FORM, allow_unicode=True), "utf-8")
    notices.write_text(yaml.safe_dump(NOTICES, allow_unicode=True), "utf-8")
    for arguments in (("consent", "notices", "publish", str(notices)), ("forms", "publish", "club", str(form))):
        done = service.run(*arguments)
        assert done.returncode == 0, done.stderr
    [listed] = json.loads(service.run("forms", "list", "--json").stdout)
    key = service.run("clients", "create", "--name", "mailer", "--scopes", "consent:check").stdout.strip()

    def check() -> dict[str, object]:
        question = {"purpose": "newsletter", "channel": "email", "contacts": ["olena@example.org"], "unsubscribe": True}
        status, answer = service.get("/v1/consent/checks", key=key, body=json.dumps(question))
        assert status == 200, answer
        found: dict[str, object] = json.loads(answer)["items"][0]
        return found

    # 1. The form.
    _, page = fetch(listed["address"])
    assert "Погоджуюся отримувати новини." in page
    status, sent = fetch(listed["address"], {**hidden(page), "email": "olena@example.org", "choice": "newsletter"})
    assert (status, "Перевірте пошту" in sent) == (200, True)
    assert check() == {"allowed": False, "reason": "no_ground"}

    # 2. The mail.
    deadline = time.monotonic() + 30
    while not mailbox.taken:
        assert time.monotonic() < deadline, service.said()
        time.sleep(0.1)
    [(recipient, message)] = mailbox.taken
    plain = message.get_body(("plain",))
    assert plain is not None
    assert (recipient, message["Subject"]) == ("olena@example.org", "Підтвердьте підписку")
    link = re.search(r"http\S+", plain.get_content())
    assert link is not None

    # 3. A scanner opens the link, then the visitor does and presses the button.
    for method in ("HEAD", "GET", "GET"):
        assert fetch(link[0], method=method)[0] == 200
    assert not check()["allowed"]
    _, confirmation = fetch(link[0])
    assert "Дякуємо" in fetch(link[0], hidden(confirmation))[1]
    allowed = check()
    assert (allowed["allowed"], allowed["reason"]) == (True, "ok")

    # 4. The mail program's one click.
    leave = str(allowed["unsubscribe"])
    assert fetch(leave)[0] == 200
    assert check()["allowed"]
    assert fetch(leave, {"List-Unsubscribe": "One-Click"})[0] == 200
    assert check() == {"allowed": False, "reason": "opted_out"}
    assert fetch(leave, {"List-Unsubscribe": "One-Click"})[0] == 200

    # 5. Nothing of it stands in the log.
    said = service.said()
    assert "olena" not in said
    assert link[0].rpartition("/")[2][:43] not in said
    assert leave.rpartition("/")[2] not in said
