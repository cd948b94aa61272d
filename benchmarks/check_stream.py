"""A million contacts checked as one stream, and the memory that this takes the web process."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from typing import Final

import psutil

from benchmarks.figures import Figure
from benchmarks.mailing import PURPOSE, Web, contacts, mailing_store, web_service
from governance.policies.purposes import Channel

PEOPLE: Final = 200_000
LINES: Final = 1_000_000
BAR: Final = 50_000
BAR_MIB: Final = 200
_PART: Final = 50_000


def _parts(asked: list[str]) -> Iterator[bytes]:
    yield json.dumps({"purpose": PURPOSE, "channel": Channel.EMAIL.value}).encode() + b"\n"
    lines = b"\n".join(json.dumps(one).encode() for one in asked) + b"\n"
    for _ in range(LINES // _PART):
        yield lines


def _send(connection: socket.socket, asked: list[str]) -> None:
    for part in _parts(asked):
        connection.sendall(f"{len(part):x}\r\n".encode() + part + b"\r\n")
    connection.sendall(b"0\r\n\r\n")


def stream(web: Web, asked: list[str]) -> tuple[float, int]:
    """Lines per second, and the most bytes that a web process took meanwhile."""
    connection = socket.create_connection(("127.0.0.1", web.port), timeout=120)
    head = (
        "POST /v1/consent/checks/stream HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\n"
        f"Authorization: Bearer {web.key}\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    )
    connection.sendall(head.encode())
    began = time.monotonic()
    sender = threading.Thread(target=_send, args=(connection, asked))
    sender.start()
    most, looked, answers, tail = 0, 0.0, 0, b""
    while block := connection.recv(1 << 18):
        answers += block.count(b'"reason"')
        tail = (tail + block)[-200:]
        if time.monotonic() > looked + 0.25:
            looked = time.monotonic()
            most = max(most, *(worker.memory_info().rss for worker in web.process.children()))
    seconds = time.monotonic() - began
    sender.join()
    if b'"end":true' not in tail or not 0.99 * LINES < answers <= LINES:  # a block may end within a word
        raise RuntimeError("The stream broke off.")
    return LINES / seconds, most


def run() -> list[Figure]:
    """Contacts per second, and memory of the web process."""
    with mailing_store(PEOPLE) as settings, web_service(settings) as web:
        asked = contacts(Channel.EMAIL, _PART, PEOPLE, seed=1)
        before = max(worker.memory_info().rss for worker in psutil.Process(web.process.pid).children())
        value, most = stream(web, asked)
    mib = most / 2**20
    return [
        Figure("stream of a million contacts", value, "contacts/s", f">= {BAR:,}", value >= BAR),
        Figure(
            "memory of the web process meanwhile", mib, "MiB", f"<= {BAR_MIB} MiB", mib <= BAR_MIB, "before",
            before / 2**20, most / before,
        ),
    ]  # fmt: skip
