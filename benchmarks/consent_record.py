"""Recording consent events one by one over HTTP, eight connections, against a bare Flask application.

Beside the rate, which hangs on what else runs on the machine, the processor time that an event costs.
"""

import json
import random
import statistics
from typing import Final

from benchmarks.callers import load
from benchmarks.figures import Figure
from benchmarks.mailing import (
    NOTICE,
    PURPOSE,
    database_cpu_seconds,
    gunicorn,
    mailing_store,
    request,
    web_service,
)
from governance.custody.opening import Store, open_store
from governance.customers.bulk import create_people
from governance.customers.codes import ContactKind, Ground, Source
from governance.customers.records import NewContact, NewPerson, Origin
from governance.kernel.ids import BatchId, uuid7
from governance.kernel.work import OPERATOR, open_work

AROUND: Final = 20_000
PEOPLE: Final = 4_000
CONNECTIONS: Final = 8
SECONDS: Final = 5.0
ROUNDS: Final = 3
BAR: Final = 700.0


def address(number: int) -> str:
    """The address of one of those who say something."""
    return f"subscriber.{number}@example.net"


def fill(store: Store) -> None:
    """People whose contacts can be opened: what is said is checked against the contact itself."""
    with open_work(store.database, OPERATOR) as work:
        origin = Origin(BatchId(uuid7()), work.now, Source.OWN_FORM, Ground.CONSENT)
        people = [NewPerson(contacts=(NewContact(ContactKind.EMAIL, address(one)),)) for one in range(PEOPLE)]
        create_people(work, people, origin=origin)


def events(key: str, *, seed: int) -> list[bytes]:
    """Requests that record something of one customer each: a consent, or its withdrawal."""
    chance = random.Random(seed)
    asked = []
    for number in range(PEOPLE):
        event: dict[str, object] = {
            "kind": chance.choice(("confirmed", "withdrawn")),
            "purpose": PURPOSE,
            "channel": "email",
            "method": "web_form",
            "contact": {"kind": "email", "value": address(number)},
        }
        if event["kind"] == "confirmed":
            event["notice"] = NOTICE
        asked.append(request("/v1/consent/events", key, json.dumps(event).encode()))
    return asked


def run() -> list[Figure]:
    """Events per second, beside the same connections to an application that keeps nothing."""
    rates, limits, spent = [], [], []
    with mailing_store(AROUND) as settings:
        with open_store(settings) as store:
            fill(store)
        with (
            web_service(settings) as web,
            gunicorn("benchmarks.bare:app", ["-k", "gthread"], {}) as (bare, _),
        ):
            asked = events(web.key, seed=1)
            nothing = [request("/", web.key, b"{}")] * CONNECTIONS
            load(web.port, asked, connections=CONNECTIONS, seconds=2.0)
            for _ in range(ROUNDS):
                limits.append(load(bare, nothing, connections=CONNECTIONS, seconds=2.0).per_second)
                web_before, database_before = web.cpu_seconds(), database_cpu_seconds(settings)
                one = load(web.port, asked, connections=CONNECTIONS, seconds=SECONDS)
                web_cpu, database_cpu = web.cpu_seconds() - web_before, database_cpu_seconds(settings) - database_before
                rates.append(one.per_second)
                spent.append((web_cpu / one.answered * 1000, database_cpu / one.answered * 1000))
    value, limit = statistics.median(rates), statistics.median(limits)
    name = "recording an event over HTTP, 8 connections"
    cost = "recording an event, processor time of the"
    return [
        Figure(name, value, "/s", f">= {BAR:g}/s", value >= BAR, "bare Flask", limit, value / limit),
        Figure(f"{cost} web process", min(each for each, _ in spent), "ms", "none", holds=True),
        Figure(f"{cost} database", min(each for _, each in spent), "ms", "none", holds=True),
    ]
