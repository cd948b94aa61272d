"""May I send? A client for systems that send mail, messages or calls: one file, standard library only, to be copied.

    from governance.client import Client

    client = Client("https://consent.example.com", key)
    answers = client.may_send("newsletter", "email", ["anna@example.org", "boris@example.org"])
    for contact in answers.allowed:
        ...

Where the service cannot be reached, the answer is no, unless the client was told otherwise. Lists of any length are
asked about in batches of 10,000; what can be tried again is, after the pause that the service asks for. A refusal that
trying again cannot mend (a wrong key, an unknown field) raises `RefusedError`. Python 3.10 or newer; safe to use from
many threads.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import http.client
import ipaddress
import json
import os
import random
import ssl
import threading
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import islice
from typing import Any, Final, overload
from urllib.parse import quote, urlencode, urlsplit

__all__ = [
    "Answer",
    "Answers",
    "Change",
    "Changes",
    "Client",
    "ForgedError",
    "RefusedError",
    "UnreachableError",
    "WhenUnreachable",
    "verify_webhook",
]

BATCH: Final = 10_000
"""Contacts in one question."""
SUPPRESSIONS: Final = 5_000
"""Contacts in one report of opt-outs, complaints or bounces."""
UNREACHABLE: Final = "unreachable"
"""Reason of an answer that the service did not give."""
ANSWER_LIMIT_BYTES: Final = 64 * 1024 * 1024
TOLERANCE_SECONDS: Final = 300
"""How far the clock of a webhook's sender may be from ours."""
_FIRST_PAUSE_SECONDS: Final = 0.2
_LONGEST_PAUSE_SECONDS: Final = 5.0
_AGAIN: Final = frozenset({408, 425, 429})


class WhenUnreachable(Enum):
    """What to answer where the service cannot be reached."""

    DENY = "deny"
    """No, for the reason `unreachable`."""
    RAISE = "raise"
    """Raise `UnreachableError`; answers had before it are lost."""
    ALLOW = "allow"
    """Yes, for the reason `unreachable`. Only for what must be sent whatever anybody said: what the law asks of you."""


class RefusedError(Exception):
    """The service refuses, and would again.

    Attributes:
        status: of HTTP.
        slug: stable name of the kind of refusal.
        detail: a sentence that is safe to show and to log.
        errors: by field what is wrong with it.
        request_id: under which the service's log tells more.
    """

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        self.status = status
        self.slug = str(problem.get("type") or "error")
        self.detail = str(problem.get("detail") or "The service refused without saying why.")
        self.errors: Mapping[str, Sequence[str]] = problem.get("errors") or {}
        self.request_id: str | None = problem.get("request_id")
        fields = "".join(f" {name}: {' '.join(said)}" for name, said in self.errors.items())
        super().__init__(f"{status} {self.slug}: {self.detail}{fields}")


class UnreachableError(Exception):
    """The service did not answer within the client's patience."""


class ForgedError(Exception):
    """A webhook is not from the service, was changed on the way, or is too old."""


@dataclass(frozen=True)
class Answer:
    """Whether something may be sent to one contact.

    Attributes:
        contact: as it was asked about; a customer's id where it was asked by those.
        allowed: whether it may be sent.
        reason: `ok`, `no_ground`, `opted_out`, `invalid`, or `unreachable`.
        decision: id of the decision, under which the service can prove it; None where it could not be reached.
        unsubscribe_url: for the header `List-Unsubscribe` (RFC 8058), where it was asked for and it may be sent.
        details: full reason, ground and the like, where they were asked for.
    """

    contact: str
    allowed: bool
    reason: str
    decision: str | None = None
    unsubscribe_url: str | None = None
    details: Mapping[str, Any] | None = None

    @property
    def answered(self) -> bool:
        """Whether the service itself gave this answer."""
        return self.decision is not None


