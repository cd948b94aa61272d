"""Packages over HTTP: ordered by staff and by the person, looked through, downloaded after a second contact."""

import io
import zipfile
from datetime import timedelta
from uuid import UUID

import pytest
from flask.testing import FlaskClient

from governance.customers import operations as customers
from governance.customers.bulk import create_people
from governance.kernel.clock import FixedClock, SystemClock
from governance.kernel.ids import SubjectId, uuid4
from governance.kernel.work import OPERATOR, open_work
from governance.messages import outbox
from governance.rights.packages import operations as packages
from governance.rights.packages.operations import PackageId
from tests.api.conftest import SignIn, service_of
from tests.factories import packaging
from tests.factories.customers import email, interaction, origin, person, phone


@pytest.fixture
def customer(own_web: FlaskClient) -> SubjectId:
    """Somebody with an e-mail and a phone, both known for a month."""
    month_ago = FixedClock(SystemClock().now() - timedelta(days=30))
    with open_work(service_of(own_web.application).database, OPERATOR, clock=month_ago) as work:
        packaging.firm(work)
        return create_people(work, [person()], origin=origin())[0]


def key() -> dict[str, str]:
    return {"Idempotency-Key": uuid4().hex}


def make(web: FlaskClient, package: str) -> None:
    packages.make(service_of(web.application).database, package=PackageId(UUID(package)))


def last_code(web: FlaskClient, recipient: str) -> str:
    code = ""
    with open_work(service_of(web.application).database, OPERATOR) as work:
        while (lent := outbox.lend(work)) is not None:
            code = str(lent.values["code"]) if lent.recipient == recipient else code
    assert code
    return code


def test_an_officer_orders_a_package_looks_through_its_notes_and_downloads_it(
    own_web: FlaskClient, sign_in: SignIn, customer: SubjectId
) -> None:
    officer = sign_in("officer")
    with open_work(service_of(own_web.application).database, OPERATOR) as work:
        said = interaction(note="Приходила с Натальей", at=work.now - timedelta(days=1))
        customers.record_interaction(work, subject=customer, interaction=said)
    order = {"customer": str(customer), "kind": "access", "language": "uk"}
    ordered = own_web.post("/v1/packages", json=order, headers={**officer, **key()})
    assert (ordered.status_code, ordered.json["state"]) == (202, "making")
    place = f"/v1/packages/{ordered.json['id']}"
    make(own_web, ordered.json["id"])
    assert own_web.get(place, headers=officer).json["open_flags"] == 1
    refused = own_web.post(f"{place}/downloads", headers=officer)
    assert (refused.status_code, refused.json["type"]) == (409, "package-not-there")
    [note] = own_web.get(f"{place}/notes", headers=officer).json["items"]
    assert (note["text"], note["doubts"]) == ("Приходила с Натальей", ["name"])
    said = {"decision": "redact", "instead": "Приходила"}
    own_web.post(f"{place}/notes/{note['id']}/decisions", json=said, headers={**officer, **key()})
    make(own_web, ordered.json["id"])
    told = own_web.post(f"{place}/downloads", headers=officer)
    assert (told.status_code, told.content_type) == (200, "application/zip")
    found = zipfile.ZipFile(io.BytesIO(told.data))
    [talk] = packaging.document(found)["sections"]["interactions"]
    assert talk["note"] == "Приходила"
    assert [one["downloads"] for one in own_web.get("/v1/packages", headers=officer).json["items"]] == [1]
    assert own_web.delete(place, headers=officer).status_code == 204
    assert own_web.get(place, headers=officer).json["state"] == "destroyed"


def test_who_may_not_see_packages_is_told_nothing(own_web: FlaskClient, sign_in: SignIn, customer: SubjectId) -> None:
    support = sign_in("support")
    order = {"customer": str(customer), "kind": "access"}
    assert own_web.post("/v1/packages", json=order, headers={**support, **key()}).status_code == 403
    assert own_web.get("/v1/packages", headers=support).status_code == 403


def test_the_person_downloads_their_own_package_once_a_second_contact_is_proven(
    own_web: FlaskClient, customer: SubjectId
) -> None:
    address, number = email().value, phone().value
    sent = own_web.post("/v1/portal/codes", json={"email": address})
    begun = own_web.post("/v1/portal/sessions", json={"id": sent.json["id"], "code": last_code(own_web, address)})
    bearer = {"Authorization": f"Bearer {begun.json['token']}"}
    assert own_web.post("/v1/portal/session/packages", json={}, headers=bearer).status_code == 403
    fact = {"fact": "birth_date", "value": "1982-08-09"}
    sure = own_web.post("/v1/portal/session/second-fact", json=fact, headers=bearer)
    assert sure.json["step_up"] == "needed"
    bearer = {"Authorization": f"Bearer {sure.json['token']}"}

    ordered = own_web.post("/v1/portal/session/packages", json={"language": "ru"}, headers=bearer)
    assert (ordered.status_code, ordered.json["customer"]) == (202, str(customer))
    make(own_web, ordered.json["id"])
    again = own_web.post("/v1/portal/session/packages", json={"language": "ru"}, headers=bearer)
    assert (again.json["id"], again.json["state"]) == (ordered.json["id"], "ready")
    place = f"/v1/portal/session/packages/{ordered.json['id']}/downloads"
    refused = own_web.post(place, headers=bearer)
    assert (refused.status_code, refused.json["type"]) == (403, "step-up-needed")

    [second] = sure.json["second_contacts"]
    asked = own_web.post("/v1/portal/session/step-ups", json={"contact": second["id"]}, headers=bearer)
    proof = {"code": last_code(own_web, number)}
    proven = own_web.post(f"/v1/portal/session/step-ups/{asked.json['id']}/proofs", json=proof, headers=bearer)
    bearer = {"Authorization": f"Bearer {proven.json['token']}"}
    told = own_web.post(place, headers=bearer)
    assert told.status_code == 200
    assert "Воробьева" in zipfile.ZipFile(io.BytesIO(told.data)).read("index.html").decode()
    assert [one["id"] for one in own_web.get("/v1/portal/session/packages", headers=bearer).json["items"]] == [
        ordered.json["id"]
    ]


def test_nobody_downloads_the_package_of_somebody_else(own_web: FlaskClient, customer: SubjectId) -> None:
    database = service_of(own_web.application).database
    with open_work(database, OPERATOR) as work:
        other = create_people(work, [person(contacts=(email("a@example.org"),))], origin=origin())[0]
        package = packages.begin(work, person=other, kind=packages.PackageKind.ACCESS, language="en")
        for one in customers.read(work, subject=customer).contacts:
            if one.kind == "phone":
                customers.remove_contact(work, subject=customer, contact=one.id)
    packages.make(database, package=package)
    sent = own_web.post("/v1/portal/codes", json={"email": email().value})
    code = last_code(own_web, email().value)
    begun = own_web.post("/v1/portal/sessions", json={"id": sent.json["id"], "code": code})
    bearer = {"Authorization": f"Bearer {begun.json['token']}"}
    fact = {"fact": "birth_date", "value": "1982-08-09"}
    sure = own_web.post("/v1/portal/session/second-fact", json=fact, headers=bearer)
    bearer = {"Authorization": f"Bearer {sure.json['token']}"}
    refused = own_web.post(f"/v1/portal/session/packages/{package}/downloads", headers=bearer)
    assert (refused.status_code, refused.json["type"]) == (404, "no-such-package")
