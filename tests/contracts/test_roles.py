"""Every route as every role: whoever may is let in, whoever may not is refused, and what is shown is masked as meant.

docs/roles.md is the table of what is meant, made of guards and roles; the answers of the service are held to it. So a
guard or a role that changes shows in the page, and a guard that does not do what it says fails here.
"""

import re
from dataclasses import replace

import pytest

from governance.api.limits import Limiter
from governance.consent import operations as consent
from governance.consent.codes import NoticeKind
from governance.customers import operations as customers
from governance.customers import visiting
from governance.customers.codes import ContactKind
from governance.customers.contact_values import ContactSaid
from governance.kernel.ids import uuid4
from governance.kernel.work import OPERATOR, open_work
from governance.messages import outbox
from governance.policies import shipped
from governance.policies.permissions import Permission
from governance.policies.roles import RowScope
from scripts import roles_page
from scripts.roles_page import PORTAL, STAFF, calls_of, rows_of
from tests.api.conftest import bearer_for, door, door_store, service_of, system
from tests.factories.saying import TEXTS
from tests.factories.signing import bearer_of, enrol

__all__ = ["door", "door_store", "system"]

VALUES = {"uuid": lambda: str(uuid4()), "int": lambda: "1", "any(consent, privacy)": lambda: "consent"}
_VARIABLE = re.compile(r"<(?:([^<>:]+):)?([a-z_]+)>")


@pytest.fixture(scope="module")
def everybody(door):
    """By role, the header of somebody who holds it and nothing else; of a customer, and of nobody."""
    door.extensions["governance"] = replace(service_of(door), limiter=Limiter(1_000_000), strangers=Limiter(1_000_000))
    web = door.test_client()
    with open_work(service_of(door).database, OPERATOR) as work:
        members = {role: enrol(work, role) for role in STAFF}
    found = {role: bearer_of(web, member) for role, member in members.items()}
    scopes = [one for one, facts in shipped.permissions().items() if facts.systems]
    found["system"] = bearer_for(door, *scopes)
    found["customer"] = {"Authorization": f"Bearer {_portal_token(door)}"}
    return {**found, "nobody": {}}


def _portal_token(door):
    address = f"{uuid4().hex}@example.org"
    with open_work(service_of(door).database, OPERATOR) as work:
        sent = visiting.ask_for_code(
            work, kind=ContactKind.EMAIL, value=address, region=None, language=None, address="", per_hour=10**6
        )
        while (lent := outbox.lend(work)) is not None and lent.recipient != address:
            pass
        return visiting.begin(work, code_id=sent.id, typed=str(lent.values["code"])).token


def called(web, call, headers):
    path = _VARIABLE.sub(lambda found: VALUES.get(found[1], lambda: "none")(), call.path)
    body = {} if call.method == "GET" else {"json": {}}
    answer = web.open(path, method=call.method, headers=headers, **body)
    if answer.status_code == 401 and answer.json["type"] == "unauthenticated":
        return "unknown"
    lacks = answer.status_code == 403 and " lack" in answer.json["detail"]
    assert answer.status_code < 500, (call, answer.json)
    return "refused" if lacks else "let in"


def wanted(role, call):
    if call.permission is None:
        if role == "customer":
            return "let in" if call.path.startswith(PORTAL) else "unknown"
        if role in ("system", "nobody") or call.path.startswith(PORTAL):
            return "unknown"
        return "let in"
    if role in ("customer", "nobody"):
        return "unknown"
    if role == "system":
        return "let in" if shipped.permissions()[call.permission].systems else "refused"
    return "refused" if rows_of(role, call.permission) is RowScope.NONE else "let in"


def test_the_page_of_roles_is_current():
    page = roles_page.render()
    assert page == roles_page.TARGET.read_text("utf-8"), "docs/roles.md is outdated; run: python -m scripts.roles_page"


@pytest.mark.parametrize("role", [*STAFF, "system", "customer", "nobody"])
def test_every_route_lets_in_whom_the_page_says_and_nobody_else(door, everybody, role):
    web, found, meant = door.test_client(), {}, {}
    for call in calls_of(door):
        if not call.guarded or _ends_the_session(call) or call.path.startswith("/v1/notes"):
            continue
        name = f"{call.method} {call.path}"
        found[name], meant[name] = called(web, call, everybody[role]), wanted(role, call)
    assert found == meant
    assert len(found) > 100


def _ends_the_session(call):
    return call.method == "DELETE" and call.path in ("/v1/sessions/current", PORTAL)


SEEN = {
    "officer": (200, "Р•••", "+", 200),
    "auditor": (403, None, None, 403),
    "steward": (200, "Р•••", "+", 200),
    "sales": (404, None, None, 404),
    "support": (200, "Р•••", "+", 200),
    "marketer": (200, "Р•••", "+", 403),
    "admin": (403, None, None, 403),
    "system": (200, "Р•••", "+", 200),
    "customer": (401, None, None, 401),
    "nobody": (401, None, None, 401),
}
"""By role: status of reading somebody else's client, the family name as shown, whether a contact is masked, reveal."""