class Answers(Sequence[Answer]):
    """One answer for each contact, in the order in which they were asked about."""

    def __init__(self, answers: Iterable[Answer]) -> None:
        self._answers = tuple(answers)

    @overload
    def __getitem__(self, index: int) -> Answer: ...
    @overload
    def __getitem__(self, index: slice) -> Answers: ...
    def __getitem__(self, index: int | slice) -> Answer | Answers:
        """An answer by its place, or some of them."""
        return self._answers[index] if isinstance(index, int) else Answers(self._answers[index])

    def __len__(self) -> int:
        """How many there are."""
        return len(self._answers)

    @property
    def allowed(self) -> list[str]:
        """Contacts that it may be sent to."""
        return [one.contact for one in self._answers if one.allowed]

    @property
    def refused(self) -> list[Answer]:
        """Answers that are no."""
        return [one for one in self._answers if not one.allowed]

    @property
    def complete(self) -> bool:
        """Whether the service gave all of these answers itself."""
        return all(one.answered for one in self._answers)

    @property
    def decisions(self) -> list[str]:
        """Ids of the decisions, one for each batch."""
        return list(dict.fromkeys(one.decision for one in self._answers if one.decision is not None))


@dataclass(frozen=True)
class Change:
    """Something that changed for senders; it never says that something may be sent.

    Attributes:
        cursor: its place in the feed.
        kind: `withdrawn`, `given`, `suppressed`...
        effect: `stop` (send nothing more of this purpose by this channel) or `ask` (check before you send).
        customers: whom it is about; None for everybody, empty where no known customer holds the contact.
        purpose, channel: None for every one.
    """

    cursor: str
    id: str
    kind: str
    effect: str
    at: str
    customers: tuple[str, ...] | None
    purpose: str | None
    channel: str | None
    scope: str | None
    reason: str | None


@dataclass(frozen=True)
class Changes:
    """A page of the feed.

    Attributes:
        next_cursor: keep it with what you did about the changes, and go on from it.
        more: whether to ask on at once.
    """

    items: tuple[Change, ...]
    next_cursor: str
    more: bool


