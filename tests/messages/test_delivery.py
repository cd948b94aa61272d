"""Delivery to a real mail server: what arrives, what is tried again, what is given up, and what is forgotten."""

from dataclasses import replace
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import select

from governance.audit.tables import BodyRow
from governance.kernel.clock import FixedClock
from governance.kernel.db import Database
from governance.kernel.errors import ConfigurationError
from governance.kernel.settings import Secret, Settings
from governance.kernel.work import SYSTEM, Work, open_work
from governance.messages import operations as messages
from governance.messages.delivery import message_of
from governance.messages.outbox import LENT_FOR, MOST_ATTEMPTS, lend, settle
from governance.messages.tables import MessageRow
from governance.messages.texts import Template
from governance.messages.transport import Attempt, Ending, SmtpSender, SmtpServer, server_of
from tests.conftest import NOW, Store
from tests.messages.conftest import Certificate, Mailbox, serving

LINK = "https://privacy.example.org/confirm/abcdef"
VALUES: dict[str, str | int | list[str]] = {
    "controller": "ООО Ромашка & Ко",
    "purposes": ["Новости"],
    "link": LINK,
    "days": 7,
}
WEEK = timedelta(days=7)
ON_MANY_HOSTS = Settings(database_url=Secret("postgresql://db.example.org/governance"))
"""Where nobody would look into a folder of one host."""


def put(work: Work, **said: object) -> messages.MessageId:
    given = {
        "template": Template.CONFIRM_SUBSCRIPTION,
        "language": "ru",
        "recipient": "irina@example.org",
        "values": VALUES,
        "expires_at": work.now + WEEK,
        **said,
    }
    return messages.enqueue(work, **given)  # type: ignore[arg-type]  # tests say what they need


def put_one(database: Database, **said: object) -> messages.MessageId:
    with open_work(database, SYSTEM, clock=FixedClock(NOW)) as work:
        return put(work, **said)


def at(moment: datetime) -> FixedClock:
    return FixedClock(moment)


def settings_of(url: str) -> Settings:
    return Settings(smtp_url=Secret(url), mail_from="Ромашка <news@example.org>")


def row_of(database: Database, message: messages.MessageId) -> MessageRow:
    with database.sessions() as session:
        found = session.get(MessageRow, message)
        assert found is not None
        return found


def test_a_message_arrives_in_plain_text_and_html_in_the_language_of_its_recipient(
    fresh_database: Database, mailbox: Mailbox
) -> None:
    put_one(fresh_database)

    assert messages.deliver_due(fresh_database, settings_of(mailbox.url), clock=at(NOW)) == 1
    [(recipient, message)] = mailbox.taken
    plain, html = (message.get_body((kind,)).get_content() for kind in ("plain", "html"))  # type: ignore[union-attr]  # it has both
    assert recipient == "irina@example.org"
    assert message["Subject"] == "Подтвердите подписку"
    assert message["From"] == "Ромашка <news@example.org>"
    assert {LINK, "- Новости"} <= set(plain.splitlines())
    assert f'href="{LINK}"' in html
    assert "Ромашка &amp; Ко" in html


def test_a_delivered_message_is_told_in_the_log_and_then_forgotten(fresh_database: Database, mailbox: Mailbox) -> None:
    message = put_one(fresh_database)
    messages.deliver_due(fresh_database, settings_of(mailbox.url), clock=at(NOW))

    assert messages.forget_ended(fresh_database, clock=at(NOW)) == 1
    assert messages.forget_ended(fresh_database, clock=at(NOW)) == 0
    row = row_of(fresh_database, message)
    assert (row.state, row.recipient, row.content) == ("sent", None, None)
    with fresh_database.sessions() as session:
        told = list(session.scalars(select(BodyRow.action).where(BodyRow.object_id == message)))
    assert told == ["messages:message:sent"]


