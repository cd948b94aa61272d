"""From an empty store to a confirmed subscription and out again, and a client of a service that is killed.

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

import psutil
import pytest
import yaml

from governance.client import Client, UnreachableError
from tests.cli.service import Service
from tests.messages.conftest import Mailbox, serving
from tests.stores import Store, clone

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


@pytest.fixture(scope="module")
def mailbox() -> Iterator[Mailbox]:
    """Where the service's mail goes."""
    with serving() as found:
        yield found


@pytest.fixture(scope="module")
def service(
    server_url: str, template: Store, tmp_path_factory: pytest.TempPathFactory, mailbox: Mailbox
) -> Iterator[Service]:
    """The whole service; the last test kills it."""
    with clone(server_url, template) as store:
        found = Service(tmp_path_factory.mktemp("journey") / "a store", store=store)
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


def web(service: Service) -> psutil.Process:
    """The process that serves: it listens on the port, and is nobody's worker."""
    listening = []
    for one in service.family():
        ports = {each.laddr.port for each in one.net_connections("tcp") if each.status == psutil.CONN_LISTEN}
        if service.port in ports:
            listening.append(one)
    pids = {one.pid for one in listening}
    return next(one for one in listening if one.ppid() not in pids)


def test_a_client_is_told_no_by_a_killed_service_and_goes_on_when_it_is_back(service: Service) -> None:
    key = service.run("clients", "create", "--name", "patient mailer", "--scopes", "consent:check").stdout.strip()
    url = f"http://127.0.0.1:{service.port}"
    with Client(url, key, patience_seconds=0.5) as hasty, Client(url, key, patience_seconds=60) as patient:
        assert patient.may_send("newsletter", "email", ["a@example.org"])[0].reason == "no_ground"

        web(service).kill()
        (answer,) = patient.may_send("newsletter", "email", ["a@example.org"])
        assert (answer.allowed, answer.reason, answer.answered) == (False, "no_ground", True)

        service.destroy()
        began = time.monotonic()
        (answer,) = hasty.may_send("newsletter", "email", ["a@example.org"])
        assert (answer.allowed, answer.reason, answer.answered) == (False, "unreachable", False)
        assert time.monotonic() - began < 5
    with pytest.raises(UnreachableError), Client(url, key, patience_seconds=0.5, when_unreachable="raise") as raising:
        raising.may_send("newsletter", "email", ["a@example.org"])
