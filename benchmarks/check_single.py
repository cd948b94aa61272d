"""Single send checks over HTTP, audited and durable, against a bare Flask application: eight connections."""

import random
import statistics
from typing import Final

from benchmarks.callers import Load, load
from benchmarks.figures import Figure
from benchmarks.mailing import Web, contacts, gunicorn, mailing_store, question, request, web_service
from governance.policies.purposes import Channel

PEOPLE: Final = 200_000
CONNECTIONS: Final = 8
SECONDS: Final = 5.0
ROUNDS: Final = 3
BAR: Final = 0.2
P99_MS: Final = 25.0
CPU_MS: Final = 1.0


def single_checks(key: str, people: int, *, seed: int) -> list[bytes]:
    """Requests about one contact each, half of them by SMS."""
    asked = [
        request("/v1/consent/checks", key, question(channel, [one]))
        for channel in (Channel.EMAIL, Channel.SMS)
        for one in contacts(channel, 4000, people, seed=seed)
    ]
    random.Random(seed).shuffle(asked)
    return asked


def cpu_ms(web: Web, made: Load, before: float) -> float:
    """Processor milliseconds of the web processes for each answer."""
    return (web.cpu_seconds() - before) / made.answered * 1000


def run() -> list[Figure]:
    """Throughput as a share of the limit, the slowest answers, processor time of the web processes."""
    rates, limits, tails, costs = [], [], [], []
    with (
        mailing_store(PEOPLE) as settings,
        web_service(settings) as web,
        gunicorn("benchmarks.bare:app", ["-k", "gthread"], {}) as (bare, _),
    ):
        asked = single_checks(web.key, PEOPLE, seed=1)
        nothing = [request("/", web.key, b"{}")] * CONNECTIONS
        load(web.port, asked, connections=CONNECTIONS, seconds=2.0)
        for _ in range(ROUNDS):
            limits.append(load(bare, nothing, connections=CONNECTIONS, seconds=SECONDS).per_second)
            before = web.cpu_seconds()
            made = load(web.port, asked, connections=CONNECTIONS, seconds=SECONDS)
            rates.append(made.per_second)
            tails.append(made.percentile_ms(99))
            costs.append(cpu_ms(web, made, before))
    value, limit = statistics.median(rates), statistics.median(limits)
    ratio = statistics.median(rate / most for rate, most in zip(rates, limits, strict=True))
    tail, cost = statistics.median(tails), statistics.median(costs)
    return [
        Figure("single check over HTTP", value, "/s", f">= {BAR}x", ratio >= BAR, "bare Flask", limit, ratio),
        Figure("single check, 99th percentile", tail, "ms", f"<= {P99_MS:g} ms", tail <= P99_MS),
        Figure("single check, processor time of the web process", cost, "ms", f"<= {CPU_MS:g} ms", cost <= CPU_MS),
    ]