def test_forgetting_destroys_the_keys_so_that_a_copy_of_the_row_no_longer_opens(
    fresh_database: Database, fresh_store: Store, mailbox: Mailbox
) -> None:
    message = put_one(fresh_database)
    messages.deliver_due(fresh_database, settings_of(mailbox.url), clock=at(NOW))
    owner = row_of(fresh_database, message).owner_id
    messages.forget_ended(fresh_database, clock=at(NOW))

    with psycopg.connect(fresh_store.admin_url) as admin:
        keys = admin.execute("SELECT wrapped FROM data_key WHERE owner_id = %s", [owner]).fetchall()
    assert keys
    assert all(wrapped is None for (wrapped,) in keys)


def test_what_is_rolled_back_is_not_sent(fresh_database: Database, mailbox: Mailbox) -> None:
    with open_work(fresh_database, SYSTEM, clock=at(NOW)) as work:
        put(work)
        work.session.rollback()

    assert messages.deliver_due(fresh_database, settings_of(mailbox.url), clock=at(NOW)) == 0
    assert mailbox.taken == []


def test_without_a_mail_server_everything_stays_where_it_is_and_the_doctor_says_so(fresh_database: Database) -> None:
    put_one(fresh_database)

    assert messages.deliver_due(fresh_database, ON_MANY_HOSTS, clock=at(NOW)) == 0
    with open_work(fresh_database, SYSTEM, clock=at(NOW)) as work:
        found = messages.findings(work, settings=ON_MANY_HOSTS)
        assert messages.backlog(work).waiting == 1
    assert [one.code for one in found] == ["no-mail-server"]
    assert "1 messages wait" in found[0].sentence


def test_a_refused_recipient_is_given_up_at_once_and_the_next_message_still_goes_out(
    fresh_database: Database, mailbox: Mailbox
) -> None:
    mailbox.refusals["gone@example.org"] = "550 No such user gone@example.org"
    refused = put_one(fresh_database, recipient="gone@example.org")
    put_one(fresh_database)

    assert messages.deliver_due(fresh_database, settings_of(mailbox.url), clock=at(NOW)) == 1
    row = row_of(fresh_database, refused)
    assert (row.state, row.failure, row.attempts) == ("failed", "smtp-550", 1)


def test_a_delayed_message_is_tried_again_later_with_longer_pauses(fresh_database: Database, mailbox: Mailbox) -> None:
    mailbox.refusals["irina@example.org"] = "451 Greylisted, try later"
    message = put_one(fresh_database)
    settings = settings_of(mailbox.url)
    pauses = []
    moment = NOW
    for _ in range(3):
        assert messages.deliver_due(fresh_database, settings, clock=at(moment)) == 0
        due = row_of(fresh_database, message).due_at
        pauses.append((due - moment).total_seconds())
        moment = due

    assert pauses == [60, 120, 240]
    mailbox.refusals.clear()
    assert messages.deliver_due(fresh_database, settings, clock=at(moment)) == 1


def test_a_message_is_given_up_after_so_many_attempts(work: Work) -> None:
    message = put(work, expires_at=work.now + timedelta(days=365))
    moment = work.now
    for _ in range(MOST_ATTEMPTS):
        then = replace(work, now=moment)
        assert lend(then) is not None
        settle(then, message=message, attempt=Attempt(Ending.DELAYED, "smtp-451"))
        row = work.session.get(MessageRow, message)
        assert row is not None
        moment = row.due_at

    assert (row.state, row.failure) == ("failed", "smtp-451")
    assert moment - work.now < timedelta(days=3)


def test_an_unreachable_server_ends_the_round_and_costs_no_other_message_an_attempt(fresh_database: Database) -> None:
    first, second = put_one(fresh_database), put_one(fresh_database)

    assert messages.deliver_due(fresh_database, settings_of("smtp://127.0.0.1:1"), clock=at(NOW)) == 0
    assert row_of(fresh_database, first).attempts == 1
    assert row_of(fresh_database, second).attempts == 0


def test_a_message_whose_time_is_over_is_not_sent(fresh_database: Database, mailbox: Mailbox) -> None:
    message = put_one(fresh_database)

    assert messages.deliver_due(fresh_database, settings_of(mailbox.url), clock=at(NOW + WEEK)) == 0
    assert (row_of(fresh_database, message).state, row_of(fresh_database, message).failure) == ("failed", "expired")


