"""What one customer agreed to: purposes by channels, and every event behind it."""

from uuid import UUID

from flask import Response

from governance.consent import operations as consent
from governance.console import words
from governance.console.customers import PART, name_of
from governance.console.frame import page
from governance.console.guard import Visit, screen
from governance.customers import operations as customers
from governance.kernel.ids import SubjectId
from governance.pages.languages import language

EVENTS = 30


@screen("/customers/<uuid:customer>/consents", "customer_consents")
def consents(visit: Visit, customer: UUID) -> Response:
    """The matrix of purposes and channels, and the newest events."""
    subject = SubjectId(customer)
    seen = customers.read(visit.work, subject=subject)
    states = consent.states_of(visit.work, subject=subject)
    events = consent.events_of(visit.work, subject=subject, limit=EVENTS)
    found = {(one.purpose, one.channel.value): one for one in states.items}
    channels = [one for one in words.channels() if any(channel == one for _, channel in found)]
    titles = {one.purpose.key: one.purpose.titles.get(language()) for one in consent.purposes(visit.work)}
    rows = [
        (titles.get(key, key), [found.get((key, channel)) for channel in channels])
        for key in sorted({purpose for purpose, _ in found}, key=lambda one: titles.get(one, one))
    ]
    return page(
        visit,
        "customer_consents",
        part=PART,
        tab="customer_consents",
        seen=seen,
        name=name_of(seen),
        channels=[(one, words.channels()[one]) for one in channels],
        rows=rows,
        standings=words.standings(),
        events=events.items,
        more=events.next_before is not None,
        titles=titles,
        channel_names=words.channels(),
        event_kinds=words.event_kinds(),
        actors=words.actors(),
    )
