"""SMS: to a gateway over HTTP, or into the folder of mail."""

import json
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from governance.kernel.clock import FixedClock
from governance.kernel.errors import ConfigurationError
from governance.kernel.settings import Secret, Settings
from governance.kernel.work import SYSTEM, open_work
from governance.messages import operations as messages
from governance.messages.operations import Line, Template
from governance.messages.sms import sms_sender_of
from governance.messages.transport import Ending
from tests.conftest import NOW

VALUES = {"code": "1234 5678", "controller": "ООО Ромашка", "minutes": 10}


@pytest.fixture
def gateway():
    """A gateway that answers with the statuses that it is given."""
    seen, statuses = [], []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            seen.append((self.path, self.headers["Authorization"], json.loads(body)))
            self.send_response(statuses.pop(0))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_said):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    server.seen, server.statuses = seen, statuses
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def queue(database, line, recipient):
    with open_work(database, SYSTEM, clock=FixedClock(NOW)) as work:
        return messages.enqueue(
            work, template=Template.PORTAL_CODE, language="ru", recipient=recipient, values=VALUES,
            expires_at=NOW + timedelta(minutes=10), channel=line,
        )  # fmt: skip


def test_a_gateway_gets_number_text_and_reference_and_its_token(gateway):
    url = f"http://127.0.0.1:{gateway.server_port}/send?v=2"
    sender = sms_sender_of(Settings(sms_url=Secret(url), sms_token=Secret("t0ken")))
    gateway.statuses += [202, 400, 429, 503]
    endings = [sender.send("Код 1", recipient="+380501234567", reference="r1").ending for _ in range(4)]
    assert endings == [Ending.SENT, Ending.REFUSED, Ending.DELAYED, Ending.DELAYED]
    said = {"to": "+380501234567", "text": "Код 1", "reference": "r1"}
    assert gateway.seen[0] == ("/send?v=2", "Bearer t0ken", said)


def test_a_gateway_that_does_not_answer_is_unreachable():
    sender = sms_sender_of(Settings(sms_url=Secret("http://127.0.0.1:1/send")))
    attempt = sender.send("x", recipient="+380501234567", reference="r1")
    assert (attempt.ending, attempt.code) == (Ending.UNREACHABLE, "sms-unreachable")


def test_sms_lie_beside_mails_where_mail_goes_into_a_folder(fresh_database, tmp_path):
    settings = Settings(smtp_url=Secret(f"file:{tmp_path}/mail"), mail_from="a@example.org")
    sms = queue(fresh_database, Line.SMS, "+380501234567")
    queue(fresh_database, Line.EMAIL, "b@example.org")
    assert messages.deliver_due(fresh_database, settings, clock=FixedClock(NOW)) == 0
    [text] = (tmp_path / "mail").glob("*.txt")
    assert text.name == f"{sms}.txt"
    to, _, said = text.read_text("utf-8").partition("\n\n")
    assert (to, said.count("\n")) == ("To: +380501234567", 1)
    assert said.startswith("1234 5678")
    assert len(list((tmp_path / "mail").glob("*.eml"))) == 1


def test_what_has_no_way_out_waits_and_holds_nothing_else_up(fresh_database, gateway):
    queue(fresh_database, Line.EMAIL, "b@example.org")
    queue(fresh_database, Line.SMS, "+380501234567")
    gateway.statuses += [200]
    elsewhere = Settings(database_url=Secret("postgresql://db.example.org/governance"))
    only_sms = replace(elsewhere, sms_url=Secret(f"http://127.0.0.1:{gateway.server_port}/"))
    assert messages.deliver_due(fresh_database, elsewhere, clock=FixedClock(NOW)) == 0
    assert messages.deliver_due(fresh_database, only_sms, clock=FixedClock(NOW)) == 1
    dead_mail = Settings(
        smtp_url=Secret("smtp://127.0.0.1:1"), mail_from="a@example.org", sms_url=Secret(only_sms.sms_url)
    )
    queue(fresh_database, Line.SMS, "+380501234568")
    gateway.statuses += [200]
    assert messages.deliver_due(fresh_database, dead_mail, clock=FixedClock(NOW)) == 1


def test_sms_never_go_out_in_the_clear_over_a_network():
    with pytest.raises(ConfigurationError):
        Settings.from_environment({"GOVERNANCE_SMS_URL": "http://gateway.example.org/send"})


def test_the_doctor_tells_of_sms_that_go_into_a_folder(work):
    to_folder = Settings(sms_url=Secret("file:/tmp/sms"))
    assert "sms-to-folder" in [one.code for one in messages.findings(work, settings=to_folder)]
    assert "sms-to-folder" not in [one.code for one in messages.findings(work, settings=Settings())]
