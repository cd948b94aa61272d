"""The customer store over HTTP: recorded, read, listed and edited, masked wherever it is shown."""

from uuid import uuid4

import psycopg
import pytest
from flask.testing import FlaskClient

from governance.policies.permissions import Permission
from tests.api.conftest import Bearer, bearer_for
from tests.factories.recording import CANARY, PERSON, an_email, make

READ_STATEMENTS = 8
SEARCH_STATEMENTS = 9


def test_a_customer_lives_a_whole_life_over_http(web: FlaskClient, system: dict[str, str]) -> None:
    contacts = [{"kind": "email", "value": an_email()}, {"kind": "phone", "value": "8 (911) 690-20-61"}]
    made = web.post("/v1/customers", json={**PERSON, "contacts": contacts}, headers=system)
    assert (made.status_code, made.headers["ETag"]) == (201, '"v1"')
    at = made.headers["Location"]
    assert at == f"/v1/customers/{made.json['id']}"

    read = web.get(at, headers=system)
    assert (read.status_code, read.headers["ETag"]) == (200, '"v1"')
    assert read.json == made.json
    assert [one["value"] for one in read.json["contacts"]] == ["i•••@e•••.ru", "+7 ••• ••61"]
    assert (read.json["family_name"], read.json["birth_date"], read.json["city"]) == ("В•••", "••.••.1982", "Псков")

    edited = web.patch(at, json={"city": "Тверь", "patronymic": None}, headers={**system, "If-Match": '"v1"'})
    assert (edited.status_code, edited.headers["ETag"]) == (200, '"v2"')
    assert (edited.json["city"], edited.json["patronymic"], edited.json["given_name"]) == ("Тверь", None, "И•••")

    order = {"fields": ["street", "contacts", "patronymic"], "reason": "she asked what we hold"}
    opened = web.post(f"{at}/reveals", json=order, headers=system)
    assert opened.status_code == 200
    assert opened.json["values"]["street"] == PERSON["street"]
    assert opened.json["values"]["patronymic"] is None
    assert {one["value"] for one in opened.json["values"]["contacts"].values()} == {
        contacts[0]["value"],
        "+79116902061",
    }

    found = web.post("/v1/customers/searches", json={"email": contacts[0]["value"].upper()}, headers=system)
    assert [one["id"] for one in found.json["items"]] == [made.json["id"]]


def test_no_masked_answer_holds_a_value(web: FlaskClient, system: dict[str, str]) -> None:
    email = an_email()
    note = {"note": CANARY, "profession": CANARY, "tags": [CANARY], "interests": [CANARY], "organisation": CANARY}
    made = web.post(
        "/v1/customers", json={**PERSON, **note, "contacts": [{"kind": "email", "value": email}]}, headers=system
    )
    at = made.headers["Location"]
    answers = [
        made,
        web.get(at, headers=system),
        web.get("/v1/customers?limit=200", headers=system),
        web.patch(at, json={"note": CANARY * 2}, headers={**system, "If-Match": '"v1"'}),
        web.post("/v1/customers/searches", json={"email": email}, headers=system),
    ]

    assert {answer.status_code for answer in answers} <= {200, 201}
    for answer in answers:
        for value in (email, CANARY, "Воробьёва", "Маратовна", "1982-08-09", "Рижский"):
            assert value not in answer.text


def test_an_edit_needs_the_version_that_was_read(web: FlaskClient, system: dict[str, str]) -> None:
    at = f"/v1/customers/{make(web, system)['id']}"

    unsaid = web.patch(at, json={"city": "Тверь"}, headers=system)
    first = web.patch(at, json={"city": "Тверь"}, headers={**system, "If-Match": '"v1"'})
    second = web.patch(at, json={"city": "Орёл"}, headers={**system, "If-Match": '"v1"'})
    strange = web.patch(at, json={"city": "Орёл"}, headers={**system, "If-Match": "*"})

    assert [one.status_code for one in (unsaid, first, second, strange)] == [428, 200, 412, 412]
    assert web.get(at, headers=system).json["city"] == "Тверь"


@pytest.mark.parametrize("kind", ["application/json", "application/merge-patch+json"])
def test_a_merge_patch_comes_under_its_own_name_or_as_json(web: FlaskClient, system: dict[str, str], kind: str) -> None:
    at = f"/v1/customers/{make(web, system)['id']}"

    answer = web.patch(at, data=b'{"city": null}', content_type=kind, headers={**system, "If-Match": '"v1"'})

    assert (answer.status_code, answer.json["city"]) == (200, None)


