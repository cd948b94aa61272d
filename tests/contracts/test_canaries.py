"""Canaries: unique personal values go in by every door, and none of them is found where nobody should find one.

The whole service runs as an operator runs it. Afterwards its logs, the queue, the audit log, a dump of the database and
every file of the data folder, PostgreSQL's own included, are searched for the values in each form they could take.
"""

import http.client
import json
import re
import secrets
import socket
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode
from uuid import uuid4

import psycopg
import pytest

from tests.cli.service import Service

CYRILLIC = str.maketrans("0123456789abcdef", "абвгдежзиклмнопр")
LATIN = str.maketrans("0123456789", "ghijkmnpqr")


class Canaries:
    """Values that exist nowhere else in the world; each holds one of three words that this run made up."""

    def __init__(self) -> None:
        self.words = (
            secrets.token_hex(5).translate(CYRILLIC),
            secrets.token_hex(5).translate(LATIN),
            f"901{secrets.randbelow(10**7):07}",
        )
        word, latin, digits = self.words
        self.values: dict[str, str] = {
            "family": f"Канарейкина{word}",
            "given": f"Зоя{word}",
            "email": f"kanareyka.{latin}@example.org",
            "phone": f"+7{digits}",
            "street": f"ул. Птичья {word}, 7",
            "note": f"просит звонить после {word}",
            "item": f"клетка {word}",
            "number": f"PN-{latin}",
            "reason": f"жалоба {word}",
            "answer": f"ответ {latin}",
            "imported_email": f"imported.{latin}@example.org",
            "imported_name": f"Ввезённая{word}",
            "refused_email": f"refused.{latin}(at)example.ru",
            "uploaded_email": f"uploaded.{latin}@example.org",
            "staff_email": f"staff.{latin}@example.org",
            "wrong": f"wrong.{latin}@example.org",
            "visitor_email": f"visitor.{latin}@example.org",
        }
        self.forms = [form for word in self.words for form in _forms(word)]

    def __getitem__(self, name: str) -> str:
        return self.values[name]

    def in_bytes(self, content: bytes) -> set[str]:
        """Forms of the made-up words that *content* holds."""
        return {repr(form) for form in self.forms if form in content}


def _forms(value: str) -> Iterator[bytes]:
    for cased in {value, value.lower(), value.upper()}:
        yield cased.encode()
        yield json.dumps(cased)[1:-1].encode()  # escaped, as JSON without Unicode has it
        yield cased.encode().hex().encode()  # as PostgreSQL dumps bytes
        yield quote(cased).encode()
        yield cased.encode("utf-16-le")


@pytest.fixture(scope="module")
def canaries() -> Canaries:
    """The values of this run."""
    return Canaries()


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, canaries: Canaries) -> Iterator[Service]:
    """A service into which all canaries went, by every door."""
    found = Service(tmp_path_factory.mktemp("canaries") / "store")
    try:
        found.start()
        door = _Door(found)
        _use_rightly(door, canaries)
        _merge(door, canaries)
        _visit(door, canaries)
        _choose(door, canaries)
        door.echoes = _misuse(door, canaries)
        door.spoken = _use_command_line(found, canaries)
        found.door = door  # type: ignore[attr-defined]
        _let_the_worker_finish(found)
        yield found
    finally:
        found.destroy()


