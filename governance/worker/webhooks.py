"""Webhooks as a loop of the worker: messages are made of what is new in the log, and delivered side by side."""

from collections.abc import Iterator
from contextlib import contextmanager

from governance.consent import telling
from governance.kernel.work import SYSTEM, Work, open_work
from governance.messages.webhooks.delivering import Line, Postman
from governance.messages.webhooks.records import Message, Topic
from governance.rights import telling as requests
from governance.worker.loops import Loop
from governance.worker.surroundings import Surroundings

EVERY_SECONDS = 1.0


def body_of(work: Work, message: Message) -> bytes:
    """What a message says, by the topic of its receiver."""
    if message.topic is Topic.REQUESTS:
        return requests.body_of(work, message)
    return telling.body_of(work, message)


@contextmanager
def webhooks_loop(around: Surroundings) -> Iterator[Loop]:
    """The loop; when the block ends, calls that are under way are waited for."""
    line = Line(around.store.database, around.clock, body_of)
    postman = Postman(line, stopping=around.stopping)

    def step() -> None:
        for make in (telling.make_stops, telling.make_messages, requests.make_messages):  # each is sent once committed
            with open_work(around.store.database, SYSTEM, clock=around.clock) as work:
                make(work)
            postman.step()

    try:
        yield Loop("webhooks", step, every_seconds=EVERY_SECONDS)
    finally:
        around.stopping.set()
        postman.close()
