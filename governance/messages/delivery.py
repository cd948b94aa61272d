"""Delivery: due messages handed out one at a time, sent while no transaction is open, and settled.

A step of its own in the worker, not a job: a mail server that dawdles holds up mail and nothing else.
"""

import contextlib
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from pathlib import Path
from typing import Final, Protocol
from uuid import UUID

import idna

from governance.kernel.clock import Clock
from governance.kernel.db import Database
from governance.kernel.late import load
from governance.kernel.logs import get_logger
from governance.kernel.settings import MAIL, Settings
from governance.kernel.work import SYSTEM, open_work
from governance.messages import outbox
from governance.messages.fates import states_of
from governance.messages.outbox import Lent
from governance.messages.sms import SmsSender, sms_sender_of
from governance.messages.texts import render
from governance.messages.transport import Attempt, Ending, FolderSender, Line, Sender, sender_of

AT_ONCE: Final = 50
"""Messages of one round, so that the worker can stop between rounds."""

log = get_logger(__name__)


def deliver_due(database: Database, settings: Settings, *, clock: Clock, sender: Sender | None = None) -> int:
    """Try to deliver messages that are due; answers how many were sent.

    Args:
        database: where the outbox is.
        settings: name the mail server, the sender, and the gateway for SMS, or folders; what has no way out stays where
            it is.
        clock: tells what is due.
        sender: for mail, instead of the one that the settings name.
    """
    sent = 0
    with contextlib.ExitStack() as stack:
        ways = _ways(settings, sender)
        for way in ways.values():
            stack.callback(way.close)
        for _ in range(AT_ONCE if ways else 0):
            out = [line for line, way in ways.items() if way.is_way_out]
            with open_work(database, SYSTEM, clock=clock) as work:
                lent = outbox.lend(work, channels=ways, out=out)
            if lent is None:
                break
            attempt = _carried(ways[lent.channel], lent)
            with open_work(database, SYSTEM, clock=clock) as work:
                outbox.settle(work, message=lent.id, attempt=attempt)
            if attempt.ending is Ending.SENT:
                sent += 1
                continue
            if attempt.ending is Ending.WRITTEN:
                continue
            log.warning("messages.not_sent", message=str(lent.id), code=attempt.code, attempt=lent.attempt)
            if attempt.ending is Ending.UNREACHABLE:
                del ways[lent.channel]
                if not ways:
                    break
    return sent


def _carried(way: "_Way", lent: Lent) -> Attempt:
    """What became of it; one that cannot be made, such as to an address that DNS could not know, holds up no other."""
    try:
        return way.carry(lent)
    except Exception as error:  # noqa: BLE001 - whatever is wrong with one message, the others go out
        # Without the traceback, which may quote the address.
        log.error("messages.not_made", message=str(lent.id), error=type(error).__name__)  # noqa: TRY400
        return Attempt(Ending.DELAYED, "not-made")


class _Way(Protocol):
    """Takes messages of one channel out, or into files."""

    is_way_out: bool

    def carry(self, lent: Lent) -> Attempt:
        """Hand one over."""
        ...

    def close(self) -> None:
        """Let go of the connection, if there is one."""
        ...


class _Mail:
    """Mail by a sender."""

    def __init__(self, sender: Sender, mail_from: str) -> None:
        self._sender = sender
        self._mail_from = mail_from
        self.is_way_out = sender.is_way_out
        self.close = sender.close

    def carry(self, lent: Lent) -> Attempt:
        message = message_of(lent, mail_from=self._mail_from)
        return self._sender.send(message, recipient=str(message["To"]))


class _Sms:
    """SMS by a sender: the one line of a template for phones."""

    def __init__(self, sender: SmsSender) -> None:
        self._sender = sender
        self.is_way_out = sender.is_way_out
        self.close = sender.close

    def carry(self, lent: Lent) -> Attempt:
        words = render(lent.template, lent.language, lent.values, own=lent.own)
        return self._sender.send(words.sms, recipient=lent.recipient, reference=str(lent.id))


def _ways(settings: Settings, sender: Sender | None) -> dict[Line, _Way]:
    ways: dict[Line, _Way] = {}
    if settings.mail_folder is not None:
        sender = sender or FolderSender(settings.mail_folder)
    elif settings.smtp_url is not None:
        sender = sender or sender_of(settings.smtp_url)
    if sender is not None:
        ways[Line.EMAIL] = _Mail(sender, settings.mail_sender)
    if (by_sms := sms_sender_of(settings)) is not None:
        ways[Line.SMS] = _Sms(by_sms)
    return ways


def forget_ended(database: Database, *, clock: Clock) -> int:
    """Destroy the keys of messages that have ended; answers how many."""
    with open_work(database, SYSTEM, clock=clock) as work:
        return outbox.forget(work)


def remove_files(database: Database, settings: Settings, *, clock: Clock) -> int:
    """Remove the files of messages that have ended: sent, out of date, or to somebody who was erased; answers how many.

    What lies in the clear lives no longer than the sealed message. A folder elsewhere than in the data folder is
    somebody else's, and is left alone.
    """
    folders = {settings.mail_folder, settings.data_dir / MAIL}  # a server may have been set since
    ours = [one for one in folders if one is not None and one.is_relative_to(settings.data_dir) and one.is_dir()]
    lying = {id_: path for folder in ours for path in folder.iterdir() if (id_ := _message_in(path)) is not None}
    if not lying:
        return 0
    with open_work(database, SYSTEM, clock=clock) as work:
        states = states_of(work, lying)
    ended = [path for id_, path in lying.items() if states.get(id_) not in ("written", "sending")]
    for path in ended:
        path.unlink(missing_ok=True)
    return len(ended)


def _message_in(path: Path) -> UUID | None:
    try:
        return UUID(path.stem) if path.suffix in (".eml", ".txt") else None
    except ValueError:
        return None


def message_of(lent: Lent, *, mail_from: str) -> EmailMessage:
    """The message as it goes out (RFC 5322), in plain text and in HTML; RFC 8058 headers where it advertises."""
    words = render(lent.template, lent.language, lent.values, own=lent.own)
    message = EmailMessage(policy=load("governance.messages.headers:POLICY"))
    message["From"] = mail_from
    message["To"] = _ascii_domain(lent.recipient)
    message["Subject"] = words.subject
    message["Date"] = format_datetime(lent.created_at)
    message["Message-ID"] = f"<{lent.id}@{parseaddr(mail_from)[1].rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    if lent.unsubscribe_url is not None:
        message["List-Unsubscribe"] = f"<{lent.unsubscribe_url}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(words.text, cte="quoted-printable")
    message.add_alternative(words.html, subtype="html", cte="quoted-printable")
    return message


def _ascii_domain(address: str) -> str:
    """An address with its domain as DNS knows it (IDNA 2008); not every server on the way takes another."""
    local, _, domain = address.rpartition("@")
    return address if domain.isascii() else f"{local}@{idna.encode(domain, uts46=True).decode('ascii')}"
