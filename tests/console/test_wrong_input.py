"""What nobody types, and somebody sends: none of it is an error of the service."""

from governance.pages.forms import own_path
from tests.api.conftest import door, door_store
from tests.console.conftest import ORIGIN, Form

__all__ = ["door", "door_store"]

LONG, ZERO, RAISED = "5" * 5000, "a\0b", "\u00b2"

ADDRESSES = (
    *(f"{path}?{name}={said}" for path in ("/console/audit", "/console/audit/readers") for name in ("since", "until")
      for said in ("0001-01-01", "9999-12-31", "2026-02-31", RAISED)),
    *(f"/console/settings/calendars?year={said}" for said in (RAISED, LONG, "-1", "99999")),
    *(f"/console/requests?after={said}.01a2057e-e893-73b3-9515-9cff2d50ca2a" for said in (RAISED, LONG, "999999999")),
    *(f"/console/consent/notices/consent/own_offers?with={said}" for said in (RAISED, LONG)),
    *(f"/console/retention/forecast?on={said}" for said in ("0001-01-01", "9999-12-31", RAISED)),
    "/console/audit?cursor=%00",
    "/console/audit?cursor=bm9uZQ",
    "/console/audit/checkpoints?before=%C2%B2",
    "/console/%00",
)  # fmt: skip
FORMS = (
    ("clean-list", {"purpose": ZERO, "channel": "email"}),
    ("retention/draft", {"document": LONG}),
    ("retention/draft", {"_form": "period", "number": RAISED, "key": "behaviour", "unit": "M"}),
    ("retention/draft", {"_form": "period", "number": LONG, "key": "behaviour", "unit": "M"}),
    ("retention/holds", {"review_at": "9999-12-31"}),
    ("retention/holds", {"review_at": "0001-01-01"}),
    ("segments/trial", {"document": "all: &a [*a]", "as": "text", "do": "count"}),
    ("segments/trial", {"field": "purchases.count", "op": "at_least", "value": LONG, "do": "count"}),
    ("send-check", {"contact": ZERO, "channel": "email"}),
    ("requests/01a2057e-e893-73b3-9515-9cff2d50ca2a/code-proof", {"code_id": "none"}),
)


def test_no_address_that_somebody_makes_up_is_an_error_of_the_service(desks):
    desk = desks("officer")
    answers = {address: desk.get(address).status_code for address in ADDRESSES}
    assert {address: status for address, status in answers.items() if status >= 500} == {}


def test_no_form_that_somebody_fills_in_wrongly_is_an_error_of_the_service(desks):
    desk = desks("officer")
    seal = Form(desk.get("/console/send-check"), "").inputs["seal"]
    wrong = {}
    for place, said in FORMS:
        answer = desk.post(f"/console/{place}", data={"seal": seal, "form": "1", **said}, headers=ORIGIN)
        if not 400 <= answer.status_code < 500:
            wrong[place, str(said)[:80]] = answer.status_code
    assert wrong == {}


def test_a_version_that_is_no_number_is_none(desks):
    desk = desks("officer")
    seal = Form(desk.get("/console/send-check"), "").inputs["seal"]
    told = {"seal": seal, "form": "2", "version": RAISED, "do": "more"}
    assert desk.post("/console/segments/trial", data=told, headers=ORIGIN).status_code == 200


def test_a_place_to_go_on_at_is_one_of_ours_or_the_front_page(door):
    elsewhere = (
        "//evil.example", "https://evil.example", "/\\evil.example", "/console\\@evil.example", "javascript:alert(1)",
        "/console/..//evil.example", "/console/../my", "/consoles", "//[", "/console?\r\nX: y",
        "/console/\t//evil.example", " /console", "", "/my",
    )  # fmt: skip
    with door.test_request_context():
        led = {place: own_path(place, below="/console") for place in elsewhere}
        ours = ("/console", "/console/audit?since=2026-01-01&actor=", "/console/requests#top", "/console/a..b")
        assert [own_path(place, below="/console") for place in ours] == [*ours]
    assert {place: path for place, path in led.items() if path != "/console"} == {}


def test_an_origin_that_is_no_address_is_another_one(desks):
    desk = desks("officer")
    for origin in ("http://[", "null", "", "http://localhost.evil.example"):
        answer = desk.post("/console/send-check", data={"seal": "0"}, headers={"Origin": origin})
        assert answer.status_code == 403, origin
