"""What is wrong with mail, for the doctor."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from governance.custody.findings import Finding, Level
from governance.kernel.settings import Settings
from governance.kernel.work import Work
from governance.messages.fates import Backlog, backlog

LATE: Final = timedelta(minutes=15)


def findings(work: Work, *, settings: Settings) -> list[Finding]:
    """What is not in order."""
    seen = backlog(work)
    return [*_server(seen, settings), *_late(work, seen, settings), *_given_up(seen), *_address(settings)]


def _server(seen: Backlog, settings: Settings) -> Iterator[Finding]:
    if settings.mail_folder is not None:
        lying = f" {seen.written} lie there, and are sent once one is set, unless out of date by then."
        yield Finding(
            "mail-to-folder",
            Level.WARNING,
            f"No mail server is set, so no message leaves: each is a file in {settings.mail_folder}, in the clear."
            f"{lying if seen.written else ''}",
            "Set GOVERNANCE_SMTP_URL to a mail server and GOVERNANCE_MAIL_FROM, then start the service again",
        )
    elif settings.smtp_url is None and seen.waiting:
        yield Finding(
            "no-mail-server",
            Level.WARNING,
            f"{seen.waiting} messages wait in the outbox, and no mail server is set that could take them.",
            "Set GOVERNANCE_SMTP_URL and GOVERNANCE_MAIL_FROM, then start the service again",
            {"count": str(seen.waiting)},
        )
    if settings.sms_url is not None and settings.sms_url.startswith("file:"):
        yield Finding(
            "sms-to-folder",
            Level.WARNING,
            "SMS are written into a folder in the clear instead of being sent, which is for demonstrations only.",
            "Set GOVERNANCE_SMS_URL to a gateway",
        )


def _late(work: Work, seen: Backlog, settings: Settings) -> Iterator[Finding]:
    if settings.smtp_url is not None and seen.oldest_at is not None and work.now - seen.oldest_at > LATE:
        yield Finding(
            "mail-late",
            Level.WARNING,
            f"{seen.waiting} messages wait, the oldest since {seen.oldest_at:%Y-%m-%d %H:%M} UTC.",
            "The worker's log names the reason (messages.not_sent); check GOVERNANCE_SMTP_URL and that the worker runs",
            {"count": str(seen.waiting)},
        )


def _given_up(seen: Backlog) -> Iterator[Finding]:
    if seen.failed:
        yield Finding(
            "mail-failed",
            Level.WARNING,
            f"{seen.failed} messages of the last 30 days could not be delivered.",
            "governance audit search --action messages:message:failed names the reasons",
            {"count": str(seen.failed)},
        )


def _address(settings: Settings) -> Iterator[Finding]:
    if settings.smtp_url is not None and not settings.public_base.startswith("https://"):
        yield Finding(
            "no-public-address",
            Level.WARNING,
            f"Links in mails begin with {settings.public_base}, which is not https; one-click unsubscribe needs it "
            "(RFC 8058).",
            "Set GOVERNANCE_PUBLIC_URL to the address that people reach the service by",
            {"address": settings.public_base},
        )
