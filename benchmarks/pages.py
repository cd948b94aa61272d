"""Every page of console, portal and public on the demonstration's data: time of the server, weight, statements.

The pages are met as visitors meet them, by walking along the links: as an officer, an auditor, a steward and the
administrator of the demonstration, and as a customer who has proved who they are. The limit is the same request to a
page that says one word.
"""

import gzip
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from benchmarks.figures import Figure
from governance import app as composition
from governance.accounts import operations as accounts
from governance.api.limits import Limiter
from governance.cli.demo import STAFF, fill
from governance.cli.demo_people import demo_birth_date, demo_email
from governance.console.place import EXTENSION
from governance.custody.founding import migrate
from governance.custody.opening import Store, open_store
from governance.kernel.folders import prepare_data_dir
from governance.kernel.server import reach
from governance.kernel.settings import Settings
from governance.kernel.work import OPERATOR, open_work
from governance.messages import outbox
from governance.portal.place import EXTENSION as PORTAL
from scripts.walk import opener, walk

BAR: Final = 60.0
"""Milliseconds, median of a page."""
OCTETS: Final = 150_000
TURNS: Final = 5
PUBLIC: Final = (
    "/my",
    "/privacy",
    "/certificate",
    "/counter",
    "/subscribe/news",
    "/console/sign-in",
    "/console/invitation",
)


@dataclass(frozen=True, slots=True)
class Seen:
    """A page, measured.

    Attributes:
        clock, processor: median milliseconds of the server, by the clock and of its own processor time.
        worst: the longest by the clock.
        octets, packed: its weight with all that it loads, as it is and as a server in front packs it.
        statements: sent to the database.
    """

    who: str
    endpoint: str
    clock: float
    processor: float
    worst: float
    octets: int
    packed: int
    statements: int


@contextmanager
def demonstration() -> Iterator[tuple[Store, Flask]]:
    """The demonstration on a store of its own, and its web service."""
    with tempfile.TemporaryDirectory(prefix="governance-bench-") as folder:
        settings = Settings(data_dir=Path(folder) / "demo", web_workers=1)
        prepare_data_dir(settings.data_dir)
        with reach(settings) as server:
            fill(server)
            migrate(server, say=lambda _said: None)
            with open_store(settings) as store:
                yield store, _without_limits(composition.build(store))


def _without_limits(app: Flask) -> Flask:
    free = Limiter(10_000_000)
    app.extensions[EXTENSION] = replace(app.extensions[EXTENSION], count_stranger=free.take, count_call=free.take)
    app.extensions[PORTAL] = replace(app.extensions[PORTAL], count_stranger=free.take)
    return app


def desk(store: Store, app: Flask, role: str) -> FlaskClient:
    """A browser in which somebody of the demonstration with this role is signed in."""
    with open_work(store.database, OPERATOR) as work:
        chosen = next(one.id for one in accounts.made_up_staff(work) if role in one.roles)
    client = app.test_client()
    form = {"seal": _value(client.get("/console/sign-in").text, "seal"), "staff": str(chosen)}
    client.post("/console/demonstration", data=form, headers={"Origin": "http://localhost"})
    return client


def visitor(store: Store, app: Flask) -> FlaskClient:
    """A browser in which a customer of the demonstration has come in and proved who they are."""
    client, origin = app.test_client(), {"Origin": "http://localhost"}

    def send(shown: str, to: str, **said: str) -> None:
        page = client.get(shown).text
        hidden = {name: _value(page, name) for name in ("seal", "form", "then", "id") if f'name="{name}"' in page}
        client.post(to, data={**hidden, **said}, headers=origin)

    send("/my", "/my", contact=demo_email())
    code = ""
    with open_work(store.database, OPERATOR) as work:
        while (lent := outbox.lend(work)) is not None:
            code = str(lent.values["code"]) if lent.recipient == demo_email() and "code" in lent.values else code
    send("/my/code", "/my/code", code=code)
    send("/my/proof", "/my/proof/fact", fact="birth_date", value=str(demo_birth_date()))
    return client


def _value(page: str, name: str) -> str:
    _before, _name, after = page.partition(f'name="{name}" value="')
    return after.partition('"')[0]


def measure(store: Store, client: FlaskClient, who: str, endpoint: str, address: str) -> Seen:
    """Open a page some times."""
    statements = 0

    def count(*_said: object) -> None:
        nonlocal statements
        statements += 1

    event.listen(store.database.engine, "before_cursor_execute", count)
    answer = client.get(address)
    event.remove(store.database.engine, "before_cursor_execute", count)
    clock, processor = [], []
    for _ in range(TURNS):
        began, spent = time.perf_counter(), time.process_time()
        client.get(address)
        processor.append(1000 * (time.process_time() - spent))
        clock.append(1000 * (time.perf_counter() - began))
    files = [answer.data, *(client.get(one).data for one in _loaded(answer.text))]
    return Seen(
        who,
        endpoint,
        statistics.median(clock),
        statistics.median(processor),
        max(clock),
        sum(map(len, files)),
        sum(len(gzip.compress(one)) for one in files),
        statements,
    )


def _loaded(page: str) -> list[str]:
    parts = page.split('"')
    return [one for one in dict.fromkeys(parts) if one.startswith(("/pages/static/", "/console/static/", "/brand/"))]


def measured(store: Store, app: Flask) -> list[Seen]:
    """All pages that somebody of each kind meets."""
    roles = dict.fromkeys([*(role for roles in STAFF.values() for role in roles), "admin"])
    visits: dict[str, tuple[Callable[[], FlaskClient], tuple[str, ...]]] = {
        "public": (app.test_client, PUBLIC),
        "customer": (lambda: visitor(store, app), ("/my",)),
        **{role: (lambda role=role: desk(store, app, role), ("/console",)) for role in roles},  # type: ignore[misc]  # bound
    }
    found = []
    for who, (made, starts) in visits.items():
        client = made()
        for endpoint, addresses in walk(app, opener(client), starts).items():
            found.append(measure(store, client, who, endpoint, addresses[0]))
    return found


def run() -> list[Figure]:
    """The slowest page by its median, by the clock; all pages are told one by one."""
    with demonstration() as (store, app):
        found = measured(store, app)
        bare = app.test_client()
        limit = []
        for _ in range(50):
            began = time.perf_counter()
            bare.get("/healthz")
            limit.append(1000 * (time.perf_counter() - began))
    for one in sorted(found, key=lambda seen: -seen.clock):
        print(
            f"  {one.endpoint:32} {one.who:10} {one.clock:6.1f} ms, processor {one.processor:6.1f} ms, "
            f"worst {one.worst:6.1f} ms, "
            f"{one.octets / 1000:5.1f} KB ({one.packed / 1000:.1f} packed), {one.statements} statements"
        )
    slowest, heaviest = max(found, key=lambda seen: seen.clock), max(found, key=lambda seen: seen.octets)
    middle, least = statistics.median(one.clock for one in found), statistics.median(limit)
    return [
        Figure(
            f"slowest page ({slowest.endpoint}), median", slowest.clock, "ms", f"<= {BAR:g} ms", slowest.clock <= BAR,
            "healthz", least, slowest.clock / least,
        ),
        Figure(f"page in the middle of {len(found)}", middle, "ms", f"<= {BAR:g} ms", middle <= BAR),
        Figure(
            f"heaviest page ({heaviest.endpoint}) with all that it loads", heaviest.octets / 1000, "KB", "<= 150 KB",
            heaviest.octets <= OCTETS,
        ),
    ]  # fmt: skip