@pytest.mark.parametrize("role", SEEN)
def test_reading_masks_and_keeps_to_ones_own_rows_and_revealing_is_for_some(door, everybody, role):
    web, address = door.test_client(), "ryabova@example.org"
    with open_work(service_of(door).database, OPERATOR) as work:
        said = [ContactSaid(kind="email", value=address)]
        made = customers.create(work, fields={"family_name": "Рябова", "birth_date": "1982-08-09"}, contacts=said)
    at = f"/v1/customers/{made.id}"
    read = web.get(at, headers=everybody[role])
    shown = read.json.get("family_name") if read.status_code == 200 else None
    email = read.json["contacts"][0]["value"] if read.status_code == 200 else None
    order = {"fields": ["family_name", "contacts"], "reason": "Проверка"}
    revealed = web.post(f"{at}/reveals", json=order, headers=everybody[role])
    masked = None if email is None else "+" if "•••" in email and address not in read.text else "-"
    assert (read.status_code, shown, masked, revealed.status_code) == SEEN[role]


def test_sales_read_and_reveal_their_own_clients(door, everybody):
    web, sales = door.test_client(), everybody["sales"]
    made = web.post("/v1/customers", json={"family_name": "Рябова"}, headers=sales)
    assert made.status_code == 201, made.json
    at = f"/v1/customers/{made.json['id']}"
    assert web.get(at, headers=sales).status_code == 200
    order = {"fields": ["family_name"], "reason": "Звонок"}
    assert web.post(f"{at}/reveals", json=order, headers=sales).json["values"] == {"family_name": "Рябова"}


ADDRESS = "someone-elses@example.org"
_PASSING = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{4}-\d\d-\d\dT[\d:.]+Z")
"""Ids and instants, which are others in each answer."""
EVENT = {"kind": "withdrawn", "purpose": "newsletter", "channel": "email"}
CHECK = {"purpose": "newsletter", "channel": "email"}
ASKED = {
    "POST /v1/consent/checks": lambda who, email: {**CHECK, "contacts": [email]},
    "POST /v1/consent/events": lambda who, email: {**EVENT, "contact": {"kind": "email", "value": email}},
    "POST /v1/consent/events/batches": lambda who, email: {"events": [{**EVENT, "customer_id": who}]},
    "POST /v1/consent/informings": lambda who, email: {"customers": [who], "notice": "privacy", "method": "email"},
    "PATCH /v1/customers/{customer}": lambda who, email: {"city": "Київ"},
    "POST /v1/customers/{customer}/contacts": lambda who, email: {"kind": "email", "value": "more@example.org"},
    "PATCH /v1/customers/{customer}/contacts/{contact}": lambda who, email: {"is_primary": True},
    "POST /v1/customers/{customer}/interactions": lambda who, email: {"kind": "call", "at": "2026-11-01T10:00:00Z"},
    "POST /v1/customers/{customer}/links": lambda who, email: {"kind": "guardian", "other": str(uuid4())},
    "DELETE /v1/customers/{customer}/links/{link}": lambda who, email: {},
    "POST /v1/customers/{customer}/purchases": lambda who, email: {
        "paid_at": "2026-11-01T10:00:00Z",
        "total": "5",
        "currency": "UAH",
    },
    "POST /v1/customers/{customer}/reveals": lambda who, email: {"fields": ["family_name"], "reason": "Звонок"},
    "POST /v1/customers/searches": lambda who, email: {"email": email},
}
"""By route that is for one's own clients, what is asked about somebody, by id or address."""
OF_TESTS = ("/v1/notes", "/v1/busy")
NOT_ABOUT_ANYBODY = ("POST /v1/customers", "POST /v1/consent/checks/stream")
"""The first makes a client of one's own; lines of the second are put to the check above."""


def test_sales_are_told_of_the_clients_of_others_what_they_are_told_of_nobody(door, everybody):
    web, sales = door.test_client(), everybody["sales"]
    with open_work(service_of(door).database, OPERATOR) as work:
        consent.publish_notice(work, kind=NoticeKind.PRIVACY, key="privacy", texts=TEXTS, material=True)
        fields = {"family_name": "Рябова", "source": "own_form", "ground": "contract"}
        made = customers.create(work, fields=fields, contacts=[ContactSaid(kind="email", value=ADDRESS)])
    theirs, nobodys = (str(made.id), ADDRESS), (str(uuid4()), f"{uuid4().hex}@example.org")
    contact, asked = str(made.contacts[0].id), set()
    for call in calls_of(door):
        if call.permission is None or rows_of("sales", call.permission) is not RowScope.OWN:
            continue
        name = f"{call.method} {_VARIABLE.sub(lambda found: '{' + found[2] + '}', call.path)}"
        if name in NOT_ABOUT_ANYBODY or call.path.startswith(OF_TESTS):
            continue
        assert call.method == "GET" or name in ASKED, f"say in ASKED what {name} is asked about a client"
        answers = []
        for who, email in (theirs, nobodys):
            known = {"customer": who, "contact": contact}
            path = _VARIABLE.sub(
                lambda found, known=known: known.get(found[2]) or VALUES.get(found[1], str)(), call.path
            )
            body = {} if call.method == "GET" else {"json": ASKED[name](who, email)}
            answer = web.open(path, method=call.method, headers={**sales, "If-Match": '"v1"'}, **body)
            assert answer.status_code < 500, (name, answer.text)
            assert ADDRESS not in answer.text, name
            answers.append((answer.status_code, _PASSING.sub("", answer.text)))
        assert answers[0] == answers[1], (name, answers)
        understood = call.method == "GET" or answers[0][0] in (200, 201, 404) or "unknown-contact" in answers[0][1]
        assert understood, (name, answers[0])
        asked.add(name)
    assert asked >= set(ASKED)


def test_no_role_for_staff_holds_what_belongs_to_customers():
    of_customers = [one for one in Permission if one.startswith("portal:")]
    assert {rows_of(role, one) for role in STAFF for one in of_customers} == {RowScope.NONE}
    assert not any(shipped.permissions()[one].systems for one in of_customers)
