"""Pages are quick and light: the time of the server, what it asks the database, how much goes over the line."""

import gzip
import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import event

from governance.console.pages_table import NAVIGATION
from governance.customers import operations as customers
from governance.customers.contact_values import ContactSaid
from governance.kernel.ids import uuid4
from governance.kernel.work import OPERATOR, open_work
from scripts.walk import walk
from tests.api.conftest import service_of
from tests.factories.customers import interaction

MILLISECONDS = 60
OCTETS_OF_A_PAGE = 75_000
"""Half of what a visit may weigh; style and scripts take the rest."""
SEEN = 5
STATEMENTS = 40
"""The dearest pages, Today and Health, ask some 35 times; one that asks for each of its rows soon asks for more."""


@contextmanager
def counted(door):
    """Statements that are sent to the database meanwhile."""
    sent, engine = [], service_of(door).database.engine

    def note(_connection, _cursor, statement, *_said):
        sent.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield sent
    event.remove(engine, "before_cursor_execute", note)


@dataclass
class Taken:
    """What a page took: of the processor, of the line, and of the database."""

    milliseconds: float
    octets: int
    statements: int


def taken(door, desk, address):
    """The page at an address, and what it took at the best of some times: the first reads its template."""
    for _ in range(SEEN):
        with counted(door) as sent:
            began = time.process_time()
            answer = desk.get(address)
            found = Taken(1000 * (time.process_time() - began), len(answer.data), len(sent))
        if found.milliseconds <= MILLISECONDS and found.statements <= STATEMENTS:
            break
    if found.octets > OCTETS_OF_A_PAGE:
        found.octets = len(gzip.compress(answer.data))
    return answer, found


def test_each_page_is_made_within_its_time_and_weight_and_by_few_statements(desks, door, customer):
    desk, seen = desks("officer"), {}

    def opens(address):
        answer, seen[address] = taken(door, desk, address)
        return answer.text if (answer.status_code, answer.mimetype) == (200, "text/html") else None

    met = walk(door, opens, ["/console", f"/console/customers/{customer}"])
    pages = {page: seen[address] for page, [address] in met.items()}

    assert {f"console.{one}" for one in NAVIGATION} <= set(met)
    assert {page: one for page, one in pages.items() if one.milliseconds > MILLISECONDS} == {}
    assert {page: one for page, one in pages.items() if one.octets > OCTETS_OF_A_PAGE} == {}
    assert {page: one for page, one in pages.items() if one.statements > STATEMENTS} == {}


def test_a_long_list_of_people_to_call_back_asks_no_more_than_a_short_one(desks, door):
    desk = desks("support")

    def wait_for_a_call(several):
        with open_work(service_of(door).database, OPERATOR) as work:
            for _ in range(several):
                told = {"family_name": "Лебедь", "source": "till", "ground": "contract"}
                mail = ContactSaid(kind="email", value=f"{uuid4().hex}@example.org")
                made = customers.create(work, fields=told, contacts=[mail])
                due = interaction(at=work.now - timedelta(days=9), next_contact_at=work.now - timedelta(days=1))
                customers.record_interaction(work, subject=made.id, interaction=due)
        with counted(door) as sent:
            page = desk.get("/console/call-backs")
        return len(sent), page.text.count('/call"')

    (few, rows), (many, more) = wait_for_a_call(2), wait_for_a_call(6)

    assert more == rows + 6
    assert many <= few
