"""Pages are quick and light: the time of the server, what it asks the database, how much goes over the line."""

import gzip
import time
from contextlib import contextmanager
from datetime import timedelta

from sqlalchemy import event

from governance.console.pages_table import NAVIGATION
from governance.customers import operations as customers
from governance.customers.contact_values import ContactSaid
from governance.kernel.ids import uuid4
from governance.kernel.work import OPERATOR, open_work
from scripts.walk import opener, walk
from tests.api.conftest import service_of
from tests.factories.customers import interaction

MILLISECONDS = 60
OCTETS = 150_000
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


def spent(desk, address):
    began = time.process_time()
    answer = desk.get(address)
    return 1000 * (time.process_time() - began), answer


def test_each_page_is_made_within_its_time_and_weight_and_by_few_statements(desks, door, customer):
    desk, slow, heavy, chatty = desks("officer"), {}, {}, {}
    met = walk(door, opener(desk), ["/console", f"/console/customers/{customer}"])
    for page, [address] in met.items():
        with counted(door) as sent:
            took, answer = spent(desk, address)
        if len(sent) > STATEMENTS:
            chatty[page] = sent
        if took > MILLISECONDS:  # other work on the machine, perhaps
            took = min(spent(desk, address)[0] for _ in range(SEEN))
        if took > MILLISECONDS:
            slow[page] = round(took)
        if len(gzip.compress(answer.data)) > OCTETS // 2:  # style and scripts take the rest
            heavy[page] = len(answer.data)

    assert {f"console.{one}" for one in NAVIGATION} <= set(met)
    assert (slow, heavy) == ({}, {})
    assert not chatty, {page: len(sent) for page, sent in chatty.items()}


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
