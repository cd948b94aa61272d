"""Files of ended requests go on their day with their keys; the log and what an erasure proved stay."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from governance import executors
from governance.audit.actions import Action
from governance.audit.entries import ObjectRef
from governance.erasure import operations as erasure
from governance.erasure.operations import ErasureId
from governance.kernel.db import Database
from governance.kernel.ids import uuid7
from governance.kernel.work import Work
from governance.policies.classification import Compartment
from governance.policies.deadline_rules import RequestKind
from governance.rights import operations as rights
from governance.rights.codes import RefusalGround
from governance.rights.errors import NoSuchRequestError
from governance.rights.records import RequestId
from tests.factories.erasing import through
from tests.factories.keeping import Keeping
from tests.factories.requesting import controller, person, request
from tests.factories.trail import entries

WORDS = "Ausweis am Schalter gesehen"


def refused(work: Work, **said: object) -> RequestId:
    made = RequestId(request(work, **said).request.id)
    rights.refuse(work, request=made, ground=RefusalGround.UNFOUNDED, reason="Ohne Grund")
    return made


def keys(work: Work, owner: object) -> int:
    query = "SELECT count(*) FROM data_key WHERE owner_id = :owner AND wrapped IS NOT NULL"
    return int(work.session.scalar(text(query), {"owner": owner}) or 0)


def test_a_file_goes_as_a_whole_with_its_keys_and_the_log_tells_of_it(work: Work) -> None:
    controller(work)
    irina = person(work)
    made = refused(work, customer=irina.id, checked=WORDS, said="Was wissen Sie?")
    joined = request(work, RequestKind.ACCESS, contact="other@example.org").request.id
    standing = RequestId(request(work, RequestKind.COMPLAINT, customer=irina.id, checked=WORDS).request.id)
    work.session.execute(text("UPDATE request SET joined_to = :to WHERE id = :id"), {"to": made, "id": joined})
    owner = work.session.scalar(text("SELECT owner_id FROM request WHERE id = :id"), {"id": made})
    assert keys(work, owner) > 0
    gone = rights.destroy_closed(work, [made, standing, uuid7()])

    assert gone == 1
    for table in ("request WHERE id", "request_event WHERE request_id", "request_notice WHERE request_id"):
        assert work.session.scalar(text(f"SELECT count(*) FROM {table} = :id"), {"id": made}) == 0
    assert keys(work, owner) == 0
    with pytest.raises(NoSuchRequestError):
        rights.find(work, request=made)
    assert rights.find(work, request=standing).id == standing
    assert rights.find(work, request=RequestId(joined)).joined_to is None
    (told,) = entries(work, Action.REQUEST_FILE_DESTROYED)
    assert (told.object, told.facts["kind"], told.facts["outcome"]) == (ObjectRef("request", made), "access", "refused")
    assert rights.destroy_closed(work, [made]) == 0


def test_what_an_erasure_proved_outlives_the_file_of_the_request(work: Work) -> None:
    controller(work)
    work.session.info.update(erasure_shedders=executors.SHEDDERS)
    begun = RequestId(request(work, RequestKind.ERASURE, customer=person(work).id, checked=WORDS).request.id)
    origin = erasure.Origin(erasure.OriginKind.REQUEST, begun)
    made = erasure.begin(work, person=rights.find(work, request=begun).customer, origin=origin)  # type: ignore[arg-type]  # proved
    through(work, ErasureId(made))
    rights.withdraw(work, request=begun)
    rights.destroy_closed(work, [begun])
    work.session.info.pop("erasure_shedders")

    (kept,) = erasure.of_origin(work, origin=begun)
    assert (kept.id, kept.certificates) == (made, 1)
    assert work.session.scalar(text("SELECT body FROM erasure_certificate WHERE erasure_id = :id"), {"id": made})


def test_the_policy_for_closed_requests_takes_them_on_their_day_and_heeds_holds(fresh_database: Database) -> None:
    store = Keeping(fresh_database)
    anna, boris = store.people(2)
    said = {"contact_kind": None, "contact": None, "checked": WORDS}
    theirs = [store.do(lambda work, one=one: refused(work, customer=one, **said)) for one in (anna, boris)]  # type: ignore[misc]
    store.hold(boris, Compartment.EVIDENCE)
    store.force("closed_requests")
    closed = store.clock.at
    store.clock.at = closed.replace(year=closed.year + 3)
    assert store.run().parts[0].rows == 0
    store.clock.at += timedelta(days=1)
    assert store.run().parts[0].rows == 1
    assert store.count(f"request WHERE id = '{theirs[0]}'") == 0
    assert store.count(f"request WHERE id = '{theirs[1]}'") == 1