def test_a_message_that_was_lent_to_a_worker_who_died_is_lent_again(work: Work) -> None:
    put(work)

    assert lend(work) is not None
    assert lend(work) is None
    again = lend(replace(work, now=work.now + LENT_FOR))
    assert again is not None
    assert again.attempt == 2


def test_two_workers_never_hold_the_same_message(fresh_database: Database) -> None:
    put_one(fresh_database)

    with (
        open_work(fresh_database, SYSTEM, clock=at(NOW)) as one,
        open_work(fresh_database, SYSTEM, clock=at(NOW)) as other,
    ):
        assert lend(one) is not None
        assert lend(other) is None


def test_ended_messages_are_deleted_after_a_month(work: Work) -> None:
    message = put(work)
    assert lend(work) is not None
    settle(work, message=message, attempt=Attempt(Ending.SENT))
    later = replace(work, now=work.now + timedelta(days=31))

    assert messages.purge(later) == 0  # not before its keys are destroyed
    row = work.session.get(MessageRow, message)
    assert row is not None
    row.forgotten = True
    work.session.flush()
    assert messages.purge(later) == 1


def test_a_message_that_advertises_carries_the_headers_of_rfc_8058_unfolded(work: Work) -> None:
    url = "https://privacy.example.org/unsubscribe/" + "t" * 120
    put(work, unsubscribe_url=url)
    lent = lend(work)
    assert lent is not None

    message = message_of(lent, mail_from="news@example.org")
    assert f"List-Unsubscribe: <{url}>\r\n".encode() in bytes(message)
    assert b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in bytes(message)


def test_other_messages_do_not_carry_them(work: Work) -> None:
    put(work)
    lent = lend(work)
    assert lent is not None
    assert message_of(lent, mail_from="news@example.org")["List-Unsubscribe"] is None


def test_an_address_with_a_cyrillic_domain_goes_out_as_dns_knows_it(fresh_database: Database, mailbox: Mailbox) -> None:
    put_one(fresh_database, recipient="ivan@пример.рф")

    assert messages.deliver_due(fresh_database, settings_of(mailbox.url), clock=at(NOW)) == 1
    assert mailbox.taken[0][0] == "ivan@xn--e1afmkfd.xn--p1ai"


def test_a_message_that_cannot_be_made_is_tried_again_later_and_holds_up_no_other(
    fresh_database: Database, mailbox: Mailbox
) -> None:
    unmade = put_one(fresh_database, recipient=f"ivan@{'ы' * 64}.рф")  # longer than a name in DNS may be
    put_one(fresh_database)

    assert messages.deliver_due(fresh_database, settings_of(mailbox.url), clock=at(NOW)) == 1
    row = row_of(fresh_database, unmade)
    assert (row.state, row.failure, row.due_at) == ("waiting", "not-made", NOW + timedelta(minutes=1))


def test_mail_to_another_host_is_not_sent_without_tls(mailbox: Mailbox) -> None:
    sender = SmtpSender(replace(server_of(mailbox.url), clear=False))

    attempt = sender.send(EmailMessage(), recipient="irina@example.org")
    sender.close()

    assert attempt == Attempt(Ending.UNREACHABLE, "smtp-tls")
    assert mailbox.taken == []


@pytest.mark.parametrize("implicit", [True, False])
def test_mail_goes_out_encrypted_to_a_server_whose_certificate_is_good(
    certificate: Certificate, implicit: bool
) -> None:
    options = {"ssl_context": certificate.server} if implicit else {"tls_context": certificate.server}
    message = EmailMessage()
    message["From"], message["To"] = "a@example.org", "b@example.org"
    message.set_content("x")
    with serving(**options) as found:
        server = SmtpServer("localhost", found.port, implicit, clear=False)
        trusting, distrustful = SmtpSender(server, tls=certificate.client), SmtpSender(server)
        good = trusting.send(message, recipient="b@example.org")
        bad = distrustful.send(message, recipient="b@example.org")
        trusting.close()
        distrustful.close()

    assert good == Attempt(Ending.SENT)
    assert found.encrypted == [True]
    assert bad == Attempt(Ending.UNREACHABLE, "smtp-tls")


