"""Requests of people: the queue with its filters and saved views, and a new one put on record."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from flask import Response, g, request
from flask_babel import gettext

from governance.accounts import operations as accounts
from governance.console import words, words_requests
from governance.console.days import countdown, read_day, today
from governance.console.frame import go, page
from governance.console.guard import Visit, act, screen
from governance.kernel.errors import InvalidError
from governance.kernel.ids import SubjectId
from governance.kernel.records import frozen
from governance.pages.forms import EMPTY, Typed, whole_number
from governance.policies.deadline_rules import RequestKind
from governance.policies.requests import ENDED, RequestState
from governance.rights import operations as rights
from governance.rights.codes import About, Arrival, Asking
from governance.rights.operations import NewRequest, QueueAfter, RequestId, RequestLine

PART: Final = "requests"
ROWS: Final = 50
DUE: Final = {"late": 0, "today": 1, "week": 8, "month": 32}
"""Of a filter by due date: strictly before so many days from today."""
FILTERS: Final = ("state", "kind", "due")


@frozen
class Row:
    """A request in the queue."""

    id: RequestId
    number: str
    kind: str
    state: tuple[str, str]
    arrival: str
    received_on: date
    due_on: date
    left: tuple[str, str] | None
    repeats: int

    @classmethod
    def of(cls, one: RequestLine, on: date) -> "Row":
        """What the queue shows of a request."""
        left = None if one.state in ENDED else countdown(one.due_on, on)
        kind, state = words_requests.kinds()[one.kind.value], words_requests.states()[one.state.value]
        arrival = words_requests.arrivals()[one.arrival.value]
        return cls(one.id, one.number, kind, state, arrival, one.received_on, one.due_on, left, one.repeats)


@screen("/requests", "requests")
def queue(visit: Visit, typed: Typed = EMPTY) -> Response:
    """Requests that match, the one that is due first at the top."""
    on, asked = today(visit), chosen(request.args)
    found = rights.queue(
        visit.work,
        states=states_of(asked.get("state", "")),
        kinds=[RequestKind(asked["kind"])] if "kind" in asked else [],
        due_before=on + timedelta(days=DUE[asked["due"]]) if "due" in asked else None,
        after=_after(request.args.get("after", "")),
        limit=ROWS + 1,
    )
    rows = found[:ROWS]
    return page(
        visit,
        "requests",
        part=PART,
        asked=asked,
        rows=[Row.of(one, on) for one in rows],
        after=f"{rows[-1].due_on.toordinal()}.{rows[-1].id}" if len(found) > ROWS else None,
        kinds=words_requests.kinds(),
        states=words_requests.states(),
        dues=dues(),
        views=[(one, title_of(one)) for one in accounts.saved_views(visit.work, page=PART)],
        typed=typed,
    )


def chosen(said: Mapping[str, str]) -> dict[str, str]:
    """What a filter is set to: codes of closed sets, and nothing else."""
    known = {"state": {*RequestState, "ended"}, "kind": set(RequestKind), "due": set(DUE)}
    return {name: said[name] for name in FILTERS if said.get(name) in known[name]}


def states_of(code: str) -> Sequence[RequestState]:
    """States that a choice stands for; none stands for all that are not ended."""
    if code == "ended":
        return tuple(ENDED)
    return [RequestState(code)] if code else []


def dues() -> Mapping[str, str]:
    """Choices by due date."""
    return {
        "late": gettext("late"),
        "today": gettext("today or late"),
        "week": gettext("within a week"),
        "month": gettext("within a month"),
    }


def title_of(view: Mapping[str, str]) -> str:
    """What a saved view is called: what it filters by."""
    names = {
        "state": {code: said[0] for code, said in words_requests.states().items()} | {"ended": gettext("ended")},
        "kind": words_requests.kinds(),
        "due": dues(),
    }
    return " · ".join(names[name].get(code, code) for name, code in view.items() if name in names)


def _after(said: str) -> QueueAfter | None:
    ordinal, _, last = said.partition(".")
    day = whole_number(ordinal)
    try:
        return None if day is None else QueueAfter.of(day, UUID(last))
    except (ValueError, InvalidError):
        return None


@act("/requests/views", "save_view", shows=queue, of="requests", then=lambda: go("requests", **chosen(request.form)))
def save_view(visit: Visit) -> Response:
    """Keep the filter as it stands."""
    accounts.save_view(visit.work, page=PART, chosen=chosen(request.form))
    return go("requests", **chosen(request.form))


@act("/requests/views/removal", "remove_view", shows=queue, of="requests", then=lambda: go("requests"))
def remove_view(visit: Visit) -> Response:
    """Keep a filter no longer."""
    accounts.remove_view(visit.work, page=PART, chosen=chosen(request.form))
    return go("requests")


@screen("/requests/new", "new_request")
def new_request(visit: Visit, typed: Typed = EMPTY) -> Response:
    """The form to put a request on record by."""
    own = {"received_on": today(visit).isoformat(), "customer": request.args.get("customer", "")[:36]}
    return page(
        visit,
        "request_new",
        part=PART,
        own=own,
        typed=typed,
        kinds=list(words_requests.kinds().items()),
        arrivals=[(code, said) for code, said in words_requests.arrivals().items() if code not in ("portal", "api")],
        askings=list(words_requests.askings().items()),
        abouts=list(words_requests.abouts().items()),
        contact_kinds=list(words.contact_kinds().items()),
        fields=[(code, label) for code, label in words.fields().items() if code in _CORRECTED],
    )


_CORRECTED: Final = ("family_name", "given_name", "patronymic", "birth_date", "country", "city", "street", "postcode")
"""Fields that are corrected by a form; others go by the record itself."""


def _received_one() -> Response:
    return go("requests") if g.get("made") is None else go("request", request_id=g.made)


@act("/requests/new", "receive_request", shows=new_request, of="new_request", then=_received_one)
def receive(visit: Visit) -> Response:
    """Put a request on record; what it ends is stopped at once."""
    said = {name: value.strip() for name, value in request.form.items()}
    for name, known in (("kind", RequestKind), ("arrival", Arrival), ("asking", Asking)):
        if said.get(name) not in set(known):
            raise InvalidError("Choose one.", errors={name: ["Choose one."]})
    changed = {name: said[f"changed_{name}"] for name in _CORRECTED if said.get(f"changed_{name}")}
    received = rights.receive(
        visit.work,
        new=NewRequest(
            kind=RequestKind(said["kind"]),
            arrival=Arrival(said["arrival"]),
            about=About(said["about"]) if said.get("about") in set(About) else None,
            asking=Asking(said["asking"]),
            asker=said.get("asker") or None,
            contact_kind=said["contact_kind"] if said.get("contact") else None,
            contact=said.get("contact") or None,
            customer=_customer(said.get("customer", "")),
            received_on=_received(said.get("received_on", "")),
            said=said.get("said") or None,
            changes=changed or None,
            checked=said.get("checked") or None,
        ),
    )
    g.made = received.request.id
    return _received_one()


def _customer(said: str) -> SubjectId | None:
    try:
        return SubjectId(UUID(said)) if said else None
    except ValueError:
        raise InvalidError("This is no customer.", errors={"customer": ["Name the customer."]}) from None


def _received(said: str) -> date | None:
    day = read_day(said)
    if said and day is None:
        raise InvalidError("This is no day.", errors={"received_on": ["Write a day as 2026-12-31."]})
    return day
