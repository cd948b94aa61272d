"""Lists of what happened go back to the first of it, page by page."""

import re
from datetime import timedelta
from html import unescape

from governance.consent import operations as consent
from governance.consent.events import NewEvent
from governance.customers import operations as customers
from governance.kernel.work import OPERATOR, open_work
from governance.policies.consent_state import EventKind, Method
from governance.policies.purposes import Channel
from tests.api.conftest import service_of
from tests.factories.customers import purchase

PURCHASES, EVENTS = 51, 31
"""One more than a page has."""


def test_older_purchases_and_events_are_led_to(desks, door):
    with open_work(service_of(door).database, OPERATOR) as work:
        told = {"family_name": "Журавль", "source": "till", "ground": "contract"}
        person = customers.create(work, fields=told).id
        for number in range(PURCHASES):
            at = work.now - timedelta(days=number)
            customers.record_purchase(work, subject=person, purchase=purchase(number=None, paid_at=at))
        for _ in range(EVENTS):
            said = NewEvent(EventKind.WITHDRAWN, "newsletter", Channel.EMAIL, Method.PHONE, subject=person)
            consent.record(work, event=said)
    desk = desks("officer")
    for part, row, many in (
        ("purchases", r'<tr><th scope="row">([^<]+)', PURCHASES),
        ("consents", r'<p class="when"><time datetime="([^"]+)', EVENTS),
    ):
        page = desk.get(f"/console/customers/{person}/{part}").text
        rows = re.findall(row, page)
        older = desk.get(unescape(re.search(r'href="([^"]+)">Older entries', page)[1])).text
        assert len(rows + re.findall(row, older)) == many, part
        assert re.findall(row, older)[0] not in rows or part == "consents"
        assert "Older entries" not in older
    for part in ("purchases", "interactions", "consents"):
        broken = desk.get(f"/console/customers/{person}/{part}?after=99991231T235959.0~x&before=-1")
        assert broken.status_code == 200, "what is no place is the beginning"


def test_consents_that_lapse_soon_go_on_where_a_page_ends(desks):
    for place in ("none", "newsletter~20260101T000000.0~x~email", "newsletter~99991231T235959.0~"):
        assert desks("officer").get(f"/console/expiring?after={place}").status_code == 200