def test_a_patch_that_changes_nothing_leaves_the_version(web: FlaskClient, system: dict[str, str]) -> None:
    at = f"/v1/customers/{make(web, system)['id']}"

    answer = web.patch(at, json={"city": "Псков"}, headers={**system, "If-Match": '"v1"'})

    assert (answer.status_code, answer.headers["ETag"]) == (200, '"v1"')


def test_a_customer_recorded_twice_with_one_key_is_one(web: FlaskClient, system: dict[str, str]) -> None:
    keyed = {**system, "Idempotency-Key": str(uuid4())}
    email = an_email()
    body = {**PERSON, "contacts": [{"kind": "email", "value": email}]}

    first = web.post("/v1/customers", json=body, headers=keyed)
    again = web.post("/v1/customers", json=body, headers=keyed)

    assert again.headers["Idempotency-Replayed"] == "true"
    assert (again.status_code, again.json) == (201, {"id": first.json["id"]})
    assert again.headers["Location"] == first.headers["Location"]
    assert len(web.post("/v1/customers/searches", json={"email": email}, headers=system).json["items"]) == 1


def test_customers_are_listed_by_pages_each_once(own_web: FlaskClient) -> None:
    system = bearer_for(own_web.application, Permission.CUSTOMERS_CREATE, Permission.CUSTOMERS_LIST)
    made = [make(own_web, system)["id"] for _ in range(5)]

    seen, cursor = [], ""
    while cursor is not None:
        page = own_web.get(f"/v1/customers?limit=2{cursor and '&cursor='}{cursor}", headers=system).json
        seen += [one["id"] for one in page["items"]]
        cursor = page["next_cursor"]

    assert seen == made
    nobodys = own_web.get(f"/v1/customers?responsible={uuid4()}", headers=system).json
    assert nobodys == {"items": [], "next_cursor": None}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"family_name": 7}, "family_name"),
        ({"family_name": [CANARY]}, "family_name"),
        ({"family_name": CANARY * 50}, "family_name"),
        ({"family_name": "В•••"}, "family_name"),
        ({"family_name": "\u0001" + CANARY}, "family_name"),
        ({"kind": CANARY}, "kind"),
        ({"kind": None}, "kind"),
        ({"sex": CANARY}, "sex"),
        ({"birth_date": "31.02.1980"}, "birth_date"),
        ({"birth_date": "1980-02-31"}, "birth_date"),
        ({"birth_date": "2999-01-01"}, "birth_date"),
        ({"birth_date": CANARY}, "birth_date"),
        ({"country": CANARY}, "country"),
        ({"language": CANARY}, "language"),
        ({"tags": CANARY}, "tags"),
        ({"tags": [CANARY, 3]}, "tags.1"),
        ({"deceased": CANARY}, "deceased"),
        ({"deceased_on": "2020"}, "deceased_on"),
        ({"source": CANARY}, "source"),
        ({"ground": CANARY}, "ground"),
        ({"informed_at": CANARY}, "informed_at"),
        ({"informed_at": "2999-01-01T00:00:00Z"}, "informed_at"),
        ({"customer_since": CANARY}, "customer_since"),
        ({"not_mailable": "deceased"}, "not_mailable"),
        ({"responsible": CANARY}, "responsible"),
        ({"responsible": str(uuid4())}, "responsible"),
        ({"acquired_at": "2026-01-01"}, "acquired_at"),
        ({"acquired_at": "2999-01-01T00:00:00Z"}, "acquired_at"),
        ({"acquired_at": "0001-01-01T00:00:00+14:00"}, "acquired_at"),
        ({"informed_at": "0001-01-01T00:00:00+14:00"}, "informed_at"),
        ({"extra": CANARY}, "extra"),
        ({"extra": {"никто": CANARY}}, "extra.(name not shown).key"),
        ({"extra": {"no_such_field": CANARY}}, "extra.no_such_field"),
        ({"contacts": CANARY}, "contacts"),
        ({"contacts": [{"kind": CANARY, "value": CANARY}]}, "contacts.0.kind"),
        ({"contacts": [{"kind": "email", "value": f"{CANARY}(at)example.ru"}]}, "contacts.0"),
        ({"contacts": [{"kind": "email", "value": "a@example.ru"}, {"kind": "phone", "value": CANARY}]}, "contacts.1"),
        ({"contacts": [{"kind": "email"}]}, "contacts.0.value"),
        ({"contacts": [{"kind": "email", "value": "a@example.ru", "is_primary": CANARY}]}, "contacts.0.is_primary"),
        ({"id": str(uuid4())}, "id"),
        ({"version": 3}, "version"),
    ],
)
def test_what_is_wrong_with_a_customer_is_said_by_field_and_never_repeated(
    web: FlaskClient, system: dict[str, str], body: dict[str, object], field: str
) -> None:
    answer = web.post("/v1/customers", json={"country": "RU", **body}, headers=system)

    assert answer.status_code == 422
    assert list(answer.json["errors"]) == [field]
    assert all(said for said in answer.json["errors"][field])
    assert CANARY not in answer.text


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"birth_date": CANARY}, "birth_date"),
        ({"kind": None}, "kind"),
        ({"contacts": []}, "contacts"),
        ({"acquired_at": "2020-01-01T00:00:00Z"}, "acquired_at"),
        ({"extra": None}, "extra"),
        ([CANARY], "_"),
    ],
)
def test_what_is_wrong_with_an_edit_is_said_and_changes_nothing(
    web: FlaskClient, system: dict[str, str], body: object, field: str
) -> None:
    at = f"/v1/customers/{make(web, system)['id']}"

    answer = web.patch(at, json=body, headers={**system, "If-Match": '"v1"'})

    assert (answer.status_code, list(answer.json["errors"])) == (422, [field])
    assert CANARY not in answer.text
    assert web.get(at, headers=system).headers["ETag"] == '"v1"'


