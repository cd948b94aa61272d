"""How mail leaves: by SMTP (RFC 5321, 3207, 8314), or, for demonstrations, as files in a folder.

Between hosts mail goes encrypted or not at all: what it says, and to whom, is personal.
"""

import contextlib
import os
import smtplib
import ssl
from dataclasses import field
from email.message import EmailMessage
from enum import StrEnum
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import parse_qs, unquote, urlsplit

from governance.kernel.errors import ConfigurationError
from governance.kernel.records import frozen
from governance.kernel.settings import folder_of

TIMEOUT_SECONDS: Final = 20.0
PORTS: Final = {"smtp": 587, "smtps": 465}
LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_PERMANENT: Final = 500
_WRONG: Final = (
    "GOVERNANCE_SMTP_URL takes smtps://user:password@host, smtp://host:587, or file:FOLDER for mail as files."
)


class Line(StrEnum):
    """How a message goes out."""

    EMAIL = "email"
    SMS = "sms"


class Ending(StrEnum):
    """What became of an attempt."""

    SENT = "sent"
    WRITTEN = "written"
    """Into a file, and to nobody."""
    REFUSED = "refused"
    """For good: trying again would not help."""
    DELAYED = "delayed"
    """Not this time."""
    UNREACHABLE = "unreachable"
    """The server itself; no other message would get further."""


@frozen
class Attempt:
    """An attempt and how it ended.

    Attributes:
        code: why it did not arrive, such as `smtp-550`; None where it did. Never what the server said in words, which
            may repeat the address.
    """

    ending: Ending
    code: str | None = None


class Sender(Protocol):
    """Hands messages over, and says of each what became of it; it never raises for what a server does.

    Attributes:
        is_way_out: whether messages get to anybody by it.
    """

    is_way_out: bool

    def send(self, message: EmailMessage, *, recipient: str) -> Attempt:
        """Hand over one message."""
        ...

    def close(self) -> None:
        """Let go of the connection, if there is one."""
        ...


def sender_of(url: str) -> Sender:
    """The sender that GOVERNANCE_SMTP_URL names.

    Raises:
        ConfigurationError: it names none.
    """
    folder = folder_of(url)
    return SmtpSender(server_of(url)) if folder is None else FolderSender(folder)


@frozen
class SmtpServer:
    """A mail server.

    Attributes:
        implicit_tls: whether TLS begins with the connection (RFC 8314), else with STARTTLS.
        clear: whether a connection without TLS will do: on this host, or where the address says `?tls=off`.
    """

    host: str
    port: int
    implicit_tls: bool
    clear: bool
    user: str | None = None
    password: str | None = field(default=None, repr=False)


def server_of(url: str) -> SmtpServer:
    """The mail server that an address names.

    Raises:
        ConfigurationError: it names none.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or PORTS[parts.scheme]
        said = parse_qs(parts.query, strict_parsing=bool(parts.query))
    except (ValueError, KeyError):
        raise ConfigurationError(_WRONG) from None
    if not parts.hostname or set(said) - {"tls"} or said.get("tls", ["off"]) != ["off"]:
        raise ConfigurationError(_WRONG)
    return SmtpServer(
        host=parts.hostname,
        port=port,
        implicit_tls=parts.scheme == "smtps",
        clear="tls" in said or parts.hostname in LOOPBACK,
        user=None if parts.username is None else unquote(parts.username),
        password=None if parts.password is None else unquote(parts.password),
    )


class SmtpSender:
    """Speaks SMTP over one connection, which is opened when it is needed and again when it was lost."""

    is_way_out = True

    def __init__(self, server: SmtpServer, *, tls: ssl.SSLContext | None = None) -> None:
        self._server = server
        self._tls = tls or ssl.create_default_context()
        self._line: smtplib.SMTP | None = None

    def send(self, message: EmailMessage, *, recipient: str) -> Attempt:
        """Hand over one message."""
        try:
            line = self._line = self._line or self._open()
        except (OSError, smtplib.SMTPException) as error:
            return Attempt(Ending.UNREACHABLE, _connection_code(error))
        try:
            line.send_message(message, to_addrs=[recipient])
        except smtplib.SMTPRecipientsRefused as error:
            self._calm()
            return _judged(next(iter(error.recipients.values()))[0])
        except smtplib.SMTPResponseException as error:
            self._calm()
            return _judged(error.smtp_code)
        except smtplib.SMTPNotSupportedError:
            self._calm()
            return Attempt(Ending.REFUSED, "smtp-utf8")
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            return Attempt(Ending.UNREACHABLE, _connection_code(error))
        return Attempt(Ending.SENT)

    def close(self) -> None:
        """End the connection."""
        line, self._line = self._line, None
        if line is not None:
            with contextlib.suppress(OSError, smtplib.SMTPException):
                line.quit()
            line.close()

    def _open(self) -> smtplib.SMTP:
        server = self._server
        if server.implicit_tls:
            line: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, timeout=TIMEOUT_SECONDS, context=self._tls)
        else:
            line = smtplib.SMTP(server.host, server.port, timeout=TIMEOUT_SECONDS)
        try:
            line.ehlo_or_helo_if_needed()
            if not server.implicit_tls and not server.clear:
                line.starttls(context=self._tls)  # raises where the server does not offer it
            if server.user is not None:
                line.login(server.user, server.password or "")
        except (OSError, smtplib.SMTPException):
            line.close()
            raise
        return line

    def _calm(self) -> None:
        """Begin anew for the next message; a server that does not even take that is left."""
        try:
            if self._line is not None:
                self._line.rset()
        except (OSError, smtplib.SMTPException):
            self.close()


class FolderSender:
    """Writes each message as a file `ID.eml`: what they say lies there in the clear, and nobody gets it."""

    is_way_out = False

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def send(self, message: EmailMessage, *, recipient: str) -> Attempt:  # noqa: ARG002 - it stands in the message
        """Write one message."""
        name = str(message["Message-ID"]).strip("<>").partition("@")[0]
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(self._folder / f"{name}.eml", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(bytes(message))
        except OSError:
            return Attempt(Ending.UNREACHABLE, "folder")
        return Attempt(Ending.WRITTEN)

    def close(self) -> None:
        """Nothing is open."""


def _judged(code: int) -> Attempt:
    return Attempt(Ending.REFUSED if code >= _PERMANENT else Ending.DELAYED, f"smtp-{code}")


def _connection_code(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return "smtp-login"
    if isinstance(error, smtplib.SMTPNotSupportedError | ssl.SSLError):
        return "smtp-tls"
    return "smtp-connection"
