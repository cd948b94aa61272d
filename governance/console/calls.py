"""The call screen: who is on the line, no advertising from now on, a note, and when to call back; and who waits."""

from datetime import date
from typing import Final
from uuid import UUID

from flask import Response, request

from governance.console.customers import PART, name_of
from governance.console.days import read_day
from governance.console.frame import go, page
from governance.console.guard import Visit, act, screen
from governance.console.paging import asked_place, told_place
from governance.customers import operations as customers
from governance.customers.codes import InteractionKind
from governance.customers.records import NewInteraction
from governance.kernel.errors import InvalidError
from governance.kernel.ids import SubjectId
from governance.pages.forms import EMPTY, Typed
from governance.policies.deadline_rules import RequestKind
from governance.rights import operations as rights
from governance.rights.codes import About, Arrival
from governance.rights.operations import NewRequest

SHOWN: Final = 50
COUNTED: Final = 1_000
"""Those who wait are counted as far as this."""


@screen("/call-backs", "call_backs")
def call_backs(visit: Visit) -> Response:
    """Those who are to be called back by now."""
    found = customers.call_backs(visit.work, after=asked_place(), limit=SHOWN)
    names = customers.names(visit.work, subjects=[one.person for one in found.items])
    rows = [(one, name_of(names[one.person])) for one in found.items if one.person in names]
    waiting, more = customers.count_call_backs(visit.work, most=COUNTED), told_place(found.next_after)
    return page(visit, "call_backs", part=PART, rows=rows, waiting=waiting, counted=COUNTED, more=more)


@screen("/customers/<uuid:customer>/call", "call_screen")
def call_screen(visit: Visit, customer: UUID, typed: Typed = EMPTY) -> Response:
    """What one needs while somebody is on the line."""
    seen = customers.read(visit.work, subject=SubjectId(customer))
    return page(
        visit,
        "call",
        part=PART,
        tab="call_screen",
        seen=seen,
        name=name_of(seen),
        stopped=request.args.get("stopped") == "yes",
        noted=request.args.get("noted") == "yes",
        typed=typed,
    )


@act("/customers/<uuid:customer>/call/stop", "stop_advertising", shows=call_screen, of="call_screen",
     then=lambda customer: go("call_screen", customer=customer, stopped="yes"))  # fmt: skip
def stop_advertising(visit: Visit, customer: UUID) -> Response:
    """No advertising from this moment on, by any channel: an objection, which works at once (GDPR Art. 21(3))."""
    new = NewRequest(
        kind=RequestKind.OBJECTION, about=About.ADVERTISING, arrival=Arrival.CALL, customer=SubjectId(customer)
    )
    rights.receive(visit.work, new=new)
    return go("call_screen", customer=customer, stopped="yes")


@act("/customers/<uuid:customer>/call/note", "note_call", shows=call_screen, of="call_screen",
     then=lambda customer: go("call_screen", customer=customer, noted="yes"))  # fmt: skip
def note_call(visit: Visit, customer: UUID) -> Response:
    """Take down what was said, and when to call back."""
    note = request.form.get("note", "").strip()
    if not note:
        raise InvalidError("Write what was said.", errors={"note": ["Write what was said."]})
    new = NewInteraction(kind=InteractionKind.CALL, at=visit.work.now, note=note[:4000], next_contact_at=_call_back())
    customers.record_interaction(visit.work, subject=SubjectId(customer), interaction=new)
    return go("call_screen", customer=customer, noted="yes")


def _call_back() -> date | None:
    said = request.form.get("call_back", "").strip()
    day = read_day(said)
    if said and day is None:
        raise InvalidError("This is no day.", errors={"call_back": ["Write a day as 2026-12-31."]})
    return day