@pytest.mark.parametrize("options", [{}, {"json": {}}, {"json": {"contacts": [], "city": None}}])
def test_a_customer_of_whom_nothing_is_said_is_not_recorded(
    web: FlaskClient, system: dict[str, str], options: dict[str, object]
) -> None:
    answer = web.post("/v1/customers", headers=system, **options)

    assert (answer.status_code, list(answer.json["errors"])) == (422, ["_"])


def test_what_the_record_is_comes_first_in_an_answer(web: FlaskClient, system: dict[str, str]) -> None:
    assert list(make(web, system))[:3] == ["id", "ref", "kind"]


@pytest.mark.parametrize(
    "query", [f"cursor={CANARY}", "limit=0", "limit=201", f"responsible={CANARY}", f"email={CANARY}", "limit=x"]
)
def test_a_listing_refuses_what_it_does_not_know(web: FlaskClient, system: dict[str, str], query: str) -> None:
    answer = web.get(f"/v1/customers?{query}", headers=system)

    assert answer.status_code == 422
    assert CANARY not in answer.text


@pytest.mark.parametrize(
    ("order", "field"),
    [
        ({"fields": ["street"]}, "reason"),
        ({"fields": ["street"], "reason": "  "}, "reason"),
        ({"fields": [], "reason": "asked"}, "fields"),
        ({"fields": CANARY, "reason": "asked"}, "fields"),
        ({"fields": ["street", CANARY], "reason": "asked"}, "fields.1"),
        ({"fields": [f"contacts.{uuid4()}"], "reason": "asked"}, "fields.0"),
        ({"fields": [f"purchases.{CANARY}"], "reason": "asked"}, "fields.0"),
        ({"fields": ["street"], "reason": "asked", "purpose": f"{CANARY} {CANARY}"}, "purpose"),
        ({"reason": "asked"}, "fields"),
    ],
)
def test_a_reveal_without_a_reason_or_of_nothing_opens_nothing(
    web: FlaskClient, system: dict[str, str], order: dict[str, object], field: str
) -> None:
    at = f"/v1/customers/{make(web, system)['id']}"

    answer = web.post(f"{at}/reveals", json=order, headers=system)

    assert (answer.status_code, list(answer.json["errors"])) == (422, [field])
    assert CANARY not in answer.text
    assert "Рижский" not in answer.text


def test_a_reveal_is_on_record_and_its_reason_is_not_readable_there(web: FlaskClient, system: dict[str, str]) -> None:
    made = make(web, system)
    web.post(f"/v1/customers/{made['id']}/reveals", json={"fields": ["street"], "reason": CANARY}, headers=system)

    trail = web.get(f"/v1/audit/entries?action=customers:person:revealed&subject={made['ref']}", headers=system)

    (entry,) = trail.json["items"]
    assert entry["facts"]["fields"] == ["street"]
    assert CANARY not in trail.text


