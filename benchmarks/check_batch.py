"""Send checks of 10,000 contacts each over HTTP, two callers at a time, against handing over such lists for nothing."""

import statistics
from typing import Final

from benchmarks.callers import load
from benchmarks.figures import Figure
from benchmarks.mailing import (
    WORKERS,
    contacts,
    database_cpu_seconds,
    gunicorn,
    mailing_store,
    question,
    request,
    web_service,
)
from governance.policies.purposes import Channel

PEOPLE: Final = 200_000
SIZE: Final = 10_000
SECONDS: Final = 6.0
ROUNDS: Final = 3
BAR: Final = 60_000
WEB_US: Final = 15.0
DATABASE_US: Final = 10.0


def batches(key: str, people: int, *, seed: int) -> list[bytes]:
    """Requests of 10,000 contacts each, every second one by SMS."""
    return [
        request("/v1/consent/checks", key, question(channel, contacts(channel, SIZE, people, seed=seed + place)))
        for place in range(4)
        for channel in (Channel.EMAIL, Channel.SMS)
    ]


def run() -> list[Figure]:
    """Contacts per second of two callers together, beside the same requests to an application that looks at nothing.

    With the processor time that a contact takes, of the web processes and of the database.
    """
    rates, limits, web_costs, database_costs = [], [], [], []
    with (
        mailing_store(PEOPLE) as settings,
        web_service(settings) as web,
        gunicorn("benchmarks.bare:app", ["-k", "gthread"], {}) as (bare, _),
    ):
        asked = batches(web.key, PEOPLE, seed=1)
        nothing = [one.replace(b"POST /v1/consent/checks ", b"POST / ") for one in asked]
        load(web.port, asked, connections=WORKERS, seconds=3.0)
        for _ in range(ROUNDS):
            limits.append(load(bare, nothing, connections=WORKERS, seconds=2.0).per_second * SIZE)
            web_before, database_before = web.cpu_seconds(), database_cpu_seconds(settings)
            made = load(web.port, asked, connections=WORKERS, seconds=SECONDS)
            rates.append(made.per_second * SIZE)
            web_costs.append((web.cpu_seconds() - web_before) / made.answered / SIZE * 1e6)
            database_costs.append((database_cpu_seconds(settings) - database_before) / made.answered / SIZE * 1e6)
    value, limit = statistics.median(rates), statistics.median(limits)
    name = "batches of 10,000 over HTTP, two callers"
    return [
        Figure(name, value, "contacts/s", f">= {BAR:,}", value >= BAR, "handing over the lists", limit, value / limit),
        *(
            Figure(f"processor time of a contact, {whose}", cost, "us", f"<= {bar:g} us", cost <= bar)
            for whose, cost, bar in (
                ("web processes", statistics.median(web_costs), WEB_US),
                ("database", statistics.median(database_costs), DATABASE_US),
            )
        ),
    ]
