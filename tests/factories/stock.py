"""Something on every page: a list brought in, a request, a policy in force and what a run of it did."""

import io

from flask import Flask

from governance.accounts import operations as accounts
from governance.consent import operations as consent
from governance.consent import segmenting
from governance.customers import operations as customers
from governance.customers.codes import Ground, Source
from governance.executors import EXECUTORS
from governance.intake import operations as intake
from governance.intake.files import FileOptions, Provenance
from governance.kernel.ids import SubjectId, uuid4
from governance.kernel.work import OPERATOR, SYSTEM, open_work
from governance.policies.deadline_rules import RequestKind
from governance.policies.documents import Titles
from governance.retention import operations as retention
from governance.rights import operations as rights
from governance.rights.codes import Arrival
from governance.rights.operations import NewRequest
from tests.api.conftest import service_of
from tests.factories.actors import by
from tests.factories.customers import interaction
from tests.factories.exporting import export, letters, propose
from tests.factories.forms import DOCUMENT, publish_notices
from tests.factories.signing import enrol

LIST = "Client;E-mail;Phone\nGreen Carl;carl.green@example.org;\nWhite Dan;no address;\nGreen Karl;;+4930901820\n"


def fill(app: Flask, customer: SubjectId) -> None:
    """Bring it all in."""
    database = service_of(app).database
    with open_work(database, OPERATOR) as work:
        for kind in (RequestKind.ERASURE, RequestKind.COMPLAINT):
            said = {"arrival": Arrival.LETTER, "customer": customer, "said": "As the law says", "checked": "Seen"}
            rights.receive(work, new=NewRequest(kind=kind, **said))
        customers.record_interaction(work, subject=customer, interaction=interaction(next_contact_at=work.now))
        if not any(form.key == "club" for form in consent.forms(work)):
            publish_notices(work, "newsletter", "own_offers")
            consent.publish_form(work, key="club", document=DOCUMENT)
        started = intake.start(
            work,
            file=io.BytesIO(LIST.encode()),
            provenance=Provenance(Source.TILL, Ground.CONTRACT),
            options=FileOptions(file_name=f"{uuid4().hex}.csv"),
        )
        officers = [by(work, accounts.staff_actor(work, staff=enrol(work, "officer").id)) for _ in range(2)]
        letters(work)
        export(work, officers[0].actor, officers[1].actor)
        propose(officers[0], reason="Letters of the season")
        rule = {"field": "city", "op": "is", "value": "Псков"}
        segmenting.define(work, key="neighbours", titles=Titles("Neighbours", "Соседи", "Сусіди"), rule=rule)
        drafted = retention.draft_shipped(officers[0], key="behaviour")
        retention.look_ahead(officers[0], policy=drafted.id)
        proposed = retention.propose_activation(officers[0], policy=drafted.id, reason="Decided by the board")
        accounts.approve(officers[1], proposal=proposed.id, digest=proposed.digest)
    with open_work(database, SYSTEM) as work:
        work.session.info["executors"] = EXECUTORS
        accounts.execute(work, proposal=proposed.id)
    intake.resume(database, actor=SYSTEM, batch=started.batch.id)
    with open_work(database, SYSTEM) as work:
        begun = retention.begin(work, keys=["behaviour"], at_once=True)
    retention.see_through(database, actor=SYSTEM, run=begun.id, rest=0)