MEMBERS = [
    ("GET", ""),
    ("PATCH", ""),
    ("POST", "/reveals"),
    ("POST", "/contacts"),
    ("GET", "/purchases"),
    ("POST", "/purchases"),
    ("GET", "/interactions"),
    ("POST", "/interactions"),
    ("GET", "/activity"),
    ("POST", "/activity"),
    ("GET", "/links"),
    ("POST", "/links"),
    ("GET", "/marks"),
    ("POST", "/holds"),
    ("POST", "/restrictions"),
]
WHEN = "2025-12-16T10:00:00Z"
BODIES: dict[str, object] = {
    "": {"city": "Псков"},
    "/reveals": {"fields": ["street"], "reason": "asked"},
    "/contacts": {"kind": "card", "value": "42"},
    "/purchases": {"paid_at": WHEN, "total": "1.00", "currency": "RUB"},
    "/interactions": {"kind": "call", "at": WHEN},
    "/activity": {"kind": "visit", "at": WHEN},
    "/links": {"other": str(uuid4()), "kind": "guardian"},
    "/holds": {"compartments": ["profile"], "reason": "a claim", "review_at": "2999-01-01T00:00:00Z"},
    "/restrictions": {"reason": "asked_for"},
}


@pytest.mark.parametrize(("method", "under"), MEMBERS)
def test_of_one_whom_nobody_knows_nothing_is_told(
    web: FlaskClient, system: dict[str, str], method: str, under: str
) -> None:
    body = None if method == "GET" else BODIES[under]

    answer = web.open(
        f"/v1/customers/{uuid4()}{under}", method=method, json=body, headers={**system, "If-Match": '"v1"'}
    )

    assert (answer.status_code, answer.json["type"]) == (404, "not-found")


@pytest.mark.parametrize(("method", "under"), [*MEMBERS, ("GET", "list"), ("POST", "list"), ("POST", "search")])
def test_each_route_asks_for_its_own_scope(
    web: FlaskClient, system: dict[str, str], bearer: Bearer, method: str, under: str
) -> None:
    address = {"list": "/v1/customers", "search": "/v1/customers/searches"}.get(
        under, f"/v1/customers/{make(web, system)['id']}{under}"
    )
    others = bearer(Permission.REFERENCE_READ)

    answer = web.open(address, method=method, json={} if method != "GET" else None, headers=others)

    assert (answer.status_code, answer.json["type"]) == (403, "forbidden")
    assert ":" in answer.json["detail"]


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Statements that any connection of this process sends while the test runs."""
    seen: list[str] = []
    plain, many = psycopg.Cursor.execute, psycopg.Cursor.executemany

    def execute(self: object, query: object, *args: object, **options: object) -> object:
        seen.append(str(query))
        return plain(self, query, *args, **options)  # type: ignore[arg-type]  # passed on as it is

    def executemany(self: object, query: object, *args: object, **options: object) -> object:
        seen.append(str(query))
        return many(self, query, *args, **options)  # type: ignore[arg-type]  # as above

    monkeypatch.setattr(psycopg.Cursor, "execute", execute)
    monkeypatch.setattr(psycopg.Cursor, "executemany", executemany)
    return seen


def test_reading_takes_few_statements_however_much_there_is(
    web: FlaskClient, system: dict[str, str], statements: list[str]
) -> None:
    counts = []
    for many in (1, 30):
        contacts = [{"kind": "email", "value": an_email()} for _ in range(many)]
        made = make(web, system, contacts=contacts)
        web.get(f"/v1/customers/{made['id']}", headers=system)
        statements.clear()
        assert web.get(f"/v1/customers/{made['id']}", headers=system).status_code == 200
        counts.append(len(statements))

    assert counts[0] == counts[1]
    assert counts[0] <= READ_STATEMENTS


def test_searching_takes_few_statements_however_many_are_found(
    web: FlaskClient, system: dict[str, str], statements: list[str]
) -> None:
    counts = []
    for many in (2, 20):
        email = an_email()
        for _ in range(many):
            make(web, system, contacts=[{"kind": "email", "value": email}])
        made = []
        for _ in range(4):  # now and then one of them looks up anew what is otherwise remembered for a while
            statements.clear()
            found = web.post("/v1/customers/searches", json={"email": email}, headers=system)
            assert len(found.json["items"]) == many
            made.append(len(statements))
        counts.append(min(made))

    assert counts[0] == counts[1]
    assert counts[0] <= SEARCH_STATEMENTS
