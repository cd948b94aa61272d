"""How SMS leave: by a provider's gateway over HTTP, or, for demonstrations, as files in a folder.

Gateways differ; what nearly all of them take is a POST with number and text as JSON and a token as bearer. One that
wants something else is reached through a few lines of somebody's own that speak this.
"""

import json
from pathlib import Path
from typing import Final, Protocol

from governance.kernel.durable import replace_file
from governance.kernel.settings import Settings, folder_of
from governance.messages.transport import Attempt, Ending
from governance.messages.webhooks.addresses import Target, parse
from governance.messages.webhooks.posting import post

_TOO_MANY: Final = 429
_SERVERS_FAULT: Final = 500


class SmsSender(Protocol):
    """Hands SMS over, and says of each what became of it; it never raises for what a gateway does.

    Attributes:
        is_way_out: whether SMS get to anybody by it.
    """

    is_way_out: bool

    def send(self, text: str, *, recipient: str, reference: str) -> Attempt:
        """Hand over one SMS.

        Args:
            text: one line.
            recipient: number in E.164.
            reference: the same each time that this SMS is tried, so that a gateway can tell.
        """
        ...

    def close(self) -> None:
        """Let go of the connection, if there is one."""
        ...


def sms_sender_of(settings: Settings) -> SmsSender | None:
    """The sender that the settings name; None where there is no way out for SMS."""
    url = settings.sms_url
    folder = settings.mail_folder if url is None else folder_of(url)
    if folder is not None:
        return FolderSms(folder)
    return None if url is None else HttpSms(parse(url), token=settings.sms_token)


class HttpSms:
    """Speaks to a gateway: `{"to": "+380…", "text": "…", "reference": "…"}`; a status from 200 to 299 is a yes."""

    is_way_out = True

    def __init__(self, target: Target, *, token: str | None) -> None:
        self._target = target
        self._headers = {"Content-Type": "application/json"}
        if token is not None:
            self._headers["Authorization"] = f"Bearer {token}"

    def send(self, text: str, *, recipient: str, reference: str) -> Attempt:
        """Hand over one SMS."""
        body = json.dumps({"to": recipient, "text": text, "reference": reference}).encode()
        answer = post(self._target, body=body, headers=self._headers)
        if answer.error is None:
            return Attempt(Ending.SENT)
        if answer.status is None:
            return Attempt(Ending.UNREACHABLE, f"sms-{answer.error.replace('_', '-')}")
        passing = answer.status == _TOO_MANY or answer.status >= _SERVERS_FAULT
        return Attempt(Ending.DELAYED if passing else Ending.REFUSED, f"sms-{answer.status}")

    def close(self) -> None:
        """Nothing is open."""


class FolderSms:
    """Writes each SMS as a file `ID.txt`: what they say lies there in the clear, and nobody gets it."""

    is_way_out = False

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def send(self, text: str, *, recipient: str, reference: str) -> Attempt:
        """Write one SMS."""
        try:
            replace_file(self._folder / f"{reference}.txt", f"To: {recipient}\n\n{text}\n".encode())
        except OSError:
            return Attempt(Ending.UNREACHABLE, "folder")
        return Attempt(Ending.WRITTEN)

    def close(self) -> None:
        """Nothing is open."""
