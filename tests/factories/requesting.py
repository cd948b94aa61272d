"""People with contacts, a controller, and requests of theirs, for tests of rights."""

from dataclasses import replace
from datetime import date

from governance.customers import operations as customers
from governance.customers.contact_values import ContactSaid
from governance.customers.operations import PersonView
from governance.kernel.work import Work
from governance.messages import outbox
from governance.policies.deadline_rules import RequestKind
from governance.reference.operations import set_controller
from governance.reference.record import ProtectionOfficer
from governance.rights import operations as rights
from governance.rights.codes import Arrival
from governance.rights.operations import NewRequest, Received

ADDRESS = "irina.vorobeva@example.org"


def controller(work: Work, *, country: str = "DE", **said: object) -> None:
    given = {"legal_name": "Daisy GmbH", "address": "Lindenweg 1, Berlin", "country": country, **said}
    officer = ProtectionOfficer(email="privacy@daisy.example")
    set_controller(work, **given, officer=officer)  # type: ignore[arg-type]  # tests say what they need


def person(work: Work, *, address: str = ADDRESS, **fields: object) -> PersonView:
    said = {"family_name": "Воробьева", "given_name": "Ирина", "city": "Псков", **fields}
    return customers.create(work, fields=said, contacts=[ContactSaid(kind="email", value=address)])


def request(work: Work, kind: RequestKind = RequestKind.ACCESS, **said: object) -> Received:
    given = {"kind": kind, "arrival": Arrival.LETTER, "contact_kind": "email", "contact": ADDRESS, **said}
    return rights.receive(work, new=NewRequest(**given))  # type: ignore[arg-type]  # as above


def sent(work: Work) -> list[tuple[str, str, dict[str, object]]]:
    """What lies in the outbox, oldest first: template, recipient, values; taken out."""
    found = []
    while (lent := outbox.lend(work)) is not None:
        found.append((lent.id, lent.template.value, lent.recipient, dict(lent.values)))
    return [(one, whom, values) for _, one, whom, values in sorted(found, key=lambda each: each[0])]


def on(work: Work, day: date) -> Work:
    """The same transaction at the same hour of another day."""
    return replace(work, now=work.now.replace(year=day.year, month=day.month, day=day.day))
