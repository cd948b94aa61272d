"""Pages are quick and light: what the server does for one, and how much goes over the line."""

import gzip
import statistics
import time

from flask import url_for

from governance.console.pages_table import NAVIGATION

MILLISECONDS = 60
OCTETS = 150_000
SEEN = 5


def test_each_page_of_the_menu_is_made_within_its_time_and_weight(desks, door, customer):
    with door.test_request_context():
        addresses = {one: url_for(f"console.{one}") for one in NAVIGATION}
    slow, heavy = {}, {}
    desk = desks("officer")
    for page, address in addresses.items():
        spent = []
        for _ in range(SEEN):
            began = time.process_time()
            answer = desk.get(address)
            spent.append(1000 * (time.process_time() - began))
        assert answer.status_code == 200, page
        if statistics.median(spent) > MILLISECONDS:
            slow[page] = round(statistics.median(spent))
        if len(gzip.compress(answer.data)) > OCTETS // 2:  # style and scripts take the rest
            heavy[page] = len(answer.data)

    assert slow == {}
    assert heavy == {}