class Client:
    """Asks the service.

    Args:
        url: where it is served, such as https://consent.example.com.
        key: of an API client with the scope `consent:check`; `consent:suppress` and `consent:follow` for the rest.
        when_unreachable: what to answer where it cannot be reached.
        patience_seconds: how long one batch is tried again before the service counts as unreachable.
        timeout_seconds: how long one attempt may take.
        plain_http: allow http to another host, over which the key and all contacts travel in the clear.
        tls: certificates to trust; those of the system where nothing is given.
    """

    def __init__(
        self,
        url: str,
        key: str,
        *,
        when_unreachable: WhenUnreachable | str = WhenUnreachable.DENY,
        patience_seconds: float = 30.0,
        timeout_seconds: float = 15.0,
        plain_http: bool = False,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.when_unreachable = WhenUnreachable(when_unreachable)
        self._patience_seconds = patience_seconds
        self._line = _Line(url, key, timeout_seconds=timeout_seconds, plain_http=plain_http, tls=tls)

    def __enter__(self) -> Client:
        """The client itself."""
        return self

    def __exit__(self, *_error: object) -> None:
        """Close its connections."""
        self.close()

    def close(self) -> None:
        """Close its connections; it can be used again."""
        self._line.close()

    def may_send(
        self,
        purpose: str,
        channel: str,
        contacts: Sequence[str],
        *,
        campaign: str | None = None,
        unsubscribe: bool = False,
        opt_out_in_message: bool = False,
        details: bool = False,
        region: str | None = None,
    ) -> Answers:
        """Ask whether something may be sent to each of *contacts*.

        Args:
            purpose: its key, such as `newsletter`.
            channel: `email`, `sms`, `phone`, `post`, `messenger`, `push` or `audience`.
            contacts: addresses or numbers as people write them, any number of them.
            campaign: your code of the mailing, for the log.
            unsubscribe: whether each yes is to bring an address for one-click unsubscribing.
            opt_out_in_message: whether every message offers a way to refuse; soft opt-in rests on it.
            details: whether full reasons are wanted; the key needs the scope `consent:details`.
            region: country of phone numbers without a country code (DE, RU...).

        Raises:
            RefusedError: the service refuses the question.
            UnreachableError: it cannot be reached, and the client was told to raise.
        """
        return Answers(
            self.stream(
                purpose,
                channel,
                contacts,
                campaign=campaign,
                unsubscribe=unsubscribe,
                opt_out_in_message=opt_out_in_message,
                details=details,
                region=region,
            )
        )

    def may_send_to(
        self,
        purpose: str,
        channel: str,
        customers: Sequence[str],
        *,
        campaign: str | None = None,
        unsubscribe: bool = False,
        opt_out_in_message: bool = False,
        details: bool = False,
    ) -> Answers:
        """The same by ids of customers: each is asked about by the contact that a message would go to."""
        question = _question(
            purpose,
            channel,
            campaign=campaign,
            unsubscribe=unsubscribe,
            opt_out_in_message=opt_out_in_message,
            details=details,
        )
        return Answers(self._ask(question, "customers", _listed(customers)))

    def stream(
        self,
        purpose: str,
        channel: str,
        contacts: Iterable[str],
        *,
        campaign: str | None = None,
        unsubscribe: bool = False,
        opt_out_in_message: bool = False,
        details: bool = False,
        region: str | None = None,
    ) -> Iterator[Answer]:
        """As `may_send`, answer by answer while *contacts* are read, for lists that do not fit into memory."""
        question = _question(
            purpose,
            channel,
            campaign=campaign,
            unsubscribe=unsubscribe,
            opt_out_in_message=opt_out_in_message,
            details=details,
            region=region,
        )
        return self._ask(question, "contacts", _listed(contacts))

    def suppress(
        self,
        channel: str,
        contacts: Sequence[str],
        *,
        reason: str = "unsubscribed",
        scope: str = "advertising",
        purpose: str | None = None,
        region: str | None = None,
    ) -> list[str]:
        """Report contacts that must not be written to: `unsubscribed`, `complaint`, `hard_bounce`, `do_not_contact`.

        An opt-out that was not taken must not be lost: whatever the client was told about unreachable services, this
        raises. Reporting the same contact again does no harm.

        Args:
            channel: as in `may_send`.
            contacts: addresses or numbers.
            reason: why.
            scope: `purpose` (then name it), `advertising` or `everything`.
            purpose: key.
            region: country of phone numbers without a country code.

        Returns:
            What is no contact of the channel, and so was not taken: correct it and report it again. Of a report that
            was repeated because its first answer was lost, nothing is known here.

        Raises:
            RefusedError: the service refuses.
            UnreachableError: it cannot be reached; keep the contacts and report them again.
        """
        about = {"channel": channel, "reason": reason, "scope": scope, "purpose": purpose, "region": region}
        body = {name: value for name, value in about.items() if value is not None}
        untaken: list[str] = []
        for batch in _batches(_listed(contacts), SUPPRESSIONS):
            told = self._call("POST", "/v1/consent/suppressions", {**body, "contacts": batch}, once=True)
            if told is not None:
                untaken += _untaken(batch, told)
        return untaken

    def changes(self, cursor: str | None = None, *, limit: int = 1000) -> Changes:
        """What changed after *cursor*; from the beginning without one, from now on with `latest`.

        Raises:
            RefusedError: the service refuses; 409 where it was restored from a copy that is older than the cursor.
            UnreachableError: it cannot be reached; ask again later with the same cursor.
        """
        query = {"limit": limit} if cursor is None else {"limit": limit, "cursor": cursor}
        told = self._call("GET", f"/v1/consent/changes?{urlencode(query, quote_via=quote)}")
        try:
            items = tuple(_change(one) for one in told["items"])
            return Changes(items, str(told["next_cursor"]), bool(told["more"]))
        except (KeyError, TypeError):
            raise UnreachableError("What answered is not the service.") from None

    def _ask(self, question: Mapping[str, Any], by: str, contacts: Iterable[str]) -> Iterator[Answer]:
        lost = False
        for batch in _batches(contacts, BATCH):
            try:
                # Once it could not be reached, the rest is not waited for: each batch would take all of the patience.
                answers = None if lost else self._answers(question, by, batch)
            except UnreachableError:
                if self.when_unreachable is WhenUnreachable.RAISE:
                    raise
                answers = None
            lost = answers is None
            allow = self.when_unreachable is WhenUnreachable.ALLOW
            yield from answers if answers is not None else [Answer(one, allow, UNREACHABLE) for one in batch]

    def _answers(self, question: Mapping[str, Any], by: str, batch: Sequence[str]) -> list[Answer]:
        told = self._call("POST", "/v1/consent/checks", {**question, by: batch})
        try:
            decision, rows = str(told["decision_id"]), told["items"]
            answers = [_answer(one, row, decision) for one, row in zip(batch, rows, strict=True)]
        except (KeyError, TypeError, ValueError):
            # Not the service: a page of a proxy, for example. Nothing of it counts.
            raise UnreachableError("What answered is not the service.") from None
        return answers

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None = None, *, once: bool = False) -> Any:  # noqa: ANN401 - any JSON
        headers = {"Idempotency-Key": str(uuid.uuid4())} if once else {}
        content = None if body is None else json.dumps(body).encode()
        until = time.monotonic() + self._patience_seconds
        for attempt in range(1_000_000):
            reply = self._line.exchange(method, path, content, headers, until=until)
            if reply.status is not None and not reply.again:
                told = _read(reply)
                return None if reply.is_repeated else told
            pause = reply.retry_after_seconds
            if pause is None:
                pause = min(_FIRST_PAUSE_SECONDS * 2**attempt, _LONGEST_PAUSE_SECONDS) * random.uniform(0.5, 1)  # noqa: S311
            if time.monotonic() + pause >= until:
                break
            time.sleep(pause)
        raise UnreachableError("The service did not answer in time.")


