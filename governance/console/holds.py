"""Legal holds: those that stand and when each is looked at again, placed upon one or many, released by four eyes."""

from collections.abc import Sequence
from datetime import UTC, datetime, time
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Response, g, request

from governance.console import people, words
from governance.console.customers import marks as marks_page
from governance.console.days import countdown, read_day, today
from governance.console.exports import MOST_IDS, read_ids, results_of_segments
from governance.console.frame import go, page
from governance.console.guard import LARGE_FORMS, Visit, act, screen
from governance.console.paging import asked_place, told_place
from governance.customers import operations as customers
from governance.customers.marks import HOLDABLE
from governance.customers.operations import StandingHold
from governance.erasure import operations as erasure
from governance.kernel.errors import InvalidError, NotFoundError
from governance.kernel.ids import SubjectId
from governance.kernel.records import frozen
from governance.pages.forms import EMPTY, Typed
from governance.policies.permissions import Permission
from governance.retention import operations as retention

PART: Final = "retention"
SHOWN: Final = 50

LARGE_FORMS["place_hold"] = 2 * 1_048_576


@frozen
class Line:
    """A hold that stands.

    Attributes:
        left: how far away the day is on which it is looked at again, in words, and how that is marked.
        waiting: erasures that wait for it.
    """

    hold: StandingHold
    left: tuple[str, str]
    waiting: int


@screen("/retention/holds", "retention_holds")
def holds(visit: Visit, typed: Typed = EMPTY, case: str = "", found: Sequence[StandingHold] | None = None) -> Response:
    """Legal holds that stand, the one first that is to be looked at soonest; or those of a case."""
    more = None
    if found is None:
        listed = customers.holds_standing(visit.work, after=asked_place(), limit=SHOWN)
        found, more = listed.items, told_place(listed.next_after)
    return page(
        visit,
        "retention_holds",
        part=PART,
        tab="retention_holds",
        rows=_lines(visit, found),
        more=more,
        case=case,
        codes=words.codes(),
        known=people.names(visit),
        typed=typed,
    )


def _lines(visit: Visit, rows: Sequence[StandingHold]) -> Sequence[Line]:
    waiting = (
        erasure.waiting_for(visit.work, holds=[one.id for one in rows]) if visit.may(Permission.ERASURE_READ) else {}
    )
    on, zone = today(visit), ZoneInfo(g.get("zone", "UTC"))
    return [Line(one, countdown(one.review_at.astimezone(zone).date(), on), waiting.get(one.id, 0)) for one in rows]


@act("/retention/holds/case", "holds_of_case", shows=holds, of="retention_holds")
def of_case(visit: Visit) -> Response:
    """The holds of a case, by its name, which stands in no address."""
    case = _case()
    if case is None:
        raise InvalidError("Name the case.", errors={"case_ref": ["Write the name of the case."]})
    return holds(visit, case=case, found=customers.holds_of_case(visit.work, case_ref=case))


def _case_again(visit: Visit, typed: Typed = EMPTY) -> Response:
    case = _case() or ""
    return holds(visit, typed, case, customers.holds_of_case(visit.work, case_ref=case) if case else None)


@act("/retention/holds/case/release", "release_case", shows=_case_again, of="retention_holds",
     then=lambda: go("proposals"))  # fmt: skip
def release_case(visit: Visit) -> Response:
    """Propose that every hold of a case be released; another person decides over each."""
    case = _case() or ""
    found = customers.holds_of_case(visit.work, case_ref=case)
    if not found:
        raise InvalidError("Name the case.", errors={"case_ref": ["No hold of this case stands."]})
    for one in found:
        customers.propose_release(visit.work, subject=one.person, hold=one.id, reason=request.form.get("reason", ""))
    return go("proposals")


@act("/customers/<uuid:customer>/holds/<uuid:hold>/release", "release_hold", shows=marks_page, of="customer_marks",
     then=lambda customer, **_names: go("customer_marks", customer=customer))  # fmt: skip
def release(visit: Visit, customer: UUID, hold: UUID) -> Response:
    """Propose that a hold be released; another person decides."""
    reason = request.form.get("reason", "")
    customers.propose_release(visit.work, subject=SubjectId(customer), hold=hold, reason=reason)
    return go("customer_marks", customer=customer)


@screen("/retention/holds/new", "new_hold")
def new_hold(visit: Visit, typed: Typed = EMPTY) -> Response:
    """The form to place a hold by: upon one, upon a list, or upon all whom a segment found."""
    asked, codes = request.form if request.method == "POST" else request.args, words.codes()
    return page(
        visit,
        "hold_new",
        part=PART,
        scripts=("drop.js",),
        customers=request.form.get("customers") or asked.get("customer", "")[:36],
        run=asked.get("run", "")[:36],
        results=results_of_segments(visit),
        ticked=request.form.getlist("compartment"),
        compartments=[(one.value, codes.get(one.value, one.value)) for one in HOLDABLE],
        least=today(visit).isoformat(),
        most=MOST_IDS,
        typed=typed,
    )


@act("/retention/holds", "place_hold", shows=new_hold, of="new_hold", then=lambda: go("retention_holds"))
def place(visit: Visit) -> Response:
    """Keep what was ticked of all who were named, or of nobody."""
    said, review = request.form, _review()
    kept, reason, case = said.getlist("compartment"), said.get("reason", ""), _case()
    if said.get("whom") == "segment":
        run = said.get("run", type=UUID)
        if run is None:
            raise InvalidError("Choose.", errors={"run": ["Choose a result of a segment."]})
        retention.hold_segment(
            visit.work, evaluation=run, compartments=kept, reason=reason, review_at=review, case_ref=case
        )
        return go("retention_holds")
    try:
        customers.place_holds(
            visit.work, people=_people(), compartments=kept, reason=reason, review_at=review, case_ref=case
        )
    except NotFoundError as error:
        raise InvalidError("Nobody is known by one of these.", errors={"people": [error.detail]}) from None
    return go("retention_holds")


def _people() -> Sequence[SubjectId]:
    """Ids that were typed, and those of the file."""
    sent = request.files.get("file")
    content = b"" if sent is None else sent.read()
    return read_ids(request.form.get("customers", "") + "\n" + content.decode("utf-8", "replace"), "people")


def _case() -> str | None:
    return " ".join(request.form.get("case_ref", "").split())[:500] or None


def _review() -> datetime:
    day = read_day(request.form.get("review_at", ""))
    if day is None:
        raise InvalidError("Name a day.", errors={"review_at": ["Write a day to come, as 2027-06-01."]})
    return datetime.combine(day, time(9), tzinfo=ZoneInfo(g.get("zone", "UTC"))).astimezone(UTC)