class _Door:
    """The API, with a client that may do all that a system may."""

    def __init__(self, service: Service) -> None:
        self.port = service.port
        made = service.run("clients", "create", "--name", "canary", "--scopes", "all")
        self.headers = {"Authorization": f"Bearer {made.stdout.strip()}"}
        self.echoes: list[str] = []
        self.spoken = ""

    def call(
        self, method: str, path: str, body: object = None, *, raw: bytes | None = None, **headers: str
    ) -> tuple[int, dict[str, Any], bytes, http.client.HTTPMessage]:
        """Ask, and answer status, JSON, bytes and headers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        content = raw if raw is not None else None if body is None else json.dumps(body).encode()
        given = {"Content-Type": "application/json", **self.headers}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, content, given)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        told = json.loads(text) if "json" in (answer.getheader("Content-Type") or "") and text else {}
        return answer.status, told if isinstance(told, dict) else {}, text, answer.headers


def _use_rightly(door: _Door, canaries: Canaries) -> None:
    status, made, text, headers = door.call(
        "POST",
        "/v1/customers",
        {
            "family_name": canaries["family"],
            "given_name": canaries["given"],
            "street": canaries["street"],
            "birth_date": "1982-08-09",
            "note": canaries["note"],
            "contacts": [
                {"kind": "email", "value": canaries["email"]},
                {"kind": "phone", "value": canaries["phone"]},
            ],
        },
        Idempotency_Key=str(uuid4()),
    )
    assert status == 201, text
    path = f"/v1/customers/{made['id']}"
    tag = headers["ETag"]
    expected = [
        ("PATCH", path, {"note": canaries["note"] + "!"}, 200),
        ("POST", f"{path}/purchases", {"paid_at": "2026-01-02", "total": "10.50", "currency": "RUB",
                                       "number": canaries["number"], "items": [canaries["item"]]}, 201),
        ("POST", f"{path}/interactions", {"kind": "call", "at": "2026-01-02T10:00:00Z", "note": canaries["note"]}, 201),
        ("POST", f"{path}/activity", {"kind": "answer", "at": "2026-01-02T10:00:00Z",
                                      "detail": {"q": canaries["answer"]}}, 201),
        ("POST", f"{path}/reveals", {"fields": ["family_name", "contacts"], "reason": canaries["reason"]}, 200),
        ("POST", "/v1/customers/searches", {"email": canaries["email"]}, 200),
        ("POST", "/v1/customers/searches", {"phone": canaries["phone"]}, 200),
        ("POST", "/v1/customers/searches", {"purchase_number": canaries["number"]}, 200),
        ("GET", path, None, 200),
        ("GET", "/v1/customers", None, 200),
        ("GET", f"{path}/purchases", None, 200),
        ("GET", f"{path}/interactions", None, 200),
        ("GET", f"{path}/activity", None, 200),
        ("GET", "/v1/audit/entries", None, 200),
    ]  # fmt: skip
    for method, place, body, wanted in expected:
        extra = {"If_Match": tag} if method == "PATCH" else {}
        status, _, text, _ = door.call(method, place, body, **extra)
        assert status == wanted, (method, place, text)
    rows = f"ФИО;E-mail\n{canaries['imported_name']} Анна;{canaries['uploaded_email']}\n;{canaries['refused_email']}\n"
    for place, said in (("/v1/imports/trials", {}), ("/v1/imports", {"source": "till", "ground": "contract"})):
        status, _, text, _ = door.call("POST", place, raw=_form(rows, said), Content_Type=_FORM)
        assert status in {200, 202}, text


def _merge(door: _Door, canaries: Canaries) -> None:
    """Merge a second record of the same person, undo it, report a bounce, and look at the reports."""
    told = {"family_name": canaries["family"], "contacts": [{"kind": "email", "value": f"twin.{canaries['email']}"}]}
    ids = []
    for _ in range(2):
        status, made, text, _ = door.call("POST", "/v1/customers", told, Idempotency_Key=str(uuid4()))
        assert status == 201, text
        ids.append(made["id"])
    said = {"into": ids[0], "other": ids[1], "reason": canaries["reason"]}
    status, made, text, _ = door.call("POST", "/v1/merges", said)
    assert status == 201, text
    merge = f"/v1/merges/{made['id']}"
    bounced = {"contacts": [f"twin.{canaries['email']}", canaries["refused_email"]]}
    for method, place, body in (
        ("GET", "/v1/merges", None),
        ("POST", f"{merge}/undo", None),
        ("POST", "/v1/contacts/bounces", bounced),
        ("GET", "/v1/reports/unverified", None),
        ("GET", "/v1/reports/askable?purpose=newsletter&channel=email", None),
    ):
        status, _, text, _ = door.call(method, place, body)
        assert status == 200, (place, text)


def _choose(door: _Door, canaries: Canaries) -> None:
    """Define a segment whose titles and rule hold personal values, and have the worker evaluate it."""
    rule = {
        "any": [
            {"field": "city", "op": "in", "value": [canaries["street"], canaries["family"]]},
            {"field": "tags", "op": "has", "value": canaries["given"]},
            {"all": [{"field": "sex", "op": "known", "value": False}, {"may": "newsletter", "by": "email"}]},
        ]
    }
    titles = dict.fromkeys(("en", "ru", "uk"), canaries["family"])
    status, made, text, _ = door.call("POST", "/v1/segments", {"key": "canary", "titles": titles, "rule": rule})
    assert status == 201, text
    place = f"/v1/segments/{made['id']}"
    status, begun, text, _ = door.call("POST", f"{place}/runs")
    assert status == 202, text
    deadline = time.monotonic() + 60
    while begun["state"] == "running":
        assert time.monotonic() < deadline
        time.sleep(0.2)
        _, begun, text, _ = door.call("GET", f"/v1/segment-runs/{begun['id']}")
    assert begun["matched"] == "<5", text
    status, _, text, _ = door.call("POST", f"{place}/audiences", {"purpose": "newsletter", "channel": "email"})
    assert status == 202, text
    assert not canaries.in_bytes(text)


def _visit(door: _Door, canaries: Canaries) -> None:
    """Subscribe on the public page; the mail stays in the outbox, since there is no mail server."""
    words = {"texts": {"en": {"title": "News", "body": "I agree."}}, "material": True}
    document = {
        "titles": {"en": "Club", "ru": "Клуб", "uk": "Клуб"},
        "items": [{"purpose": "newsletter", "channels": ["email"]}],
        "privacy_notice": "privacy",
        "fields": ["given_name"],
    }
    for place, body in (
        ("/v1/consent/notices", {"kind": "consent", "key": "newsletter", **words}),
        ("/v1/consent/notices", {"kind": "privacy", "key": "privacy", **words}),
        ("/v1/consent/forms/club", document),
    ):
        status, _, text, _ = door.call("POST", place, body)
        assert status == 201, text
    _, _, page, _ = door.call("GET", "/subscribe/club")
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.decode()))
    typed = {"email": canaries["visitor_email"], "given_name": canaries["given"], "choice": "newsletter"}
    for said, expected in (({**hidden, **typed}, 303), (typed, 409), ({**typed, "choice": canaries["wrong"]}, 422)):
        raw = urlencode(said).encode()
        status, _, text, _ = door.call(
            "POST", "/subscribe/club", raw=raw, Content_Type="application/x-www-form-urlencoded"
        )
        assert status == expected, text
    for contact in ({"email": canaries["visitor_email"]}, {"phone": canaries["phone"]}):
        status, sent, text, _ = door.call("POST", "/v1/portal/codes", contact)
        assert status == 202, text
        guess = {"id": sent["id"], "code": canaries["wrong"]}
        assert door.call("POST", "/v1/portal/sessions", guess)[0] == 403
    for place in ("confirm", "unsubscribe"):
        status, _, _, _ = door.call("POST", f"/{place}/{quote(canaries['wrong'])}")
        assert status in {400, 404}


_FORM = "multipart/form-data; boundary=edge"


def _form(rows: str, fields: Mapping[str, str]) -> bytes:
    begin = '--edge\r\nContent-Disposition: form-data; name="'
    parts = [f'{begin}{name}"\r\n\r\n{value}\r\n' for name, value in fields.items()]
    parts.append(
        '--edge\r\nContent-Disposition: form-data; name="file"; filename="list.csv"\r\n'
        f"Content-Type: text/csv\r\n\r\n{rows}\r\n--edge--\r\n"
    )
    return "".join(parts).encode()


def _misuse(door: _Door, canaries: Canaries) -> list[str]:
    """Put a personal value wherever it does not belong; answers which refusals repeated it."""
    _, document, _, _ = door.call("GET", "/v1/openapi.json")
    return [*_misuse_routes(door, document, canaries), *_misuse_headers(door, canaries), *_break_http(door, canaries)]


def _misuse_routes(door: _Door, document: Mapping[str, Any], canaries: Canaries) -> Iterator[str]:
    wrong = quote(canaries["wrong"])
    methods = ("get", "post", "patch", "delete", "put")
    calls = [(path, one, item[one]) for path, item in document["paths"].items() for one in methods if one in item]
    for path, method, operation in calls:
        known = _filled(path, str(uuid4()))
        bodies = list(_wrong_bodies(document, operation, canaries["wrong"]))
        places = [f"{known}?{wrong}={wrong}", f"{known}?limit={wrong}&cursor={wrong}", _filled(path, wrong)]
        for place, body in [*((known, body) for body in bodies), *((place, bodies[0]) for place in places)]:
            headers = {"If_Match": f'"{wrong}"', "X_Request_Id": wrong, "User_Agent": wrong}
            headers |= {"Idempotency_Key": wrong} if method == "post" else {}
            status, _, text, _ = door.call(method.upper(), place, raw=body, **headers)
            if status >= 400 and canaries.in_bytes(text):
                yield f"{status} {method} {path}"


def _misuse_headers(door: _Door, canaries: Canaries) -> Iterator[str]:
    wrong = canaries["wrong"]
    for headers in ({"Authorization": f"Bearer {wrong}"}, {"Authorization": wrong}, {"Content_Type": wrong}):
        _, _, text, _ = door.call("POST", "/v1/customers", {"note": wrong}, **headers)
        if canaries.in_bytes(text):
            yield f"{headers}"


def _break_http(door: _Door, canaries: Canaries) -> Iterator[str]:
    wrong = canaries["wrong"]
    for request in (
        f"GET /{wrong} HTTP/9.9\r\n\r\n",
        f"{wrong}\r\n\r\n",
        f"GET / HTTP/1.1\r\n{wrong}\r\n\r\n",
        f"POST /v1/customers HTTP/1.1\r\nHost: x\r\nContent-Length: {wrong}\r\n\r\n",
        f"GET /{'a' * 5000}{wrong} HTTP/1.1\r\nHost: x\r\n\r\n",
    ):
        with socket.create_connection(("127.0.0.1", door.port), timeout=10) as raw:
            raw.sendall(request.encode())
            raw.shutdown(socket.SHUT_WR)
            answer = b""
            while chunk := raw.recv(4096):
                answer += chunk
        assert b" 400 " in answer.partition(b"\r\n")[0]
        if canaries.in_bytes(answer):
            yield request


def _filled(path: str, value: str) -> str:
    head, _, rest = path.partition("{")
    return path if not rest else _filled(head + value + rest.partition("}")[2], value)


def _wrong_bodies(document: Mapping[str, Any], operation: Mapping[str, Any], wrong: str) -> Iterator[bytes | None]:
    content = operation.get("requestBody", {}).get("content", {})
    if not content:
        yield None
        return
    schema = next(iter(content.values())).get("schema", {})
    name = schema.get("$ref", "").rpartition("/")[2]
    fields = document["components"]["schemas"].get(name, schema).get("properties", {})
    yield json.dumps({wrong: wrong}).encode()
    yield f'{{"note": {wrong}'.encode()
    yield json.dumps([wrong]).encode()
    yield json.dumps(dict.fromkeys(fields, wrong)).encode()
    yield json.dumps({field: [wrong] for field in fields}).encode()
    yield json.dumps({field: {wrong: wrong} for field in fields}).encode()


def _use_command_line(service: Service, canaries: Canaries) -> str:
    """Bring files in, well and badly made; answers all that was said."""
    folder = service.folder.parent
    good, bad = folder / "list.csv", folder / "no headings.csv"
    good.write_text(
        f"ФИО;E-mail\n{canaries['imported_name']} Анна;{canaries['imported_email']}\n"
        f"Кривой Пётр;{canaries['refused_email']}\n"
    )
    bad.write_text(f"{canaries['imported_name']};{canaries['imported_email']}\n" * 3)
    said = []
    for arguments in (
        ("import", str(good)),
        ("import", str(good), "--source", "till", "--ground", "contract", "--yes"),
        ("import", str(bad)),
        ("import", "list", "--json"),
        ("staff", "create", "--name", canaries["family"], "--email", canaries["staff_email"], "--roles", "sales"),
        ("staff", "create", "--name", canaries["family"], "--email", canaries["staff_email"], "--roles", "sales"),
        ("staff", "create", "--name", "x", "--email", canaries["wrong"] + "@", "--roles", "sales"),
        ("staff", "list"),
        ("audit", "search", "--cursor", canaries["wrong"]),
        ("audit", "search", "--json"),
        ("audit", "verify"),
        ("clients", "create", "--name", "x", "--scopes", canaries["wrong"]),
    ):
        done = service.run(*arguments)
        said.append(done.stdout + done.stderr)
    said.append(_export(service, canaries))
    for path in (good, bad):
        path.unlink()
    return "\n".join(said)


def _export(service: Service, canaries: Canaries) -> str:
    """Let customers leave by an export, and trace the file back; answers all that was said."""
    fields = "person.family_name,contact.email"
    recipient = ("--kind", "processor", "--country", "US", "--safeguard", "standard_clauses")
    order = ("--recipient", "letters", "--purpose", "service", "--channels", "email", "--fields", fields)
    file = service.folder.parent / "export.csv"
    told = [
        service.run("recipients", "define", "letters", "--name", "Letters", *recipient, "--purposes", "service",
                    "--fields", fields, "--contact", canaries["email"]).stderr,
        (made := service.run("export", "propose", *order, "--reason", canaries["reason"], "--json")).stderr,
    ]  # fmt: skip
    export = json.loads(made.stdout)["id"]
    deadline = time.monotonic() + 60
    while '"ready"' not in (shown := service.run("export", "show", export, "--json")).stdout:
        assert time.monotonic() < deadline, shown.stdout + shown.stderr
        time.sleep(0.2)
    told.append(service.run("export", "download", export, str(file)).stderr)
    assert canaries["imported_email"] in file.read_text("utf-8")
    for arguments in (("trace", str(file)), ("list",), ("show", export)):
        done = service.run("export", *arguments)
        told.append(done.stdout + done.stderr)
    assert export in told[-3]
    exposed = service.run("audit", "exposure", "--export", export, "--json")
    assert json.loads(exposed.stdout)["people"] >= 1, exposed.stderr
    file.unlink()
    return "\n".join([*told, shown.stdout, exposed.stdout])


def _let_the_worker_finish(service: Service) -> None:
    url = service.run("database", "url").stdout.strip()
    deadline = time.monotonic() + 60
    with psycopg.connect(url, autocommit=True) as connection:
        while connection.execute(
            "SELECT (SELECT count(*) FROM procrastinate_jobs WHERE status <> 'failed') "
            "+ (SELECT count(*) FROM audit_pending)"
        ).fetchone() != (0,):
            assert time.monotonic() < deadline
            time.sleep(0.2)
        assert connection.execute("SELECT count(*) FROM procrastinate_jobs").fetchone() == (0,)
        connection.execute("CHECKPOINT")


def test_no_refusal_repeats_what_was_sent(service: Service) -> None:
    assert service.door.echoes == []  # type: ignore[attr-defined]


def test_no_command_says_a_personal_value(service: Service, canaries: Canaries) -> None:
    assert canaries.in_bytes(service.door.spoken.encode()) == set()  # type: ignore[attr-defined]


def test_no_log_holds_a_personal_value(service: Service, canaries: Canaries) -> None:
    said = service.output.read_bytes()

    assert b"http.answered" in said
    assert canaries.in_bytes(said) == set()
    assert b"Traceback" not in said


def test_nothing_failed_that_should_not(service: Service) -> None:
    events = [json.loads(line) for line in service.said().splitlines() if line.startswith("{")]

    assert [event for event in events if event.get("level") in {"error", "critical"}] == []


def test_no_dump_of_the_database_holds_a_personal_value(service: Service, canaries: Canaries, tmp_path: Path) -> None:
    target = tmp_path / "dump.sql"
    dumped = service.run("database", "dump", str(target))
    content = target.read_bytes()

    assert dumped.returncode == 0, dumped.stderr
    assert b"CREATE TABLE public.person" in content
    assert canaries.in_bytes(content) == set()


def test_no_file_of_the_data_folder_holds_a_personal_value(service: Service, canaries: Canaries) -> None:
    found: dict[str, set[str]] = {}
    looked_at = 0
    for path in service.folder.rglob("*"):
        # Where no mail server is set, an embedded store writes messages there for its operator to read.
        if path.parent.name == "mail" and path.suffix in (".eml", ".txt"):
            continue
        if path.is_file() and not path.is_symlink():
            try:
                content = path.read_bytes()
            except FileNotFoundError:
                continue
            looked_at += len(content)
            if leaked := canaries.in_bytes(content):
                found[str(path.relative_to(service.folder))] = leaked
    assert looked_at > 10_000_000
    assert found == {}


def test_a_value_that_lay_in_the_clear_would_be_found(canaries: Canaries) -> None:
    for value in canaries.values.values():
        for form in (value, value.upper(), json.dumps({"x": value}), value.encode().hex(), quote(value)):
            assert canaries.in_bytes(f"… {form} …".encode())