def test_without_a_mail_server_an_embedded_store_writes_files_and_says_that_nothing_was_sent(
    fresh_database: Database, tmp_path: Path
) -> None:
    settings = Settings(data_dir=tmp_path)
    message = put_one(fresh_database)

    assert [messages.deliver_due(fresh_database, settings, clock=at(NOW)) for _ in range(2)] == [0, 0]
    [written] = (tmp_path / "mail").iterdir()
    assert written.name == f"{message}.eml"
    assert (written.parent.stat().st_mode & 0o777, written.stat().st_mode & 0o777) == (0o700, 0o600)
    row = row_of(fresh_database, message)
    assert (row.state, row.attempts, row.ended_at) == ("written", 0, None)
    with open_work(fresh_database, SYSTEM, clock=at(NOW)) as work:
        seen = messages.backlog(work)
        assert (seen.waiting, seen.written, seen.failed) == (0, 1, 0)
        assert messages.states_of(work, [message]) == {message: "written"}
        [said] = messages.findings(work, settings=settings)
    assert said.code == "mail-to-folder"
    assert "no message leaves" in said.sentence
    assert "1 lie there" in said.sentence
    with fresh_database.sessions() as session:
        told = list(session.scalars(select(BodyRow.action).where(BodyRow.object_id == message)))
    assert told == ["messages:message:written"]


def test_what_lies_in_files_goes_out_once_there_is_a_server_unless_it_is_out_of_date(
    fresh_database: Database, mailbox: Mailbox, tmp_path: Path
) -> None:
    embedded = Settings(data_dir=tmp_path)
    put_one(fresh_database)
    late = put_one(fresh_database, recipient="late@example.org", expires_at=NOW + timedelta(hours=1))
    messages.deliver_due(fresh_database, embedded, clock=at(NOW))
    assert messages.remove_files(fresh_database, embedded, clock=at(NOW)) == 0
    with_server = replace(settings_of(mailbox.url), data_dir=tmp_path)

    assert messages.deliver_due(fresh_database, with_server, clock=at(NOW + timedelta(hours=2))) == 1
    assert [recipient for recipient, _ in mailbox.taken] == ["irina@example.org"]
    ended = row_of(fresh_database, late)
    assert (ended.state, ended.failure) == ("failed", "only-written")
    with open_work(fresh_database, SYSTEM, clock=at(NOW)) as work:
        assert messages.backlog(work).failed == 0
    assert messages.remove_files(fresh_database, with_server, clock=at(NOW)) == 2
    assert list((tmp_path / "mail").iterdir()) == []


def test_a_folder_that_was_named_is_written_into_and_never_cleared_outside_the_data_folder(
    fresh_database: Database, tmp_path: Path
) -> None:
    folder = tmp_path / "mail drop"
    settings = replace(settings_of(f"file:{folder}"), data_dir=tmp_path / "data")
    message = put_one(fresh_database, expires_at=NOW + timedelta(hours=1))

    messages.deliver_due(fresh_database, settings, clock=at(NOW))
    messages.deliver_due(fresh_database, settings, clock=at(NOW + WEEK))
    assert row_of(fresh_database, message).state == "failed"
    assert messages.remove_files(fresh_database, settings, clock=at(NOW)) == 0
    assert [one.name for one in folder.iterdir()] == [f"{message}.eml"]


@pytest.mark.parametrize(
    "url", ["smtp://", "smtp://host:port", "http://host", "smtp://host?tls=maybe", "smtp://host?x"]
)
def test_an_unusable_address_of_a_mail_server_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError):
        server_of(url)


def test_user_and_password_of_the_mail_server_may_hold_any_character() -> None:
    server = server_of("smtps://post%40shop:p%2Fw%3F@mail.example.org")

    assert (server.user, server.password, server.port, server.clear) == ("post@shop", "p/w?", 465, False)
    assert "p/w?" not in repr(server)