def verify_webhook(
    secret: str, headers: Mapping[str, str], body: bytes, *, now: float | None = None
) -> Mapping[str, Any]:
    """The document of a webhook, if it is from the service (Standard Webhooks 1.0.0).

    Args:
        secret: `whsec_...`, as the service showed it.
        headers: of the request.
        body: the bytes of the request, unread by any framework.
        now: seconds since 1970; by the clock where nothing is given.

    Raises:
        ForgedError: it is not; answer with 400 and do nothing.
    """
    told = {name.lower(): value for name, value in headers.items()}
    try:
        name, instant, signatures = (told[f"webhook-{one}"] for one in ("id", "timestamp", "signature"))
        age = abs((time.time() if now is None else now) - int(instant))
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except (KeyError, ValueError, binascii.Error):
        raise ForgedError("The headers of a webhook, or its secret, are missing or malformed.") from None
    if not key or age > TOLERANCE_SECONDS:
        raise ForgedError("The webhook is too old, or a clock is wrong.")
    signed = hmac.digest(key, f"{name}.{instant}.".encode() + body, hashlib.sha256)
    expected = "v1," + base64.b64encode(signed).decode()
    if not any(hmac.compare_digest(expected.encode(), one.encode()) for one in signatures.split(" ")):
        raise ForgedError("The signature is not the service's.")
    document: Mapping[str, Any] = json.loads(body)
    return document


@dataclass(frozen=True)
class _Reply:
    """What came back: nothing where *status* is None; of what was done at an earlier attempt, that it was."""

    status: int | None
    content: bytes = b""
    retry_after_seconds: float | None = None
    is_repeated: bool = False

    @property
    def again(self) -> bool:
        """Whether the same request may fare better later."""
        return self.status is None or self.status in _AGAIN or self.status >= 500


class _Line:
    """Connections to the service, kept open between calls."""

    def __init__(
        self, url: str, key: str, *, timeout_seconds: float, plain_http: bool, tls: ssl.SSLContext | None
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
            raise ValueError("Give the address of the service, such as https://consent.example.com")
        if parts.scheme == "http" and not (plain_http or _is_this_host(parts.hostname)):
            raise ValueError("Over http the key and all contacts travel in the clear; use https.")
        if not key.isascii() or not key.isprintable() or " " in key:
            raise ValueError("This is no key; keys look like gov_...")
        self._host, self._port, self._prefix = parts.hostname, parts.port, parts.path.rstrip("/")
        self._tls = (tls or ssl.create_default_context()) if parts.scheme == "https" else None
        self._key = key
        self._timeout_seconds = timeout_seconds
        self._lock = threading.Lock()
        self._process = os.getpid()
        self._idle: list[http.client.HTTPConnection] = []

    def exchange(
        self, method: str, path: str, content: bytes | None, headers: Mapping[str, str], *, until: float
    ) -> _Reply:
        """One attempt; within the time that is left, and at least a moment."""
        timeout = max(0.1, min(self._timeout_seconds, until - time.monotonic()))
        kept = self._kept(timeout)
        if kept is not None:
            reply = self._attempt(kept, method, path, content, headers)
            if reply.status is not None:
                return reply
            # A connection that was kept may have been closed by the other side long ago.
        return self._attempt(self._fresh(timeout), method, path, content, headers)

    def close(self) -> None:
        """Close the connections that nobody uses."""
        with self._lock:
            idle, self._idle = self._idle, []
        for one in idle:
            one.close()

    def _attempt(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        path: str,
        content: bytes | None,
        headers: Mapping[str, str],
    ) -> _Reply:
        given = {"Authorization": f"Bearer {self._key}", "Accept": "application/json", **headers}
        if content is not None:
            given["Content-Type"] = "application/json"
        is_taken = True
        try:
            try:
                connection.request(method, self._prefix + path, content, given)
            except (BrokenPipeError, ConnectionResetError):
                is_taken = False  # a body that is too large is refused before all of it has been sent
            response = connection.getresponse()
            read = response.read(ANSWER_LIMIT_BYTES + 1)
        except (OSError, http.client.HTTPException):
            connection.close()
            return _Reply(None)
        whole = len(read) <= ANSWER_LIMIT_BYTES
        if response.will_close or not whole or not is_taken:
            connection.close()
        else:
            with self._lock:
                self._idle.append(connection)
        told = response.getheader("Retry-After", "").strip()
        wait = float(told) if told.isdecimal() and len(told) < len("100000") else None
        is_repeated = response.getheader("Idempotency-Replayed") == "true"
        return _Reply(response.status if whole else None, read, wait, is_repeated)

    def _kept(self, timeout: float) -> http.client.HTTPConnection | None:
        with self._lock:
            if self._process != os.getpid():
                # A process that was forked must not write into its parent's connections.
                self._idle, self._process = [], os.getpid()
            connection = self._idle.pop() if self._idle else None
        if connection is not None and connection.sock is not None:
            connection.timeout = timeout
            connection.sock.settimeout(timeout)
        return connection

    def _fresh(self, timeout: float) -> http.client.HTTPConnection:
        if self._tls is None:
            return http.client.HTTPConnection(self._host, self._port, timeout=timeout)
        return http.client.HTTPSConnection(self._host, self._port, timeout=timeout, context=self._tls)


def _is_this_host(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _question(purpose: str, channel: str, **more: str | bool | None) -> Mapping[str, Any]:
    return {"purpose": purpose, "channel": channel, **{name: value for name, value in more.items() if value}}


def _listed(contacts: Iterable[str]) -> Iterable[str]:
    if isinstance(contacts, str | bytes):
        raise TypeError("Give a list of contacts; a single one as [contact].")
    return contacts


def _batches(contacts: Iterable[str], size: int) -> Iterator[list[str]]:
    rest = iter(contacts)
    while batch := list(islice(rest, size)):
        yield batch


def _answer(contact: str, row: Mapping[str, Any], decision: str) -> Answer:
    allowed = row["allowed"]
    if not isinstance(allowed, bool):
        raise TypeError
    told = {name: value for name, value in row.items() if name not in {"allowed", "reason", "unsubscribe"}}
    return Answer(contact, allowed, str(row["reason"]), decision, row.get("unsubscribe"), told or None)


def _untaken(batch: Sequence[str], told: Mapping[str, Any]) -> list[str]:
    try:
        return [one for one, row in zip(batch, told["items"], strict=True) if row["suppressed"] is not True]
    except (KeyError, TypeError, ValueError):
        raise UnreachableError("What answered is not the service.") from None


def _change(told: Mapping[str, Any]) -> Change:
    customers = told["customers"]
    return Change(
        cursor=told["cursor"],
        id=told["id"],
        kind=told["kind"],
        effect=told["effect"],
        at=told["at"],
        customers=None if customers is None else tuple(customers),
        purpose=told.get("purpose"),
        channel=told.get("channel"),
        scope=told.get("scope"),
        reason=told.get("reason"),
    )


def _read(reply: _Reply) -> Any:  # noqa: ANN401 - any JSON
    try:
        told = json.loads(reply.content) if reply.content else {}
    except ValueError:
        told = None
    if reply.status is not None and 200 <= reply.status < 300:
        if told is None:
            raise UnreachableError("What answered is not the service.")
        return told
    raise RefusedError(reply.status or 0, told if isinstance(told, dict) else {})
